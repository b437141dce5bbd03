"""Days and clocks are asked for by the browser's own fields, and none of Django's admin is left that needs scripts."""

import pytest
from django import forms
from django.contrib import admin
from django.contrib.admin import widgets
from django.forms.forms import BaseForm
from django.test import RequestFactory
from django.utils import translation

import clientline.urls  # noqa: F401 -- registers the admins
from clientline.admin.inputs import DateInput
from clientline.api.filters import DateFormField

NATIVE = {forms.DateField: "date", DateFormField: "date", forms.TimeField: "time"}
OURS = ("accounts", "appointments", "clientline", "organizations", "payments", "services")
UNSEEN = ("filters", "parameters", "dropping")
BARE = (
    widgets.AdminDateWidget,
    widgets.AdminTimeWidget,
    widgets.AdminSplitDateTime,
    widgets.RelatedFieldWidgetWrapper,
    widgets.FilteredSelectMultiple,
)


def list_forms(cls=BaseForm):
    for each in cls.__subclasses__():
        yield each
        yield from list_forms(each)


def list_written_forms():
    """Those that are written out as classes, but for what reads a query or what a script sends: nobody sees these."""
    ours = [each for each in list_forms() if each.__module__.split(".")[0] in OURS]
    return [each for each in ours if each.__module__.rpartition(".")[2] not in UNSEEN]


def list_admin_forms(person):
    request = RequestFactory().get("/admin/")
    request.user = person
    request.call = type("Call", (), {"refusal": None, "reached": {}})()
    request.session = {}
    admin.autodiscover()  # a worker may have served no page yet
    for model_admin in admin.site._registry.values():
        if hasattr(model_admin, "resource"):
            yield model_admin.get_form(request, None, change=False)


def list_foreign(fields):
    """The fields that ask for a day or a clock by anything but the browser's own field."""
    wanted = [
        (name, field, NATIVE[kind]) for name, field in fields.items() for kind in NATIVE if isinstance(field, kind)
    ]
    return [name for name, field, kind in wanted if getattr(field.widget, "input_type", "") not in (kind, "hidden")]


def test_every_day_and_clock_is_a_native_field(salon):
    written = {each.__qualname__: list_foreign(each.base_fields) for each in list_written_forms()}
    made = {each.__qualname__: list_foreign(each.base_fields) for each in list_admin_forms(salon.admin)}
    assert len(written) > 20
    assert {name: foreign for name, foreign in (written | made).items() if foreign} == {}


def test_no_widget_of_djangos_admin_that_needs_its_scripts_is_left(salon):
    found = {
        (each.__qualname__, name)
        for each in list_admin_forms(salon.admin)
        for name, field in each.base_fields.items()
        if isinstance(field.widget, BARE)
    }
    assert found == set()


class DayForm(forms.Form):
    day = forms.DateField(widget=DateInput)


@pytest.mark.parametrize("typed", ["30.11.2026", "11/30/2026", "30/11/2026", "4/5/2026", "04.05.26"])
def test_what_is_typed_where_a_browser_has_no_such_field_is_refused_and_never_misread(typed):
    form = DayForm({"day": typed})
    assert form.errors == {"day": ["Enter a valid date."]}
    assert f'value="{typed}"' in str(form["day"])  # what was typed stays


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_native_field_is_given_iso_whatever_the_language(language):
    with translation.override(language):
        form = DayForm({"day": "2026-11-30"})
        assert form.is_valid()
        assert 'value="2026-11-30"' in str(DayForm(initial={"day": form.cleaned_data["day"]})["day"])
