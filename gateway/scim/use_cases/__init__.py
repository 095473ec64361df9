"""What a provisioner does."""
