"""Booking, and a visit with all that can become of it."""
