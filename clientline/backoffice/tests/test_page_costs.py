"""What pages of the back office cost that no test of their own counts: so many queries, however many rows."""

import pytest
from django.apps import apps
from django.contrib.admin.sites import site
from django.contrib.contenttypes.models import ContentType

from clientline.admin.tests import test_admin_lists
from clientline.tests.many_rows import NEXT_YEAR, add_rest, add_several

# page → queries of the whole request, for an admin
SETTINGS = {
    "/admin/reach/message/": 8,
    "/admin/reach/messagerule/": 8,
    "/admin/reach/messagetext/": 8,
    "/admin/reach/feed/": 8,
    "/admin/reach/webhookendpoint/": 8,
    "/admin/reach/webhookendpoint/{webhook}/change/": 14,
    "/admin/online-booking/": 11,
    "/admin/services/service/{service}/change/": 12,
}
DESK = {
    "/admin/owing/?from=2026-03-01&to=2026-03-31": 8,
    "/admin/unclosed/": 7,
    f"/admin/holidays/?year={NEXT_YEAR}": 11,
    "/admin/day/people/": 7,
    "/admin/search/?q=Salon": 7,
    "/admin/rezoning/": 9,
    "/admin/appointments/appointment/{grouped}/bill/": 10,
    "/admin/appointments/appointment/{grouped}/change/": 16,
    "/admin/payments/payment/{taken}/change/": 13,
    "/admin/autocomplete/?app_label=appointments&model_name=appointment&field_name=client&term=salon": 8,
}
FORMS = {
    "/admin/week-hours/?staff={staff}": 9,
    "/admin/appointments/workinghours/{working_hours}/delete/": 27,
    "/admin/accounts/user/{client}/merge/?duplicate={stranger}": 13,
    "/admin/accounts/user/{client}/erase/": 15,
    "/admin/appointments/appointment/{visit}/reschedule/": 17,
    "/admin/appointments/appointment/{visit}/payment/": 10,
    "/admin/appointments/appointment/{visit}/cancel/": 8,
    "/admin/payments/payment/{taken}/refund/": 10,
}


@pytest.mark.sweep
def test_a_page_costs_so_many_queries_however_many_rows_it_shows(salon, client, django_assert_num_queries, everything):
    """The gate asks with several rows, where one more for each row is found; --all that they cost what few cost."""
    rows = {name: getattr(row, "pk", row) for name, row in vars(add_rest(salon)).items()}
    client.force_login(salon.admin)
    ContentType.objects.get_for_models(*apps.get_models())  # fills their cache
    few = open_each(client, rows, django_assert_num_queries) if everything else {}
    add_several(salon)
    more = open_each(client, rows, django_assert_num_queries)
    # Forms offer and add up what they do not show.
    assert [page for page in few if more[page] <= few[page] and page not in FORMS] == []


def open_each(client, rows, assert_num_queries):
    """The length of each page, which costs what is written above."""
    lengths = {}
    for page, cost in (SETTINGS | DESK | FORMS).items():
        with assert_num_queries(cost, info=page):
            answer = client.get(page.format(**rows))
        assert answer.status_code == 200, page
        lengths[page] = len(answer.content)
    return lengths


def test_each_list_is_counted():
    lists = {f"/admin/{model._meta.label_lower.replace('.', '/')}/" for model in site._registry}
    counted = {f"/admin/{page}/" for page in test_admin_lists.COSTS}
    assert lists - counted - SETTINGS.keys() == {"/admin/organizations/audit/"}  # which test_audit_list.py counts
