from django.contrib import admin

from accounts.models import User
from clientline.admin.base import ClientLineModelAdmin, money_column
from clientline.admin.bulk import BulkMixin
from clientline.admin.exports import ExportMixin
from clientline.admin.forms import SuggestedSelectMultiple
from clientline.admin.lists import ChoicesFilter
from services import offering
from services.models import Service


@admin.register(Service)
class ServiceAdmin(ExportMixin, BulkMixin, ClientLineModelAdmin):
    resource = "services"
    said_price = money_column("price")
    list_display = ("name", "duration", "said_price", "is_active", "organization")
    list_filter = ("is_active", ("organization", ChoicesFilter))
    list_select_related = ("organization",)
    search_fields = ("name", "description")
    export_columns = {
        "id": "id",
        "organization": "organization__name",
        "name": "name",
        "description": "description",
        "duration": "duration",
        "price": "price",
        "currency": "organization__currency",
        "buffer_before": "buffer_before",
        "buffer_after": "buffer_after",
        "is_active": "is_active",
    }
    actions = ("take_off_offer", "offer_again")
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

    @admin.action(description="Deactivate", permissions=["change"])
    def take_off_offer(self, request, queryset):
        self.change_each(request, queryset, is_active=False, done="deactivated")

    @admin.action(description="Reactivate", permissions=["change"])
    def offer_again(self, request, queryset):
        self.change_each(request, queryset, is_active=True, done="reactivated")

    def change_each(self, request, queryset, *, done, **changes):
        def perform(service):
            offering.change(service=service, changes=changes)

        self.each_row(request, queryset, action="update", perform=perform, done=done)

    def create(self, request, values):
        return offering.offer(**values)

    def update(self, request, row, changes):
        return offering.change(service=row, changes=changes)
