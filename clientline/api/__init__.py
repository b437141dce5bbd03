"""What every resource of the REST API is made of."""
