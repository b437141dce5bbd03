"""Writing files of lists, as a job: in parts of some thousand rows, each in a transaction of its own.

Whoever dies in between leaves the parts that are written, and the next one goes on behind them. Memory holds one part.
Which rows a file has is asked of the primary; what stands in them may be read from a replica that knows of the file.
"""

import csv
import zlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from io import StringIO
from typing import TYPE_CHECKING

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.utils import timezone

from accounts.models import User
from clientline.late_imports import import_when_used
from clientline.reach.files.models import ListFile, ListFilePart
from clientline.reach.jobs import confined, defer, task
from organizations import audit
from organizations.models import Organization
from organizations.replica import TooFarBehind, read_behind

if TYPE_CHECKING:
    from clientline.reach.files import lists
else:
    lists = import_when_used("clientline.reach.files.lists")  # with it the back office, and all pages

MOST_FILES = 5  # that one person has at a time; the oldest goes
AT_ONCE = 4_000  # rows
LONGEST = "60s"  # for one statement that finds the keys of a million rows

SPLIT = """
    INSERT INTO list_file_parts (organization_id, file_id, number, keys)
    SELECT %s, %s, position / {at_once}, array_agg(key ORDER BY position)
    FROM (SELECT key, row_number() OVER () - 1 AS position FROM ({rows}) AS listed (key)) AS numbered
    GROUP BY position / {at_once}
"""
COUNT = """
    UPDATE list_files SET state = 'writing', headings = %s,
        rows = (SELECT coalesce(sum(cardinality(keys)), 0) FROM list_file_parts WHERE file_id = list_files.id)
    WHERE id = %s
"""
ADVANCE = "UPDATE list_files SET done = done + %s, size = size + %s WHERE id = %s"


def ask_for_file(
    *, by: User, organization: Organization, door: str, listed: str, query: str, now: datetime
) -> ListFile:
    """A file of the list, to be written; the same one as before where it is still on its way."""
    mine = ListFile.objects.filter(organization=organization, created_by=by)
    asked = {"door": door, "listed": listed, "query": query}
    with transaction.atomic():
        for file in mine.filter(**asked).order_by("-id"):
            if file.is_under_way:
                return file
        mine.exclude(pk__in=mine.order_by("-id").values("pk")[: MOST_FILES - 1]).delete()
        file = ListFile.objects.create(organization=organization, created_by=by, created_at=now, **asked)
        defer(write_list, organization=organization.pk, file=file.pk, by=by.pk)
    return file


# An operator is of another organization, so who asked is read before the job confines itself.
@task(retries=3, of_organization=False)
def write_list(*, organization: int, file: int, by: int) -> None:
    """Write what is not written yet of a file. Nothing where it is gone: it was deleted meanwhile."""
    asker = User.objects.select_related("organization").filter(pk=by, is_active=True).first()
    reader = _begin(organization, file, asker)
    while reader is not None and _write_part(organization, reader):
        pass


def _begin(organization: int, file: int, asker: User | None) -> "lists.ListReader | None":
    """The list of a file that is to be written; None where there is nothing to do, or the asker may not have it."""
    with confined(organization):
        found = ListFile.objects.select_related("organization").filter(pk=file).first()
        if found is None or not found.is_under_way:
            return None
        reader = asker and lists.ListReader(found, asker, found.organization)
        if not reader or not reader.may_be_read():
            ListFile.objects.filter(pk=file).update(state=ListFile.State.FAILED)
            return None
        if found.rows is None:
            with timezone.override(found.organization.zone):
                _split(reader)
    return reader


def _split(reader: "lists.ListReader") -> None:
    """Note the keys of all rows, part by part, as they are at this moment."""
    file = reader.file
    try:
        rows, parameters = reader.select_rows().values("pk").query.sql_with_params()
    except EmptyResultSet:
        rows, parameters = "SELECT 0 WHERE false", ()
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [LONGEST])
        cursor.execute(SPLIT.format(at_once=AT_ONCE, rows=rows), [file.organization_id, file.pk, *parameters])
        cursor.execute(COUNT, [write_lines([reader.write_headings()]), file.pk])


def _write_part(organization: int, reader: "lists.ListReader") -> bool:
    """Write the next part that is not written; False where there is none."""
    with confined(organization), timezone.override(reader.file.organization.zone):
        waiting = ListFilePart.objects.filter(file=reader.file, content=None).order_by("number")
        part = waiting.select_for_update(of=("self",)).first()
        if part is None:
            _end(reader)
            return False
        content = _read_lines(reader, part.keys)
        ListFilePart.objects.filter(pk=part.pk).update(content=zlib.compress(content, 1), keys=[])
        with connection.cursor() as cursor:
            cursor.execute(ADVANCE, [len(part.keys), len(content), reader.file.pk])
    return True


def _read_lines(reader: "lists.ListReader", keys: list[int]) -> bytes:
    def read() -> bytes:
        # Where that has not arrived, rows that were counted may be missing as well.
        if not ListFile.objects.filter(pk=reader.file.pk, rows__isnull=False).exists():
            raise TooFarBehind("It does not know of the file yet")
        return write_lines(reader.write_rows(keys)).encode()

    content, as_of = read_behind(read, by=reader.by)
    reader.as_of = min(filter(None, (reader.as_of, as_of)), default=None)
    return content


def write_lines(rows: Iterable[Sequence[str]]) -> str:
    """Rows of cells as CSV."""
    lines = StringIO(newline="")
    csv.writer(lines).writerows(rows)
    return lines.getvalue()


def _end(reader: "lists.ListReader") -> None:
    ended = ListFile.objects.filter(pk=reader.file.pk, state=ListFile.State.WRITING)
    for file in ended.select_for_update(no_key=True, of=("self",)):
        file.state = ListFile.State.READY
        file.save(update_fields=["state"])
        audit.record_event(
            "export",
            by=reader.by,
            organization_id=file.organization_id,
            table=file.listed,
            rows=file.rows,
            as_of=reader.as_of,
        )
