"""The page that imports clients from a file: choose it, see what its columns hold and who is in it, then import.

Nothing is kept between the steps. The browser sends the file each time, and the button carries the digest of what was
shown, so that another file or other columns are shown first, too: no other people's addresses lie about on the
server, and it does not matter which machine answers.
"""

import hashlib

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext

from accounts.client_files.columns import recall_fields, remember_fields
from accounts.client_files.files import open_file
from accounts.client_files.headings import FIELDS
from accounts.client_files.saving import import_clients
from accounts.client_files.tables import MOST_LINES
from clientline import wording
from clientline.backoffice.platform.acting import find_chosen_organization
from clientline.backoffice.uploads import answer_upload
from clientline.database.refusals import read_refusal_or_raise
from clientline.refusals import Refused
from clientline.web import sheets

MOST_FAULTS, MOST_PEOPLE = 200, 5  # shown
ORDERS = {"day": gettext_lazy("day first, 31/12/1990"), "month": gettext_lazy("month first, 12/31/1990")}
EXAMPLE = [
    ("name", "email", "phone", "birthday", "notes"),
    ("Ada Example", "ada@example.com", "030 1234567", "1990-12-31", "Likes tea"),
]


def client_import_view(request):
    context = {
        "title": gettext("Import clients"),
        "done_url": _make_list_url(),
        "most": wording.write_number(MOST_LINES),
    }
    return answer_upload(request, _look_into, "client_import.html", **context)


def _make_list_url():
    return f"{reverse('admin:accounts_user_changelist')}?role__exact=client"


def _look_into(request, form):
    """What is in the file, as context of the page; `answer` where nothing has to be shown."""
    organization, content = find_chosen_organization(request), form.cleaned_data["file"]
    try:
        file = _open(request, organization, content)
        digest = _digest_of(organization, content, file)
        shown = request.POST.get("shown") == digest
        agreed = request.POST.get("import") if shown else None
        if shown and "download" in request.POST:
            return {"answer": _download_faults(file)}
        found = import_clients(
            by=request.user,
            organization=organization,
            entries=file.read(timezone.localdate()),
            now=timezone.now(),
            good=agreed == "good",
            only_check=agreed not in ("all", "good") or bool(file.faults),
            one_per_address=file.one_per_address,
        )
    except sheets.Unreadable as error:
        form.add_error("file", str(error))
        return {}
    except (Refused, DatabaseError) as error:
        form.add_error(None, gettext("Nothing was imported. %(why)s") % {"why": read_refusal_or_raise(error).detail})
        return {}
    if found.saved:
        remember_fields(organization, file)
        _say_imported(request, found)
        return {"answer": HttpResponseRedirect(_make_list_url())}
    return _make_context(file, found, digest)


def _open(request, organization, content):
    """The file with the columns that were chosen for it, now or when such a file was imported before."""
    country, order = organization.country, request.POST.get("order")
    file = open_file(content, country=country, order=order if order in ORDERS else None)
    chosen = [request.POST.get(f"column-{n}", "") for n in range(len(file.table.headings))]
    if request.POST.get("headings") == _digest_of_headings(file) and set(chosen) <= {"", *FIELDS}:
        return open_file(content, country=country, fields=chosen, order=file.order if order in ORDERS else None)
    if (remembered := recall_fields(organization, file)) is not None:
        return open_file(content, country=country, fields=remembered)
    return file


def _digest_of_headings(file):
    return hashlib.sha256("\0".join(file.table.headings).encode()).hexdigest()


def _digest_of(organization, content, file):
    """Stands for all that was shown: the same file for the same organization, with the same columns."""
    choice = "\0".join([str(organization.pk), file.order, *file.fields])
    return hashlib.sha256(hashlib.sha256(content).digest() + choice.encode()).hexdigest()


def _say_imported(request, found):
    count, known = len(found.matches.new), len(found.matches.known)
    faulty = len({fault.line for fault in found.faults})
    said = {
        "count": wording.write_number(count),
        "known": wording.write_number(known),
        "faulty": wording.write_number(faulty),
    }
    told = ngettext("Imported %(count)s client.", "Imported %(count)s clients.", count) % said
    if known and faulty:
        told += " " + gettext("Left out: %(known)s known already, %(faulty)s faulty.") % said
    elif known:
        told += " " + gettext("Left out: %(known)s known already.") % said
    elif faulty:
        told += " " + gettext("Left out: %(faulty)s faulty.") % said
    messages.success(request, told)


def _make_context(file, found, digest):
    matches = found.matches
    return {
        "digest": digest,
        "headings": _digest_of_headings(file),
        "columns": [
            {"name": f"column-{n}", "heading": heading, "field": field, "samples": file.samples(n)}
            for n, (heading, field) in enumerate(zip(file.table.headings, file.fields, strict=True))
        ],
        "choices": FIELDS.items(),
        "orders": ORDERS.items() if "birthday" in file.fields else (),
        "order": file.order,
        "choice_faults": file.faults,
        "from_windows": file.table.from_windows,
        "new": matches.new[:MOST_PEOPLE],
        "new_count": len(matches.new),
        "new_said": wording.write_number(len(matches.new)),
        "known": matches.known[:MOST_PEOPLE],
        "known_count": len(matches.known),
        "known_said": wording.write_number(len(matches.known)),
        "similar": matches.similar[:MOST_PEOPLE],
        "similar_count": len(matches.similar),
        "faults": found.faults[:MOST_FAULTS],
        "fault_count": len(found.faults),
        "faulty_lines": len({fault.line for fault in found.faults}),
        "faulty_said": wording.write_number(len({fault.line for fault in found.faults})),
        "untold": max(len(found.faults) - MOST_FAULTS, 0),
    }


def _download_faults(file):
    """The faulty lines as a file to mend, with what is wrong in a column of its own."""
    reasons = {}
    for fault in file.read(timezone.localdate()).faults:
        reasons.setdefault(fault.line, []).append(f"{fault.column}: {fault.reason}" if fault.column else fault.reason)
    width = len(file.table.headings)
    rows = [
        [*(sheets.write_cell(text) for text in (row.cells + [""] * width)[:width]), "; ".join(reasons[row.line])]
        for row in file.table.rows
        if row.line in reasons
    ]
    return sheets.download("faulty-clients.csv", [[*file.table.headings, gettext("What is wrong")], *rows])


def template_view(request):
    if not request.user.may("users", "import"):
        raise PermissionDenied
    return sheets.download("clients.csv", EXAMPLE)
