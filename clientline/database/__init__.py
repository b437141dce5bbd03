"""What is asked of PostgreSQL beside the ORM."""
