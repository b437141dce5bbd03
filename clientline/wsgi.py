"""The WSGI application that gunicorn serves, and what Django leaves to servers that gunicorn leaves to Django."""

import gc
import os
from io import BytesIO

import django
from django.conf import settings

# Undocumented: the classes that `get_wsgi_application` makes, to make our own of them. Without them, nothing starts.
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "clientline.settings")

TYPE = "CONTENT_TYPE"  # of the body, in CGI's words


class Request(WSGIRequest):
    def __init__(self, environ):
        if "HTTP_TRANSFER_ENCODING" in environ and environ.get("wsgi.input_terminated"):
            # Django reads as many bytes as Content-Length says: it would take a body sent in chunks for an empty one.
            body = environ["wsgi.input"].read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            environ |= {"CONTENT_LENGTH": str(len(body)), "wsgi.input": BytesIO(body)}
        # Hidden meanwhile: Django would read the query by whatever charset is named here, and that before any
        # middleware or handler; charset=hex would be a bare 500. Bodies are read by parsers of their own.
        content_type = environ.pop(TYPE, "")
        super().__init__(environ)
        environ[TYPE] = content_type
        self.content_type = content_type.partition(";")[0].strip().lower()


class Handler(WSGIHandler):
    request_class = Request


# What is imported stays: to look for garbage among it would take a fifth of the start.
gc.disable()
django.setup(set_prefix=False)
gc.enable()
application = Handler()
