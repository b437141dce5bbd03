"""A forgotten password: a code by mail, the same answer and the same statements for everybody, and all sign-ins end."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from clientline.reach.passwords import resetting
from clientline.reach.passwords.models import PasswordReset
from organizations.relocations import Relocation

pytestmark = pytest.mark.django_db

NEW = "a-much-better-one-27"
PAGE = "/admin/forgotten/"


@pytest.fixture(autouse=True)
def mails(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def ask(client, address):
    answer = client.post(PAGE, {"email": address})
    assert answer.status_code == 302, answer.content.decode()
    return answer["Location"]


def send_latest():
    resetting.send_reset_code(reset=PasswordReset.objects.latest("id").pk)


def latest_code():
    return resetting.write_reset_code(PasswordReset.objects.latest("id"))


def choose(client, place, *, code=None, new=NEW, again=None):
    sent = {"code": code or latest_code(), "new_password": new, "again": again or new}
    return client.post(place, sent)


@pytest.mark.sweep
def test_a_code_by_mail_leads_to_another_password_and_ends_all_sign_ins(salon, client, mailoutbox):
    elsewhere = Client()
    elsewhere.force_login(salon.manager)
    place = ask(client, salon.manager.email.upper())
    send_latest()
    (mail,) = mailoutbox
    assert mail.to == [salon.manager.email]
    assert choose(client, place, code=re.search(r"\d{6}", mail.body)[0])["Location"] == "/admin/login/"
    assert elsewhere.get("/admin/").status_code == 302
    signed_in = client.post("/admin/login/", {"username": salon.manager.email, "password": NEW})
    assert signed_in.status_code == 302
    assert choose(client, place).status_code == 200  # once
    salon.manager.refresh_from_db()
    assert salon.manager.check_password(NEW)


def test_known_and_unknown_get_the_same_answer_by_the_same_statements(salon, client, mailoutbox):
    said = {}
    for address in ("nobody@else.example", salon.manager.email):
        with CaptureQueriesContext(connection) as queries:
            place = ask(client, address)
        page = client.get(place)
        said[address] = (
            [query["sql"].split(" VALUES")[0][:60] for query in queries],
            page.status_code,
            page.content.count(b"\n"),
        )
        send_latest()
    assert said["nobody@else.example"] == said[salon.manager.email]
    assert [mail.to for mail in mailoutbox] == [[salon.manager.email]]


def test_who_has_moved_to_another_server_gets_no_code_that_holds_here(salon, client, mailoutbox):
    ask(client, salon.manager.email)
    Relocation.objects.create(organization=salon.organization.pk, state="moved", address="https://two.example")
    send_latest()
    assert mailoutbox == []


def test_the_deactivated_get_no_code(salon, client, mailoutbox):
    User.objects.filter(pk=salon.manager.pk).update(is_active=False)
    ask(client, salon.manager.email)
    send_latest()
    assert mailoutbox == []


@pytest.mark.sweep
def test_five_wrong_codes_end_it_and_the_right_one_comes_too_late(salon, client):
    place = ask(client, salon.manager.email)
    right = latest_code()
    wrong = "000000" if right != "000000" else "000001"
    for _ in range(resetting.MOST_WRONG):
        assert "not the code" in choose(client, place, code=wrong).content.decode()
    assert "does not hold any more" in choose(client, place).content.decode()
    salon.manager.refresh_from_db()
    assert not salon.manager.check_password(NEW)


def test_a_weak_password_is_refused_beside_its_field_and_the_code_still_holds(salon, client):
    place = ask(client, salon.manager.email)
    assert choose(client, place, new="12345").context["form"].errors.keys() == {"new_password"}
    assert choose(client, place, again="another-one-28").context["form"].errors.keys() == {"again"}
    assert choose(client, place).status_code == 302


def test_a_code_may_be_typed_in_any_digits(salon, client):
    place = ask(client, salon.manager.email)
    arabic = latest_code().translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    assert choose(client, place, code=arabic)["Location"] == "/admin/login/"


def test_a_code_is_over_after_half_an_hour(salon, client):
    place = ask(client, salon.manager.email)
    PasswordReset.objects.update(created_at=timezone.now() - resetting.LASTS - timedelta(seconds=1))
    assert "does not hold any more" in choose(client, place).content.decode()


@pytest.mark.sweep
def test_codes_to_an_address_are_few(salon, client, settings):
    settings.GUEST_CODES_AN_HOUR = 2
    for number, address in enumerate((salon.manager.email, "nobody@else.example"), start=1):
        ask(client, address)
        ask(client, address)
        refused = client.post(PAGE, {"email": address})
        assert (refused.status_code, PasswordReset.objects.count()) == (429, 2 * number), address
    ask(client, "other@else.example")


def test_codes_from_a_network_are_few(salon, client, settings):
    settings.GUEST_FORMS_IN_TEN_MINUTES = 1
    ask(client, "one@else.example")
    assert client.post(PAGE, {"email": "two@else.example"}).status_code == 429


def test_who_has_a_second_factor_is_asked_for_it_all_the_same(salon, client):
    User.objects.filter(pk=salon.manager.pk).update(has_second_factor=True)
    choose(client, ask(client, salon.manager.email))
    signed_in = client.post("/admin/login/", {"username": salon.manager.email, "password": NEW})
    assert signed_in["Location"].startswith("/admin/code/")


def test_without_a_mail_server_the_page_says_whom_to_ask(salon, client, settings):
    settings.EMAIL_BACKEND = ""
    assert "Ask an admin" in client.get(PAGE).content.decode()
    client.post(PAGE, {"email": salon.manager.email})
    assert PasswordReset.objects.count() == 0


def test_it_is_forgotten_after_a_day(salon, client):
    ask(client, salon.manager.email)
    PasswordReset.objects.update(created_at=timezone.now() - resetting.KEPT)
    resetting.forget_resets()
    assert PasswordReset.objects.count() == 0


def test_made_up_secrets_are_answered(client, db):
    assert client.get(f"{PAGE}nonsense/").status_code == 200
    answer = client.post(f"{PAGE}nonsense/", {"code": "123456", "new_password": NEW, "again": NEW})
    assert "does not hold any more" in answer.content.decode()
