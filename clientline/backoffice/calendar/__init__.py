"""Days and weeks as columns of time."""
