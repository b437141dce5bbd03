"""What leaves the house: jobs, messages, calendars, webhooks and the page for guests."""
