"""What the audit tells of people who are added: every column of the row that says something, as the row has it."""

import pytest
from django.db import connection

from accounts.models import User
from organizations.models import Audit

pytestmark = pytest.mark.django_db

UNTOLD = {"id", "organization_id", "last_login", "phone_e164", "day_people"}
ROWS = "SELECT id, key, value FROM users, jsonb_each_text(to_jsonb(users)) WHERE id = ANY (%s) AND value <> ''"
HARD = {
    "name": 'Zoë "Z" O\'Neill \\ , {}\t\x01\U0001f600',
    "email": "0123@client.invalid",
    "contact_email": "z@example.com,",
    "phone": "030 / 12%s",
    "birthday": "2000-02-29",
    "client_notes": 'two\nlines,"],',
    "is_flagged": True,
    "language": "de-CH",
    "marketing_consent_at": "2026-11-29T08:15:00.25Z",
    "external_source": "null",
    "external_id": "[]",
    "is_active": False,
    "works_until": "2031-01-01",
    "version": 7,
    "day_people": [1, 2],
    "password": "",
    "merged_into_id": None,
    "created_by_id": None,
}


def add(organization, *people):
    """By one statement, past everything in Python."""
    columns = ["organization_id", "role", *HARD]
    values = [[organization.pk, "client", *(HARD | person).values()] for person in people]
    row = f"({', '.join(['%s'] * len(columns))})"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO users ({', '.join(columns)}) VALUES {', '.join([row] * len(people))} RETURNING id",
            [value for each in values for value in each],
        )
        return [key for (key,) in cursor.fetchall()]


def read_rows(keys):
    """What each row says, by column."""
    found = {key: {} for key in keys}
    with connection.cursor() as cursor:
        for key, column, value in cursor.execute(ROWS, [keys]).fetchall():
            found[key][column] = value
    return found


def test_every_column_of_everybody_added_is_told_as_it_is(salon):
    merged = {"merged_into_id": salon.client.pk, "created_by_id": salon.admin.pk}
    keys = add(
        salon.organization,
        merged,
        merged | {"email": "b@salon.example", "password": "!x", "name": "B", "external_id": ""},
    )
    noted = {row.row: row for row in Audit.objects.filter(table="users", row__in=keys)}
    rows = read_rows(keys)
    for key in keys:
        hidden = {"password": ["hidden", "hidden"]} if "password" in rows[key] else {}
        told = {column: [None, value] for column, value in rows[key].items() if column not in UNTOLD}
        if rows[key]["email"] == HARD["email"]:
            del told["email"]
        assert noted[key].changes == told | hidden
        assert (noted[key].action, noted[key].organization_id) == ("insert", salon.organization.pk)
    assert noted[keys[1]].changes["password"] == ["hidden", "hidden"]
    assert (noted[keys[0]].changes["name"], "password" in noted[keys[0]].changes) == ([None, HARD["name"]], False)


def test_no_column_is_forgotten_that_was_added_since():
    """Whoever adds one to `users` says `note_added` again in the same migration."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'note_added_users'")
        [(source,)] = cursor.fetchall()
    columns = {field.column for field in User._meta.concrete_fields}
    assert {
        column for column in columns if f"came.{column} " not in source and f"came.{column})" not in source
    } == UNTOLD
