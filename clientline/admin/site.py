"""The admin site: its pages, and the suggestions that its forms ask for while somebody types."""

from django.contrib import admin

# Undocumented: the view of suggestions, which is to name rows as the forms do. Without it, there are none.
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.utils.translation import gettext_lazy


class ClientLineAdminSite(admin.AdminSite):
    site_header = site_title = "ClientLine"
    index_title = gettext_lazy("Back office")
    site_url = None

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.disable_action("delete_selected")  # it asks neither the policy for each row nor the domain

    def check(self, app_configs):
        # Checks come in any order, and the root urls, with which all pages are registered, may not be imported yet.
        admin.autodiscover()
        return super().check(app_configs)

    def get_urls(self):
        """Without the page that leads from any model's row to its place on a site: no row here has one."""
        return [each for each in super().get_urls() if getattr(each, "name", None) != "view_on_site"]

    def get_app_list(self, request, app_label=None):
        """Of one app alone: our pages lead everywhere by the sidebar, and show no list of apps.

        Django's own asks on every page for each model's four permissions and two addresses.
        """
        return super().get_app_list(request, app_label) if app_label else []

    def get_organization(self, request):
        """The one organization the page is about; None where an operator looks at all of them."""
        return None if request.user.is_superuser else request.user.organization

    def note_export(self, request, table, **facts):
        """Remember who took what away; the back office does."""

    def read_behind(self, request, read):
        """What `read` answers, and as of when; the back office asks a replica, where there is one."""
        return read(), None

    def write_list_later(self, request, model_admin):
        """Leads to where a list too long for an answer will be a file; None where it has to be narrowed."""
        return None

    def find_editors(self, row, version):
        """The names of who made the later versions of the row, latest first; the back office knows."""
        return []

    def autocomplete_view(self, request):
        return SuggestionsView.as_view(admin_site=self)(request)


class SuggestionsView(AutocompleteJsonView):
    """Suggests the rows that the asking form accepts, no others."""

    def has_perm(self, request, obj=None):
        if not self.admin_site.is_registered(self.source_field.model):
            return False
        self.asking = self.admin_site.get_model_admin(self.source_field.model)
        asked = self.source_field.name in self.asking.autocomplete_fields
        return asked and (self.asking.has_add_permission(request) or self.asking.has_change_permission(request))

    def get_queryset(self):
        rows = self.asking.get_rows_for(self.source_field, self.request)
        found, _ = self.model_admin.get_search_results(self.request, rows, self.term)
        found = found.order_by(*self.model_admin.get_ordering(self.request))
        return self.model_admin.annotate_suggestions(self.request, found)

    def serialize_result(self, row, to_field_name):
        return {"id": str(row.pk), "text": self.model_admin.label(row)}
