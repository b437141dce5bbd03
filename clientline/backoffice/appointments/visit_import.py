"""The page that books coming visits from another program's file: shown first, then booked, the file sent each time."""

import hashlib

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, ngettext

from appointments.visit_import import import_visits
from clientline import wording
from clientline.backoffice.platform.acting import find_chosen_organization
from clientline.backoffice.uploads import answer_upload
from clientline.database.refusals import read_refusal_or_raise
from clientline.refusals import Refused
from clientline.web import sheets

MOST_SHOWN = 200
EXAMPLE = [
    ("client", "email", "service", "staff", "date", "time", "notes"),
    ("Ada Example", "ada@example.com", "Haircut", "", "2030-12-31", "14:30", "Window seat"),
]


def visit_import_view(request):
    return answer_upload(
        request, _look_into, "visit_import.html", title=gettext("Import visits"), done_url=_make_list_url()
    )


def _make_list_url():
    return reverse("admin:appointments_appointment_changelist")


def _look_into(request, form):
    """What would be booked and what stands in the way, as context of the page; `answer` where it was booked."""
    organization, content = find_chosen_organization(request), form.cleaned_data["file"]
    digest = hashlib.sha256(b"%d:%s" % (organization.pk, content)).hexdigest()
    agreed = request.POST.get("import") if request.POST.get("shown") == digest else None
    try:
        found = import_visits(
            by=request.user,
            organization=organization,
            content=content,
            now=timezone.now(),
            good=agreed == "good",
            only_check=agreed not in ("all", "good"),
        )
    except sheets.Unreadable as error:
        form.add_error("file", str(error))
        return {}
    except (Refused, DatabaseError) as error:
        form.add_error(None, gettext("Nothing was booked. %(why)s") % {"why": read_refusal_or_raise(error).detail})
        return {}
    if found.saved:
        count = len(found.booked)
        told = ngettext("Booked %(count)s visit.", "Booked %(count)s visits.", count) % {
            "count": wording.write_number(count)
        }
        if found.conflicts:
            told += " " + gettext("Left out: %(count)s.") % {"count": wording.write_number(len(found.conflicts))}
        messages.success(request, told)
        return {"answer": HttpResponseRedirect(_make_list_url())}
    return {
        "digest": digest,
        "visits": found.booked[:MOST_SHOWN],
        "visit_count": len(found.booked),
        "known_count": len(found.known),
        "conflicts": found.conflicts[:MOST_SHOWN],
        "conflict_count": len(found.conflicts),
    }


def visit_template_view(request):
    if not request.user.may("users", "import"):
        raise PermissionDenied
    return sheets.download("visits.csv", EXAMPLE)
