"""The page by which managers and admins open their page for guests, and say what it offers."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from appointments.tests.factories import always_at_work, days_ahead
from clientline.reach.guests import codes
from clientline.reach.guests.models import BookingRequest, GuestLogo
from clientline.reach.tests.guests import ask, open_page
from clientline.tests.pages import fill_in, judge, see, standing, submit, typed
from organizations.models import Organization
from services.models import Service
from services.tests.factories import ServiceFactory

PAGE = "/admin/online-booking/"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"x" * 20

pytestmark = pytest.mark.django_db


@pytest.mark.sweep
def test_managers_open_the_page_and_say_what_it_offers(client, salon):
    client.force_login(salon.manager)
    answer = submit(
        client, PAGE, guest_page="on", slug="salon", brand_color="#1d4ed8", services=[], team=[str(salon.staff.pk)]
    )
    assert (answer.status_code, answer["Location"]) == (302, PAGE)
    home = Organization.objects.get(pk=salon.organization.pk)
    assert (home.guest_page, home.slug, home.brand_color) == (True, "salon", "#1d4ed8")
    assert not Service.objects.get(pk=salon.service.pk).bookable_online
    team = User.objects.filter(organization=home, bookable_online=True).exclude(role="client")
    assert list(team) == [salon.staff]
    assert "http://127.0.0.1:8000/b/salon" in client.get(PAGE).content.decode()


def test_what_is_not_touched_stays(client, salon):
    client.force_login(salon.manager)
    before = [list(model.objects.order_by("pk").values()) for model in (Service, User)]
    assert submit(client, PAGE, slug="salon").status_code == 302
    after = [list(model.objects.order_by("pk").values()) for model in (Service, User)]
    assert [_without_logins(rows) for rows in after] == [_without_logins(rows) for rows in before]


def test_saving_costs_so_many_queries_however_many_services_stay_as_they_are(client, salon, django_assert_num_queries):
    client.force_login(salon.manager)
    for slug in ("one", "several"):
        sent = standing(see(client, PAGE)["form"]) | {"slug": slug}
        with django_assert_num_queries(18):
            assert judge(client, PAGE, **sent).status_code == 302
        for _ in range(3):
            ServiceFactory(organization=salon.organization)


def _without_logins(rows):
    return [{name: value for name, value in row.items() if name != "last_login"} for row in rows]


def test_admins_get_there_and_staff_do_not(client, salon):
    client.force_login(salon.staff)
    assert client.get(PAGE).status_code == 403
    assert PAGE not in client.get("/admin/").content.decode()
    client.force_login(salon.admin)
    assert see(client, PAGE)["form"]


@pytest.mark.sweep
def test_what_is_refused_stands_beside_its_field_and_nothing_is_saved(client, salon, clinic):
    Organization.objects.filter(pk=clinic.organization.pk).update(slug="taken")
    client.force_login(salon.manager)
    form = standing(see(client, PAGE)["form"])
    taken = client.post(PAGE, form | {"slug": "taken", "services": []})
    assert "Another organization has this word." in taken.content.decode()
    for values, said in (
        ({"guest_page": "on"}, "A page for guests needs a word for its address."),
        ({"brand_color": "red"}, "Choose a colour by six"),
    ):
        assert said in str(judge(client, PAGE, **form | values).context["form"].errors), values
    assert Service.objects.get(pk=salon.service.pk).bookable_online
    assert Organization.objects.get(pk=salon.organization.pk).slug == ""


def test_a_page_that_was_changed_meanwhile_is_not_overwritten(client, salon):
    client.force_login(salon.manager)
    form = typed(client.get(PAGE), slug="mine")
    Organization.objects.filter(pk=salon.organization.pk).update(slug="theirs", version=2)
    assert "This has been changed meanwhile" in client.post(PAGE, form).content.decode()
    assert Organization.objects.get(pk=salon.organization.pk).slug == "theirs"


def test_an_operator_chooses_the_organization_first(client, salon, operator):
    client.force_login(operator)
    assert client.get(PAGE).status_code == 302
    client.get(f"/admin/act/{salon.organization.pk}/")
    client.post(f"/admin/act/{salon.organization.pk}/")
    assert client.get(PAGE).status_code == 200


def test_without_a_mail_server_it_shows_the_codes_that_would_be_sent(client, salon, settings):
    settings.EMAIL_BACKEND = ""
    always_at_work(salon.staff)
    open_page(salon)
    ask(client, salon, days_ahead(3))
    client.force_login(salon.manager)
    page = client.get(PAGE).content.decode()
    assert "No mail server is set up" in page and codes.write_code(BookingRequest.objects.get()) in page


def upload(client, image):
    return fill_in(client, PAGE, slug="salon", guest_page="on", logo=SimpleUploadedFile("logo.png", image))


@pytest.mark.sweep
def test_a_logo_stands_on_the_page_and_goes_again(client, salon):
    client.force_login(salon.manager)
    for image in (PICTURE, PICTURE + b"another"):
        assert upload(client, image).status_code == 302
    [logo] = re.findall(r'<img src="(/b-logos/\d+)"', client.get("/b/salon").content.decode())
    shown = client.get(logo)
    assert (shown.content, shown["Content-Type"]) == (PICTURE + b"another", "image/png")
    assert fill_in(client, PAGE, without_logo="on").status_code == 302
    assert ("<img" in client.get("/b/salon").content.decode(), client.get(logo).status_code) == (False, 404)


@pytest.mark.sweep
def test_what_is_no_small_picture_is_refused(client, salon):
    client.force_login(salon.manager)
    form = standing(see(client, PAGE)["form"]) | {"slug": "salon", "guest_page": "on"}
    for image in (b"<svg onload='alert(1)'></svg>", b"GIF", PICTURE + b"x" * 200_000):
        answer = judge(client, PAGE, **form | {"logo": SimpleUploadedFile("logo.png", image)})
        assert "icture" in answer.context["form"].errors["logo"][0], image[:10]
    assert not GuestLogo.objects.exists()
