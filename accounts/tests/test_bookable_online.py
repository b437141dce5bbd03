"""Who may say whether guests may book somebody."""

import pytest


def test_managers_say_whether_guests_may_book_somebody(salon, api):
    path = f"/users/{salon.staff.pk}"
    assert api(salon.manager).get(path).json()["bookable_online"] is True
    assert api(salon.manager).patch(path, {"bookable_online": False}).json()["bookable_online"] is False
    salon.staff.refresh_from_db()
    assert salon.staff.bookable_online is False


@pytest.mark.parametrize("sent", [{"bookable_online": False}])
def test_staff_cannot_take_themselves_off_the_page_but_send_back_what_is(salon, api, sent):
    client, path = api(salon.staff), f"/users/{salon.staff.pk}"
    refused = client.patch(path, sent)
    assert (refused.status_code, refused.json()["detail"]) == (403, "You may not send `bookable_online`.")
    assert client.patch(path, {"bookable_online": True, "phone": "1"}).status_code == 200


def test_clients_are_not_told(salon, api):
    assert "bookable_online" not in api(salon.client).get(f"/users/{salon.client.pk}").json()
