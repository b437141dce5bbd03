"""What goes along with an organization though no table of its own names it, and what cannot: at the end, all at once.

Its second factors and the jobs that wait for it come along. Sessions end: a browser knows one address, and the key
that signs them is another there. What a platform's operator had written of its lists stays behind with the operator.
"""

import time

from psycopg.sql import SQL, Composed, Identifier, Literal
from psycopg.types.json import Jsonb

from accounts.models import SecondFactor
from clientline.cells.sides import Side

LONGEST_WORK = 15.0  # seconds for which the end of what workers are at is waited for
LOOK = 0.05
PEOPLE = SQL("SELECT id FROM users WHERE organization_id = {}")
OF_STRANGERS = SQL("SELECT id FROM list_files WHERE organization_id = {} AND created_by_id NOT IN ({})")

# `doing`, too: what is under way cannot end once it is frozen, and jobs are written to be done twice.
OWN_JOBS = "status IN ('todo', 'doing') AND args ->> 'organization' = %s"
READ_JOBS = f"""SELECT queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at
FROM procrastinate_jobs WHERE {OWN_JOBS} ORDER BY id"""  # noqa: S608 -- ours
WRITE_JOB = """INSERT INTO procrastinate_jobs (queue_name, task_name, priority, lock, queueing_lock, args, scheduled_at)
VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"""
AT_WORK = """SELECT EXISTS (SELECT FROM messages WHERE organization_id = %s AND state = 'sending'
    AND claimed_at > now() - interval '3 minutes')
OR EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'doing' AND args ->> 'organization' = %s)"""


def wait_for_workers(side: Side, organization: int) -> None:
    """Until no message of it is being sent and no job done, or for LONGEST_WORK: what was cut off is done again."""
    deadline = time.monotonic() + LONGEST_WORK
    while side.ask_one(AT_WORK, [organization, str(organization)]) and time.monotonic() < deadline:
        time.sleep(LOOK)


def leave_behind(side: Side, organization: int) -> None:
    """Delete the files of lists that were written for operators, who do not move."""
    strangers = OF_STRANGERS.format(Literal(organization), _select_people(organization))
    with side.connection.transaction():
        side.ask(SQL("DELETE FROM list_file_parts WHERE file_id IN ({})").format(strangers))
        side.ask(SQL("DELETE FROM list_files WHERE id IN ({})").format(strangers))


def copy_second_factors(old: Side, new: Side, organization: int) -> None:
    """They name a person and no organization, so that no filter of what is published finds them."""
    columns = SQL(", ").join(Identifier(str(field.column)) for field in SecondFactor._meta.concrete_fields)
    own = SQL("user_id IN ({})").format(_select_people(organization))
    rows = old.connection.execute(SQL("SELECT {} FROM second_factors WHERE {}").format(columns, own)).fetchall()
    with new.connection.transaction():
        new.ask(SQL("DELETE FROM second_factors WHERE {}").format(own))
        into = SQL("COPY second_factors ({}) FROM STDIN").format(columns)
        with new.connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)


def take_jobs(old: Side, new: Side, organization: int) -> None:
    """The jobs that wait at the old home wait at the new one: in the transaction that decides, so once."""
    for *columns, arguments, scheduled_at in old.ask(READ_JOBS, [str(organization)]):
        new.ask(WRITE_JOB, [*columns, Jsonb(arguments), scheduled_at])


def drop_jobs(side: Side, organization: int) -> None:
    """Of who has moved; what a worker is at there ends by itself, as it is refused."""
    side.ask(f"DELETE FROM procrastinate_jobs WHERE status = 'todo' AND {OWN_JOBS}", [str(organization)])  # noqa: S608


def end_sessions(side: Side, organization: int) -> None:
    """Who was signed in here before may have been signed out elsewhere since."""
    side.ask(SQL("DELETE FROM sessions WHERE user_id IN ({})").format(_select_people(organization)))


def drop_belongings(side: Side, organization: int) -> None:
    """Where it is forgotten: the triggers rest that would delete these with their person."""
    end_sessions(side, organization)
    side.ask(SQL("DELETE FROM second_factors WHERE user_id IN ({})").format(_select_people(organization)))
    drop_jobs(side, organization)


def _select_people(organization: int) -> Composed:
    return PEOPLE.format(Literal(organization))
