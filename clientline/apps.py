"""The foundation's app: commands, templates and the database checks every app shares."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class ClientLineConfig(AppConfig):
    name = "clientline"


class AdminConfig(DjangoAdminConfig):
    default_site = "clientline.backoffice.site.BackOfficeSite"
