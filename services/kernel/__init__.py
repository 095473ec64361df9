"""What every service needs and no word of project management: HTTP, SQL and messages."""
