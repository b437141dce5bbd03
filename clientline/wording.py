"""How pages write times, lengths and amounts."""

from django.utils import timezone

from clientline.currencies import decimals_of


def date(day):
    """`Tue 1 Dec 2026`."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def day(instant):
    """`Tue 1 Dec 2026`, in the active zone."""
    return date(timezone.localtime(instant))


def moment(instant):
    """`Tue 1 Dec 2026 09:00`, in the active zone."""
    return f"{day(instant)} {timezone.localtime(instant):%H:%M}"


def clock(local):
    """The same of a time that is local already."""
    return f"{date(local)} {local:%H:%M}"


def amount(figure, currency):
    """`1,045.00`, with the decimals that the currency has."""
    return f"{figure:,.{decimals_of(currency)}f}"


def money(figure, currency):
    """`1,045.00 EUR`, with the decimals that the currency has."""
    return f"{amount(figure, currency)} {currency}"


def length(minutes):
    """`45 min`, `1 h 30 min`."""
    hours, rest = divmod(minutes, 60)
    return " ".join([*([f"{hours} h"] if hours else []), *([f"{rest} min"] if rest or not hours else [])])
