"""Files that are written: whose they are, what is sent of them, and when they go."""

import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

from django.db.models import QuerySet
from django.dispatch import receiver
from django.http import StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header

from accounts.models import User
from accounts.signals import client_erased
from clientline.reach.files.models import ListFile, ListFilePart
from clientline.reach.jobs import confined, every
from clientline.web import sheets
from organizations.relocations import Relocation

KEPT = timedelta(hours=6)
MARK = "\ufeff"  # without it Excel takes UTF-8 for something else


def select_files(caller: User) -> QuerySet[ListFile]:
    """Those that `caller` asked for, as long as they may take lists away."""
    return ListFile.objects.visible_to(caller, "reports", "export").filter(created_by=caller.pk)


def find_end(file: ListFile) -> datetime:
    """When the file goes."""
    return file.created_at + KEPT


def send_file(file: ListFile, *, filename: str) -> StreamingHttpResponse:
    """An answer with a file that is ready. It is read part by part while it is sent, behind its transaction."""
    begin = (MARK + file.headings).encode()
    response = StreamingHttpResponse(_read_file(file, begin), content_type=sheets.TYPE)
    response["Content-Disposition"] = content_disposition_header(True, filename)
    response["Content-Length"] = str(len(begin) + file.size)
    return response


def _read_file(file: ListFile, begin: bytes) -> Iterator[bytes]:
    yield begin
    for number in count():
        with confined(file.organization_id):
            parts = ListFilePart.objects.filter(file=file, number=number)
            content = parts.values_list("content", flat=True).first()
        if content is None:  # behind the last one; a file that was deleted meanwhile ends before its length
            return
        yield zlib.decompress(content)


@every(600)
def forget_files() -> bool:
    """Of all organizations, what was asked for long enough ago; of those that have moved, where they are."""
    away = Relocation.objects.filter(state__in=("frozen", "arriving", "moved")).values("organization")
    ListFile.objects.filter(created_at__lte=timezone.now() - KEPT).exclude(organization__in=away).delete()
    return False


@receiver(client_erased)
def forget_files_about_somebody(*, person: User, **kwargs: object) -> None:
    """Nobody looks through files for who is erased: all of the organization go."""
    ListFile.objects.filter(organization=person.organization_id).delete()
