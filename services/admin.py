from django.contrib import admin
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from clientline import wording
from clientline.admin.amounts import PriceForm
from clientline.admin.base import ClientLineModelAdmin
from clientline.admin.bulk import BulkMixin
from clientline.admin.exports import ExportMixin
from clientline.admin.forms import ClientLineForm, SuggestedMultiple
from clientline.admin.lists import ChoicesFilter
from services import offering
from services.models import Service


class ServiceForm(PriceForm, ClientLineForm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "price" in self.fields:  # not for who only looks
            self.fields["price"].find_home = self.find_home

    def find_home(self):
        """The service's organization; None while an operator has not chosen one, which is refused."""
        return self.organization or (self.instance.organization if self.instance.pk else self.chosen())

    def chosen(self):
        return getattr(self, "cleaned_data", {}).get("organization")  # it stands before the price

    def get_usual_price(self):
        return self.instance.price


@admin.register(Service)
class ServiceAdmin(ExportMixin, BulkMixin, ClientLineModelAdmin):
    resource = "services"
    form = add_form = ServiceForm
    list_display = ("name", "duration", "price", "is_active", "organization")
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
        "tax_rate": "tax_rate",
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
        "tax_rate",
        "buffer_before",
        "buffer_after",
        "staff",
    )
    change_fields = (*add_fields, "is_active", "created_at")
    readonly_fields = ("created_at",)

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        # Django leaves out what has a table of its own between; `offering` saves it.
        return db_field.formfield(
            queryset=self.get_rows_for(db_field, request),
            widget=SuggestedMultiple(db_field, self.admin_site),
            **kwargs,
        )

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        return [*fields, "price_is_meant"] if "shown_version" in fields else fields

    def response_add(self, request, obj, post_url_continue=None):
        self.tell_price(request, obj)
        return super().response_add(request, obj, post_url_continue)

    def response_change(self, request, obj):
        self.tell_price(request, obj)
        return super().response_change(request, obj)

    def tell_price(self, request, service):
        if service.price is not None:
            price = wording.write_money(service.price, service.organization.currency)
            self.message_user(request, gettext("Price: %(price)s.") % {"price": price})

    @admin.action(description=_("Deactivate"), permissions=["change"])
    def take_off_offer(self, request, queryset):
        self.change_each(request, queryset, is_active=False, done=gettext_noop("deactivated"))

    @admin.action(description=_("Reactivate"), permissions=["change"])
    def offer_again(self, request, queryset):
        self.change_each(request, queryset, is_active=True, done=gettext_noop("reactivated"))

    def change_each(self, request, queryset, *, done, **changes):
        def perform(service):
            offering.change_service(service=service, changes=changes)

        self.perform_on_each(request, queryset, action="update", perform=perform, done=done)

    def create(self, request, values):
        return offering.offer_service(**values)

    def update(self, request, row, changes):
        return offering.change_service(service=row, changes=changes)
