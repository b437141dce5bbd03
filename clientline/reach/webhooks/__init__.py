"""Calls to other programs: signed by Standard Webhooks 1.0.0, written in the transaction of what they tell."""
