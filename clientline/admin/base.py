"""The base of every model's admin: the policy, scopes and domain functions of the API."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, models
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from clientline.admin.amounts import AmountField
from clientline.admin.forms import (
    BOUNDS,
    DATE_BOUNDS,
    ClientLineForm,
    LowerCaseEmailField,
    Suggested,
    refuse_seconds,
)
from clientline.admin.inputs import COMBOBOX, ClockInput, DateInput, DayAndClockField, DayAndClockInput, DayField
from clientline.admin.lists import BoundedPaginator, SortedByIndex, filter_parameters
from clientline.admin.written import write_columns
from clientline.database.changes import save_changes
from clientline.database.refusals import read_refusal
from clientline.languages import write_to_keep
from clientline.refusals import Refused

LONGEST_SEARCH = 200  # each word is a condition more


def render_pill(value, label):
    """A word in a list that the eye finds by its colour, too."""
    return format_html('<span class="pill {}">{}</span>', value, label)


class Numbered:
    """A row as the log has it where it must not say its name, which would outlive an erasure there."""

    def __init__(self, row):
        self.pk, self._meta = row.pk, row._meta

    def __str__(self):
        return f"{self._meta.verbose_name} {self.pk}"


class ClientLineModelAdmin(admin.ModelAdmin):
    """Shows and permits what the policy does for `resource`, and saves through `create` and `update`.

    What these refuse becomes an error of the form. Pages show `add_fields` on adding and `change_fields` later, of
    which `readonly_fields` only then; `choices` gives the rows a user may name in a field. The name `organization`
    counts in all lists of fields only for operators who act in no one organization: everybody else has but one.
    """

    resource = None
    is_logged_by_name = True  # in the admin's log, which nobody erases
    add_fields = ()
    change_fields = ()
    choices = {}
    has_row_links = False
    empty_value_display = ""
    labels = {"is_active": _("Active")}
    help_texts = {}
    form = add_form = ClientLineForm
    actions = None
    paginator = BoundedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = 50
    sortable_by = ()
    operator_ordering = ("-id",)  # the only index over the rows of all organizations
    formfield_overrides = {
        models.DateField: {"validators": DATE_BOUNDS, "form_class": DayField, "widget": DateInput},
        models.DateTimeField: {"validators": BOUNDS, "form_class": DayAndClockField, "widget": DayAndClockInput},
        models.DecimalField: {"form_class": AmountField},
        models.TimeField: {"validators": [refuse_seconds], "widget": ClockInput},
        models.TextField: {"widget": forms.Textarea(attrs={"rows": 4})},
        models.EmailField: {"form_class": LowerCaseEmailField},
    }

    @property
    def media(self):
        """Without Django's, which bring jQuery along."""
        return forms.Media(js=[COMBOBOX])

    def name_page(self, page):
        """What Django calls a page of this model in the admin's urls."""
        return f"{self.opts.app_label}_{self.opts.model_name}_{page}"

    def list_pages_of_a_row(self, views):
        """The addresses of pages about one row, from views by their names."""
        return [
            path(f"<int:object_id>/{name}/", self.admin_site.admin_view(view), name=self.name_page(name))
            for name, view in views.items()
        ]

    # Scope

    def get_permitted_rows(self, request, action):
        return self.keep_to_one(request, self.model._default_manager.visible_to(request.user, self.resource, action))

    def keep_to_one(self, request, rows):
        """Of `rows`, those of the organization an operator acts in; a member's scope is as narrow already."""
        if not request.user.is_superuser or self.sees_many(request) or not hasattr(rows.model, "organization"):
            return rows
        return rows.filter(organization=self.admin_site.get_organization(request))

    def sees_many(self, request):
        """Whether this is an operator who looks at all organizations."""
        return self.admin_site.get_organization(request) is None

    def permits(self, request, action, obj=None):
        if not self.admin_site.has_permission(request) or not request.user.may(self.resource, action):
            return False
        return obj is None or self.reaches(request, action, obj)

    def reaches(self, request, action, row):
        """Whether the row is in the action's scope; asked once a page, which changes nothing that decides it."""
        if request.method != "GET":
            return self.get_permitted_rows(request, action).filter(pk=row.pk).exists()
        answers = request.call.reached
        key = (self.resource, action, row.pk)
        if key not in answers:
            answers[key] = self.get_permitted_rows(request, action).filter(pk=row.pk).exists()
        return answers[key]

    def has_module_permission(self, request):
        return self.permits(request, "list")

    def has_view_permission(self, request, obj=None):
        return self.permits(request, "retrieve", obj)

    def has_add_permission(self, request):
        return self.permits(request, "create")

    def has_change_permission(self, request, obj=None):
        return self.permits(request, "update", obj)

    def has_delete_permission(self, request, obj=None):
        return self.permits(request, "destroy", obj)

    def get_queryset(self, request):
        return self.get_permitted_rows(request, "list").order_by(*self.get_ordering(request))

    def get_object(self, request, object_id, from_field=None):
        row = super().get_object(request, object_id, from_field)
        if row is None or request.method != "POST" or not self.has_change_permission(request, row):
            return row
        locked = self.get_permitted_rows(request, "update").select_for_update(of=("self",), no_key=True)
        return locked.filter(pk=row.pk).first()

    def get_row(self, request, action, object_id, **lock):
        """The row, locked where `lock` says how. Raises PermissionDenied and Http404."""
        if not self.permits(request, action):
            raise PermissionDenied
        rows = self.get_permitted_rows(request, action)
        if lock:
            rows = rows.select_for_update(of=("self",), **lock)
        row = rows.filter(pk=object_id).first()
        if row is None:
            raise Http404
        return row

    # Lists

    def keep_visible(self, request, names):
        return [name for name in names if name != "organization" or self.sees_many(request)]

    def get_nouns(self, request):
        """What one row of the list is called, and several."""
        return self.opts.verbose_name, self.opts.verbose_name_plural

    def get_list_display(self, request):
        return self.add_row_links(request, self.keep_visible(request, self.list_display))

    def add_row_links(self, request, columns):
        """The columns, and last what can be done with each row, where there is anything."""

        @admin.display(description=_("what to do"), empty_value="")
        def row_links(row):
            links = self.list_row_links(request, row)
            return format_html_join(" ", '<a class="button quiet" href="{1}">{0}</a>', links) if links else None

        return [*columns, row_links] if self.has_row_links else columns

    def list_row_links(self, request, row):
        """`(label, address)` of what can be done with a row of the list. Asks the database nothing."""
        return []

    def sum_up(self, request, found):
        """`(label, sum)` that stand under the list of the rows that were `found`."""
        return []

    def get_list_filter(self, request):
        """Of filters by other rows, operators get the organization's: all people of all organizations are too many."""
        many = self.sees_many(request)
        return [each for each in self.list_filter if not isinstance(each, tuple) or (each[0] == "organization") == many]

    def lookup_allowed(self, lookup, value, request):
        return any(lookup in filter_parameters(each) for each in self.get_list_filter(request))

    def get_ordering(self, request):
        return self.operator_ordering if self.sees_many(request) else self.ordering

    def get_changelist(self, request, **kwargs):
        return SortedByIndex

    def get_search_results(self, request, queryset, search_term):
        return super().get_search_results(request, queryset, search_term[:LONGEST_SEARCH])

    def get_paginator(self, request, queryset, *args, **kwargs):
        if queryset.model is LogEntry and not request.user.is_superuser:  # a history: what operators did is theirs
            queryset = queryset.filter(user__organization=request.user.organization_id)
        return super().get_paginator(request, queryset, *args, **kwargs)

    # The log

    def choose_logged(self, row):
        """What the log calls a row by."""
        return row if self.is_logged_by_name else Numbered(row)

    def log_addition(self, request, obj, message):
        with write_to_keep():
            return super().log_addition(request, self.choose_logged(obj), message)

    def log_change(self, request, obj, message):
        with write_to_keep():
            return super().log_change(request, self.choose_logged(obj), message)

    def log_deletions(self, request, queryset):
        with write_to_keep():
            return super().log_deletions(request, [self.choose_logged(row) for row in queryset])

    # Forms

    def get_fields(self, request, obj=None):
        fields = self.keep_visible(request, self.change_fields if obj else self.add_fields)
        versioned = obj is not None and hasattr(obj, "version") and self.has_change_permission(request, obj)
        return [*fields, "shown_version"] if versioned else fields

    def get_readonly_fields(self, request, obj=None):
        return ("organization", *self.readonly_fields) if obj else ()

    def get_changeform_initial_data(self, request):
        return {}  # Django's own takes the query string, unchecked

    def get_form(self, request, obj=None, change=False, **kwargs):
        kwargs |= {"labels": self.labels, "help_texts": self.help_texts}
        kwargs["form"] = self.form if change else self.add_form
        form = super().get_form(request, obj, change=change, **kwargs)
        form.refusal = request.call.refusal
        form.organization = self.admin_site.get_organization(request)
        form.told_by = staticmethod(self.admin_site.find_editors)
        return form

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        # What the field showed comes back with it: only what its reader changed is saved, over nobody else's change.
        field = super().formfield_for_dbfield(db_field, request, show_hidden_initial=True, **kwargs)
        # Without Django's links to add, change and delete what is chosen, whose windows need scripts of theirs.
        field.widget = getattr(field.widget, "widget", field.widget)
        return field

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        kwargs |= {
            "queryset": self.get_rows_for(db_field, request),
            "widget": Suggested(db_field, self.admin_site),
        }
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.label_from_instance = self.admin_site.get_model_admin(db_field.related_model).label
        return field

    def get_rows_for(self, field, request):
        """The rows that the caller may name in `field`."""
        if field.name == "organization":
            return field.related_model._default_manager.visible_to(request.user, "organizations")
        return self.keep_to_one(request, self.choices[field.name](request.user))

    def label(self, row):
        """How a form names `row` where it can be chosen."""
        return str(row)

    def annotate_suggestions(self, request, rows):
        """With what `label` tells of them beyond their columns."""
        return rows

    def render_change_form(self, request, context, *args, **kwargs):
        if context.get("subtitle"):  # "Change service", and below it the service
            context |= {"title": context["subtitle"], "subtitle": None}
        write_columns(context["adminform"], self.model)
        return super().render_change_form(request, context, *args, **kwargs)

    # Saving

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Refused, DatabaseError) as error:
            request.call.refusal = read_refusal(error)
            if request.call.refusal is None or request.method != "POST":
                raise
        # All of it is rolled back. The same again stops at the form, which now holds the refusal.
        return super().changeform_view(request, object_id, form_url, extra_context)

    def save_form(self, request, form, change):
        """The row, saved: already here, because Django logs and answers with what this returns."""
        if change:
            return self.update(request, form.instance, {name: form.cleaned_data[name] for name in form.changed_data})
        values = dict(form.cleaned_data)
        if "organization" in self.add_fields:
            values.setdefault("organization", self.admin_site.get_organization(request))
        return self.create(request, values)

    def save_model(self, request, obj, form, change):
        pass  # save_form has

    def save_related(self, request, form, formsets, change):
        pass  # save_form has

    def create(self, request, values):
        return self.model._default_manager.create(**values)

    def update(self, request, row, changes):
        save_changes(row, changes)
        return row

    def get_deleted_objects(self, objs, request):
        # Django's own collects all that refers to the row, to list it: for a person that may be every visit ever.
        return [self.label(row) for row in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []

    def delete_view(self, request, object_id, extra_context=None):
        try:
            return super().delete_view(request, object_id, extra_context)
        except (Refused, DatabaseError) as error:
            refusal = read_refusal(error, deleting=True)
            if refusal is None or request.method != "POST":
                raise
        self.message_user(request, refusal.detail, messages.ERROR)
        return HttpResponseRedirect(reverse(f"admin:{self.name_page('change')}", args=[object_id]))
