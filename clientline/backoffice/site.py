"""The admin site as staff meet it: its own pages beside Django's, and a sidebar grouped by task."""

from clientline.admin import ClientLineAdminSite
from clientline.backoffice.sidebar import groups_for


class BackOfficeSite(ClientLineAdminSite):
    def each_context(self, request):
        context = super().each_context(request)
        return context | {"sidebar": groups_for(request) if context["has_permission"] else []}
