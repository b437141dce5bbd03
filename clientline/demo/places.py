"""Where the demo organizations are: zone, currency, prices, and how people there are called."""

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from clientline.currencies import WHOLE
from clientline.zones import find_zone


@dataclass(frozen=True)
class Names:
    first: tuple
    last: tuple

    def draw(self, rng):
        return f"{rng.choice(self.first)} {rng.choice(self.last)}"


@dataclass(frozen=True)
class Place:
    city: str
    timezone: str
    currency: str
    rate: Decimal  # units of the currency that stand for one euro of a price
    step: Decimal  # prices are whole multiples of it
    phone: str  # every # becomes a digit
    street: str
    names: Names

    @property
    def zone(self):
        return find_zone(self.timezone)

    def scale_price(self, euros):
        """What something that costs so many euros costs here; None stays None."""
        if euros is None:
            return None
        return self.round_amount((euros * self.rate / self.step).to_integral_value(ROUND_HALF_UP) * self.step)

    def round_amount(self, value):
        """The value rounded to what the currency can pay."""
        return value.quantize(Decimal(1 if self.currency in WHOLE else "0.01"), ROUND_HALF_UP)

    def draw_phone(self, rng):
        return re.sub("#", lambda _: str(rng.randrange(10)), self.phone)

    def draw_tax_number(self, name):
        """Ten digits that stay the same for one name."""
        return f"{int.from_bytes(name.encode()) % 10**10:010}"

    def draw_address(self, rng):
        return f"{self.street.replace('#', str(rng.randrange(1, 190)))}, {self.city}"


def _split_names(first, last):
    return Names(tuple(first.split()), tuple(last.split()))


ENGLISH = _split_names(
    "Olivia Noah Amelia George Isla Arthur Ava Leo Grace Oscar Freya Theo Ruby Jack Emily Henry Chloe Daniel Zoe Owen",
    "Smith Jones Taylor Brown Wilson Evans Walker Clarke Hughes Bennett Foster Murphy Reid Lawson Porter Hayes Quinn "
    "Barker Ellis Shaw",
)
GERMAN = _split_names(
    "Lena Jonas Hannah Felix Clara Paul Lea Emil Greta Anton Ida Moritz Katrin Stefan Petra Dirk Elif Cem Nora Jan",
    "Müller Schmidt Weber Fischer Wagner Becker Hoffmann Schäfer Koch Bauer Richter Klein Wolf Schröder Neumann Krüger "
    "Yılmaz Vogel Busch Lorenz",
)
FRENCH = _split_names(
    "Camille Louis Chloé Gabriel Manon Hugo Inès Jules Léa Sarah Nathan Zoé Rémi Élise Théo Jeanne Luc Anaïs Noé",
    "Martin Bernard Dubois Robert Petit Moreau Laurent Girard Roux Mercier Blanc Garnier Faure Rousseau Lambert "
    "Chevalier Perrin Gauthier Tremblay",
)
JAPANESE = _split_names(
    "Haruto Yui Sota Hina Yuto Sakura Ren Aoi Riku Mio Daiki Rin Takumi Nana Kenji Emi Shota Kaori Ryo Misaki",
    "Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Matsumoto Inoue "
    "Kimura Hayashi Shimizu Mori Abe",
)
INDIAN = _split_names(
    "Aarav Diya Vivaan Ananya Aditya Isha Arjun Kavya Rohan Meera Karan Priya Nikhil Saanvi Rahul Neha Pooja Asha",
    "Sharma Patel Gupta Iyer Reddy Nair Mehta Singh Kapoor Joshi Rao Das Menon Verma Bose Pillai Kulkarni Shetty Bhat",
)
BRAZILIAN = _split_names(
    "Miguel Helena Arthur Alice Heitor Laura Davi Valentina Lucas Sofia Pedro Julia Mateus Beatriz Lívia Marina "
    "Bruno Luana",
    "Silva Santos Oliveira Souza Lima Pereira Ferreira Costa Rodrigues Almeida Nascimento Araújo Ribeiro "
    "Rocha Dias Moreira Nunes Cardoso",
)

# Somebody may one day send these people reminders: the numbers are reserved for fiction, or cannot be dialled.
BERLIN = Place(
    "Berlin", "Europe/Berlin", "EUR", Decimal(1), Decimal("0.5"), "+49 30 23125 ###", "Lindenstraße #", GERMAN
)
PLACES = (
    BERLIN,
    Place(
        "New York", "America/New_York", "USD", Decimal("1.4"), Decimal(1), "+1 212 555 01##", "# Elm Street", ENGLISH
    ),
    Place("London", "Europe/London", "GBP", Decimal("0.9"), Decimal("0.5"), "+44 20 7946 0###", "# Mill Lane", ENGLISH),
    Place("Tokyo", "Asia/Tokyo", "JPY", Decimal(150), Decimal(100), "+81 3 0000 ####", "Shibuya 2-#", JAPANESE),
    Place("Zurich", "Europe/Zurich", "CHF", Decimal("1.5"), Decimal("0.5"), "+41 44 000 ## ##", "Seeweg #", GERMAN),
    Place(
        "Sydney", "Australia/Sydney", "AUD", Decimal("1.6"), Decimal(1), "+61 2 5550 ####", "# Harbour Road", ENGLISH
    ),
    Place("Mumbai", "Asia/Kolkata", "INR", Decimal(30), Decimal(10), "+91 22 0000 ####", "# Marine Drive", INDIAN),
    Place(
        "São Paulo", "America/Sao_Paulo", "BRL", Decimal(3), Decimal(5), "+55 11 0000 ####", "Rua Augusta #", BRAZILIAN
    ),
    Place("Paris", "Europe/Paris", "EUR", Decimal("1.1"), Decimal("0.5"), "+33 1 99 00 ## ##", "# rue du Port", FRENCH),
    Place(
        "Montréal", "America/Toronto", "CAD", Decimal("1.5"), Decimal(1), "+1 514 555 01##", "# avenue du Parc", FRENCH
    ),
    Place("Denver", "America/Denver", "USD", Decimal("1.2"), Decimal(1), "+1 303 555 01##", "# Cedar Avenue", ENGLISH),
    Place("Osaka", "Asia/Tokyo", "JPY", Decimal(130), Decimal(100), "+81 6 0000 ####", "Umeda 1-#", JAPANESE),
)
