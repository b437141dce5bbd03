"""Lists of more rows than a page waits for: a page that tells how far the file is, and the file."""

from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from clientline.backoffice.page import render_page
from clientline.backoffice.platform.acting import find_chosen_organization
from clientline.reach.files import reading, writing
from clientline.reach.files.lists import find_model
from clientline.reach.files.models import ListFile


def write_list_later(request, model_admin):
    """Leads to the page of a file that is on its way; None for an operator who looks at all organizations."""
    organization = find_chosen_organization(request)
    if organization is None:
        return None
    file = writing.ask_for_file(
        by=request.user,
        organization=organization,
        door=ListFile.Door.ADMIN,
        listed=model_admin.opts.db_table,
        query=request.GET.urlencode(),
        now=timezone.now(),
    )
    return HttpResponseRedirect(reverse("admin:list_file", args=[file.key]))


def _find_file(request, key):
    file = reading.select_files(request.user).filter(key=key).first()
    if file is None:
        raise Http404
    return file


def list_file_view(request, key):
    file = _find_file(request, key)
    model = find_model(file.listed)
    context = {
        "file": file,
        "percent": 100 * file.done // file.rows if file.rows else 0,
        "until": timezone.localtime(reading.find_end(file)),
        "listed": model._meta.verbose_name_plural,
        "list_url": f"{reverse(f'admin:{model._meta.app_label}_{model._meta.model_name}_changelist')}?{file.query}",
    }
    return render_page(request, "list_file.html", title=_("A list as a file"), **context)


def list_file_download_view(request, key):
    file = _find_file(request, key)
    if file.state != ListFile.State.READY:
        raise Http404
    return reading.send_file(file, filename=f"{find_model(file.listed)._meta.verbose_name_plural}.csv")
