"""The seal: a chain of digests for each organization, over its audit and the history of its visits.

Each link holds the digest of one row and of the link before, so that whoever rewrites a row has to rewrite all links
after it, too: a superuser can, and is found out by the head of the chain that was noted elsewhere. The words that name
a person count by a salted digest of their own. A lawful erasure deletes words and salt and keeps the digest, and
is a row of the audit itself.

Rows are linked afterwards, in no transaction that writes them: what is not linked yet may be rewritten unseen.
A row waits for all transactions that wrote when it was committed, in whichever database of the server: PostgreSQL
counts them together, so that a long write elsewhere delays the seal.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeAlias

from django.db import transaction

from clientline.database.prepared import connection

BATCH = 5000  # rows in one transaction, which an erasure may wait for
NOBODYS = 0  # the chain of what belongs to no organization
Row: TypeAlias = tuple[str, int, bytes, str | None]  # table, id, digest of its facts, words


@dataclass(frozen=True)
class SealedTable:
    """SQL about a row `r` under the seal: `words` are null where it has none, `is_blank` is so after an erasure."""

    name: str
    facts: str
    words: str
    is_blank: str
    written_at: str

    @property
    def body(self) -> str:
        """The digest of the facts; JSON of PostgreSQL reads alike in every version and time zone."""
        return f"sha256(convert_to(jsonb_build_array('{self.name}', {self.facts})::text, 'UTF8'))"


TABLES = (
    SealedTable(
        name="audit",
        facts=(
            "r.id, r.organization_id, extract(epoch FROM r.at), r.actor_id, r.source, r.request_id, r.action,"
            ' r."table", r."row", r.changes - personal_columns()'
        ),
        words=(
            "(SELECT jsonb_object_agg(key, value)::text FROM jsonb_each(r.changes)"
            " WHERE key = ANY (personal_columns()))"
        ),
        is_blank="r.changes = blank_words(r.changes)",
        written_at="r.at",
    ),
    SealedTable(
        name="appointment_history",
        facts=(
            "r.id, r.organization_id, r.appointment_id, extract(epoch FROM r.at), r.by_id, r.action, r.was, r.became,"
            " extract(epoch FROM r.created_at)"
        ),
        words="NULLIF(r.reason, '')",
        is_blank="r.reason = ''",
        written_at="r.created_at",
    ),
)
INSERT = """
INSERT INTO seals (chain, "table", "row", salt, words, link, sealed_at)
SELECT %s, "table", "row", salt, words, link, clock_timestamp()
FROM unnest(%s::text[], %s::bigint[], %s::bytea[], %s::bytea[], %s::bytea[]) WITH ORDINALITY
AS made ("table", "row", salt, words, link, number) ORDER BY number
"""
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('seal:' || %s, 0))"  # `redact_client` takes it, too


def _find_last_link(chain: str) -> str:
    return f"""
        (SELECT last.* FROM unnest(ARRAY['audit', 'appointment_history']) AS name CROSS JOIN LATERAL (
            SELECT * FROM seals WHERE chain = {chain} AND "table" = name ORDER BY id DESC LIMIT 1
        ) AS last ORDER BY id DESC LIMIT 1)
    """  # noqa: S608 -- ours


def _open_rows(table: SealedTable, chain: str, selected: str) -> str:
    """SQL for the rows of a chain that have no link and may get one."""
    # A row may appear below others that are linked already, as numbers are given before the commit: by an hour of
    # links at most, for no younger row is linked while a transaction that has written is still open. Their numbers
    # are never stored: in a restored database they begin anew. Rows older than a day may be frozen.
    return f"""
        SELECT {selected} FROM {table.name} r
        WHERE {"r.organization_id IS NULL" if chain == str(NOBODYS) else f"r.organization_id = {chain}"}
        AND r.id > coalesce((
            SELECT "row" FROM seals WHERE chain = {chain} AND "table" = '{table.name}'
            AND sealed_at <= (SELECT sealed_at - interval '1 hour' FROM {_find_last_link(chain)} AS newest)
            ORDER BY id DESC LIMIT 1
        ), 0)
        AND (age(r.xmin) > (SELECT age(pg_snapshot_xmin(pg_current_snapshot())::xid))
             OR {table.written_at} < now() - interval '1 day')
        AND NOT EXISTS (SELECT FROM seals WHERE "table" = '{table.name}' AND "row" = r.id)
    """  # noqa: S608 -- ours


def seal_rows() -> int:
    """Link all rows that no running transaction can come before any more; returns how many."""
    return sum(_seal_chain(chain) for chain in [NOBODYS, *_list_open_chains()])


def _list_open_chains() -> list[int]:
    """The organizations that have rows to be linked."""
    exists = " OR ".join(f"EXISTS ({_open_rows(table, 'organizations.id', '1')})" for table in TABLES)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM organizations WHERE {exists} ORDER BY id")  # noqa: S608 -- ours
        return [chain for (chain,) in cursor.fetchall()]


def _seal_chain(chain: int) -> int:
    sealed, passed = 0, {table.name: 0 for table in TABLES}
    while rows := _seal_batch(chain, passed):
        passed |= {table: pk for table, pk, *_ in rows}
        sealed += len(rows)
    return sealed


def _seal_batch(chain: int, passed: dict[str, int]) -> list[Row]:
    """Link the next rows of a chain, above those that this run has `passed` in each table."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(LOCK, [chain])
        rows: list[Row] = []
        for table in TABLES:
            selected = f"'{table.name}', r.id, {table.body}, {table.words}"
            cursor.execute(
                f"{_open_rows(table, str(chain), selected)} AND r.id > %s ORDER BY r.id LIMIT {BATCH}",
                [passed[table.name]],
            )
            rows += cursor.fetchall()
        cursor.execute(f"SELECT link FROM {_find_last_link(str(chain))} AS last")  # noqa: S608 -- ours
        head = cursor.fetchone()
        links = list(_make_links(rows, head[0] if head else b""))
        if links:
            cursor.execute(INSERT, [chain, *map(list, zip(*links, strict=True))])
    return rows


