"""`manage.py explain`: the SQL and plan of a read, as the role it is read by."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import Token


def explained(*arguments, **options):
    output = StringIO()
    call_command("explain", *arguments, stdout=output, **options)
    return output.getvalue()


def test_the_sql_of_a_list_is_printed_with_its_plan_behind_the_wall(salon, clinic):
    text = explained("GET /users?limit=10", role="staff", organization=salon.organization.pk)
    first, *rest = text.splitlines()
    wanted = f"-- GET /users?limit=10 as staff {salon.staff.pk} of organization {salon.organization.pk}: 200"
    sql = [line for line in rest if line.startswith("SELECT")]
    assert (first, len(sql)) == (wanted, 1)
    assert f'"users"."organization_id" = {salon.organization.pk}' in sql[0] and "LIMIT 11" in sql[0]
    assert "organization_id = (NULLIF(current_setting('clientline.organization_id'" in text  # the policy's condition
    assert "Execution Time" in text


def test_a_detail_with_filters_in_several_statements_is_explained_statement_by_statement(salon):
    text = explained("GET /users?role=client&count=true", role="manager", organization=salon.organization.pk)
    assert (text.count("\nSELECT"), text.count("Execution Time")) == (2, 2)


def test_nothing_stays_of_the_sign_in(salon):
    before = list(Token.objects.values_list("pk", "last_used_at"))
    explained(f"GET /users/{salon.client.pk}", role="client", organization=salon.organization.pk)
    assert list(Token.objects.values_list("pk", "last_used_at")) == before


@pytest.mark.parametrize(
    ("read", "role", "organization", "why"),
    [
        ("DELETE /users/1", "admin", None, "Only reads are explained"),
        ("users", "admin", None, "Only reads are explained"),
        ("GET /users", "operator", None, "There is nobody active to be: operator."),
        ("GET /users", "admin", 9**9, "There is nobody active to be: admin."),
    ],
)
def test_what_cannot_be_explained_is_a_sentence(salon, read, role, organization, why):
    with pytest.raises(CommandError, match=why):
        explained(read, role=role, organization=organization)
