"""The foundation's app: commands, templates and the database checks every app shares."""

from django.apps import AppConfig
from django.contrib import admin
from django.contrib.admin.apps import AdminConfig as DjangoAdminConfig


class ClientLineConfig(AppConfig):
    name = "clientline"


class AdminConfig(DjangoAdminConfig):
    default_site = "clientline.backoffice.site.BackOfficeSite"

    def ready(self):
        super().ready()
        from clientline.backoffice.registry import register

        register(admin.site)
