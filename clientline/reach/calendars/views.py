"""`/feeds`: the caller's own calendar feeds; `/feeds/<token>.ics`: what calendar programs read."""

from hashlib import sha256

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.http import parse_etags
from django.views import View
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from clientline.api.viewsets import DestroyMixin, ReadViewSet
from clientline.reach.calendars import feeds
from clientline.reach.calendars.models import Feed
from clientline.reach.calendars.serializers import FeedSerializer, NewFeedSerializer
from clientline.reach.jobs import confined
from clientline.refusals import Throttled
from clientline.web.answers import answer_refusal


class FeedViewSet(DestroyMixin, ReadViewSet):
    """Addresses under which a calendar program reads the caller's visits. A feed is a view and no message: Google
    reads it every 8 to 24 hours.
    """

    model = Feed
    resource = "feeds"
    serializer_class = FeedSerializer
    is_repeatable = False  # the answer holds a secret
    http_method_names = ("get", "head", "post", "delete")

    @extend_schema(request=FeedSerializer, responses={201: NewFeedSerializer})
    def create(self, request):
        """Make a feed. Its `url` is answered this once; whoever has it reads the visits."""
        body = FeedSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        told = {name: body.validated_data[name] for name in ("purpose", "detail") if name in body.validated_data}
        with transaction.atomic():
            feed, token = feeds.make_feed(user=request.user, now=timezone.now(), **{"detail": Feed.Detail.BUSY} | told)
        answer = FeedSerializer(feed, context=self.get_serializer_context()).data
        return Response(answer | {"url": feeds.write_address(token)}, status=201)


class FeedView(View):
    """Without a sign-in: the token is one."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        organization = feeds.find_organization_of_feed(token)
        if organization is None:
            raise Http404
        try:
            body = _read(organization, token)
        except Throttled as refusal:
            return answer_refusal(request, refusal)
        return _answer(request, body)


def _read(organization: int, token: str) -> bytes:
    """Raises Http404 and Throttled."""
    now = timezone.now()
    with confined(organization):
        feed = feeds.find_feed(token)
        if feed is None:
            raise Http404
        feeds.count_read(feed, now=now)
        return feeds.write_feed(feed, now=now)


def _answer(request: HttpRequest, body: bytes) -> HttpResponse:
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    known = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponse = (
        HttpResponseNotModified()
        if etag in known or f"W/{etag}" in known
        else HttpResponse(body, content_type="text/calendar; charset=utf-8")
    )
    response["ETag"], response["Cache-Control"] = etag, "private, no-cache"
    return response
