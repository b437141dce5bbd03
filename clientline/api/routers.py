"""Routes whose ids are numbers, without format suffixes and without an index: `/` is the health check."""

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    def __init__(self):
        super().__init__(trailing_slash=False, use_regex_path=False)
