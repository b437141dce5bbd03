"""What is kept about one person, handed out and erased."""
