"""Programs of another make that answer the same questions, as they come."""
