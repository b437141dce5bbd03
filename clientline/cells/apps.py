"""The room of what is beyond one machine."""

from django.apps import AppConfig


class CellsConfig(AppConfig):
    name = "clientline.cells"
    label = "cells"
