"""Who of a client file is known already: nobody is matched silently, and a second run of a file makes nobody.

Known is whose number in the other product is here, or whose name is here together with their address, telephone or
birthday; a line that tells nothing but a name, whose name is here. Families share addresses and telephones, so those
alone tell that somebody is similar, and no more.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Q

from accounts.client_files.entries import Entry
from accounts.models import User
from clientline.folding import fold_words
from clientline.telephones import write_e164
from organizations.models import Organization

Key = tuple[str, ...]
_SEEN = ("name", "email", "contact_email", "phone_e164", "birthday", "external_source", "external_id")


@dataclass(frozen=True)
class Person:
    """Somebody to compare with: a client (`pk`) or a line of the file (`line`). Texts are "" where nothing is told."""

    name: str
    emails: frozenset[str]
    phone: str
    birthday: date | None
    number: tuple[str, str]  # where it is from, and which
    pk: int | None = None
    line: int | None = None

    @property
    def folded_name(self) -> str:
        """One for all spellings: the words in any order, without case and accents."""
        return " ".join(sorted(fold_words(self.name)))

    @property
    def contacts(self) -> list[Key]:
        """What families may share."""
        return [*(("email", each) for each in sorted(self.emails)), *([("phone", self.phone)] if self.phone else [])]

    @property
    def identities(self) -> list[Key]:
        """Each is enough to know the person by."""
        told = [*self.contacts, *([("born", self.birthday.isoformat())] if self.birthday else [])]
        numbers = [("number", *self.number)] if self.number[1] else []
        return [*numbers, *((self.folded_name, *each) for each in told)]


@dataclass
class Matches:
    """The entries of a file in the order of their lines; `known` and `similar` with who is meant."""

    new: list[Entry] = field(default_factory=list)
    known: list[tuple[Entry, Person]] = field(default_factory=list)
    similar: list[tuple[Entry, Person]] = field(default_factory=list)
    numbers: dict[int, str] = field(default_factory=dict)  # the E.164 of each line: reading them is dear


class _Index:
    """The people so far, by what they are known by."""

    def __init__(self, people: Iterable[Person]):
        self._known: dict[Key, Person] = {}
        self._contacts: dict[Key, Person] = {}
        self._names: dict[str, Person] = {}
        for person in people:
            self.add(person)

    def add(self, person: Person) -> None:
        # The first one stays: no later line may take over whom an earlier one is known as.
        for key in person.identities:
            self._known.setdefault(key, person)
        for key in person.contacts:
            self._contacts.setdefault(key, person)
        self._names.setdefault(person.folded_name, person)

    def find(self, person: Person) -> Person | None:
        """The one who this is; by the name where nothing else is told."""
        keys = person.identities
        if not keys:
            return self._names.get(person.folded_name)
        return next((self._known[key] for key in keys if key in self._known), None)

    def find_similar(self, person: Person) -> Person | None:
        return next((self._contacts[key] for key in person.contacts if key in self._contacts), None)


def match_entries(organization: Organization, entries: Sequence[Entry], *, one_per_address: bool = False) -> Matches:
    """Compare with the clients of the organization that may be meant, and with the lines before.

    `one_per_address`: the lines are visits, so that an address is one person however the name is written.
    """
    found, people = Matches(), [_find_person(entry, organization.country) for entry in entries]
    index = _Index(_find_candidates(organization, people))
    for entry, person in zip(entries, people, strict=True):
        similar = index.find_similar(person)
        if same := index.find(person) or (similar if one_per_address and person.emails else None):
            found.known.append((entry, same))
            continue
        if similar:
            found.similar.append((entry, similar))
        found.new.append(entry)
        found.numbers[entry.line] = person.phone
        index.add(person)
    return found


def _find_person(entry: Entry, country: str) -> Person:
    return Person(
        entry.name,
        frozenset({entry.email} - {""}),
        write_e164(entry.phone, country),
        entry.birthday,
        (entry.source, entry.external_id),
        line=entry.line,
    )


def _find_candidates(organization: Organization, people: Sequence[Person]) -> Iterator[Person]:
    """Every client who may be one of these people, merged records too: their numbers lead to the one that stays."""
    # Without the empty ones: no address and no number would match everybody who has none.
    emails = set().union(*(person.emails for person in people))
    clients = User.objects.filter(organization=organization, role="client").filter(
        Q(contact_email__in=emails)
        | Q(email__in=emails)
        | Q(phone_e164__in={person.phone for person in people} - {""})
        | Q(birthday__in={person.birthday for person in people} - {None})
        | Q(external_source__in={person.number[0] for person in people} - {""},
            external_id__in={person.number[1] for person in people} - {""})
        | Q(name__in={person.name for person in people if not person.identities})
    )  # fmt: skip
    for client in clients.order_by("id").only(*_SEEN).iterator():
        yield Person(
            client.name,
            frozenset({client.contact_email, client.email} - {""}),
            client.phone_e164,
            client.birthday,
            (client.external_source, client.external_id),
            pk=client.pk,
        )


def find_clients(organization: Organization, entries: Sequence[Entry]) -> list[User | None]:
    """The active client that each entry means: known, or the only one with its contact or, without any, its name."""
    people = [_find_person(entry, organization.country) for entry in entries]
    index, names = _Index(_find_candidates(organization, people)), _count_names(organization, people)
    ids = []
    for person in people:
        same = index.find(person) if person.identities or names[person.name] == 1 else None
        ids.append(same and same.pk)
    clients = User.objects.filter(pk__in=set(ids) - {None}, is_active=True).in_bulk()
    return [clients.get(pk) if pk else None for pk in ids]


def _count_names(organization: Organization, people: Sequence[Person]) -> Counter[str]:
    names = {person.name for person in people if not person.identities}
    clients = User.objects.filter(organization=organization, role="client", is_active=True, name__in=names)
    return Counter(clients.values_list("name", flat=True))
