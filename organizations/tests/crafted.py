"""Export files as somebody might make them up: what is changed in a sound one, and what the import says of it."""

import hashlib
import json

ELSEWHERE = 10**6  # the id of another organization here, and of its person


class File:
    """An export in parts: `header`, and `tables` by name with `head` and `rows`; `write` gives it its right hash."""

    def __init__(self, path):
        lines = [json.loads(line) for line in path.read_text().split("\n")[:-2]]
        self.header, self.tables = lines[0], {}
        for line in lines[1:]:
            if "columns" in line and "table" in line:
                rows = self.tables.setdefault(line["table"], (line, []))[1]
            else:
                rows.append(line)

    def lines(self):
        yield self.header
        for head, rows in self.tables.values():
            yield {"rows": len(rows)} | head if "rows" not in head else head
            yield from rows

    def write(self, path):
        content = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in self.lines())
        digest = hashlib.sha256(content.encode()).hexdigest()
        path.write_text(content + json.dumps({"sha256": digest}) + "\n")


def change(table, /, **values):
    """Give the first row of a table other values."""

    def craft(file):
        file.tables[table][1][0].update(values)

    return craft


def replace(table, text):
    """Put a text in the place of the first row."""

    def craft(file):
        file.tables[table][1][0] = text

    return craft


def again(table, /, **values):
    """Add the first row a second time, with other values."""

    def craft(file):
        head, rows = file.tables[table]
        rows.append(rows[0] | values)
        head["rows"] += 1

    return craft


def head(table, /, **values):
    def craft(file):
        file.tables[table][0].update(values)

    return craft


def header(**values):
    return lambda file: file.header.update(values)


def without_admins(file):
    for row in file.tables["users"][1]:
        row["role"] = "staff" if row["role"] == "admin" else row["role"]


