"""Where an organization is, as its form asks: country, region, zone, currency and language by names to choose from.

A country that was chosen proposes what goes with it: the form comes back with it once, before anything is saved.
"""

from babel import Locale
from babel.numbers import get_territory_currencies
from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.translation import get_language, gettext

from appointments.working_time.public_holidays import list_regions
from clientline import styles, zones
from clientline.admin.forms import ClientLineForm, VersionField
from clientline.currencies import PAST, STORABLE
from clientline.folding import fold
from clientline.languages import OFFERED

UTC = "UTC"


class SuggestingInput(forms.TextInput):
    """Text, with values that the browser offers by their names."""

    suggestions = ()

    def render(self, name, value, attrs=None, renderer=None):
        key = f"{(attrs or {}).get('id', name)}_offered"
        field = super().render(name, value, (attrs or {}) | {"list": key}, renderer)
        offered = format_html_join("", '<option value="{}">{}</option>', self.suggestions)
        return field + format_html('<datalist id="{}">{}</datalist>', key, offered)


class PlaceForm(ClientLineForm):
    """`judged_country` is the country for which a proposal was made: whoever sends it again has seen that."""

    judged_country = VersionField(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        country = self["country"].value() or "" if "country" in self.fields else ""
        offered = {
            "country": [("", gettext("not said")), *list_countries()],
            "timezone": list_zones(country),
            "currency": list_currencies(),
            "language": [("", gettext("not chosen")), *OFFERED.items()],
        }
        for name, choices in offered.items():
            if name in self.fields:
                self.offer(name, choices)
        if "region" in self.fields:
            self.fields["region"].widget = SuggestingInput()
            self.fields["region"].widget.suggestions = list_regions(country)

    def offer(self, name, choices):
        """A select of these; what is stored and is none of them any more stays one of them."""
        stored = self.initial.get(name) or self.fields[name].initial
        known = {key for each in choices for key, _ in (each[1] if isinstance(each[1], list) else [each])}
        self.fields[name].widget = forms.Select(
            choices=[*choices, *([(stored, stored)] if stored not in known else [])]
        )

    def clean(self):
        values = super().clean()
        judged, country = values.pop("judged_country", ""), values.get("country")
        if country and "country" in self.changed_data and judged != country:
            self.propose(values, country)
        return values

    def propose(self, values, country):
        """Put what goes with the country in place of what nobody chose, and say so."""
        found = {name: value for name, value in guess_from(country).items() if name in self.fields}
        found = {name: value for name, value in found.items() if self.is_open(name, values, value, country)}
        if not found:
            return
        self.data = self.data.copy()
        self.data[self.add_prefix("judged_country")] = country
        for name, value in found.items():
            self.data[self.add_prefix(name)] = value
            told = gettext("Proposed for the country you chose. Save again, or choose another.")
            self.add_error(name, forms.ValidationError(told, "proposed"))

    def is_open(self, name, values, value, country):
        """Whether nobody chose it, and it does not go with the country already."""
        if name in self.changed_data or values.get(name) == value:
            return False
        if name == "timezone":
            present = values.get(name, "")
            return zones.guess_country(present) != country and present not in zones.list_zones_of(country)
        return self.instance.pk is None  # money is on record, and people have their language


def guess_from(country):
    """The zone, the currency and the language of a country, as far as they are known and can be chosen."""
    if country not in zones.list_countries():
        return {}
    named = zones.list_zones_of(country)
    paid = [each for each in get_territory_currencies(country) if each in STORABLE - PAST]
    native = styles.find_native_locale(country)
    spoken = [native.language] if native and native.language in OFFERED else []
    guessed = {"timezone": named[:1], "currency": paid[-1:], "language": spoken}
    return {name: found[0] for name, found in guessed.items() if found}


def list_countries():
    """(code, name) in the reader's language, by name."""
    names = _find_locale().territories
    return _sort((code, names.get(code, code)) for code in zones.list_countries())


def list_currencies():
    """(code, `EUR – Euro`) of those that can be chosen, by code."""
    names = _find_locale().currencies
    return [(code, f"{code} – {names.get(code, code)}") for code in sorted(STORABLE - PAST)]


def list_zones(country):
    """Groups of (name, city) by country, that of `country` first."""
    locale = _find_locale()
    groups = [
        (name, [(zone, _name_city(zone, locale)) for zone in zones.list_zones_of(code)])
        for code, name in list_countries()
        if zones.list_zones_of(code)
    ]
    first = locale.territories.get(country)
    return [*sorted(groups, key=lambda group: group[0] != first), (UTC, [(UTC, UTC)])]


def _name_city(zone, locale):
    known = locale.time_zones.get(zone, {})
    return known.get("city") or zone.partition("/")[2].replace("_", " ").replace("/", ", ")


def _sort(pairs):
    return sorted(pairs, key=lambda pair: fold(pair[1]))


def _find_locale():
    return Locale(get_language().partition("-")[0])
