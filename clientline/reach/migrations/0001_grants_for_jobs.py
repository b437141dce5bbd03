"""Requests may add jobs and see none: their arguments are outside of row security.

procrastinate's functions run as whoever calls them, so the tenants' role needs what they do: a job, its first event,
and the number that it got. Older databases had no jobs.
"""

from django.db import migrations

from clientline.operations import TENANT_ROLE

GRANT = f"""
GRANT INSERT ON procrastinate_jobs, procrastinate_events TO {TENANT_ROLE};
GRANT SELECT (id) ON procrastinate_jobs TO {TENANT_ROLE};
GRANT USAGE ON SEQUENCE procrastinate_jobs_id_seq, procrastinate_events_id_seq TO {TENANT_ROLE};
"""
REVOKE = f"""
REVOKE ALL ON procrastinate_jobs, procrastinate_events FROM {TENANT_ROLE};
REVOKE SELECT (id) ON procrastinate_jobs FROM {TENANT_ROLE};
REVOKE ALL ON SEQUENCE procrastinate_jobs_id_seq, procrastinate_events_id_seq FROM {TENANT_ROLE};
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ("organizations", "0001_initial"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]
    operations = [migrations.RunSQL(GRANT, REVOKE)]
