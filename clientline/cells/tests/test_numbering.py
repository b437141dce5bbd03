"""A cell's ids leave its number as rest when divided by 1024, whatever sets a sequence forward."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from accounts.tests.factories import UserFactory
from clientline.cells.models import Cell
from clientline.cells.numbering import OtherCell, keep_number
from clientline.database.invariants import collect_invariants
from clientline.database.sequences import STRIDE, find_first_above, list_own_tables, move_past_rows
from clientline.management.commands import migrate
from organizations.tests.factories import OrganizationFactory
from services.tests.factories import ServiceFactory

FOREIGN = {"django", "axes", "auth", "procrastinate"}


def find_offenders():
    (kept,) = (each for each in collect_invariants() if each.name == "sequences_keep_to_their_cell")
    return kept.find_offenders()


def read_steps():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT seqrelid::regclass::text, seqincrement, seqtypid::regtype::text FROM pg_sequence"
            " JOIN pg_class ON oid = seqrelid WHERE relnamespace = 'public'::regnamespace"
        )
        return {name: (step, kind) for name, step, kind in cursor.fetchall()}


def move_past(table):
    with connection.cursor() as cursor:
        cursor.execute(move_past_rows(table))


def test_the_first_id_is_the_lowest_of_the_cell_above():
    firsts = {(0, 1): 1, (0, 7): 7, (7, 7): 1031, (6, 7): 7, (1023, 1023): 2047, (1024, 1): 1025}
    assert {asked: find_first_above(*asked) for asked in firsts} == firsts


@pytest.mark.sweep
def test_a_new_installation_begins_with_its_number_and_all_tables_of_ours_count_in_strides(db):
    before = read_steps()
    assert keep_number(7).begins_above == 0
    ids = [OrganizationFactory().pk for _ in range(3)]
    assert {pk % STRIDE for pk in ids} == {7}
    assert ids[1] - ids[0] == ids[2] - ids[1] == STRIDE
    assert find_offenders() == (0, [])
    changed = {name for name, (step, _) in read_steps().items() if step == STRIDE}
    assert changed == {f"{table}_id_seq" for table in list_own_tables()}
    left = {name for name in before if name not in changed}
    assert {name.partition("_")[0] for name in left} <= FOREIGN
    assert {before[name][1] for name in changed} == {"bigint"}


@pytest.mark.sweep
def test_an_installation_that_joins_leaves_its_ids_alone_and_goes_on_above(salon):
    cell = keep_number(5)
    assert cell.highest_before >= salon.admin.pk
    newcomer = UserFactory(organization=salon.organization)
    assert newcomer.pk > salon.admin.pk
    assert newcomer.pk % STRIDE == 5
    assert find_offenders() == (0, [])


@pytest.mark.sweep
def test_the_others_begin_above_what_it_had_and_a_flushed_table_in_the_residue_again(db):
    keep_number(6, above=1_000_000)
    first = OrganizationFactory().pk
    assert first > 1_000_000
    assert first % STRIDE == 6
    reset = connection.ops.sequence_reset_by_name_sql(None, [{"table": "services", "column": "id"}])
    with connection.cursor() as cursor:
        for statement in reset:
            cursor.execute(statement)
        cursor.execute("SELECT nextval('services_id_seq')")
        assert cursor.fetchone()[0] % STRIDE == 6


def test_a_number_stays_and_is_kept_by_who_forgets_it(db):
    keep_number(7)
    with pytest.raises(OtherCell, match="This database is cell 7 for good, and CELL is 8"):
        keep_number(8)
    with connection.cursor() as cursor:
        cursor.execute("ALTER SEQUENCE users_id_seq INCREMENT BY 1")  # as of a table that is new
    assert find_offenders() == (1, ["users"])
    assert keep_number(0).number == 7
    assert find_offenders() == (0, [])


def test_who_has_no_number_counts_in_ones(db):
    assert keep_number(0) is None
    assert {step for step, _ in read_steps().values()} == {1}
    assert find_offenders() == (0, [])


@pytest.mark.sweep
def test_neither_ids_that_came_from_elsewhere_nor_sqlsequencereset_lead_out_of_the_residue(salon):
    keep_number(7)
    drawn = ServiceFactory(organization=salon.organization).pk
    ServiceFactory(organization=salon.organization, pk=drawn + 100_000)
    move_past("services")
    following = ServiceFactory(organization=salon.organization).pk
    assert drawn + 100_000 < following <= drawn + 100_000 + 2 * STRIDE
    assert following % STRIDE == 7
    move_past("services")
    assert ServiceFactory(organization=salon.organization).pk > following  # never back
    ServiceFactory(organization=salon.organization, pk=500_000)
    out = StringIO()
    call_command("sqlsequencereset", "services", stdout=out, no_color=True)
    with connection.cursor() as cursor:
        cursor.execute(out.getvalue().replace("BEGIN;", "").replace("COMMIT;", ""))
    following = ServiceFactory(organization=salon.organization).pk
    assert 500_000 < following <= 500_000 + 2 * STRIDE
    assert following % STRIDE == 7
    assert find_offenders() == (0, [])


@pytest.mark.sweep
def test_migrate_puts_the_number_in_force_and_says_what_others_need(salon, settings):
    settings.CELL = 9
    out = StringIO()
    call_command("migrate", stdout=out)
    cell = Cell.objects.get()
    assert cell.address == settings.PUBLIC_URL
    assert f"This is cell 9 from now on. Ids up to {cell.highest_before} were given before." in out.getvalue()
    assert f"all others need CELL_ABOVE={cell.highest_before} or more" in out.getvalue()
    settings.CELL = 10
    with pytest.raises(CommandError, match="cell 9 for good"), transaction.atomic():
        migrate.Command(stdout=StringIO()).number(verbosity=1)
