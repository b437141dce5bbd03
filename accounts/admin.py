from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts import people
from accounts.models import User
from clientline.admin.base import ClientLineModelAdmin
from clientline.admin.bulk import BulkMixin
from clientline.admin.exports import ExportMixin
from clientline.admin.forms import ClientLineForm
from clientline.admin.lists import ChoicesFilter
from organizations import policy

IMPORT = "Import clients"


class PersonForm(ClientLineForm):
    # Not called `password`: under that name the page of somebody who may not change it would show the hash.
    new_password = forms.CharField(
        required=False,
        empty_value=None,
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters. Without one, a new person cannot sign in; anybody else keeps theirs.",
    )
    renamed = {"password": "new_password"}


@admin.register(User)
class UserAdmin(ExportMixin, BulkMixin, ClientLineModelAdmin):
    resource = "users"
    list_display = ("name", "email", "phone", "role", "is_active", "organization")
    list_filter = ("role", "is_active", ("organization", ChoicesFilter))
    list_select_related = ("organization",)
    search_fields = ("name", "email", "phone")
    export_columns = {
        "id": "id",
        "organization": "organization__name",
        "name": "name",
        "email": "email",
        "phone": "phone",
        "role": "role",
        "is_active": "is_active",
        "created_at": "created_at",
    }
    actions = ("deactivate", "reactivate")
    ordering = ("name", "id")
    sortable_by = ("name",)
    autocomplete_fields = ("organization",)
    form = add_form = PersonForm
    add_fields = ("organization", "name", "email", "phone", "role", "new_password")
    change_fields = (
        "organization",
        "name",
        "email",
        "phone",
        "role",
        "is_active",
        "new_password",
        "last_login",
        "created_at",
    )
    readonly_fields = ("last_login", "created_at")

    def label(self, row):
        return f"{row.name} · {row.email}"

    def get_fields(self, request, obj=None):
        fields = super().get_fields(request, obj)
        if obj and (obj.pk == request.user.pk or not self.has_change_permission(request, obj)):
            fields.remove("new_password")
        return fields

    def get_readonly_fields(self, request, obj=None):
        own = obj is not None and obj.pk == request.user.pk
        return (*super().get_readonly_fields(request, obj), *(("role", "is_active") if own else ()))

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        if db_field.name == "role":
            grantable = policy.grantable_roles(request.user, "create")
            kwargs["choices"] = [("", "---------"), *(each for each in User.Role.choices if each[0] in grantable)]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def list_tools(self, request):
        tools = super().list_tools(request)
        if request.user.may("users", "import"):
            tools.append((IMPORT, reverse("admin:client_import")))
        return tools

    def has_standing_permission(self, request):
        """Whether they may change anybody's standing but, as nobody may, their own."""
        return bool(policy.grantable_roles(request.user, "update"))

    @admin.action(description="Deactivate", permissions=["standing"])
    def deactivate(self, request, queryset):
        self.change_each(request, queryset, is_active=False, done="deactivated")

    @admin.action(description="Reactivate", permissions=["standing"])
    def reactivate(self, request, queryset):
        self.change_each(request, queryset, is_active=True, done="reactivated")

    def change_each(self, request, queryset, *, done, **changes):
        def perform(person):
            people.change_person(by=request.user, person=person, changes=changes)

        self.each_row(request, queryset, action="update", perform=perform, done=done)

    def create(self, request, values):
        return people.register_person(by=request.user, password=values.pop("new_password"), **values)

    def update(self, request, row, changes):
        if "new_password" in changes:
            changes["password"] = changes.pop("new_password")
        return people.change_person(by=request.user, person=row, changes=changes)

    def delete_model(self, request, obj):
        people.remove_person(by=request.user, person=obj)


admin.site.unregister(Group)  # who may do what is the policy's
