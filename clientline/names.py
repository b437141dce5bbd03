"""What models and their columns are called, in the language of whoever reads it."""

import inspect
from collections.abc import Iterable, Iterator
from pathlib import Path

from django.db.models import Model
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext

OURS = ("accounts", "appointments", "clientline", "organizations", "payments", "services")

# For what is marked elsewhere: names of models and columns, and what was stored in English.
look_up = gettext
_look_up_when_read = lazy(look_up, str)


def mark_names(models: Iterable[type[Model]]) -> None:
    """Let the names that Django makes of identifiers, as “late cancellation fee”, be looked up in the catalogues.

    To write each of them out in the models would say everything twice, and change what migrations hold of them.
    """
    for model in filter(_is_ours, models):
        for field in [*model._meta.local_fields, *model._meta.local_many_to_many]:
            field.verbose_name = _mark(field.verbose_name)
        model._meta.verbose_name = _mark(model._meta.verbose_name)
        model._meta.verbose_name_plural = _mark(model._meta.verbose_name_plural)


def _mark(name: str | Promise) -> Promise:
    # The plural that Django makes is lazy, too: a name with an s, which is none in other languages.
    return _look_up_when_read(str(name))


def _is_ours(model: type[Model]) -> bool:
    return model.__module__.partition(".")[0] in OURS


def list_names(models: Iterable[type[Model]]) -> Iterator[tuple[Path, str]]:
    """The English names of models and columns, each with the module that it is of."""
    for model in filter(_is_ours, models):
        named = [model._meta, *model._meta.local_fields, *model._meta.local_many_to_many]
        for name in (*(each.verbose_name for each in named), model._meta.verbose_name_plural):
            yield Path(inspect.getfile(model)), str(name)
