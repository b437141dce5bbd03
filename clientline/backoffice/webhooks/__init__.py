"""Webhooks: who is told of what, what became of each call, and calling again."""
