"""Who may see the page that has all parts of pages on it."""

from django.urls import reverse


def test_the_page_is_for_development_alone(salon, client, settings):
    client.force_login(salon.admin)
    assert client.get(reverse("admin:look")).status_code == 404
    settings.SHOWS_LOOK = True
    assert client.get(reverse("admin:look")).status_code == 200
    client.logout()
    assert client.get(reverse("admin:look")).status_code == 302
