"""Payments and reports."""
