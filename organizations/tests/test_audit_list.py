"""Reading the audit: `/audit` and its page in the admin, for the organization's admin and operators."""

import pytest

from clientline.tests.pages import Page, see
from clientline.tests.problems import problem
from organizations import audit
from organizations.models import Audit

PAGE = "/admin/organizations/audit/"


def listed(client, query=""):
    answer = client.get(f"/audit?{query}")
    assert answer.status_code == 200, answer.json()
    return answer.json()["results"]


@pytest.fixture
def price(salon, api):
    """The manager changes a price."""
    api(salon.manager).patch(f"/services/{salon.service.pk}", {"price": "50.00"}, headers={"X-Request-ID": "a-1"})
    return salon.service


def test_an_admin_reads_it_newest_first(salon, price, api):
    newest = listed(api(salon.admin))[0]
    noted = Audit.objects.get(request_id="a-1")
    assert newest == {
        "id": noted.pk,
        "organization": salon.organization.pk,
        "at": noted.at.astimezone(salon.organization.zone).isoformat(timespec="seconds"),
        "actor": salon.manager.pk,
        "source": "api",
        "request_id": "a-1",
        "action": "update",
        "table": "services",
        "row": price.pk,
        "changes": {"price": ["45.00", "50.00"], "version": ["1", "2"]},
    }


@pytest.mark.sweep
def test_its_filters_find_a_change(salon, price, api):
    client = api(salon.admin)
    noted = Audit.objects.get(request_id="a-1")
    at = noted.at.isoformat().replace("+", "%2B")
    for query in (
        f"table=services&row={price.pk}&action=update",
        f"actor={salon.manager.pk}",
        "source=api&action=update",
        f"at_from={at}&table=services",
    ):
        assert [row["id"] for row in listed(client, query)] == [noted.pk], query
    assert [row["action"] for row in listed(client, f"at_to={at}&table=services")] == ["insert"]
    assert problem(client.get("/audit?source=fax")) == (400, "validation_error")
    assert problem(client.get("/audit?column=price")) == (400, "validation_error")


@pytest.mark.parametrize("walls", [pytest.param("all walls", marks=pytest.mark.sweep), "the first wall alone"])
def test_an_admin_sees_their_own_organization_alone_and_an_operator_all(salon, operator, api, request, walls):
    if walls != "all walls":
        request.getfixturevalue("without_row_security")
    audit.record_event("sign_in_failed")  # by an unknown address: nobody's
    own, everybodys = (listed(api(who), "limit=1000") for who in (salon.admin, operator))
    assert {row["organization"] for row in own} == {salon.organization.pk}
    assert len(everybodys) == Audit.objects.count()
    assert None in {row["organization"] for row in everybodys}


@pytest.mark.sweep
def test_pages_follow_one_another(salon, api):
    client, seen, url = api(salon.admin), [], "/audit?limit=4"
    while url:
        page = client.get(url).json()
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    own = Audit.objects.filter(organization=salon.organization.pk).order_by("-id")
    assert seen == list(own.values_list("id", flat=True))


@pytest.mark.sweep
def test_nobody_else_reads_it(salon, api, client):
    for person in (salon.manager, salon.staff, salon.client):
        assert problem(api(person).get("/audit")) == (403, "permission_denied"), person
        client.force_login(person)
        assert client.get(PAGE).status_code in (302, 403), person


@pytest.mark.sweep
def test_the_admin_page_says_it_in_plain_words(salon, price, client):
    client.force_login(salon.admin)
    page = client.get(PAGE, {"action": "update", "table": "services"}).content.decode()
    assert f"service {price.pk} changed: price 45.00 → 50.00" in page
    assert "Salon manager" in page
    noted = Audit.objects.get(request_id="a-1")
    detail = client.get(f"{PAGE}{noted.pk}/change/")
    assert "price 45.00 → 50.00" in detail.content.decode()
    assert set(Page(detail).fields) <= {"csrfmiddlewaretoken", "once", "q"}  # nothing of the row
    assert client.post(f"{PAGE}{noted.pk}/change/").status_code == 403
    assert client.get(f"{PAGE}add/").status_code == 403
    assert client.post(f"{PAGE}{noted.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_admin_page_finds_a_row_by_its_number(salon, price, client):
    client.force_login(salon.admin)
    assert {row.row for row in see(client, PAGE, {"q": price.pk})["cl"].result_list} == {price.pk}
    assert not see(client, PAGE, {"q": "9" * 30})["cl"].result_list
    assert not see(client, PAGE, {"q": "Anna"})["cl"].result_list


@pytest.mark.parametrize("walls", [pytest.param("all walls", marks=pytest.mark.sweep), "the first wall alone"])
def test_operators_are_not_named_to_members(salon, operator, api, client, request, walls):
    if walls != "all walls":
        request.getfixturevalue("without_row_security")
    api(operator).patch(f"/services/{salon.service.pk}", {"price": "50.00"})
    client.force_login(salon.admin)
    page = client.get(PAGE).content.decode()
    assert operator.name not in page
    assert f"{'user' if walls == 'all walls' else 'operator'} {operator.pk}" in page


@pytest.mark.sweep
def test_the_admin_page_costs_the_same_with_more_rows(salon, api, client, django_assert_num_queries):
    client.force_login(salon.admin)
    client.get(PAGE)
    for price in ("1.00", "2.00"):
        with django_assert_num_queries(8):
            client.get(PAGE)
        api(salon.manager).patch(f"/services/{salon.service.pk}", {"price": price})


@pytest.mark.sweep
def test_what_makes_an_operator_is_kept_and_never_shown(salon, operator, api, client):
    salon.admin.is_superuser = True
    salon.admin.save(update_fields=["is_superuser"])
    salon.admin.is_superuser = False
    salon.admin.save(update_fields=["is_superuser"])
    kept = Audit.objects.filter(table="users", changes__has_key="is_superuser")
    assert kept.filter(row=salon.admin.pk).count() == 3
    for reader in (salon.admin, operator):
        rows = listed(api(reader), f"table=users&row={salon.admin.pk}&action=insert")
        assert rows[0]["changes"]["role"] == [None, "admin"]
        assert "is_superuser" not in api(reader).get("/audit?limit=1000").content.decode()
        client.force_login(reader)
        rows = kept.filter(row=salon.admin.pk).order_by("id")[: 3 if reader == salon.admin else 1]
        for page in (PAGE, *(f"{PAGE}{row.pk}/change/" for row in rows)):
            answer = client.get(page)
            assert answer.status_code == 200
            assert "superuser" not in answer.content.decode()
