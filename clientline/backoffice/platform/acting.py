"""The organization a page is about: a member's own, or the one an operator has chosen to act in.

The choice is kept in the session and read here only. It gives no right: operators may do everything everywhere,
and the key in the session of anybody else says nothing.
"""

from functools import update_wrapper

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from clientline import places
from clientline.web.call import UNREAD
from organizations.models import Organization

KEY = "acting_in"


def find_chosen_organization(request):
    """The organization the page is about; None for an operator who has chosen none: `send_to_choose`."""
    if not request.user.is_superuser:
        return request.user.organization
    if request.call.acting_in is UNREAD:
        chosen = request.session.get(KEY)
        request.call.acting_in = chosen and Organization.objects.filter(pk=chosen).first()
    return request.call.acting_in


def send_to_choose(request):
    """Sends an operator to the organizations, to choose one."""
    messages.info(request, gettext("Choose the organization that the page should be about."))
    return HttpResponseRedirect(reverse("admin:organizations_organization_changelist"))


def enter_its_zone(view):
    """The view, with the clock of the organization an operator acts in; a member's own is set already."""

    def zoned(request, *args, **kwargs):
        if request.user.is_authenticated and request.user.is_superuser and find_chosen_organization(request):
            places.enter(find_chosen_organization(request))
        return view(request, *args, **kwargs)

    return update_wrapper(zoned, view)


@require_POST
def act(request, organization_id):
    """Choose the organization for the pages to come."""
    if not request.user.is_superuser:
        raise PermissionDenied
    organization = Organization.objects.filter(pk=organization_id).first()
    if organization is None:
        raise Http404
    request.session[KEY] = organization.pk
    return HttpResponseRedirect(reverse("admin:index"))


@require_POST
def leave(request):
    request.session.pop(KEY, None)
    return HttpResponseRedirect(reverse("admin:organizations_organization_changelist"))