def _make_links(rows: list[Row], link: bytes) -> Iterator[tuple[str, int, bytes | None, bytes, bytes]]:
    """Table, id, salt, digest of the words, and link of each of these rows in their order, after `link`."""
    for table, pk, body, words in rows:
        salt = None if words is None else secrets.token_bytes(16)
        digest = b"" if salt is None or words is None else sha256(salt + words.encode()).digest()
        link = sha256(bytes(link) + bytes(body) + digest).digest()
        yield table, pk, salt, digest, link


def list_heads() -> list[tuple[int, str]]:
    """The last link of each chain, in hexadecimal digits: noted elsewhere, it shows that all before it stayed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT ON (chain) chain, encode(link, 'hex') FROM seals ORDER BY chain, id DESC")
        return cursor.fetchall()


def list_unknown_links(noted: list[str]) -> list[str]:
    """Those of the links, in hexadecimal digits, that no chain has."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT noted FROM unnest(%s::text[]) AS noted"
            " WHERE NOT EXISTS (SELECT FROM seals WHERE encode(link, 'hex') = noted) ORDER BY noted",
            [noted],
        )
        return [link for (link,) in cursor.fetchall()]


def _find_rewritten(table: SealedTable) -> str:
    """SQL for the names of rows that are gone, or not as they were sealed."""
    return f"""
        SELECT sealed."table" || ' ' || sealed."row" FROM sealed LEFT JOIN {table.name} r ON r.id = sealed."row"
        WHERE sealed."table" = '{table.name}' AND (
            r.id IS NULL
            OR sealed.link <> sha256(sealed.previous || {table.body} || sealed.words)
            OR NOT CASE
                WHEN sealed.words = '' THEN {table.words} IS NULL
                WHEN sealed.salt IS NULL THEN
                    {table.is_blank} AND (sealed."table", sealed."row") IN (SELECT * FROM redacted)
                ELSE coalesce(sealed.words = sha256(sealed.salt || convert_to({table.words}, 'UTF8')), false)
            END
        )
    """  # noqa: S608 -- ours


# An erasure names the rows whose words it has blanked, in an event that nobody can take back.
REWRITTEN = f"""
    WITH sealed AS (
        SELECT *, lag(link, 1, ''::bytea) OVER (PARTITION BY chain ORDER BY id) AS previous FROM seals
    ), redacted AS (
        SELECT key, unnest(string_to_array(value ->> 1, ' '))::bigint FROM audit, jsonb_each(changes)
        WHERE action = 'redact'
    )
    {" UNION ALL ".join(map(_find_rewritten, TABLES))}
"""  # noqa: S608 -- ours
PASSED_BY = " UNION ALL ".join(
    f"""
        SELECT '{table.name} ' || r.id FROM {table.name} r JOIN (
            SELECT chain, max("row") AS last FROM seals
            WHERE "table" = '{table.name}' AND sealed_at < now() - interval '1 day' GROUP BY chain
        ) AS passed ON chain = coalesce(r.organization_id, {NOBODYS}) AND r.id < last
        WHERE NOT EXISTS (SELECT FROM seals WHERE "table" = '{table.name}' AND "row" = r.id)
    """  # noqa: S608 -- ours
    for table in TABLES
)
