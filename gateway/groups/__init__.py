"""Groups of people as the tenant's own directory has them, and the projects that they are granted."""
