"""Forms of the admin: they read what was typed; the domain and the database judge it."""

import re
from copy import copy

from django import forms
from django.contrib.admin.widgets import AutocompleteMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.models import construct_instance

from clientline.fields import EARLIEST, LATEST

ID = re.compile(r"[0-9]{1,19}")
OUT_OF_BOUNDS = "Choose a date between 2000 and 2100."
BOUNDS = [MinValueValidator(EARLIEST, OUT_OF_BOUNDS), MaxValueValidator(LATEST, OUT_OF_BOUNDS)]


class LowerCaseEmailField(forms.EmailField):
    """Stored in lower case, as the database checks."""

    def to_python(self, value):
        return super().to_python(value).lower()


def whole_minute(clock):
    if clock.second or clock.microsecond:
        raise ValidationError("Write hours and minutes only.", code="whole_minute")


class Suggested(AutocompleteMixin):
    """Django's own fails on rendering what is no number at all."""

    def optgroups(self, name, value, attr=None):
        return super().optgroups(name, [each for each in value if ID.fullmatch(str(each))], attr)


class SuggestedSelect(Suggested, forms.Select):
    pass


class SuggestedSelectMultiple(Suggested, forms.SelectMultiple):
    pass


class ClientLineForm(forms.ModelForm):
    """Changes neither the row nor the database. `refusal` is why saving these values was refused a moment ago."""

    refusal = None
    renamed = {}  # the domain's name of a value → the form's

    def _post_clean(self):
        # In place of the parent's, which changes the row, with which the domain functions compare the values, and
        # asks for uniqueness and constraints: those queries miss what row security hides and what others commit next.
        try:
            row = construct_instance(self, copy(self.instance), self._meta.fields, self._meta.exclude)
            row.clean_fields(exclude=self._get_validation_exclusions())
        except ValidationError as error:
            self.add_error(None, error)
        if self.refusal:
            self.add_refusal(self.refusal)

    def add_refusal(self, refusal):
        unnamed = [{"field": None, "code": refusal.code, "detail": refusal.detail}]
        for error in getattr(refusal, "errors", unnamed):
            name = self.renamed.get(error["field"], error["field"])
            self.add_error(name if name in self.fields else None, ValidationError(error["detail"], error["code"]))
