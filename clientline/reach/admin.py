"""What of this room the admin shows."""

from django.contrib import admin
from procrastinate.contrib.django.models import ProcrastinateJob

# Registered by procrastinate itself, past the policy; operators look at the queue in the metrics.
admin.site.unregister(ProcrastinateJob)
