"""gunicorn as the product configures it, but that it ends nothing for its time: what ends has another reason."""

from clientline.gunicorn_conf import *  # noqa: F403
from clientline.web import worker

worker.PATIENCE = 600
