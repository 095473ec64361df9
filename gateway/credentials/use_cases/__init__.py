"""What is done with credentials, a module for each noun."""
