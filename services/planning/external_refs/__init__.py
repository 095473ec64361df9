"""What other systems call the things of this service, and writes that name them so."""
