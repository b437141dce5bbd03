"""The version of a day, by which an open board knows that it is out of date."""

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import condition

from clientline.backoffice.calendar.diary import read_day
from clientline.backoffice.calendar.versions import select_latest_changes, write_version
from clientline.backoffice.platform import acting


def _identify_day(request):
    organization, now = acting.find_chosen_organization(request), timezone.now()
    if organization is None:
        return None
    day, _ = read_day(request, organization, now)
    return write_version(list(select_latest_changes(organization)), organization=organization, day=day, now=now)


@condition(etag_func=_identify_day)
def version_view(request):
    """Nothing but the version, in the ETag; 304 where it is the one that the reader has."""
    return HttpResponse(status=204)
