"""What apps, models and columns are called, in the language of whoever reads it."""

import inspect
from collections.abc import Iterator
from pathlib import Path

from django.apps import AppConfig
from django.apps.registry import Apps
from django.db.models import Model
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext

OURS = ("accounts", "appointments", "clientline", "organizations", "payments", "services")

# For what is marked elsewhere: names of models and columns, and what was stored in English.
look_up = gettext
look_up_lazily = lazy(look_up, str)


def mark_names(registry: Apps) -> None:
    """Let the names that Django makes of identifiers, as “late cancellation fee”, be looked up in the catalogues.

    To write each of them out in the models would say everything twice, and change what migrations hold of them.
    """
    for config in _list_apps(registry):
        config.verbose_name = _mark(config.verbose_name)
    for model in _list_models(registry):
        for named in (model._meta, *_list_columns(model)):
            named.verbose_name = _mark(named.verbose_name)
        model._meta.verbose_name_plural = _mark(model._meta.verbose_name_plural)


def _mark(name: str | Promise) -> Promise:
    # The plural that Django makes is lazy, too: a name with an s, which is none in other languages.
    return look_up_lazily(str(name))


def _list_apps(registry: Apps) -> list[AppConfig]:
    return [config for config in registry.get_app_configs() if config.name.partition(".")[0] in OURS]


def _list_models(registry: Apps) -> list[type[Model]]:
    return [model for model in registry.get_models() if model.__module__.partition(".")[0] in OURS]


def _list_columns(model: type[Model]) -> list:
    return [*model._meta.local_fields, *model._meta.local_many_to_many]


def list_names(registry: Apps) -> Iterator[tuple[Path, str]]:
    """The English names of apps, models and columns, each with the module that it is of."""
    for config in _list_apps(registry):
        yield Path(inspect.getfile(type(config))), str(config.verbose_name)
    for model in _list_models(registry):
        named = (each.verbose_name for each in (model._meta, *_list_columns(model)))
        for name in (*named, model._meta.verbose_name_plural):
            yield Path(inspect.getfile(model)), str(name)
