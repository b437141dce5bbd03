"""Organizations, as their admins and as operators see them."""
