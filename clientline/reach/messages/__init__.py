"""Messages to clients: planned with the visit, checked again when they are sent, and kept."""
