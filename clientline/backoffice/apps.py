"""The back office is an app of its own, without tables: so Django finds its `admin.py` as it finds any app's."""

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig


class BackOfficeConfig(AppConfig):
    name = "clientline.backoffice"


class AdminConfig(SimpleAdminConfig):
    """Registers nothing: that is the root urls' (`clientline/urls.py`), which what serves no pages does not import."""

    default_site = "clientline.backoffice.site.BackOfficeSite"
