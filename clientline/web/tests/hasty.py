"""gunicorn as the product configures it, but that what it ends after ten seconds ends after two: nobody has to wait."""

from clientline.gunicorn_conf import *  # noqa: F403
from clientline.web import worker

worker.PATIENCE = 2
