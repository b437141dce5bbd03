"""Visits in people's calendars: invitations by mail, and feeds."""
