"""The page of a webhook: where it leads, what it is told, and each call of late with its attempts."""

from django import forms
from django.contrib import admin, messages
from django.http import Http404, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from clientline import places, wording
from clientline.admin.base import ClientLineModelAdmin, render_pill
from clientline.admin.lists import ChoicesFilter
from clientline.backoffice.moves import MovesMixin
from clientline.backoffice.webhooks.endpoint_moves import ENDPOINT_MOVES
from clientline.backoffice.webhooks.standing import describe_standing
from clientline.reach.webhooks import deliveries, endpoints
from clientline.reach.webhooks.models import TYPES, WebhookDelivery, WebhookEndpoint

SHOWN = 50  # calls; the API has the others
FAILURES = {
    "address": _("leads to no public server"),
    "name": _("no server has this name"),
    "unreachable": _("no answer"),
    "certificate": _("its certificate is not good for this name"),
    "tls": _("no encryption that both know"),
    "timeout": _("no answer in 15 seconds"),
    "protocol": _("what answered speaks no HTTP"),
    "redirect": _("it leads elsewhere, where nobody is called"),
    "status": "",
}


class WebhookAdmin(MovesMixin, ClientLineModelAdmin):
    resource = "webhooks"
    list_display = ("url", "description", "standing", "organization")
    list_filter = ("is_active", ("organization", ChoicesFilter))
    list_select_related = ("organization",)
    search_fields = ("url", "description")
    ordering = ("id",)
    autocomplete_fields = ("organization",)
    add_fields = ("organization", "url", "description", "events")
    readonly_fields = ("disabled_reason", "failing_since", "former_secret_until", "created_at")
    change_fields = (*add_fields, "is_active", *readonly_fields)
    change_form_template = "admin/backoffice/webhook.html"
    labels = ClientLineModelAdmin.labels | {"url": _("Address")}
    help_texts = {"url": _("Of the program that is called, like https://example.com/webhooks")}
    moves = ENDPOINT_MOVES
    subject = "endpoint"

    def get_urls(self):
        again = self.admin_site.admin_view(self.send_again)
        own = [path("<int:object_id>/again/<int:delivery>/", again, name=self.name_page("again"))]
        return [*own, *super().get_urls()]

    @admin.display(description=_("standing"))
    def standing(self, endpoint):
        return render_pill(*describe_standing(endpoint))

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name != "events":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        chosen = [(name, name) for name in TYPES]
        return forms.MultipleChoiceField(
            choices=chosen, widget=forms.CheckboxSelectMultiple, show_hidden_initial=True, label=_("Events")
        )

    def render_change_form(self, request, context, obj=None, **kwargs):
        if obj:
            places.enter(obj.organization)
            told = WebhookDelivery.objects.filter(endpoint=obj).with_attempts().order_by("-id")[:SHOWN]
            context |= {
                "buttons": self.open_moves(request, [obj])[obj.pk],
                "seen": self.identify_state(obj),
                "standing": describe_standing(obj),
                "calls": [self.describe_call(each, obj) for each in told],
                "subtitle": None,
            }
        return super().render_change_form(request, context, obj=obj, **kwargs)

    def describe_call(self, delivery, endpoint):
        return {
            "delivery": delivery,
            "at": wording.write_moment(delivery.created_at),
            "due": wording.write_moment(delivery.due_at) if delivery.due_at and delivery.attempts.all() else "",
            "attempts": [_describe_attempt(each) for each in delivery.attempts.all()],
            "again": reverse(f"admin:{self.name_page('again')}", args=[endpoint.pk, delivery.pk]),
        }

    # Saving

    def create(self, request, values):
        endpoint = endpoints.create_endpoint(by=request.user, now=timezone.now(), **values)
        self.tell_secret(request, endpoint)
        return endpoint

    def update(self, request, row, changes):
        return endpoints.change_endpoint(endpoint=row, changes=changes)

    def delete_model(self, request, obj):
        endpoints.remove_endpoint(endpoint=obj)

    def try_to_perform(self, request, move, row, form):
        done, made = super().try_to_perform(request, move, row, form)
        if isinstance(made, WebhookEndpoint):
            self.tell_secret(request, made)
        return done, made

    def tell_secret(self, request, endpoint):
        told = _("The secret, shown this once: %(secret)s") % {"secret": endpoint.secret}
        self.message_user(request, told, messages.WARNING)

    def send_again(self, request, object_id, delivery):
        """Make one call again. A page that is only asked for does nothing."""
        endpoint = self.get_row(request, "send_again", object_id)
        rows = WebhookDelivery.objects.filter(endpoint=endpoint, pk=delivery).select_for_update(no_key=True)
        if request.method == "POST":
            row = rows.first()
            if row is None:
                raise Http404
            self.perform_again(request, row)
        return HttpResponseRedirect(self.get_home_url(request, endpoint))

    def perform_again(self, request, delivery):
        try:
            deliveries.send_again(delivery=delivery, now=timezone.now())
        except deliveries.EndpointDisabled as refusal:
            self.message_user(request, refusal.detail, messages.ERROR)
        else:
            self.message_user(request, _("It is called in a moment."), messages.SUCCESS)


def _describe_attempt(attempt):
    said = FAILURES.get(attempt.failure, "")
    status = _("status %(status)s") % {"status": attempt.status} if attempt.status else ""
    return {
        "at": wording.write_moment(attempt.at),
        "text": ", ".join(filter(None, map(str, (status, said)))),
        "milliseconds": attempt.milliseconds,
        "failed": bool(attempt.failure),
    }
