"""What the demo organizations do: their offers, their grids and fees, and the weeks people work."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Offer:
    name: str
    minutes: int | None  # None: each booking says how long
    euros: Decimal | None
    before: int = 0
    after: int = 0
    performers: int = 0  # how many people are named for it; 0: everybody
    german: str = ""  # its name in German, where it has one


@dataclass(frozen=True)
class Trade:
    names: tuple  # {last} and {city} are filled in
    offers: tuple
    slot_interval: int = 15
    cancellation_notice: int = 1440
    late_fee: int = 0  # percent
    no_show_fee: int = 0  # percent


def offer(name, minutes, euros, **rest):
    return Offer(name, minutes, None if euros is None else Decimal(euros), **rest)


SALON = Trade(
    ("{last} Hair", "Hair by {last}", "Cut & Colour {city}"),
    (
        offer("Haircut", 45, 48, german="Haarschnitt"),
        offer("Wash, cut and blow-dry", 60, 64, german="Waschen, Schneiden, Föhnen"),
        offer("Children's haircut", 30, 26, german="Kinderhaarschnitt"),
        offer("Beard trim", 20, 22, performers=2, german="Bart trimmen"),
        offer("Colour", 90, 95, after=15, performers=3, german="Farbe"),
        offer("Highlights", 120, 140, after=15, performers=2, german="Strähnen"),
        offer("Bridal styling", 120, 180, before=15, after=15, performers=1, german="Brautfrisur"),
        offer("Colour consultation", 15, None, german="Farbberatung"),
    ),
    late_fee=50,
    no_show_fee=100,
)
TRADES = (
    SALON,
    Trade(
        ("{last} Physiotherapy", "Physio {city}", "Moving Well {city}"),
        (
            offer("First assessment", 60, 85, after=10),
            offer("Manual therapy", 30, 42),
            offer("Exercise therapy", 45, 55),
            offer("Lymphatic drainage", 60, 68, after=10, performers=2),
            offer("Sports massage", 45, 58, after=5),
        ),
        no_show_fee=80,
    ),
    Trade(
        ("{last} Dental Care", "Dentists at {city} Park"),
        (
            offer("Check-up", 30, 60, after=10),
            offer("Professional cleaning", 45, 90, after=10, performers=2),
            offer("Filling", 45, 130, before=5, after=10),
            offer("Root canal treatment", 90, 420, before=10, after=20, performers=1),
            offer("Emergency visit", None, 75),
        ),
        slot_interval=10,
        no_show_fee=50,
    ),
    Trade(
        ("{last} Tutoring", "Bright Minds {city}"),
        (
            offer("Mathematics", 60, 38),
            offer("Languages", 60, 36),
            offer("Sciences", 60, 38, performers=2),
            offer("Exam preparation", 90, 60),
            offer("First lesson", 45, None),
        ),
        slot_interval=30,
        late_fee=100,
        no_show_fee=100,
    ),
    Trade(
        ("{last} Garage", "{last} & Sons Motors"),
        (
            offer("Oil change", 45, 89),
            offer("Tyre change", 30, 45, after=15),
            offer("Inspection", 120, 210, after=15),
            offer("Air conditioning service", 60, 120, performers=1),
            offer("Diagnosis", 30, 55),
        ),
        slot_interval=30,
        cancellation_notice=240,
    ),
    Trade(
        ("{last} Veterinary Clinic", "Paws & Claws {city}"),
        (
            offer("Vaccination", 20, 45, after=5),
            offer("Consultation", 30, 58, after=5),
            offer("Dental cleaning", 60, 190, before=10, after=15, performers=2),
            offer("Nail trim", 15, 18),
            offer("Surgery", None, 350, before=30, after=30, performers=1),
        ),
        slot_interval=10,
    ),
    Trade(
        ("{last} Music School", "Music School {city}"),
        (
            offer("Piano lesson", 45, 42, performers=2),
            offer("Guitar lesson", 45, 38, performers=2),
            offer("Singing lesson", 45, 40),
            offer("Trial lesson", 30, 15),
        ),
        late_fee=100,
        no_show_fee=100,
    ),
    Trade(
        ("{last} Spa", "Still Waters {city}"),
        (
            offer("Relaxing massage", 60, 75, after=15),
            offer("Hot stone massage", 90, 110, before=10, after=15, performers=2),
            offer("Facial", 60, 70, after=10),
            offer("Manicure", 45, 35),
        ),
        late_fee=50,
        no_show_fee=100,
    ),
    Trade(
        ("{last} Law Office", "{last} & Partners"),
        (
            offer("First consultation", 30, 95),
            offer("Consultation", 60, 220),
            offer("Contract review", 90, 320),
            offer("Meeting by arrangement", None, None),
        ),
        slot_interval=30,
        cancellation_notice=2880,
    ),
    Trade(
        ("{last} Photography", "Studio {last}"),
        (
            offer("Passport photo", 15, 20),
            offer("Portrait session", 60, 150, before=15),
            offer("Family session", 90, 220, before=15, after=15),
            offer("Product photos", 120, 280, performers=1),
        ),
        late_fee=25,
        no_show_fee=50,
    ),
)


def count_minutes(hour):
    return int(60 * hour)


def _make_week(days, *hours):
    """Intervals of minutes since midnight by weekday; `days` are digits, 0 for Monday, `hours` pairs of hours."""
    intervals = tuple((count_minutes(opens), count_minutes(closes)) for opens, closes in hours)
    return {int(day): intervals for day in days}


WEEKS = (
    _make_week("01234", (9, 12.5), (13.25, 17.5)),
    _make_week("12345", (10, 14), (14.5, 19)),
    _make_week("0123", (8, 16.5)),
    _make_week("0134", (12, 20)),
    _make_week("024", (9, 13)) | _make_week("13", (14, 19)),
)
