"""Whose columns somebody wants to see, and in which order: kept for them in the browser they work at."""

from django import forms
from django.conf import settings
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clientline.api.fields import is_readable_number
from clientline.backoffice.calendar.diary import list_team
from clientline.backoffice.page import render_page
from clientline.backoffice.platform import acting

YEAR = 365 * 24 * 60 * 60  # seconds
MOST_KEPT = 200  # as many ids as a cookie holds


def arrange_people(request, people):
    """The people chosen, in their order; all of them where nobody was chosen, or nobody chosen is there any more."""
    by_id = {str(person.pk): person for person in people}
    chosen = [by_id[pk] for pk in _read_chosen(request) if pk in by_id]
    return chosen or people


def people_view(request):
    organization = acting.find_chosen_organization(request)
    if organization is None:
        return acting.send_to_choose(request)
    people = [each for each in list_team(request.user, organization, now=timezone.now()) if each.is_active]
    form = PeopleForm(request.POST if request.method == "POST" else None, people=people, chosen=_read_chosen(request))
    if form.is_valid():
        response = HttpResponseRedirect(reverse("admin:index"))
        _keep(request, response, form.list_chosen())
        return response
    return render_page(request, "day_people.html", title=_("People of the day"), form=form)


class PeopleForm(forms.Form):
    """A place for each person; whoever has none is not shown."""

    def __init__(self, *args, people, chosen, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        places = {pk: place for place, pk in enumerate(chosen, 1)}
        for number, person in enumerate(people, 1):
            place = places.get(str(person.pk)) if places else number
            self.fields[str(person.pk)] = forms.IntegerField(
                label=person.name, required=False, min_value=1, max_value=999, initial=place
            )

    def list_chosen(self):
        placed = [(place, number, pk) for number, (pk, place) in enumerate(self.cleaned_data.items()) if place]
        return [pk for _place, _number, pk in sorted(placed)]


def _name_cookie(request):
    return f"day_people_{request.user.pk}"


def _read_chosen(request):
    kept = request.COOKIES.get(_name_cookie(request), "").split(".")
    return [pk for pk in kept if is_readable_number(pk)]


def _keep(request, response, chosen):
    # No secret, and no right: only of those whom the reader may see anyway.
    response.set_cookie(
        _name_cookie(request),
        ".".join(chosen[:MOST_KEPT]),
        max_age=YEAR,
        path=reverse("admin:index"),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
