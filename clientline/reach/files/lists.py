"""Which lists can be files, and what they hold: the rows that somebody would see page by page, by back office or API.

The columns are those of the back office either way, and the policy is asked anew for each part.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.admin import autodiscover, site
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import resolve

from accounts.models import User
from clientline.admin.exports import ExportMixin
from clientline.reach.files.models import ListFile
from clientline.web.call import Call
from organizations.models import Organization

LISTS = ("appointments", "payments", "users", "services")  # tables, and paths of the API


class ListReader:
    """The list of a file, as its asker sees it now."""

    def __init__(self, file: ListFile, by: User, organization: Organization):
        self.file, self.by, self.model = file, by, find_model(file.listed)
        self.request = make_request(file.query, by, organization)
        autodiscover()  # a worker has served no page
        self.admin: Any = site.get_model_admin(self.model)
        self.as_of: datetime | None = None  # the oldest answer of a replica

    def select_rows(self) -> QuerySet:
        """In the order in which they are written. Raises what a wrong address raises."""
        if self.file.door == ListFile.Door.ADMIN:
            return self.admin.get_changelist_instance(self.request).queryset
        return filter_by_parameters(self.file.listed, self.request).order_by("id")

    def may_be_read(self) -> bool:
        return isinstance(self.admin, ExportMixin) and self.admin.may_export(self.request)

    def write_headings(self) -> list[str]:
        return self.admin.name_columns(self.request)

    def write_rows(self, keys: list[int]) -> Iterator[list[str]]:
        return self.admin.write_rows(self.request, keys, self.write_headings())


def find_model(listed: str) -> type[Model]:
    """The model of one of LISTS."""
    return next(model for model in apps.get_models() if model._meta.db_table == listed)


def make_request(query: str, by: User, organization: Organization) -> HttpRequest:
    """What a list reads of a request: its parameters, and who asks, in which organization."""
    request = HttpRequest()
    request.method, request.GET, request.user = "GET", QueryDict(query), by
    # An operator acts in the organization that the file belongs to.
    request.call = Call("", caller=by, acting_in=organization)  # type: ignore[attr-defined]  # ClientLine's own
    request.query_params = request.GET  # type: ignore[attr-defined]  # as DRF calls them
    return request


def filter_by_parameters(listed: str, request: HttpRequest) -> QuerySet:
    """The rows that the API would list, all pages of them. Raises ValidationError for what it would refuse."""
    view: Any = resolve(f"/{listed}").func.cls(request=request, kwargs={}, action="list", format_kwarg=None)  # type: ignore[attr-defined]  # as_view sets it
    rows: QuerySet = view.filter_queryset(view.get_queryset())
    return rows
