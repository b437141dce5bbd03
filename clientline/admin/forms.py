"""Forms of the admin: they read what was typed; the domain and the database judge it."""

from copy import copy
from datetime import timedelta
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Manager
from django.template import Context, Template
from django.urls import reverse
from django.utils.text import get_text_list
from django.utils.translation import gettext, gettext_lazy

from clientline.admin.inputs import COMBOBOX
from clientline.made_addresses import show_address
from clientline.notations import EARLIEST, LATEST, is_readable_number

OUT_OF_BOUNDS = gettext_lazy("Choose a date between 2000 and 2100.")
BOUNDS = [MinValueValidator(EARLIEST, OUT_OF_BOUNDS), MaxValueValidator(LATEST, OUT_OF_BOUNDS)]
DATE_BOUNDS = [
    MinValueValidator(EARLIEST.date(), OUT_OF_BOUNDS),
    MaxValueValidator(LATEST.date() - timedelta(days=1), OUT_OF_BOUNDS),
]


class LowerCaseEmailField(forms.EmailField):
    """Stored in lower case, as the database checks."""

    def to_python(self, value):
        return super().to_python(value).lower()


def refuse_seconds(clock):
    if clock.second or clock.microsecond:
        raise ValidationError(gettext("Write hours and minutes only."), code="whole_minute")


class Suggested(forms.Select):
    """A select with what is chosen alone, before which `combobox.js` puts a search among all the others.

    `column` is the foreign key whose rows are suggested, and `site` the admin that does.
    """

    media = forms.Media(js=[COMBOBOX])

    def __init__(self, column, site, attrs=None, choices=()):
        super().__init__(attrs, choices)
        self.column, self.site = column, site

    def build_attrs(self, base_attrs, extra_attrs=None):
        meta = self.column.model._meta
        asked = {"app_label": meta.app_label, "model_name": meta.model_name, "field_name": self.column.name}
        told = {
            "data-suggest": f"{reverse(f'{self.site.name}:autocomplete')}?{urlencode(asked)}",
            "data-nothing": gettext("No results found"),
            "data-offline": gettext("The server could not be reached. Try again."),
            "data-clear": gettext("Clear"),
        }
        return {**told, **base_attrs, **(extra_attrs or {})}

    def optgroups(self, name, value, attr=None):
        """The chosen alone, and before them nothing, where that may be chosen. What is no key at all chooses nobody."""
        rows = self.choices.queryset.filter(pk__in=[key for key in value if is_readable_number(str(key))])
        offered = [(row.pk, self.choices.field.label_from_instance(row), True) for row in rows]
        if not (self.is_required or self.allow_multiple_selected):
            offered.insert(0, ("", "", False))
        options = [self.create_option(name, *option, index) for index, option in enumerate(offered)]
        return [(None, options, 0)]


class SuggestedMultiple(Suggested, forms.SelectMultiple):
    pass


class Refusable:
    """For forms: what the domain refused stands beside the field it is about."""

    renamed = {}  # the domain's name of a value → the form's

    def add_refusal(self, refusal):
        unnamed = [{"field": None, "code": refusal.code, "detail": refusal.detail}]
        for error in getattr(refusal, "errors", unnamed):
            name = self.renamed.get(error["field"], error["field"])
            self.add_error(name if name in self.fields else None, ValidationError(error["detail"], error["code"]))


class VersionField(forms.CharField):
    widget = forms.HiddenInput

    def has_changed(self, initial, data):
        return False  # nobody types it


