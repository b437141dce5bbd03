"""A page for guests: whose it is, in which language, who may frame it, and the wall around what it reads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import wraps
from typing import Any, TypeAlias
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from accounts.models import User
from clientline.database.prepared import connection
from clientline.languages import OFFERED, choose_language
from clientline.page_settings import list_origins
from clientline.reach.guests import links
from clientline.reach.guests.forms import OldForm, make_form_key, read_form_key
from clientline.reach.guests.models import GuestLogo
from clientline.reach.phrases import Phrases
from clientline.web.addresses import find_network
from clientline.web.languages import find_preferred_language
from clientline.web.marks import unconfined
from organizations.guests import Guest
from organizations.models import Organization
from organizations.tenancy import confine_transaction, release

POLICY = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {}"
SAFE = ("GET", "HEAD")
View: TypeAlias = Callable[..., HttpResponse]


class GuestPage:
    """What the views of a page are given in place of the bare request. `now` is the moment it was asked for."""

    def __init__(self, request: Any, organization: Organization, *, embedded: bool = False) -> None:
        self.request, self.organization, self.embedded = request, organization, embedded
        self.now = timezone.now()
        self.guest = Guest(organization.pk)
        self.asked_language = request.GET.get("lang") if request.GET.get("lang") in OFFERED else ""
        self.language = choose_language(self.asked_language, find_preferred_language(request), organization.language)
        self.phrases = Phrases(organization, self.language)

    @property
    def sent(self) -> bool:
        """Whether a form was sent."""
        return self.request.method == "POST"

    @property
    def today(self) -> date:
        return self.organization.find_local_date(self.now)

    @property
    def network(self) -> str:
        return find_network(self.request) or ""

    @property
    def client(self) -> User | None:
        """The client of this organization who is signed in; None for guests."""
        user = self.request.user
        is_theirs = user.is_authenticated and user.organization_id == self.organization.pk
        return user if is_theirs and user.role == "client" and not self.embedded else None

    @contextmanager
    def confined(self) -> Iterator[None]:
        """A transaction that sees and writes this organization's rows only."""
        client = self.client  # read before: a session is nothing that the tenants' role may see
        with transaction.atomic():
            confine_transaction(organization_id=self.organization.pk, user_id=client.pk if client else None)
            yield
            if self.sent:
                connection.confirm()
        release()

    def link(self, name: str, *args: Any, **query: Any) -> str:
        """The address of a step of this page, in the frame if it is in one."""
        space = "guests_embed" if self.embedded else "guests"
        return self._add_query(reverse(f"{space}:{name}", args=[self.organization.slug, *args]), query)

    def link_to_visit(self, secret: str, name: str = "visit", **query: Any) -> str:
        """The address by which a visit is managed; it does not depend on the page, which may be closed by then."""
        if self.embedded:
            return self.link(name, secret, **query)
        return self._add_query(reverse(f"guest_links:{name}", args=[secret]), query)

    def link_to_colors(self) -> str:
        """Its stylesheet; named after the colour, so that another one is fetched."""
        return f"{reverse('guest_colors', args=[self.organization.brand_color.lstrip('#') or 'usual'])}"

    def link_to_logo(self) -> str:
        """'' where there is none."""
        logo = GuestLogo.objects.filter(organization=self.organization).values_list("pk", flat=True).first()
        return reverse("guest_logo", args=[logo]) if logo else ""

    def _add_query(self, url: str, query: dict[str, Any]) -> str:
        query = {name: value for name, value in query.items() if value not in (None, "")}
        if self.asked_language:
            query["lang"] = self.asked_language
        return f"{url}?{urlencode(query)}" if query else url

    def list_languages(self) -> list[tuple[str, str, str]]:
        """`(tag, name, address of this page in it)` for the languages that there are."""
        query = self.request.GET.copy() if self.request.method in SAFE else {}
        return [(tag, name, f"?{urlencode({**dict(query.items()), 'lang': tag})}") for tag, name in OFFERED.items()]

    def redirect(self, url: str) -> HttpResponse:
        return HttpResponseRedirect(url, status=303)

    def make_form_key(self, place: str) -> str:
        return make_form_key(f"{self.organization.pk} {place}")

    def read_form_key(self, place: str) -> str:
        """Raises OldForm."""
        return read_form_key(self.request.POST.get("form", ""), f"{self.organization.pk} {place}")

    def derive_next_link(self, secret: str) -> str:
        """What a link becomes by the form that was sent."""
        return links.derive_next(secret, self.request.POST.get("form", ""))

    def render(self, template: str, status: int = 200, **context: Any) -> HttpResponse:
        context |= {"page": self, "organization": self.organization, "language": self.language}
        context |= {"home": self.link("services") if self.organization.slug else "", "languages": self.list_languages()}
        context |= {"colors": self.link_to_colors(), "logo": self.link_to_logo()}
        response = HttpResponse(render_to_string(f"guests/{template}", context), status=status)
        return self.add_headers(response)

    def add_headers(self, response: HttpResponse) -> HttpResponse:
        origins = list_origins(self.organization.embed_origins) if self.embedded else []
        response["Content-Security-Policy"] = POLICY.format(" ".join(origins) or "'none'")
        response.may_be_framed = bool(origins)  # type: ignore[attr-defined]  # read by a middleware
        response["Content-Language"] = self.language
        return response


