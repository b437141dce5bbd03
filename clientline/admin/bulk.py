"""Actions over chosen rows of a list: each row through its domain function, each with its outcome."""

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import CHANGE, LogEntry
from django.db import DatabaseError, transaction
from django.http import HttpResponseRedirect
from django.utils.translation import gettext

from clientline.database.refusals import read_refusal_or_raise
from clientline.languages import write_to_keep
from clientline.notations import is_readable_number
from clientline.refusals import Refused

MOST_ROWS = 200
MOST_TOLD = 10


class BulkMixin:
    """For a list's admin. An action names what the policy calls it, and what becomes of one row."""

    def response_action(self, request, *args, **options):
        # What comes with the request differs from one version of Django to the next.
        if all(is_readable_number(pk) for pk in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            return super().response_action(request, *args, **options)
        request.call.once = None  # what was sent did nothing: sent again, it is not known
        self.message_user(request, gettext("Choose rows of the list. Nothing was changed."), messages.ERROR)
        return HttpResponseRedirect(request.get_full_path())

    def perform_on_each(self, request, queryset, *, action, perform, done):
        """Let `perform` change each chosen row that the caller may, under its lock, and say what became of them.

        A row that is refused holds up no other. `done` is the past fact, like "completed", marked lazily.
        """
        chosen = list(queryset.order_by().values_list("pk", flat=True)[: MOST_ROWS + 1])
        if len(chosen) > MOST_ROWS:
            request.call.once = None
            told = gettext("Choose at most %(most)s rows at once. Nothing was changed.") % {"most": MOST_ROWS}
            return self.message_user(request, told, messages.ERROR)
        rows = self.get_permitted_rows(request, action).select_related(*self.list_select_related).filter(pk__in=chosen)
        # In the order of their ids, so that two who choose the same rows do not wait for each other in a circle.
        locked = list(rows.select_for_update(of=("self",), no_key=True).order_by("id"))
        refused = {row.pk: refusal for row in locked if (refusal := self.try_on(perform, row))}
        changed = [row for row in locked if row.pk not in refused]
        logged = [self.choose_logged(row) for row in changed]
        with write_to_keep():
            LogEntry.objects.log_actions(request.user.pk, logged, CHANGE, change_message=done.capitalize())
        return self.tell(
            request, changed, done, [*refused.values(), *self.tell_out_of_reach(len(chosen) - len(locked))]
        )

    def try_on(self, perform, row):
        """Why this row was not changed, as a sentence, or None."""
        try:
            with transaction.atomic():
                perform(row)
        except (Refused, DatabaseError) as error:
            return f"{self.label(row)}: {read_refusal_or_raise(error).detail}"
        return None

    def tell_out_of_reach(self, number):
        return [gettext("%(count)s of the chosen rows are not yours to change.") % {"count": number}] if number else []

    def tell(self, request, changed, done, refused):
        if changed:
            noun = self.get_nouns(request)[len(changed) != 1]
            self.message_user(
                request,
                gettext("%(count)s %(nouns)s %(done)s.") % {"count": len(changed), "nouns": noun, "done": done},
                messages.SUCCESS,
            )
        for told in refused[:MOST_TOLD]:
            self.message_user(request, told, messages.WARNING)
        if len(refused) > MOST_TOLD:
            self.message_user(
                request,
                gettext("%(count)s more were refused, too.") % {"count": len(refused) - MOST_TOLD},
                messages.WARNING,
            )