SCRYPT = "A" * 86 + "=="
CRAFTED = {
    "an operator": (
        change("users", is_superuser=True),
        "of users, has a `is_superuser` that makes a platform operator",
    ),
    "a row of elsewhere": (change("users", organization_id=ELSEWHERE), "rows of another organization in users"),
    "a home elsewhere": (change("organizations", id=ELSEWHERE), "rows of another organization in organizations"),
    "two homes": (again("organizations", id=ELSEWHERE + 1), "rows of another organization in organizations"),
    "made by somebody elsewhere": (
        change("users", created_by_id=ELSEWHERE),
        "users refer by created_by_id to rows of an",
    ),
    "told by somebody elsewhere": (change("audit", actor_id=ELSEWHERE), "audit refer by actor_id to rows of another"),
    "told of somebody elsewhere": (change("audit", table="users", row=ELSEWHERE), "audit refer by row to rows of an"),
    "told of an organization elsewhere": (change("audit", table="organizations", row=ELSEWHERE), "audit refer by row"),
    "merged elsewhere": (
        change("users", merged_into_id=ELSEWHERE, is_active=False),
        "user_merged_in_same_organization",
    ),
    "a visit with somebody elsewhere": (change("appointments", staff_id=ELSEWHERE), "appointment_staff_in_same_organi"),
    "a factor of somebody elsewhere": (
        change("second_factors", user_id=ELSEWHERE),
        "of another organization in second",
    ),
    **{
        f"the id {value!r}": (change("users", id=value), f"has a `id` that {says}")
        for value, says in [
            (0, "is out of bounds"),
            (-1, "is out of bounds"),
            (2**53, "is out of bounds"),
            (2**63 - 1, "is out of bounds"),
            (2**70, "is no id"),
            ("5", "is no id"),
            (5.5, "is no id"),
            (True, "is no id"),
            ([1], "is no id"),
            (None, "is missing"),
        ]
    },
    **{
        f"the organization {value!r}": (header(organization=value), says)
        for value, says in [
            (0, "id is out of bounds"),
            (-5, "id is out of bounds"),
            (2**53, "id is out of bounds"),
            (True, "was not written by"),
            ("1", "was not written by"),
            (None, "was not written by"),
            (77, "rows of another organization in organizations"),
        ]
    },
    **{
        f"the password {value[:30]}": (change("users", password=value), "has a `password` that is a broken hash")
        for value in [
            "letmein",
            "",
            "md5$salt$0123456789abcdef0123456789abcdef",
            f"scrypt$1073741824$salt$8$5${SCRYPT}",
            f"scrypt$16384$salt$8$999999${SCRYPT}",
            f"scrypt$0$salt$8$5${SCRYPT}",
            f"scrypt$-2$salt$8$5${SCRYPT}",
            "scrypt$16384$salt$8$5$",
            "scrypt$16384$salt$8",
            "pbkdf2_sha256$999999999$salt$" + "A" * 43 + "=",
            "pbkdf2_sha256$many$salt$" + "A" * 43 + "=",
        ]
    },
    "no password": (change("users", password=None), "has a `password` that is missing"),
    "a role nobody knows": (change("users", role="owner"), "has a `role` that is none of those known"),
    "a role in a list": (change("users", role=["admin"]), "has a `role` that"),
    "no address": (change("users", email="nobody"), "has a `email` that is no e-mail address"),
    "a nested name": (change("users", name={"first": "Ann"}), "has a `name` that is no text"),
    "a list for a name": (change("users", name=["Ann"]), "has a `name` that is no text"),
    "a number for a name": (change("users", name=5), "has a `name` that is no text"),
    "a name with a NUL": (change("users", name="a\0b"), "has a `name` that holds a NUL"),
    "half a letter": (change("users", name="\ud800"), "cut off or damaged in line|surrogate|Unicode"),
    "a very long name": (change("users", name="x" * 10_000), "too long"),
    "yes for true": (change("users", is_active="yes"), "has a `is_active` that is of another type"),
    "one for true": (change("users", is_active=1), "has a `is_active` that is of another type"),
    "the same person twice": (again("users"), "It collides with what is here, in users"),
    "two people with one address": (again("users", id=99_999), "It collides with what is here, in users"),
    "nobody who can govern": (without_admins, "organizations that nobody can govern"),
    "overlapping visits": (again("appointments", id=99_999), "appointment_no_double_booking"),
    "a price of NaN": (change("appointments", price="NaN"), "has a `price` that is of another type"),
    "an endless price": (change("appointments", price=1e300), "numeric field overflow"),
    "a price below nothing": (change("appointments", price=-1), "appointment_price"),
    **{
        f"a visit {value!r}": (
            change("appointments", appointment_date=value),
            f"has a `appointment_date` that is {says}",
        )
        for value, says in [
            ("infinity", "no date or time"),
            ("tomorrow", "no date or time"),
            ("2026-12-01T24:00:00+00:00", "no date or time"),
            (5, "no date or time"),
            ("0001-01-01T00:00:00+00:00", "out of bounds"),
            ("9999-12-31T23:59:59+00:00", "out of bounds"),
        ]
    },
    **{
        f"a time of no day, {value}": (change("working_hours", starts=value), "has a `starts` that is no date or time")
        for value in ["24:00:00", "25:00:00"]
    },
    "an eighth day": (change("working_hours", weekday=7), "has a `weekday` that is none of those known"),
    "a script for a page": (
        change("payments", checkout_url="javascript:alert(1)"),
        "`checkout_url` that is no address",
    ),
    "changes that tell nothing": (change("audit", changes={"name": 5}), "has a `changes` that tells no changes"),
    "changes of one": (change("audit", changes={"name": ["a"]}), "has a `changes` that tells no changes"),
    "nested changes": (change("audit", changes={"name": [None, {"a": 1}]}), "has a `changes` that tells no changes"),
    "a list of changes": (change("audit", changes=[1]), "has a `changes` that tells no changes"),
    "codes that are no bytes": (change("second_factors", key="secret"), "has a `key` that holds no bytes"),
    "no list of codes": (change("second_factors", recovery_codes={"a": 1}), "has a `recovery_codes` that is no list"),
    "a zone nobody knows": (change("organizations", timezone="Mars/Base"), "organizations in time zones without rules"),
    "a currency nobody knows": (change("organizations", currency="XYZ"), "organizations with currencies that are"),
    "a column more": (change("users", is_god=True), "has not the table's columns: is_god"),
    "a list for a row": (replace("users", "[1, 2]"), "of users, is no row"),
    "a number for a row": (replace("users", "5"), "of users, is no row"),
    "null for a row": (replace("users", "null"), "of users, is no row"),
    "nested without end": (replace("users", "[" * 100_000), "cut off or damaged in line"),
    "a row too many": (head("users", rows=1), "is not as this version has it"),
    "rows that are not there": (head("refunds", rows=10**15), "has not the table's columns|is no row"),
    "a number of rows that is none": (head("users", rows=True), "does not say how many rows"),
    "fewer rows than none": (head("users", rows=-1), "does not say how many rows"),
    "a table in the place of another": (head("users", table="payments"), "users is not as this version has it"),
}
