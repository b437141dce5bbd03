"""The WSGI application that gunicorn serves."""

import os

import django
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clientline.settings")


class Request(WSGIRequest):
    def _set_content_type_params(self, meta):
        # Django would read the query by whatever charset is named here, and that before any middleware or handler:
        # charset=hex is a bare 500. Bodies are read by parsers of their own.
        self.content_type = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        self.content_params = {}


class Handler(WSGIHandler):
    request_class = Request


django.setup(set_prefix=False)
application = Handler()
