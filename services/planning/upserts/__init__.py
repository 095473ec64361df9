"""`/v1/external`: reading and writing by the names that other systems have for the things of this service."""
