"""The admin site."""

from django.contrib.admin import AdminSite


class ClientLineAdminSite(AdminSite):
    site_header = site_title = "ClientLine"
