"""Everything around the services that starts and ships them."""
