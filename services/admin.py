from django.contrib import admin

from accounts.models import User
from clientline.admin import ClientLineModelAdmin
from clientline.changelists import ChoicesFilter
from clientline.forms import SuggestedSelectMultiple
from services import offering
from services.models import Service


@admin.register(Service)
class ServiceAdmin(ClientLineModelAdmin):
    resource = "services"
    list_display = ("name", "duration", "price", "is_active", "organization")
    list_filter = ("is_active", ("organization", ChoicesFilter))
    list_select_related = ("organization",)
    search_fields = ("name", "description")
    ordering = ("name", "id")
    sortable_by = ("name",)
    autocomplete_fields = ("organization", "staff")
    choices = {"staff": lambda caller: User.objects.performers_for(caller, "services")}
    add_fields = (
        "organization",
        "name",
        "description",
        "duration",
        "price",
        "buffer_before",
        "buffer_after",
        "staff",
    )
    change_fields = (*add_fields, "is_active", "created_at")
    readonly_fields = ("created_at",)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        # Django leaves out what has a table of its own between; `offering` saves it.
        return db_field.formfield(
            queryset=self.rows_for(db_field, request),
            widget=SuggestedSelectMultiple(db_field, self.admin_site),
            **kwargs,
        )

    def create(self, request, values):
        return offering.offer(**values)

    def update(self, request, row, changes):
        return offering.change(service=row, changes=changes)
