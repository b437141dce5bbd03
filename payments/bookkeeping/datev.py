"""Movements as a batch of postings in DATEV's own format: EXTF 700, category 21, version 13.

Rules and column names are those of developer.datev.de, "DATEV-Format" and "Buchungsstapel": Windows-1252, no BOM,
CR LF, semicolons, texts quoted, amounts unsigned with a comma, debit (S) or credit (H) as seen from the first account.
"""

from datetime import date

from django.utils.translation import gettext as _

from appointments.periods import Period
from clientline.bookkeeping import Use, read_accounts
from clientline.refusals import FieldRefused
from organizations.models import Organization
from payments.bookkeeping.movements import ROUNDING, TIP, Movement

COLUMNS = [
    *"Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;WKZ Umsatz;Kurs;Basis-Umsatz;WKZ Basis-Umsatz;Konto".split(
        ";"
    ),
    *"Gegenkonto (ohne BU-Schlüssel);BU-Schlüssel;Belegdatum;Belegfeld 1;Belegfeld 2;Skonto;Buchungstext".split(";"),
    *"Postensperre;Diverse Adressnummer;Geschäftspartnerbank;Sachverhalt;Zinssperre;Beleglink".split(";"),
    *(f"Beleginfo - {part} {number}" for number in range(1, 9) for part in ("Art", "Inhalt")),
    *"KOST1 - Kostenstelle;KOST2 - Kostenstelle;Kost-Menge;EU-Land u. UStID (Bestimmung)".split(";"),
    *"EU-Steuersatz (Bestimmung);Abw. Versteuerungsart;Sachverhalt L+L;Funktionsergänzung L+L".split(";"),
    *"BU 49 Hauptfunktionstyp;BU 49 Hauptfunktionsnummer;BU 49 Funktionsergänzung".split(";"),
    *(f"Zusatzinformation{part} {number}" for number in range(1, 21) for part in (" - Art", "- Inhalt")),
    *"Stück;Gewicht;Zahlweise;Forderungsart;Veranlagungsjahr;Zugeordnete Fälligkeit;Skontotyp".split(";"),
    *"Auftragsnummer;Buchungstyp;USt-Schlüssel (Anzahlungen);EU-Land (Anzahlungen)".split(";"),
    *"Sachverhalt L+L (Anzahlungen);EU-Steuersatz (Anzahlungen);Erlöskonto (Anzahlungen);Herkunft-Kz".split(";"),
    *"Buchungs GUID;KOST-Datum;SEPA-Mandatsreferenz;Skontosperre;Gesellschaftername;Beteiligtennummer".split(";"),
    *"Identifikationsnummer;Zeichnernummer;Postensperre bis;Bezeichnung SoBil-Sachverhalt".split(";"),
    *"Kennzeichen SoBil-Buchung;Festschreibung;Leistungsdatum;Datum Zuord. Steuerperiode;Fälligkeit".split(";"),
    *"Generalumkehr (GU);Steuersatz;Land;Abrechnungsreferenz;BVV-Position".split(";"),
    *"EU-Land u. UStID (Ursprung);EU-Steuersatz (Ursprung);Abw. Skontokonto".split(";"),
]
LONGEST_TEXT = 60
METHODS = {"": "other"}


class NotSetUp(FieldRefused):
    """What a batch needs is not written down in the organization; the message names it."""

    def __init__(self, missing: str) -> None:
        super().__init__(
            "format",
            "not_set_up",
            _("For DATEV, the organization has to say first: %(missing)s.") % {"missing": missing},
        )


def write_batch(period: Period, movements: list[Movement]) -> bytes:
    """The file. Raises FieldRefused: without numbers and accounts, and for days of two fiscal years."""
    home = period.organization
    accounts = read_accounts(home.bookkeeping_accounts)
    if missing := _find_missing(home, accounts):
        raise NotSetUp(missing)
    begins = _find_fiscal_year(home, period.first)
    if begins != _find_fiscal_year(home, period.last):
        raise FieldRefused("to", "invalid", _("For DATEV, ask for days of one fiscal year."))
    lines = [_make_header(period, begins, accounts), ";".join(COLUMNS)]
    lines += [_make_posting(movement, accounts, home.currency) for movement in movements]
    # What Windows-1252 does not have becomes a question mark: the receipt's number is what counts.
    return "".join(f"{line}\r\n" for line in lines).encode("cp1252", errors="replace")


def _find_missing(home: Organization, accounts: dict[Use, str]) -> str:
    numbers = {"datev_consultant": home.datev_consultant, "datev_client": home.datev_client}
    missing = [name for name, value in numbers.items() if value is None]
    return ", ".join([*missing, *([] if accounts else ["bookkeeping_accounts"])])


def _find_fiscal_year(home: Organization, day: date) -> date:
    """The first day of the fiscal year in which a day lies."""
    year = day.year if day.month >= home.fiscal_year_starts else day.year - 1
    return date(year, home.fiscal_year_starts, 1)


def _make_header(period: Period, begins: date, accounts: dict[Use, str]) -> str:
    home = period.organization
    fields = [
        *(_quote("EXTF"), "700", "21", _quote("Buchungsstapel"), "13"),
        # Made at the end of its last day: the same movements are the same bytes whenever they are asked for.
        *(f"{period.last:%Y%m%d}235959000", "", _quote("CL"), _quote(""), _quote("")),
        *(str(home.datev_consultant), str(home.datev_client), f"{begins:%Y%m%d}"),
        str(len(next(iter(accounts.values())))),
        *(f"{period.first:%Y%m%d}", f"{period.last:%Y%m%d}", _quote("ClientLine"), _quote("")),
        *("1", "0", "0", _quote(home.currency), "", _quote(""), "", "", _quote(""), "", "", _quote(""), _quote("")),
    ]
    return ";".join(fields)


def _make_posting(movement: Movement, accounts: dict[Use, str], currency: str) -> str:
    """Money that comes is debited to where it lies, and credited to what it was for; money that goes the other way."""
    method = METHODS.get(movement.payment_method, movement.payment_method)
    text = f"{movement.event} {movement.receipt_number}, {movement.kind}, visit {movement.appointment}"
    fields = {
        1: f"{abs(movement.amount):.2f}".replace(".", ","),
        2: _quote("S" if movement.amount > 0 else "H"),
        3: _quote(currency),
        7: _find_account(accounts, (method, None)),
        8: _find_account(accounts, _find_use(movement, accounts)),
        9: _quote(""),
        10: f"{movement.date:%d%m}",
        11: _quote(str(movement.receipt_number)),
        14: _quote(text[:LONGEST_TEXT]),
    }
    return ";".join(fields.get(number, "") for number in range(1, len(COLUMNS) + 1))


def _find_use(movement: Movement, accounts: dict[Use, str]) -> Use:
    if movement.kind in (TIP, ROUNDING):
        return {TIP: "tips", ROUNDING: "rounding"}[movement.kind], None
    rate = None if movement.tax_rate is None else movement.tax_rate.normalize()
    # What is taxed at 0 percent may have an account beside that of what is not taxed.
    return "revenue", rate if rate or ("revenue", rate) in accounts else None


def _find_account(accounts: dict[Use, str], use: Use) -> str:
    """Raises NotSetUp for a use without an account."""
    if use not in accounts:
        name, rate = use
        use_and_rate = name if rate is None else f"{name} {rate:f}"
        raise NotSetUp(_("an account for %(use)s") % {"use": use_and_rate})
    return accounts[use]


def _quote(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