def answer_guests(view: View) -> View:
    """A view of `/b/<slug>`: 404 unless the organization's page is open."""

    @csrf_exempt  # a frame of another site has no cookies: `forms.make_form_key` says how forms are known
    @unconfined
    @wraps(view)
    def answer(request: HttpRequest, slug: str, embedded: bool = False, **named: Any) -> HttpResponse:
        organization = _find_open_page(slug)
        if organization is None:
            return render_missing_page(request)
        return _speak(view, GuestPage(request, organization, embedded=embedded), named)

    return answer


def answer_holders(view: View) -> View:
    """A view of `/v/<secret>`: 404 unless it is the secret of a link."""

    @csrf_exempt
    @unconfined
    @wraps(view)
    def answer(request: HttpRequest, secret: str) -> HttpResponse:
        pk = links.find_organization_of_link(secret) or _find_organization_of_moved(request, secret)
        organization = Organization.objects.filter(pk=pk, is_active=True).first() if pk else None
        if organization is None:
            return render_missing_page(request)
        return _speak(view, GuestPage(request, organization), {"secret": secret})

    return answer


def _find_organization_of_moved(request: HttpRequest, secret: str) -> int | None:
    """For a second click: the first one has ended the link, and begun the next."""
    form = request.POST.get("form", "")
    return links.find_organization_of_link(links.derive_next(secret, form)) if form else None


def _find_open_page(slug: str) -> Organization | None:
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        return None
    return Organization.objects.visible_to(Guest(found.pk), "organizations", "retrieve").filter(pk=found.pk).first()


def _speak(view: View, page: GuestPage, named: dict[str, Any]) -> HttpResponse:
    with translation.override(page.language), timezone.override(page.organization.zone):
        if page.request.method not in (*SAFE, "POST"):
            return page.add_headers(HttpResponse(status=405, headers={"Allow": "GET, HEAD, POST"}))
        try:
            return view(page, **named)
        except OldForm:
            return page.render(
                "message.html",
                status=403,
                title=_("This page was open for too long"),
                text=_("Nothing was changed. Open it once more, and send it again."),
            )


def show_logo(request: HttpRequest, pk: int) -> HttpResponse:
    """The picture of an organization that is active; whether its page is open, its links say, too."""
    logo = GuestLogo.objects.filter(pk=pk, organization__is_active=True).first()
    if logo is None:
        return render_missing_page(request)
    return HttpResponse(bytes(logo.image), content_type=logo.media_type)


def render_missing_page(request: HttpRequest) -> HttpResponse:
    """404, whether there is no such page, none any more, or none yet."""
    language = choose_language(find_preferred_language(request))
    with translation.override(language):
        told = {"title": _("There is nothing here"), "text": _("The address is mistyped, or what was here is gone.")}
        text = render_to_string("guests/missing.html", {"language": language, **told})
    return HttpResponse(text, status=404)
