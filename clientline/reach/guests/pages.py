"""A page for guests: whose it is, in which language, who may frame it, and the wall around what it reads."""

from contextlib import contextmanager
from functools import wraps
from urllib.parse import urlencode

from django.db import connection, transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

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


class GuestPage:
    """What the views of a page are given in place of the bare request. `now` is the moment it was asked for."""

    def __init__(self, request, organization, *, embedded=False):
        self.request, self.organization, self.embedded = request, organization, embedded
        self.now = timezone.now()
        self.guest = Guest(organization.pk)
        self.asked_language = request.GET.get("lang") if request.GET.get("lang") in OFFERED else ""
        self.language = choose_language(self.asked_language, find_preferred_language(request), organization.language)
        self.phrases = Phrases(organization, self.language)

    @property
    def sent(self):
        """Whether a form was sent."""
        return self.request.method == "POST"

    @property
    def today(self):
        return self.organization.find_local_date(self.now)

    @property
    def network(self):
        return find_network(self.request) or ""

    @property
    def client(self):
        """The client of this organization who is signed in; None for guests."""
        user = self.request.user
        is_theirs = user.is_authenticated and user.organization_id == self.organization.pk
        return user if is_theirs and user.role == "client" and not self.embedded else None

    @contextmanager
    def confined(self):
        """A transaction that sees and writes this organization's rows only."""
        client = self.client  # read before: a session is nothing that the tenants' role may see
        with transaction.atomic():
            confine_transaction(organization_id=self.organization.pk, user_id=client and client.pk)
            yield
            if self.sent:
                connection.confirm()
        release()

    def link(self, name, *args, **query):
        """The address of a step of this page, in the frame if it is in one."""
        space = "guests_embed" if self.embedded else "guests"
        return self._add_query(reverse(f"{space}:{name}", args=[self.organization.slug, *args]), query)

    def link_to_visit(self, secret, name="visit", **query):
        """The address by which a visit is managed; it does not depend on the page, which may be closed by then."""
        if self.embedded:
            return self.link(name, secret, **query)
        return self._add_query(reverse(f"guest_links:{name}", args=[secret]), query)

    def link_to_colors(self):
        """Its stylesheet; named after the colour, so that another one is fetched."""
        return f"{reverse('guest_colors', args=[self.organization.brand_color.lstrip('#') or 'usual'])}"

    def link_to_logo(self):
        """'' where there is none."""
        logo = GuestLogo.objects.filter(organization=self.organization).values_list("pk", flat=True).first()
        return reverse("guest_logo", args=[logo]) if logo else ""

    def _add_query(self, url, query):
        query = {name: value for name, value in query.items() if value not in (None, "")}
        if self.asked_language:
            query["lang"] = self.asked_language
        return f"{url}?{urlencode(query)}" if query else url

    def list_languages(self):
        """`(tag, name, address of this page in it)` for the languages that there are."""
        query = self.request.GET.copy() if self.request.method in SAFE else {}
        return [(tag, name, f"?{urlencode({**dict(query.items()), 'lang': tag})}") for tag, name in OFFERED.items()]

    def redirect(self, url):
        return HttpResponseRedirect(url, status=303)

    def make_form_key(self, place):
        return make_form_key(f"{self.organization.pk} {place}")

    def read_form_key(self, place):
        """Raises OldForm."""
        return read_form_key(self.request.POST.get("form", ""), f"{self.organization.pk} {place}")

    def render(self, template, status=200, **context):
        context |= {"page": self, "organization": self.organization, "language": self.language}
        context |= {"home": self.link("services") if self.organization.slug else "", "languages": self.list_languages()}
        context |= {"colors": self.link_to_colors(), "logo": self.link_to_logo()}
        response = HttpResponse(render_to_string(f"guests/{template}", context), status=status)
        return self.add_headers(response)

    def add_headers(self, response):
        origins = list_origins(self.organization.embed_origins) if self.embedded else []
        response["Content-Security-Policy"] = POLICY.format(" ".join(origins) or "'none'")
        response.may_be_framed = bool(origins)
        response["Content-Language"] = self.language
        return response


def answer_guests(view):
    """A view of `/b/<slug>`: 404 unless the organization's page is open."""

    @csrf_exempt  # a frame of another site has no cookies: `forms.make_form_key` says how forms are known
    @unconfined
    @wraps(view)
    def answer(request, slug, embedded=False, **named):
        organization = _find_open_page(slug)
        if organization is None:
            return render_missing_page(request)
        return _speak(view, GuestPage(request, organization, embedded=embedded), named)

    return answer


def answer_holders(view):
    """A view of `/v/<secret>`: 404 unless it is the secret of a link."""

    @csrf_exempt
    @unconfined
    @wraps(view)
    def answer(request, secret):
        pk = links.find_organization_of_link(secret)
        organization = Organization.objects.filter(pk=pk, is_active=True).first() if pk else None
        if organization is None:
            return render_missing_page(request)
        return _speak(view, GuestPage(request, organization), {"secret": secret})

    return answer


def _find_open_page(slug):
    found = Organization.objects.filter(slug=slug).first()
    if found is None:
        return None
    return Organization.objects.visible_to(Guest(found.pk), "organizations", "retrieve").filter(pk=found.pk).first()


def _speak(view, page, named):
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


def show_logo(request, pk):
    """The picture of an organization that is active; whether its page is open, its links say, too."""
    logo = GuestLogo.objects.filter(pk=pk, organization__is_active=True).first()
    if logo is None:
        return render_missing_page(request)
    return HttpResponse(bytes(logo.image), content_type=logo.media_type)


def render_missing_page(request):
    """404, whether there is no such page, none any more, or none yet."""
    language = choose_language(find_preferred_language(request))
    with translation.override(language):
        told = {"title": _("There is nothing here"), "text": _("The address is mistyped, or what was here is gone.")}
        text = render_to_string("guests/missing.html", {"language": language, **told})
    return HttpResponse(text, status=404)
