"""Pages that take a file, show what is in it, and take it once more when that is agreed to."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext, gettext_lazy

from accounts.client_files.tables import LARGEST_BYTES
from clientline.backoffice.page import render_page
from clientline.backoffice.platform.acting import find_chosen_organization, send_to_choose


class UploadForm(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("CSV or vCard file"),
        widget=forms.FileInput(
            attrs={"accept": ".csv,.txt,.vcf,text/csv,text/vcard", "aria-describedby": "import-help"}
        ),
        error_messages={"required": gettext_lazy("Choose a file."), "empty": gettext_lazy("The file is empty.")},
    )

    def clean_file(self):
        """Its bytes."""
        if self.cleaned_data["file"].size > LARGEST_BYTES:
            raise forms.ValidationError(
                gettext("The file is larger than %(size)s MB. Split it.") % {"size": f"{LARGEST_BYTES / 1_000_000:.0f}"}
            )
        return self.cleaned_data["file"].read()


def answer_upload(request, look_into, template, **context):
    """The page of `template`, with what `look_into(request, form)` tells of a file; or the "answer" it tells.

    For whoever may import. Raises PermissionDenied.
    """
    if not request.user.may("users", "import"):
        raise PermissionDenied
    if find_chosen_organization(request) is None:
        return send_to_choose(request)
    sent = (request.POST, request.FILES) if request.method == "POST" else ()
    form = UploadForm(*sent, label_suffix="")
    found = look_into(request, form) if form.is_valid() else {}
    if "answer" in found:
        return found["answer"]
    return render_page(request, template, form=form, largest=LARGEST_BYTES, **context, **found)
