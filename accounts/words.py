"""Writing the words by which people are found; `accounts.finding` reads them.

Every writer of people comes here, because the words are made in Python: `User.save`, and what writes many rows at
once, like imports, the demo and a file of another installation.
"""

from collections.abc import Iterable, Iterator, Sequence

from django.db import connection
from django.db.models import Model

from clientline.made_addresses import show_address
from clientline.search_words import make_words
from organizations.models import Organization

AT_ONCE = 2_000  # people whose words are one statement's worth
COLUMNS = ("id", "organization_id", "name", "email", "contact_email", "phone", "phone_e164")
OF_THE_WORDS = {"name", "email", "contact_email", "phone"}  # columns
PEOPLE = f"""
    SELECT {", ".join(COLUMNS)} FROM users WHERE organization_id = %s AND id > %s ORDER BY id LIMIT %s
"""  # noqa: S608 -- ours
NEWEST, DRAWN = 200, 300
SAMPLE = f"""
    WITH drawn AS (
        SELECT id FROM (SELECT id FROM users ORDER BY id DESC LIMIT %(newest)s) AS newest
        UNION SELECT near.id FROM generate_series(1, %(drawn)s) AS n
        CROSS JOIN LATERAL (SELECT (0 * n + random() * (SELECT max(id) FROM users))::bigint AS point) AS thrown
        CROSS JOIN LATERAL (SELECT id FROM users WHERE id >= point ORDER BY id LIMIT 1) AS near
    )
    SELECT {", ".join(COLUMNS)}, ARRAY(SELECT word FROM search_words WHERE user_id = id)
    FROM users WHERE id IN (SELECT id FROM drawn)
"""  # noqa: S608 -- ours
# One statement: of somebody's words, those that are no more go, and those that are new come.
# The words of each come as one text, a line for each: as many elements of an array would take longer to write down.
MADE = """
        SELECT organization_id, user_id, word
        FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS made (organization_id, user_id, words),
            unnest(string_to_array(words, E'\\n')) AS word
"""
WRITE = f"""WITH made AS ({MADE}), gone AS (
        DELETE FROM search_words WHERE user_id = ANY (%s::bigint[])
            AND NOT EXISTS (SELECT FROM made WHERE (user_id, word) = (search_words.user_id, search_words.word))
    )
    INSERT INTO search_words (organization_id, user_id, word)
    SELECT organization_id, user_id, word FROM made ON CONFLICT DO NOTHING
"""  # noqa: S608 -- ours
ADD = f"INSERT INTO search_words (organization_id, user_id, word) {MADE}"


def write_words(people: Iterable[Sequence]) -> None:
    """Keep the words of these rows of people, each with COLUMNS, and no others of theirs."""
    rows = list(people)
    with connection.cursor() as cursor:
        cursor.execute(WRITE, [*_take_words(rows), [row[0] for row in rows]])


def write_new_words(people: Sequence[Sequence]) -> None:
    """Of people who have none yet: in two thirds of the time."""
    with connection.cursor() as cursor:
        cursor.execute(ADD, _take_words(people))


def _take_words(rows: Sequence[Sequence]) -> list[list]:
    """The organization of each person, their id, and their words."""
    return [[row[1] for row in rows], [row[0] for row in rows], ["\n".join(_make_words(row)) for row in rows]]


def _make_words(row: Sequence) -> list[str]:
    _, _, name, email, contact_email, phone, phone_e164 = row
    addresses = (show_address(email), contact_email)
    return make_words(name=name, addresses=addresses, phone=phone, phone_e164=phone_e164)


def take_columns(person: Model) -> tuple:
    """The row that `write_words` takes."""
    return tuple(getattr(person, name) for name in COLUMNS)


def take_all_columns(organization: Organization) -> Iterator[list[tuple]]:
    """The rows that `write_words` takes of everybody in the organization, some at a time."""
    last = 0
    with connection.cursor() as cursor:
        while rows := cursor.execute(PEOPLE, [organization.pk, last, AT_ONCE]).fetchall():
            yield rows
            last = rows[-1][0]


def write_all_words(organization: Organization) -> None:
    """Of everybody in the organization."""
    for people in take_all_columns(organization):
        write_words(people)


def find_wrong_words() -> dict[str, list[int]]:
    """`wrong`: of the newest people and of some drawn among all, the ids of those who have other words."""
    with connection.cursor() as cursor:
        sample = cursor.execute(SAMPLE, {"newest": NEWEST, "drawn": DRAWN}).fetchall()
    return {"wrong": [row[0] for *row, words in sample if sorted(words) != _make_words(row)]}
