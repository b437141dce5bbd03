"""The WSGI application that gunicorn serves, and what Django leaves to servers that gunicorn leaves to Django."""

import gc
import os
from io import BytesIO

import django
from django.conf import settings

# Undocumented: the classes that `get_wsgi_application` makes, to make our own of them. Without them, nothing starts.
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clientline.settings")


class Request(WSGIRequest):
    def __init__(self, environ):
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            # Django reads as many bytes as Content-Length says: it would take a body sent in chunks for an empty one.
            body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
        super().__init__(environ)

    # Private: Django would read the query by whatever charset is named here, and that before any middleware or
    # handler. Bodies are read by parsers of their own. Without it, charset=hex is a bare 500.
    def _set_content_type_params(self, meta):
        self.content_type = meta.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        self.content_params = {}


class Handler(WSGIHandler):
    request_class = Request


# What is imported stays: to look for garbage among it would take a fifth of the start.
gc.disable()
django.setup(set_prefix=False)
gc.enable()
application = Handler()
