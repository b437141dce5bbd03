"""Answers: always JSON, whatever Accept says."""

from django.http import HttpResponse
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer

from clientline.web.encoding import encode


class JSONRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None

    def render(self, data, accepted_media_type=None, renderer_context=None):
        return b"" if data is None else encode(data)


class AlwaysJSON(BaseContentNegotiation):
    def select_parser(self, request, parsers):
        media_type = request.content_type.partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == media_type), None)

    def select_renderer(self, request, renderers, format_suffix=None):
        return renderers[0], renderers[0].media_type


class Answer(HttpResponse):
    """`data` as JSON, written at once."""

    def __init__(self, data, **kwargs):
        super().__init__(encode(data), content_type=JSONRenderer.media_type, **kwargs)
        self.data = data  # for whoever keeps what was answered
