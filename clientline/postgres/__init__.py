"""The PostgreSQL server that ClientLine starts itself, and Django's engine for it and for others."""
