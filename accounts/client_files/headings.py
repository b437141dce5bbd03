"""What a column of a client file holds, by its heading: guessed exactly, or chosen by somebody.

A heading is compared whole, after folding: without accents, in lower case, letters and digits alone. Never by a part
of it: among the hundred columns of an address book, "E-mail 1 - Label" and "Emergency phone" are not what they hold.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from django.utils.translation import gettext, gettext_lazy

from clientline.folding import fold_words

# What can be chosen for a column, as people read it. Several columns may hold notes, addresses and telephones.
FIELDS = {
    "name": gettext_lazy("Name"),
    "first_name": gettext_lazy("First name"),
    "middle_name": gettext_lazy("Middle name"),
    "last_name": gettext_lazy("Last name"),
    "email": gettext_lazy("E-mail"),
    "mobile": gettext_lazy("Telephone, mobile"),
    "phone": gettext_lazy("Telephone"),
    "home": gettext_lazy("Telephone at home"),
    "business": gettext_lazy("Telephone at work"),
    "birthday": gettext_lazy("Birthday"),
    "notes": gettext_lazy("Notes"),
    "consent": gettext_lazy("Agrees to marketing"),
    "blocked": gettext_lazy("Blocked"),
    "block_reason": gettext_lazy("Why blocked"),
    "external_id": gettext_lazy("Number in the other product"),
    "language": gettext_lazy("Language"),
}
MANY = frozenset({"email", "mobile", "phone", "home", "business", "notes"})
# In this order, the first number of a line is the client's: the rest goes to the notes.
TELEPHONES = ("mobile", "phone", "home", "business")

_ALIASES = {
    "name": """name; full name; client name; customer name; client; customer; display name; fn; invitee name; patient;
        patient name; student; student name; kunde; kundin; kundenname; vollständiger name; anzeigename; nom complet;
        nom et prénom; nom du client; nombre completo; nombre y apellidos; cliente; nombre del cliente;
        imię i nazwisko; klient; nazwa""",
    "first_name": """first name; firstname; given name; forename; invitee first name; client first name; vorname;
        rufname; prénom; nombre; nombre de pila; imię; imiona""",
    "middle_name": """middle name; additional name; zweiter vorname; weitere vornamen; deuxième prénom;
        segundo nombre; drugie imię""",
    "last_name": """last name; lastname; family name; surname; invitee last name; client last name; nachname;
        familienname; zuname; nom; nom de famille; apellido; apellidos; nazwisko""",
    "email": """email; e-mail; email address; e-mail address; mail; primary email; invitee email; client email;
        customer email; contact email; e-mail 1 - value; e-mail 2 - value; e-mail 3 - value; e-mail 2 address;
        e-mail 3 address; secondary email; e-mail-adresse; email adresse; mailadresse; mailanschrift;
        adresse e-mail; adresse email; courriel; adresse électronique; mél; correo; correo electrónico;
        dirección de correo electrónico; adres e-mail; adres email; poczta""",
    "mobile": """mobile; mobile phone; mobile number; cell; cell phone; cellphone; text reminder number; mobil;
        mobiltelefon; mobilnummer; handy; handynummer; portable; téléphone portable; téléphone mobile;
        numéro de portable; móvil; teléfono móvil; celular; teléfono celular; komórka; telefon komórkowy;
        tel. komórkowy; numer komórkowy""",
    "phone": """phone; phone number; telephone; telephone number; primary phone; tel; phone 1 - value;
        phone 2 - value; phone 3 - value; phone 4 - value; contact number; day; day phone; telefon; telefonnummer;
        rufnummer; telefon 1; téléphone; numéro de téléphone; teléfono; número de teléfono; numer telefonu;
        nr telefonu""",
    "home": """home phone; home phone 2; home; night; night phone; evening phone; telefon privat; privat;
        telefon (privat); telefon privat 2; téléphone domicile; téléphone (domicile); domicile; teléfono particular;
        teléfono de casa; teléfono fijo; telefon domowy""",
    "business": """business phone; business phone 2; work phone; work; office phone; company main phone;
        telefon geschäftlich; telefon (geschäftlich); geschäftlich; telefon dienstlich; téléphone bureau;
        téléphone (bureau); téléphone professionnel; teléfono del trabajo; teléfono trabajo; telefon służbowy""",
    "birthday": """birthday; birthdate; birth date; date of birth; dob; bday; geburtstag; geburtsdatum; geb.; geb.datum;
        geboren; geboren am; anniversaire; date de naissance; né le; cumpleaños; fecha de nacimiento; urodziny;
        data urodzenia""",
    "notes": """notes; note; memo; customer note; customer notes; client notes; comment; comments; remarks; notiz;
        notizen; bemerkung; bemerkungen; kommentar; anmerkung; anmerkungen; remarque; remarques; commentaire;
        commentaires; nota; notas; observaciones; comentarios; notatki; notatka; uwagi""",
    "consent": """accepts marketing; email subscription status; marketing consent; marketing; newsletter;
        accepts email marketing; werbung erlaubt; werbeeinwilligung; einwilligung werbung; accepte le marketing;
        acepta marketing; zgoda marketingowa""",
    "blocked": "blocked; blocked from online booking; gesperrt; bloqué; bloqueado; zablokowany",
    "block_reason": "block reason; reason for blocking; sperrgrund; motif du blocage; motivo del bloqueo",
    "external_id": """square customer id; client id; customer id; uid; kundennummer; kunden-nr.; numéro client;
        id cliente""",
    "language": "language; sprache; langue; idioma; język",
}
# Whose number it is, where a heading says so. Two products may count from 1 alike.
_SOURCES = {"squarecustomerid": "square", "clientid": "fresha", "uid": "vcard"}


@lru_cache(maxsize=1_000)
def fold_heading(heading: str) -> str:
    """Letters and digits alone, in lower case and without accents: `E-Mail ` and `e_mail` are one heading."""
    return "".join(fold_words(heading))


def index_aliases(aliases: Mapping[str, str]) -> dict[str, str]:
    """The field of each folded heading; `aliases` has those of a field parted by semicolons."""
    return {fold_heading(alias): field for field, said in aliases.items() for alias in said.split(";")}


_FIELD_OF = index_aliases(_ALIASES)


def guess_fields(headings: Sequence[str], field_of: Mapping[str, str] = _FIELD_OF) -> list[str]:
    """The field of each column, "" for none. Of a field that a line has once, the first column is taken."""
    fields: list[str] = []
    for heading in headings:
        field = field_of.get(fold_heading(heading), "")
        fields.append("" if field in fields and field not in MANY else field)
    return fields


def identify_source(headings: Sequence[str], fields: Sequence[str]) -> str:
    """Which product's numbers stand in the column of `external_id`; "file" where the heading does not say."""
    told = [heading for heading, field in zip(headings, fields, strict=True) if field == "external_id"]
    return _SOURCES.get(fold_heading(told[0]), "file") if told else ""


def find_faults(fields: Sequence[str]) -> list[str]:
    """What is wrong with a choice of fields, as sentences."""
    faults = [
        gettext("Two columns are said to hold “%(field)s”. Choose one.") % {"field": FIELDS[field]}
        for field in FIELDS
        if field not in MANY and list(fields).count(field) > 1
    ]
    if not {"name", "first_name", "last_name"} & set(fields):
        faults.append(gettext("Choose the column that holds the names."))
    return faults
