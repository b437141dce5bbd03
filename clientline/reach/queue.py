"""The queue of jobs as operators see it: what a dead worker left is taken up again, what is done is swept out.

procrastinate takes up a dead worker's job by itself never: it would be `doing` for ever.
"""

from asgiref.sync import async_to_sync
from django.db import connection, transaction
from django.utils import timezone
from procrastinate.contrib.django import app

from clientline.reach.jobs import every
from clientline.web import metrics

HEARTBEAT = 5  # seconds
SILENCE = 30  # seconds without a heartbeat after which a worker counts as dead
KEPT = 30 * 24  # hours for which a failed job can be looked at

FIGURES = """
SELECT count(*) FILTER (WHERE status = 'todo' AND coalesce(scheduled_at, now()) <= now()),
    count(*) FILTER (WHERE status = 'failed'),
    coalesce(extract(epoch FROM now() - min(waiting.at) FILTER (WHERE coalesce(scheduled_at, now()) <= now())), 0)
FROM procrastinate_jobs LEFT JOIN LATERAL (
    SELECT max(at) FROM procrastinate_events WHERE job_id = procrastinate_jobs.id
) AS waiting (at) ON status = 'todo' WHERE status IN ('todo', 'failed')
"""


@every(10)
def rescue_stalled() -> bool:
    """Put back what workers were doing that have not been heard of for SILENCE seconds."""
    with transaction.atomic(), connection.cursor() as cursor:
        # One at a time: a second one would put back what somebody has taken up since.
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('rescue', 0))")
        if cursor.fetchone() == (True,):
            for job in async_to_sync(app.job_manager.get_stalled_jobs)(seconds_since_heartbeat=SILENCE):
                async_to_sync(app.job_manager.retry_job)(job, retry_at=timezone.now())
    return False


@every(3600)
def sweep_out() -> bool:
    """Forget jobs that ended KEPT hours ago without success; those that succeeded are gone at once."""
    async_to_sync(app.job_manager.delete_old_jobs)(
        KEPT, include_failed=True, include_cancelled=True, include_aborted=True
    )
    return False


@metrics.gauge
def measure_queue() -> dict[str, float]:
    """What the queue looks like now: jobs that could run, seconds the oldest has waited, jobs given up."""
    with connection.cursor() as cursor:
        cursor.execute(FIGURES)
        waiting, failed, seconds = cursor.fetchone()
    return {"jobs_waiting": waiting, "jobs_oldest_seconds": float(seconds), "jobs_failed": failed}
