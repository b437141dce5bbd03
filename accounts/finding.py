"""One search, everywhere: lists, suggestions and the box in the head of every page find people by the same words."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, ClassVar, TypeAlias, TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db import connection
from django.db.models import BooleanField, F, Func, Model, OuterRef, Q, QuerySet, Subquery
from django.db.models.lookups import IsNull

from accounts.models import SearchWord
from clientline.notations import is_readable_number
from clientline.search_words import read_terms
from organizations.models import Organization

Row = TypeVar("Row", bound=Model)
MOST_NAMED = 2000  # people by whose keys other rows are asked for
Ends: TypeAlias = Sequence[tuple[Any, Any]]  # of a term: from which word on, before which; or what stands for them


def find_people(
    rows: QuerySet[Row], text: str, *, organization: Organization | None, person: str = "pk", number: str = ""
) -> QuerySet[Row]:
    """Of `rows`, those whose `person` (the name of a key) `text` finds: each of its words and numbers, in any order.

    `organization` is the one that is searched, None all that the connection sees. Words match by their beginnings,
    telephone numbers by either end. `number` names a column that `text` may be, too. A text without a word or number
    finds nobody.
    """
    condition = Q(**{number: int(text)}) if number and is_readable_number(text.strip()) else Q()
    if terms := read_terms(text, organization.country if organization else ""):
        words = SearchWord.objects.filter(organization=organization) if organization else SearchWord.objects.all()
        ends = [[(span.first, span.last) for span in term] for term in terms]
        found = Q(_match_keys(person, words, ends)) if person == "pk" else _match_people_of(person, words, ends)
        condition = _join(rows, condition, found)
    return rows.filter(condition) if condition else rows.none()


def _join(rows: QuerySet[Row], numbered: Q, found: Q) -> Q:
    """A condition for the rows of both, of which either may be empty."""
    # Of two columns of two tables no index tells at once: both are asked for only where both have rows.
    if numbered and found and not rows.filter(numbered).exists():
        return found
    return numbered | found


def _match_people_of(person: str, words: QuerySet[SearchWord], terms: Sequence[Ends]) -> Q:
    """A condition: the key `person` of other rows is one of the people who have all terms; empty where nobody has.

    Few are named in it. Of keys that it does not see PostgreSQL expects as many rows as of anybody: where one client
    has most of them, it walks through all, to find the hundred that somebody else does not have.
    """
    keys = _find_keys(words, terms)
    sql, parameters = keys.query.sql_with_params()
    with connection.cursor() as cursor:
        # All are found, and then some are taken: to find only the first ones PostgreSQL would choose other ways.
        cursor.execute(f"SELECT (ARRAY({sql}))[:{MOST_NAMED + 1}]", parameters)
        (found,) = cursor.fetchone()
    if not found:
        return Q()
    return Q(**{f"{person}__in": sorted(set(found))}) if len(found) <= MOST_NAMED else _look_up(person, words, terms)


def _look_up(person: str, words: QuerySet[SearchWord], terms: Sequence[Ends]) -> Q:
    """The same condition where many are found: each row's person is looked up in the words.

    To compare each row with thousands of keys took longer than a request may, and so did joins of rows and words, for
    which PostgreSQL believes itself to know how many there will be. What has a LIMIT is no join.
    """
    own = words.filter(user=OuterRef(person)).values("user_id")
    return Q(*(IsNull(Subquery(own.filter(_match(term))[:1]), False) for term in terms))


MOST_TERMS = 4  # of a search whose SQL is kept


@dataclass(frozen=True)
class Search:
    """A page of the people who are found by words that are given when it is read; see `clientline.api.reading`.

    `shape` says how many spans each term has: with the page, all that the SQL depends on.
    """

    page: Callable[[QuerySet, Mapping[str, Any]], QuerySet]
    shape: tuple[int, ...]
    # A rare word has to be looked up before a common one.
    depends_on_values: ClassVar = True

    @classmethod
    def prepare(
        cls, page: Callable[[QuerySet, Mapping[str, Any]], QuerySet], text: str, organization: Organization
    ) -> "tuple[Search, dict[str, str]] | None":
        """The search for `text`, and its words by name. None where it has none, or too many to keep its SQL."""
        terms = read_terms(text, organization.country)
        if not 0 < len(terms) <= MOST_TERMS:
            return None
        ends = [end for term in terms for span in term for end in (span.first, span.last)]
        return cls(page, tuple(map(len, terms))), {f"end{number}": end for number, end in enumerate(ends)}

    def __call__(self, rows: QuerySet, values: Mapping[str, Any]) -> QuerySet:
        ends = (values[f"end{number}"] for number in count())
        terms = [[(next(ends), next(ends)) for _ in range(spans)] for spans in self.shape]
        words = SearchWord.objects.filter(organization=values["organization"])
        return self.page(rows.filter(Q(_match_keys("pk", words, terms))), values)


def _match_keys(person: str, words: QuerySet[SearchWord], terms: Sequence[Ends]) -> Func:
    """A condition: the key `person` is one of those of the people who have all terms."""
    # Not as a subquery of the condition: with LIMIT in mind, PostgreSQL would walk through the people in the order
    # of the list and ask for the words of each, and where nobody has them all, that is a million times.
    keys = ArraySubquery(_find_keys(words, terms))
    return Func(F(person), keys, template="(%(expressions)s))", arg_joiner=" = ANY(", output_field=BooleanField())


def _find_keys(words: QuerySet[SearchWord], terms: Sequence[Ends]) -> QuerySet:
    first, *others = (words.filter(_match(term)).values("user_id") for term in terms)
    for other in others:
        first = first.filter(user_id__in=other)
    return first


def _match(term: Ends) -> Q:
    condition = Q()
    for first, last in term:
        condition |= Q(word__gte=first, word__lt=last)
    return condition
