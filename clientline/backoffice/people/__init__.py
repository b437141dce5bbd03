"""Clients and the team."""
