"""One page per move of a row: what it asks, the domain function that does it, a button where it is open now."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.http import Http404, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy

from clientline import places
from clientline.admin.forms import Refusable
from clientline.backoffice.money.provider import settle_and_tell
from clientline.backoffice.page import render_page
from clientline.database.refusals import read_refusal_or_raise
from clientline.refusals import Refused
from organizations import policy

STALE = gettext_lazy(
    "This was changed meanwhile, perhaps because it was sent twice. Look at it again before you send it."
)


class MoveForm(Refusable, forms.Form):
    """What a move asks. `guarded` fields are there only for who may use them; `seen` is what the page showed.

    More than a VersionedForm's version: money that is taken or given back leaves that of its row as it was. And here
    sending it again does something again, where there it stores the same.
    """

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    guarded = {}
    about = ""  # what one should know before
    emphasis = ""  # how the message looks that tells it was done

    def __init__(self, *args, caller, row, **kwargs):
        super().__init__(*args, **kwargs)
        self.caller, self.row, self.label_suffix = caller, row, ""
        for name in policy.find_withheld_keys(caller, self.guarded):
            del self.fields[name]
        self.choose()
        for first in self.visible_fields()[:1]:
            first.field.widget.attrs["autofocus"] = True

    def choose(self):
        """Fill in what the row says, and limit the choices to what this caller may name for it."""

    def show(self):
        """Called before the page is drawn, for what a form that is sent does not need."""

    def add_refusal(self, refusal):
        if refusal.code == "invalid_transition":
            refusal.detail = refusal.detail.replace("_", "-")  # a no-show
        super().add_refusal(refusal)

    def get_figures(self):
        """Amounts as they were understood, by the names that `done` has for them."""
        return {}

    def get_details(self):
        """What the domain function is told."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen" and value not in (None, "")}


@dataclass(frozen=True)
class Move:
    """`is_open(row, now)` says when it is offered; `at_once`, or `at_once(row)`, that its button asks nothing more.

    `done` may name the form's `figures`. `is_offered` is False where a message offers it, in place of a button, and
    `scope` says what moves along if the form does not.
    """

    label: str
    permission: tuple
    form: type
    perform: callable
    is_open: callable
    done: str
    at_once: Callable | bool = False
    question: str = gettext_lazy("Are you sure?")
    template: str = "move.html"
    find_undo: callable = None
    is_offered: bool = True
    scope: str = ""

    def asks_nothing(self, row):
        return self.at_once(row) if callable(self.at_once) else self.at_once


def tell_with_undo(move, caller, row, made, told):
    """What was done, with a link that takes it back, where that can be done."""
    undo = move.find_undo and move.find_undo(caller, row, made)
    if not undo:
        return told
    url, body = undo
    return format_html('{} <a class="undo" href="{}" data-body="{}">{}</a>', told, url, body, gettext("Undo"))


@dataclass
class Button:
    name: str
    label: str
    url: str
    at_once: bool
    classes: str = "quiet"


class MovesMixin:
    """For a model's admin. `moves` are its moves by name, `subject` what their functions call the row."""

    moves = {}
    subject = ""
    move_related = ("organization",)

    def get_urls(self):
        views = {name: partial(self.move_view, name=name) for name in self.moves}
        return [*self.list_pages_of_a_row(views), *super().get_urls()]

    def identify_state(self, row):
        """What two people must not both act upon: sent twice, it is done once."""
        return str(row.version)

    def get_home_url(self, request, row):
        """Where one goes from a move's page, done or not."""
        return reverse(f"admin:{self.name_page('change')}", args=[row.pk])

    def link_move(self, row, name):
        return reverse(f"admin:{self.name_page(name)}", args=[row.pk])

    def open_moves(self, request, rows, query=""):
        """The buttons of each row by its id: the moves that are open now to the caller. One query per scope."""
        now, reached, pks = timezone.now(), {}, [row.pk for row in rows]

        def reaches(permission, row):
            scope = policy.find_scope(request.user, *permission)
            if scope not in reached:
                permitted = self.model.objects.visible_to(request.user, *permission).filter(pk__in=pks)
                reached[scope] = set(permitted.values_list("pk", flat=True))
            return row.pk in reached[scope]

        return {
            row.pk: [
                Button(name, move.label, self.link_move(row, name) + query, move.asks_nothing(row))
                for name, move in self.moves.items()
                if move.is_offered and move.is_open(row, now) and reaches(move.permission, row)
            ]
            for row in rows
        }

    def move_view(self, request, object_id, name):
        move = self.moves[name]
        row = self.find(request, object_id, move)
        places.enter(row.organization)
        form = self.form_for(request, move, row)
        if not form.is_bound and not move.is_open(row, timezone.now()):  # a page of long ago led here
            self.message_user(
                request, gettext("%(move)s: not possible as it stands now.") % {"move": move.label}, messages.ERROR
            )
            return HttpResponseRedirect(self.get_home_url(request, row))
        if form.is_bound and form.is_valid() and not self.is_stale(move, row, form):
            done, made = self.try_to_perform(request, move, row, form)
            if done:
                note = settle_and_tell(request, made, url=self.get_home_url(request, row))
                told = note or tell_with_undo(move, request.user, row, made, move.done.format(**form.get_figures()))
                level = messages.WARNING if note else messages.SUCCESS
                self.message_user(request, told, level, extra_tags=form.emphasis)
                return HttpResponseRedirect(self.get_home_url(request, row))
        form.show()
        return render_page(
            request,
            move.template,
            title=move.label,
            row=row,
            subject=self.label(row),
            back=self.get_home_url(request, row),
            form=form,
            move=move,
            opts=self.opts,
            media=self.media + form.media,
        )

    def find(self, request, object_id, move):
        """The row, locked when it is about to be moved. Raises PermissionDenied and Http404."""
        if not self.admin_site.has_permission(request) or not request.user.may(*move.permission):
            raise PermissionDenied
        rows = self.keep_to_one(request, self.model.objects.visible_to(request.user, *move.permission))
        rows = rows.select_related(*self.move_related)
        if request.method == "POST":
            rows = rows.select_for_update(of=("self",), no_key=True)
        row = rows.filter(pk=object_id).first()
        if row is None:
            raise Http404
        return row

    def form_for(self, request, move, row):
        """Bound to what was sent, unless that only asks for the free times of another day."""
        asked = {"caller": request.user, "row": row}
        seen = {"seen": self.identify_state(row)}
        if request.method != "POST":
            return move.form(initial=seen, **asked)
        if "look" in request.POST:
            return move.form(initial=request.POST.dict() | seen, **asked)
        return move.form(request.POST, **asked)

    def is_stale(self, move, row, form):
        """Whether somebody was quicker. A move that is no longer open at all is the domain's to refuse."""
        seen = self.identify_state(row)
        if form.cleaned_data.get("seen") in ("", seen) or not move.is_open(row, timezone.now()):
            return False
        form.add_error(None, STALE)
        form.data = form.data.copy()
        form.data["seen"] = seen
        return True

    def try_to_perform(self, request, move, row, form):
        """Whether the domain did it, and what that made; what it refused becomes an error of the form."""
        try:
            with transaction.atomic():
                made = move.perform(by=request.user, now=timezone.now(), **{self.subject: row}, **form.get_details())
                self.log_change(request, row, move.label)
        except (Refused, DatabaseError) as error:
            form.add_refusal(read_refusal_or_raise(error))
            return False, None
        return True, made
