"""Whose columns somebody wants to see, and in which order: kept for them, at whichever desk they sign in."""

from django import forms
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clientline.backoffice.calendar.diary import list_team
from clientline.backoffice.page import render_page
from clientline.backoffice.platform import acting


def arrange_people(request, people):
    """The people chosen, in their order; all of them where nobody was chosen, or nobody chosen is there any more."""
    by_id = {person.pk: person for person in people}
    chosen = [by_id[pk] for pk in request.user.day_people if pk in by_id]
    return chosen or people


def people_view(request):
    organization = acting.find_chosen_organization(request)
    if organization is None:
        return acting.send_to_choose(request)
    people = [each for each in list_team(request.user, organization, now=timezone.now()) if each.is_active]
    form = PeopleForm(request.POST if request.method == "POST" else None, people=people, chosen=request.user.day_people)
    if form.is_valid():
        request.user.day_people = form.list_chosen()
        request.user.save(update_fields=["day_people"])
        return HttpResponseRedirect(reverse("admin:index"))
    return render_page(request, "day_people.html", title=_("People of the day"), form=form)


class PeopleForm(forms.Form):
    """A place for each person; whoever has none is not shown."""

    def __init__(self, *args, people, chosen, **kwargs):
        super().__init__(*args, **kwargs)
        self.label_suffix = ""
        places = {pk: place for place, pk in enumerate(chosen, 1)}
        for number, person in enumerate(people, 1):
            place = places.get(person.pk) if places else number
            self.fields[str(person.pk)] = forms.IntegerField(
                label=person.name, required=False, min_value=1, max_value=999, initial=place
            )

    def list_chosen(self):
        placed = [(place, number, int(pk)) for number, (pk, place) in enumerate(self.cleaned_data.items()) if place]
        return [pk for _place, _number, pk in sorted(placed)]
