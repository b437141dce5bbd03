"""Who of a client file is known already: nobody is matched silently, and a second run of a file makes nobody.

Known is whose number in the other product is here, or whose name is here together with their address, telephone or
birthday; a line that tells nothing but a name, whose name is here. Families share addresses and telephones, so those
alone tell that somebody is similar, and no more.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import connection
from django.utils.functional import cached_property

from accounts.client_files.entries import Entry
from accounts.models import User
from clientline.folding import fold_words
from clientline.telephones import write_e164
from organizations.models import Organization

Key = tuple[str, ...]
# Addresses, numbers and names come as one text, a line for each: as arrays or one by one they would take longer to
# write down than all else. Without the empty ones, which half of the clients have, and so that indexes are used.
_CANDIDATES = """
    SELECT coalesce(merged_into_id, id), name, email, contact_email, phone_e164, birthday, external_source, external_id
    FROM users
    WHERE organization_id = %s AND role = 'client' AND (
        (contact_email <> '' AND contact_email = ANY (string_to_array(%s, E'\\n')))
        OR email = ANY (string_to_array(%s, E'\\n'))
        OR (phone_e164 <> '' AND phone_e164 = ANY (string_to_array(%s, E'\\n')))
        OR birthday = ANY (%s::date[])
        OR (external_id <> '' AND external_source = ANY (%s::text[]) AND external_id = ANY (%s::text[]))
        OR name = ANY (string_to_array(%s, E'\\n'))
    )
    ORDER BY is_active DESC, id
"""


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

    @cached_property
    def folded_name(self) -> str:
        """One for all spellings: the words in any order, without case and accents."""
        return " ".join(sorted(fold_words(self.name)))

    @cached_property
    def contacts(self) -> list[Key]:
        """What families may share."""
        return [*(("email", each) for each in sorted(self.emails)), *([("phone", self.phone)] if self.phone else [])]

    @cached_property
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
    """Every client who may be one of these people, merged records too: they lead to the one that stays.

    Who is active comes first: an old record with the same telephone must not stand before the one that is kept.
    """
    emails = "\n".join(set().union(*(person.emails for person in people)))
    numbers = [person.number for person in people if person.number[1]]
    told: list[Any] = [
        organization.pk,
        emails,
        emails,
        "\n".join({person.phone for person in people}),
        list({person.birthday for person in people} - {None}),
        list({source for source, _ in numbers}),
        list({number for _, number in numbers}),
        "\n".join({person.name for person in people if not person.identities}),
    ]
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, told)
        for pk, name, email, contact_email, phone, birthday, *number in cursor:
            yield Person(name, frozenset({contact_email, email} - {""}), phone, birthday, (number[0], number[1]), pk=pk)


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
