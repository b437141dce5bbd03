"""What can be done with a receiver: a call to see whether it hears, and another secret."""

from django import forms
from django.utils.translation import gettext_lazy as _

from clientline.backoffice.moves import Move, MoveForm
from clientline.reach.webhooks import endpoints
from clientline.reach.webhooks.deliveries import write_test


class RotationForm(MoveForm):
    hours = forms.IntegerField(
        min_value=0,
        max_value=endpoints.MOST_HOURS,
        initial=endpoints.USUAL_HOURS,
        label=_("Hours for which the former secret signs, too"),
        help_text=_("Until then the receiver may know either. 0 where somebody knows it who should not."),
    )
    about = _("A new secret is made, and shown once on the next page.")


def _can_be_called(endpoint, now):
    return endpoint.is_active


def _can_be_rotated(endpoint, now):
    return True


ENDPOINT_MOVES = {
    "test": Move(
        _("Test"),
        ("webhooks", "test"),
        MoveForm,
        lambda *, by, now, endpoint: write_test(endpoint=endpoint, now=now),
        _can_be_called,
        _("It is called in a moment. Look at its calls below."),
        at_once=True,
    ),
    "rotate": Move(
        _("New secret"),
        ("webhooks", "rotate"),
        RotationForm,
        lambda *, by, now, endpoint, hours: endpoints.rotate_secret(endpoint=endpoint, now=now, hours=hours),
        _can_be_rotated,
        _("From now on calls are signed with the new secret."),
    ),
}