class VersionedForm(forms.Form):
    """Carries the version that its row had when the page was made.

    Where the row has changed meanwhile, the form is refused, says so, and keeps the input. It carries the present
    version then: whoever sends it again has been told.
    """

    shown_version = VersionField(required=False)

    def carry_version(self, row):
        """To be called once the form is made. The row of a form that came back has to be locked."""
        self.versioned_row = row
        if row.pk is None or not hasattr(row, "version"):
            del self.fields["shown_version"]
        else:
            self.fields["shown_version"].initial = str(row.version)

    def clean(self):
        values = super().clean()
        shown = values.pop("shown_version", "")
        if shown and shown != str(self.versioned_row.version):
            self.refuse_stale(shown)
        return values

    def refuse_stale(self, shown):
        self.data = self.data.copy()
        self.data[self.add_prefix("shown_version")] = str(self.versioned_row.version)
        editors = get_text_list(self.find_editors(shown), gettext("and"))
        told = [
            gettext("This has been changed meanwhile by %(editors)s.") % {"editors": editors}
            if editors
            else gettext("This has been changed meanwhile.")
        ]
        for label, value in self.list_changed_meanwhile():
            told.append(gettext("%(label)s is “%(value)s” now.") % {"label": label, "value": value})
        told.append(gettext("Save again to store what you typed."))
        self.add_error(None, ValidationError(" ".join(told), code="version_mismatch"))

    def list_changed_meanwhile(self):
        """(label, present value) of what has changed since the page was made, as far as that is known."""
        return []

    def find_editors(self, shown):
        """The names of who changed the row since the version that was shown, as far as they are known."""
        return []


class ClientLineForm(Refusable, VersionedForm, forms.ModelForm):
    """Changes neither the row nor the database. `refusal` is why saving these values was refused a moment ago."""

    refusal = None
    organization = None  # the one that the page is about, where there is but one
    told_by = None  # a function of row and version: who made the later ones

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.carry_version(self.instance)

    def refuse_stale(self, shown):
        super().refuse_stale(shown)
        for field in self:
            if field.name not in self.changed_data:
                self.show_present(field)

    def show_present(self, field):
        """What nobody typed into is shown as the row holds it now, and comes back as unchanged."""
        field.field.bound_data = lambda data, initial: initial
        self.data.pop(field.html_initial_name, None)

    def list_changed_meanwhile(self):
        return [(field.label, put_in_words(self.instance, field.name)) for field in self if self.has_moved_on(field)]

    def find_editors(self, shown):
        known = self.told_by and is_readable_number(shown)
        return self.told_by(self.instance, int(shown)) if known else []

    def has_moved_on(self, field):
        """Whether the row holds another value than the page showed, which came back beside the input."""
        shown = field.field.hidden_widget().value_from_datadict(self.data, self.files, field.html_initial_name)
        return field.field.show_hidden_initial and field.field.has_changed(field.initial, shown)

    # Private: in place of the parent's, which changes the row, with which the domain functions compare the values,
    # and asks for uniqueness and constraints, missing what row security hides and what others commit next. Without
    # it, refusals are shown nowhere and the parent does all that.
    def _post_clean(self):
        row, values = copy(self.instance), self.get_values_to_judge()
        for name, value in values.items():
            setattr(row, name, value)
        try:
            row.clean_fields(exclude={field.name for field in row._meta.fields} - values.keys())
        except ValidationError as error:
            self.add_error(None, error)
        if self.refusal:
            self.add_refusal(self.refusal)

    def get_values_to_judge(self):
        """By name, what was given for columns of the row, and is no error already."""
        columns = {field.name for field in self.instance._meta.fields}
        given = {name: value for name, value in self.cleaned_data.items() if name in columns}
        return {name: value for name, value in given.items() if not self.may_stay_empty(name, value)}

    def may_stay_empty(self, name, value):
        return value in self.fields[name].empty_values and not self.fields[name].required


def put_in_words(row, name):
    """The value of a column as a reader would write it."""
    choice = getattr(row, f"get_{name}_display", None)
    value = choice() if choice else getattr(row, name)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, Manager):
        value = ", ".join(map(str, value.all()))
    if isinstance(value, str):
        value = show_address(value)
    written = Template("{{ value|default_if_none:'' }}").render(Context({"value": value}, autoescape=False))
    return written or gettext("empty")
