"""Messages, reminders, texts and calendar feeds as the back office shows them."""

from django.contrib import admin, messages
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from procrastinate.contrib.django.models import ProcrastinateJob

from clientline import places
from clientline.admin.base import ClientLineModelAdmin, render_pill
from clientline.admin.lists import ChoicesFilter
from clientline.backoffice.moves import Move, MoveForm, MovesMixin
from clientline.reach.calendars import feeds
from clientline.reach.calendars.models import Feed
from clientline.reach.messages import previews, rules, texts
from clientline.reach.messages.delivery.again import UNDER_WAY, send_again
from clientline.reach.messages.delivery.telling import WITH_VISIT, explain, identify_message
from clientline.reach.messages.models import Message, MessageRule, MessageText
from clientline.reach.messages.placeholders import PLACEHOLDERS
from services.models import Service

# Registered by procrastinate itself, past the policy; operators look at the queue in the metrics.
admin.site.unregister(ProcrastinateJob)


@admin.register(Message)
class MessageAdmin(MovesMixin, ClientLineModelAdmin):
    """To read, and to send again: what is planned follows from visits."""

    resource = "messages"
    is_logged_by_name = False
    list_display = ("due_at", "kind", "channel", "to", "pill", "why", "visit", "organization")
    list_filter = ("state", "kind", "channel", ("organization", ChoicesFilter))
    list_select_related = WITH_VISIT
    ordering = ("-id",)
    change_fields = readonly_fields = (
        "visit",
        "kind",
        "channel",
        "to",
        "pill",
        "why",
        "due_at",
        "sent_at",
        "attempts",
        "message_id",
        "provider_id",
    )
    change_form_template = "admin/reach/message.html"
    subject, move_related = "message", WITH_VISIT
    moves = {
        "send-again": Move(
            _("Send again"),
            ("messages", "send_again"),
            MoveForm,
            send_again,
            lambda message, now: message.state not in UNDER_WAY,
            _("It is sent within a minute."),
            at_once=True,
        )
    }

    def get_queryset(self, request):
        return super().get_queryset(request).select_related(*WITH_VISIT)

    def identify_state(self, row):
        return identify_message(row)

    @admin.display(description=_("state"))
    def pill(self, message):
        return render_pill(message.state, message.get_state_display())

    @admin.display(description=_("why"))
    def why(self, message):
        return explain(message)

    @admin.display(description=_("visit"))
    def visit(self, message):
        url = reverse("admin:appointments_appointment_change", args=[message.appointment_id])
        return format_html('<a href="{}">{}</a>', url, message.appointment)

    def render_change_form(self, request, context, obj=None, **kwargs):
        places.enter(obj.organization)
        context |= {
            "says": previews.preview_message(obj),
            "buttons": self.open_moves(request, [obj])[obj.pk],
            "seen": self.identify_state(obj),
        }
        return super().render_change_form(request, context, obj=obj, **kwargs)


@admin.register(MessageRule)
class MessageRuleAdmin(ClientLineModelAdmin):
    """When clients are reminded; where nothing is said, a day before by mail."""

    resource = "message_rules"
    list_display = ("minutes_before", "channel", "service", "organization")
    list_filter = ("channel", ("organization", ChoicesFilter))
    list_select_related = ("service", "organization")
    ordering = ("id",)
    autocomplete_fields = ("organization", "service")
    choices = {"service": lambda caller: Service.objects.visible_to(caller, "services")}
    add_fields = ("organization", "service", "minutes_before", "channel")
    change_fields = ("service", "minutes_before", "channel")
    help_texts = {"minutes_before": _("Minutes before the visit: 60 are an hour, 1440 a day, 2880 two days")}

    def create(self, request, values):
        return rules.add_rule(**values)

    def update(self, request, row, changes):
        return rules.change_rule(rule=row, changes=changes)


@admin.register(MessageText)
class MessageTextAdmin(ClientLineModelAdmin):
    """An organization's own words, with what they say about an example below."""

    resource = "message_texts"
    list_display = ("kind", "channel", "language", "subject", "organization")
    list_filter = ("kind", "channel", ("organization", ChoicesFilter))
    list_select_related = ("organization",)
    ordering = ("id",)
    autocomplete_fields = ("organization",)
    add_fields = ("organization", "kind", "channel", "language", "subject", "body")
    change_fields = ("kind", "channel", "language", "subject", "body")
    change_form_template = "admin/reach/text.html"

    def create(self, request, values):
        return texts.add_text(**values)

    def update(self, request, row, changes):
        return texts.change_text(text=row, changes=changes)

    def render_change_form(self, request, context, obj=None, **kwargs):
        context |= {"placeholders": PLACEHOLDERS, "says": _preview(obj) if obj else None}
        return super().render_change_form(request, context, obj=obj, **kwargs)


@admin.register(Feed)
class FeedAdmin(ClientLineModelAdmin):
    """One's own: made, shown this once, and ended."""

    resource = "feeds"
    list_display = ("purpose", "detail", "pill", "last_read_at", "created_at")
    list_select_related = ("user__organization",)
    ordering = ("id",)
    add_fields = ("purpose", "detail")
    change_fields = (*add_fields, "pill", "last_read_at", "created_at")
    readonly_fields = change_fields
    labels = {"detail": _("What it tells")}
    help_texts = {"purpose": _("What it is for, as “My telephone”"), "detail": ""}
    add_form_template = "admin/reach/feed.html"

    def keep_to_one(self, request, rows):
        return rows  # an operator's own, in whichever organization they act

    @admin.display(description=_("standing"))
    def pill(self, feed):
        if feeds.has_ended(feed):
            return render_pill("cancelled", _("Ended: password or role changed"))
        return render_pill("completed", _("Active"))

    def create(self, request, values):
        feed, token = feeds.make_feed(user=request.user, now=timezone.now(), **values)
        told = _("The address, shown this once: %(address)s") % {"address": feeds.write_address(token)}
        self.message_user(request, told, messages.WARNING)
        return feed


def _preview(text):
    told = {name: getattr(text, name) for name in ("kind", "channel", "language", "subject", "body")}
    return previews.preview_text(organization=text.organization, now=timezone.now(), **told)
