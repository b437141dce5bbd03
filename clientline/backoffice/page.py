"""What the pages of the back office share."""

from django.contrib import admin
from django.template.response import TemplateResponse


def render_page(request, template, *, title, **context):
    """A page inside the admin's frame; `template` is below admin/backoffice/."""
    context = admin.site.each_context(request) | {"title": title, **context}
    return TemplateResponse(request, f"admin/backoffice/{template}", context)
