"""Answers: always JSON, whatever Accept says."""

from decimal import Decimal

import orjson
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer

# Seconds are what the contract shows; orjson writes offsets as +00:00 and never Z.
OPTIONS = orjson.OPT_OMIT_MICROSECONDS


def refuse_other_types(value):
    if isinstance(value, Decimal):
        return f"{value:.2f}"  # amounts and percentages, whatever the scale that PostgreSQL answers them with
    if isinstance(value, str):  # subclasses: SafeString, ErrorDetail
        return str(value)
    if isinstance(value, dict):
        return dict(value)
    if isinstance(value, (list, tuple)):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return b"" if data is None else orjson.dumps(data, default=refuse_other_types, option=OPTIONS)


class AlwaysJSON(BaseContentNegotiation):
    def select_parser(self, request, parsers):
        media_type = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type
