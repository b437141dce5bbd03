"""Columns that several tables share. Defaults are declared twice: for Python, and in the database for psql."""

from uuid import uuid4

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

AGENT_LENGTH = 200
MONEY_DIGITS, MONEY_PLACES = 10, 2
SUM_DIGITS = 14  # of what many amounts add up to


class DatabaseNow(models.Func):
    """PostgreSQL's `now()`, the start of the transaction."""

    function = "now"
    output_field = models.DateTimeField()


class WallClockField(models.Field):
    """A date and time as the clock on a wall shows them, in Python a naive datetime: no instant, and in no zone."""

    def db_type(self, connection):
        return "timestamp without time zone"


class NameField(models.CharField):
    """A name, on one line whichever door it comes by: breaks would end headers of mails, and lines of files."""

    def pre_save(self, model_instance, add):
        setattr(model_instance, self.attname, put_on_one_line(getattr(model_instance, self.attname)))
        return super().pre_save(model_instance, add)

    def get_prep_value(self, value):
        return put_on_one_line(super().get_prep_value(value))

    def deconstruct(self):
        # The same column to the database and to migrations.
        name, _, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs


def put_on_one_line(told):
    """A text without line breaks, in Unicode's eyes; what is no text, as an expression, is as it is."""
    return " ".join(filter(None, told.splitlines())) if isinstance(told, str) else told


def name():
    return NameField(max_length=200)


def make_uid():
    """By which others know a row, wherever it goes."""
    return str(uuid4())


def address():
    """Where somebody called from."""
    return models.GenericIPAddressField(null=True, blank=True, editable=False)


def agent():
    """With what somebody signed in."""
    return short_text(AGENT_LENGTH, editable=False)


def created_at():
    return models.DateTimeField(default=timezone.now, db_default=DatabaseNow(), editable=False)


def version():
    return models.PositiveIntegerField(
        default=1, db_default=1, editable=False, help_text=_("Grows by 1 with each change.")
    )


def flag(default, **options):
    return models.BooleanField(default=default, db_default=default, **options)


def short_text(max_length, **options):
    return models.CharField(max_length=max_length, blank=True, default="", db_default="", **options)


def long_text(**options):
    return models.TextField(blank=True, default="", db_default="", **options)


def whole(default, **options):
    return models.PositiveIntegerField(default=default, db_default=default, **options)


def percent(default=0, **options):
    return models.DecimalField(max_digits=5, decimal_places=2, default=default, db_default=default, **options)


OF_TAX = _("Percent, contained in the price; empty: no tax")


def tax_rate(help_text=OF_TAX):
    return models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
        help_text=help_text,
    )


def money(**options):
    """An amount in the organization's currency, to the cent."""
    return models.DecimalField(max_digits=MONEY_DIGITS, decimal_places=MONEY_PLACES, **options)


def is_money(field):
    """Whether a field is one of `money`, and no percentage."""
    return isinstance(field, models.DecimalField) and field.max_digits == MONEY_DIGITS


def sum_of_money():
    """Amounts of many rows, or what one changed them by, which may be below 0."""
    return models.DecimalField(max_digits=SUM_DIGITS, decimal_places=MONEY_PLACES, default=0, db_default=0)


def organization(**options):
    """The tenant. Composite indexes begin with it, so it needs none of its own."""
    return models.ForeignKey("organizations.Organization", models.PROTECT, related_name="+", db_index=False, **options)


def actor(**options):
    """Who did it: a plain key, because an operator acts from another organization and a command has no actor."""
    return models.ForeignKey(
        "accounts.User", models.PROTECT, null=True, blank=True, related_name="+", editable=False, **options
    )


def known(name, field, values):
    """A text column holds one of these values."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": values}),
        name=name,
        violation_error_message=format_lazy(
            _("Choose one of: {choices}."), choices=", ".join(value for value in values if value)
        ),
    )


def between(name, field, lowest, highest, message):
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__gte": lowest, f"{field}__lte": highest}),
        name=name,
        violation_error_message=message,
    )
