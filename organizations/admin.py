from django.contrib import admin

from clientline.admin import ClientLineModelAdmin
from organizations import changing
from organizations.models import Organization


@admin.register(Organization)
class OrganizationAdmin(ClientLineModelAdmin):
    resource = "organizations"
    list_display = ("name", "email", "phone", "timezone", "currency", "is_active")
    list_filter = ("is_active",)
    search_fields = ("name", "email")
    ordering = operator_ordering = ("name", "id")
    sortable_by = ("name",)
    add_fields = (
        "name",
        "email",
        "phone",
        "address",
        "timezone",
        "currency",
        "slot_interval",
        "min_notice",
        "max_advance_days",
        "cancellation_notice",
        "late_cancellation_fee",
        "no_show_fee",
        "require_second_factor",
    )
    change_fields = (*add_fields, "is_active", "created_at")
    readonly_fields = ("created_at",)

    def get_readonly_fields(self, request, obj=None):
        kept = () if request.user.may("organizations", "destroy") else ("is_active",)
        return (*super().get_readonly_fields(request, obj), *kept)

    def update(self, request, row, changes):
        return changing.change(organization=row, changes=changes)
