"""The OpenAPI document, kept: making it takes a quarter of a second of a processor, and anybody may ask for it."""

from functools import cache

from drf_spectacular.generators import SchemaGenerator


class KeptDocument(SchemaGenerator):
    """The same for everybody who asks, however they ask."""

    def get_schema(self, request=None, public=False):
        return make_document()


@cache
def make_document():
    """Once in a process, as nothing in it changes while one runs."""
    return SchemaGenerator().get_schema(public=True)
