"""Saving the people of a client file: all of them or none, or the good ones where that is asked for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from secrets import token_hex
from typing import Any

import orjson
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, UNUSABLE_PASSWORD_SUFFIX_LENGTH
from django.db import connection, transaction

from accounts import words
from accounts.client_files.entries import Entries, Entry, Fault
from accounts.client_files.matching import Matches, match_entries
from accounts.models import User
from accounts.signals import clients_created
from clientline.made_addresses import make_addresses
from clientline.refusals import Forbidden
from organizations import audit
from organizations.models import Organization

AT_ONCE = 1_000  # a statement's worth
# The columns are constants of ours.
INSERT = f"""
    INSERT INTO users (organization_id, created_by_id, created_at, role, email, name, contact_email, phone, phone_e164,
                       birthday, client_notes, language, marketing_consent_at, is_active, external_source, external_id,
                       password)
    SELECT %s, %s, %s, 'client', client.*
    FROM json_to_recordset(%s::json) AS client (
        email text, name text, contact_email text, phone text, phone_e164 text, birthday date, client_notes text,
        language text, marketing_consent_at timestamptz, is_active boolean, external_source text, external_id text,
        password text
    )
    RETURNING {", ".join(words.COLUMNS)}
"""  # noqa: S608


@dataclass(frozen=True)
class Import:
    """What came of a file: whether its new people were `saved`, and what is wrong with which line."""

    matches: Matches
    faults: Sequence[Fault]
    saved: bool


def import_clients(
    *,
    by: User | None,
    organization: Organization,
    entries: Entries,
    now: datetime,
    good: bool = False,
    only_check: bool = False,
    one_per_address: bool = False,
) -> Import:
    """Save the new people, who cannot sign in before they get an address and a password. `by` None is a command.

    A fault leaves nobody saved, unless `good` asks for those without one. The audit remembers how many were asked
    about, whatever came of it. Raises Forbidden.
    """
    if by is not None and not by.may("users", "import"):
        raise Forbidden
    with transaction.atomic():
        if not only_check:
            # One import after the other: the second of two runs of a file must see whom the first has made.
            Organization.objects.select_for_update(no_key=True).get(pk=organization.pk)
        matches = match_entries(organization, entries.good, one_per_address=one_per_address)
        saved = not only_check and (good or not entries.faults)
        if saved:
            rows = [
                _make_row(entry, address, matches.numbers[entry.line], now)
                for entry, address in zip(matches.new, make_addresses(), strict=False)
            ]
            for start in range(0, len(rows), AT_ONCE):
                _insert(by, organization, rows[start : start + AT_ONCE], now)
    _record(by, organization, matches, entries, saved, only_check)
    return Import(matches, sorted(entries.faults), saved)


def _insert(by: User | None, organization: Organization, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [organization.pk, by.pk if by else None, now, orjson.dumps(rows).decode()])
        saved = cursor.fetchall()
    words.write_new_words(saved)
    keys = [row[0] for row in saved]
    clients_created.send(sender=User, organization=organization.pk, keys=keys, now=now)


def _make_row(entry: Entry, address: str, number: str, now: datetime) -> dict[str, Any]:
    return {
        "email": address,
        "name": entry.name,
        "contact_email": entry.email,
        "phone": entry.phone,
        "phone_e164": number,
        "birthday": entry.birthday,
        "client_notes": entry.notes,
        "language": entry.language,
        "marketing_consent_at": now if entry.consents else None,
        "is_active": not entry.blocked,
        "external_source": entry.source,
        "external_id": entry.external_id,
        # Nothing matches it. As make_password(None) makes it, which takes longer than all else of a line.
        "password": f"{UNUSABLE_PASSWORD_PREFIX}{token_hex(UNUSABLE_PASSWORD_SUFFIX_LENGTH // 2)}",
    }


def _record(
    by: User | None, organization: Organization, matches: Matches, entries: Entries, saved: bool, only_check: bool
) -> None:
    event = "import_check" if only_check else "import" if saved else "import_refused"
    audit.record_event(
        event,
        by=by,
        organization_id=organization.pk,
        table=User._meta.db_table,
        clients=len(matches.new),
        known=len(matches.known),
        problems=len(entries.faults),
    )
