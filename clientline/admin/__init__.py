"""What the admin of every model is made of; pages that show several domains are in the back office."""
