"""What the API, pages for guests and calendars cost that no test of their own counts: so many statements, however
many rows."""

import pytest

from appointments.tests.factories import days_ahead
from clientline.api.tests import test_lists
from clientline.tests.many_rows import NEXT_YEAR, add_rest, add_several
from clientline.urls import router

API = {
    "/feeds": 5,
    "/message-rules": 5,
    "/message-texts": 5,
    "/webhooks": 5,
    "/webhooks/{webhook}/deliveries": 7,
    "/webhooks/{webhook}/deliveries/{delivery}": 6,
    "/auth/tokens": 5,
    "/audit": 5,
    "/appointments/{grouped}/history": 6,
    "/users/{client}/export": 18,
    "/users/{client}/erase": 10,
    f"/time-off/holidays?year={NEXT_YEAR}": 8,
    f"/exports/movements?from={days_ahead(-1):%Y-%m-%d}&to={days_ahead(1):%Y-%m-%d}": 8,
}
GUESTS = {
    "/b/salon": 8,
    "/b/salon/people?service={service}": 9,
    f"/b/salon/times?service={{service}}&from={days_ahead(7):%Y-%m-%d}": 15,
    "/v/{link}/move": 14,
    "/feeds/{calendar}.ics": 9,
}


@pytest.mark.sweep
def test_an_answer_costs_so_many_statements_however_many_rows_it_tells(salon, api, client, django_assert_num_queries):
    rows = {name: getattr(row, "pk", row) for name, row in vars(add_rest(salon)).items()}
    member = api(salon.admin)
    member.get("/auth/me")  # the first use of a token is written, later ones are not

    def ask_for_each():
        for asked, costs in ((member, API), (client, GUESTS)):
            for path, cost in costs.items():
                with django_assert_num_queries(cost, info=path):
                    answer = asked.get(path.format(**rows))
                assert answer.status_code == 200, path
                yield path, len(answer.content)

    few = dict(ask_for_each())
    add_several(salon)
    assert [path for path, length in ask_for_each() if length <= few[path]] == []


def test_each_list_of_the_api_is_counted():
    lists = {f"/{prefix}" for prefix, *_ in router.registry}
    assert lists - test_lists.MODELS.keys() - API.keys() == {"/messages"}  # which test_messages_by_api.py counts
