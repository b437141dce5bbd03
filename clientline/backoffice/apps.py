"""The back office is an app of its own, without tables: so Django finds its `admin.py` as it finds any app's."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class BackOfficeConfig(AppConfig):
    name = "clientline.backoffice"


class AdminConfig(DjangoAdminConfig):
    default_site = "clientline.backoffice.site.BackOfficeSite"
