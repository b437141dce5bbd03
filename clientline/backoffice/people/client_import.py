"""The page that imports clients from a CSV file: choose it, see what is in it and what is wrong, then import it.

Nothing is kept between the two steps. The browser sends the file twice, and the button carries the digest of what
was shown, so that another file is shown first, too: no other people's addresses lie about on the server, and it does
not matter which machine answers.
"""

import hashlib

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError
from django.http import HttpResponseRedirect
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone

from accounts import client_import
from clientline.backoffice.page import render_page
from clientline.backoffice.platform.acting import find_chosen_organization, send_to_choose
from clientline.database.refusals import read_refusal_or_raise
from clientline.refusals import Refused
from clientline.web import sheets

MOST_PROBLEMS, MOST_CLIENTS = 200, 5  # shown
EXAMPLE = [("name", "email", "phone"), ("Ada Example", "ada@example.com", "030 1234567")]


class UploadForm(forms.Form):
    file = forms.FileField(
        label="CSV file",
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv", "aria-describedby": "import-help"}),
        error_messages={"required": "Choose a file.", "empty": "The file is empty."},
    )

    def clean_file(self):
        """Its bytes."""
        if self.cleaned_data["file"].size > client_import.LARGEST_BYTES:
            megabytes = client_import.LARGEST_BYTES / 1_000_000
            raise forms.ValidationError(f"The file is larger than {megabytes:.0f} MB. Split it.")
        return self.cleaned_data["file"].read()


def client_import_view(request):
    if not request.user.may("users", "import"):
        raise PermissionDenied
    if find_chosen_organization(request) is None:
        return send_to_choose(request)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent, label_suffix="")
    found = _judge(request, form, find_chosen_organization(request)) if form.is_valid() else {}
    if found.get("imported"):
        messages.success(request, f"Imported {found['client_count']} client{pluralize(found['clients'])}.")
        return HttpResponseRedirect(_make_list_url())
    context = {
        "form": form,
        "done_url": _make_list_url(),
        "largest": client_import.LARGEST_BYTES,
        "most": f"{client_import.MOST_CLIENTS:,}",
    }
    return render_page(request, "client_import.html", title="Import clients", **context, **found)


def _make_list_url():
    return f"{reverse('admin:accounts_user_changelist')}?role__exact=client"


def _judge(request, form, organization):
    """What is in the file, as context of the page; `imported` when it was shown before and is now saved."""
    content = form.cleaned_data["file"]
    digest = hashlib.sha256(b"%d:%s" % (organization.pk, content)).hexdigest()
    agreed = request.POST.get("import") == digest
    try:
        reading = client_import.read_clients(content)
        taken = client_import.save_clients(
            by=request.user,
            organization=organization,
            clients=reading.clients,
            now=timezone.now(),
            only_check=not agreed or bool(reading.problems),
        )
    except sheets.Unreadable as error:
        form.add_error("file", str(error))
        return {}
    except (Refused, DatabaseError) as error:
        form.add_error(None, f"Nothing was imported. {read_refusal_or_raise(error).detail}")
        return {}
    problems = sorted([*reading.problems, *taken])
    return {
        "imported": agreed and not problems,
        "digest": digest,
        "notes": reading.notes,
        "clients": reading.clients,
        "client_count": f"{len(reading.clients):,}",
        "first_clients": reading.clients[:MOST_CLIENTS],
        "problems": problems[:MOST_PROBLEMS],
        "problem_count": len(problems),
        "problem_lines": len({problem.line for problem in problems}),
        "untold": max(len(problems) - MOST_PROBLEMS, 0),
    }


def template_view(request):
    if not request.user.may("users", "import"):
        raise PermissionDenied
    return sheets.download("clients.csv", EXAMPLE)
