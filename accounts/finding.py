"""One search, everywhere: lists, suggestions and the box in the head of every page find people by the same words."""

from typing import TypeVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, F, Func, Model, Q, QuerySet

from accounts.models import SearchWord
from clientline.api.fields import is_readable_number
from clientline.search_words import Term, read_terms
from organizations.models import Organization

Row = TypeVar("Row", bound=Model)


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
        condition |= Q(_match_keys(person, organization, terms))
    return rows.filter(condition) if condition else rows.none()


def _match_keys(person: str, organization: Organization | None, terms: list[Term]) -> Func:
    """A condition: the key `person` is one of those of the people who have all terms."""
    words = SearchWord.objects.filter(organization=organization) if organization else SearchWord.objects.all()
    # Not as a subquery of the condition: with LIMIT in mind, PostgreSQL would walk through the people in the order
    # of the list and ask for the words of each, and where nobody has them all, that is a million times.
    keys = ArraySubquery(_find_keys(words, terms))
    return Func(F(person), keys, template="(%(expressions)s))", arg_joiner=" = ANY(", output_field=BooleanField())


def _find_keys(words: QuerySet[SearchWord], terms: list[Term]) -> QuerySet:
    first, *others = (words.filter(_match(term)).values("user_id") for term in terms)
    for other in others:
        first = first.filter(user_id__in=other)
    return first


def _match(term: Term) -> Q:
    condition = Q()
    for span in term:
        condition |= Q(word__gte=span.first, word__lt=span.last)
    return condition
