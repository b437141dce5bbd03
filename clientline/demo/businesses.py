"""Which organizations there are, how many people work in each, and how many visits each person has."""

from dataclasses import dataclass
from itertools import accumulate, pairwise
from random import Random

from django.utils.text import slugify

from clientline.demo.places import BERLIN, PLACES, Place
from clientline.demo.trades import SALON, TRADES, WEEKS, Trade

VISITS_OF_A_PERSON = 1500  # about a year's
SMALLEST_TEAM = 3


@dataclass(frozen=True)
class Business:
    name: str
    domain: str
    place: Place
    trade: Trade
    weight: int = 100  # how busy it is beside the others
    admin: str = ""  # names; drawn where there is none
    manager: str = ""
    staff: tuple = ()
    client: str = ""
    slug: str = ""  # of the page on which guests book; without one, it has none
    language: str = ""  # that its services and texts are in; without one, English


# The one to show around: its people are always the same.
SONNIG = Business(
    name="Salon Sonnig",
    domain="sonnig.example",
    place=BERLIN,
    trade=SALON,
    admin="Anna Sonnig",
    manager="Jonas Weber",
    staff=("Sofie Brandt", "Tom Keller", "Aylin Demir", "Marco Rossi"),
    client="Mia Lange",
    slug="sonnig",
)


def draw_businesses(count, seed):
    """The first is Salon Sonnig, whatever the seed."""
    return [SONNIG] + [_draw_business(Random(f"{seed} business {index}"), index) for index in range(2, count + 1)]


def _draw_business(rng, index):
    place, trade = PLACES[(index - 1) % len(PLACES)], rng.choice(TRADES)
    name = rng.choice(trade.names).format(last=rng.choice(place.names.last), city=place.city)
    domain = f"{slugify(name)}-{index}.example"
    return Business(name, domain, place, trade, weight=round(100 * rng.lognormvariate(0, 0.5)) + 1)


def share_out(total, weights):
    """Whole numbers in proportion to the weights, whose sum is exactly `total`."""
    sums = list(accumulate(weights, initial=0))
    return [total * high // sums[-1] - total * low // sums[-1] for low, high in pairwise(sums)]


def size_team(business, visits):
    return max(SMALLEST_TEAM, len(business.staff), -(-visits // VISITS_OF_A_PERSON))


def choose_working_week(position):
    return WEEKS[position % len(WEEKS)]


def set_quotas(visits, people):
    """How many of the visits each person gives: in proportion to the hours they work."""
    return share_out(visits, [_sum_minutes(choose_working_week(position)) for position in range(people)])


def _sum_minutes(week):
    return sum(closes - opens for intervals in week.values() for opens, closes in intervals)
