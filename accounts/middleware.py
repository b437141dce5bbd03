"""One transaction per request, confined to the caller's organization: the third wall."""

import logging
from contextlib import contextmanager

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import DatabaseError, InterfaceError, connection, transaction
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from accounts import second_factor, tokens
from accounts.last_use import is_use_old, write_use
from clientline import places
from clientline.database.refusals import find_reason
from clientline.refusals import Moved, Moving, Throttled
from clientline.web.addresses import find_address, find_network
from clientline.web.answers import answer_refusal
from clientline.web.error_pages import ADMIN_PREFIX, GUEST_PREFIXES
from clientline.web.languages import speak_to
from clientline.web.rates import rates
from clientline.web.shares import organizations
from organizations import audit, policy
from organizations.idempotency import identify_request
from organizations.origin import Origin, origin
from organizations.tenancy import confine_transaction, release

logger = logging.getLogger(__name__)
SAFE = ("GET", "HEAD", "OPTIONS")


class CallerMiddleware:
    """Last in the list. Opens the transaction once the view is known, so that `unconfined` views go without.

    It commits before the answer leaves, and rolls back whatever is answered with status 400 and up: Django
    has turned exceptions into answers by then, so they alone would not undo anything.
    """

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        origin.set(Origin(_name_door(request.path_info), request.call.id))
        connection.has_committed = False
        with request.call.transaction:
            response = self.get_response(request)
            # Not where the connection was lost between two transactions: there is none.
            if request.call.is_confined and connection.in_atomic_block:
                _end_transaction(request, response)
        if request.call.is_confined:
            release()
        places.leave()
        _remember_use(request)
        if response.status_code == 403 and request.method not in SAFE:
            _remember_refusal(request)
        origin.set(Origin())
        return response

    def process_view(self, request, view, args, kwargs):
        if getattr(view, "public", False):
            return None
        call = request.call
        if not getattr(view, "unconfined", False):
            call.transaction.enter_context(transaction.atomic())
            call.is_confined = True  # not earlier: without a database there is no transaction to roll back
        identify = identify_session if hasattr(request, "session") else identify_bearer
        try:
            identify(request, confined=call.is_confined)
        except (Moved, Moving) as refusal:
            return answer_refusal(request, refusal)
        call.caller = request.user
        if request.user.is_authenticated:
            call.caller_id = request.user.pk
            timezone.activate(request.user.organization.zone)
            speak_to(request)
            _remember_organization(request)
        refusal = _limit_calls(request) or _refuse_beyond_scope(request, view) or _lead_to_enrolment(request, view)
        if call.is_confined and refusal is None:
            call.once = identify_request(request)
        return refusal


def _end_transaction(request, response):
    if response.status_code >= 400:
        transaction.set_rollback(True)
    elif request.method not in SAFE:
        connection.confirm()  # also where nothing had to be changed: whoever asked is told that it is so


def _name_door(path):
    """What the audit calls the way in."""
    if path.startswith(GUEST_PREFIXES):
        return "guest"
    return "admin" if path.startswith(ADMIN_PREFIX) else "api"


def _remember_organization(request):
    """For the server, which lets each organization have its share of the threads."""
    cookie = request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    credential = request.META["HTTP_AUTHORIZATION"] if request.call.token else cookie
    organizations.remember(credential, request.user.organization_id)


def _limit_calls(request):
    """The refusal of a caller who has called too often, or None."""
    caller = request.call.caller_id or find_network(request)
    limit = settings.RATE_LIMIT if request.call.caller_id else settings.RATE_LIMIT_BY_ADDRESS
    wait = rates.seconds_to_wait(caller, limit)
    return answer_refusal(request, Throttled(retry_after=wait)) if wait else None


def _refuse_beyond_scope(request, view):
    """The refusal of a change that the caller's token is not good for, or None."""
    token, view_class = request.call.token, getattr(view, "cls", None)
    if token is None or request.method in SAFE or getattr(view, "open_to_any_token", False):
        return None
    action = getattr(view, "actions", {}).get(request.method.lower())
    named = getattr(view_class, "policy_actions", {}).get(action, action)
    if policy.permits(token.scope, getattr(view_class, "resource", None), named):
        return None
    return answer_refusal(request, tokens.InsufficientScope(token.scope))


def _lead_to_enrolment(request, view):
    """Where somebody is led of whom a second factor is wanted that they have not set up, or None."""
    if _answers_before_enrolment(request, view) or not second_factor.has_to_enrol(request.user):
        return None
    if request.path_info.startswith(ADMIN_PREFIX):
        return HttpResponseRedirect(reverse("admin:second_factor"))
    return answer_refusal(request, second_factor.SecondFactorRequired())


def _answers_before_enrolment(request, view):
    unconfined = not request.call.is_confined
    if request.call.caller_id and request.user.is_superuser:
        return getattr(view, "before_enrolment", unconfined)
    return unconfined or not request.call.caller_id


@contextmanager
def step_out_of_transaction(request, so_far=None):
    """Commit what the request did so far, run the block without a transaction, and go on in a second one.

    A provider is called here: it may take seconds, while locks would be held, and a rollback would not undo it.
    `so_far()` is the answer to whoever repeats the request, should it end here; one with a key needs it.
    """
    call = request.call
    if call.once:
        call.once.keep(so_far(), is_final=False)
    call.transaction.close()
    release()
    try:
        yield
    finally:
        call.transaction.enter_context(transaction.atomic())
        confine_to(request.user)


def confine_to(user):
    confine_transaction(organization_id=user.organization_id, user_id=user.pk, operator=user.is_superuser)


def identify_bearer(request, *, confined):
    scheme, _, secret = request.META["HTTP_AUTHORIZATION"].partition(" ")
    found = tokens.find_bearer(secret.strip(), confined=confined) if scheme.lower() == "bearer" else None
    request.call.token, request.call.has_bad_token = found, found is None
    request.user = found.user if found else AnonymousUser()
    if found is None and confined:
        confine_transaction(organization_id=None)


def identify_session(request, *, confined):
    user = request.user  # reads session and user, which the tenants' role may not
    if not confined:
        return
    if user.is_authenticated:
        confine_to(user)
    else:
        confine_transaction(organization_id=None)


def _remember_use(request):
    """After the commit: a failure here must not turn what was done into an error."""
    try:
        # A session has a row once it is read; who neither sent a token nor has signed in uses nothing.
        used = request.call.token or getattr(getattr(request, "session", None), "row", None)
        if used is not None and is_use_old(used, now := timezone.now()):
            write_use(used, now=now, address=find_address(request))
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The last use of a token or session could not be written: %s", find_reason(error))


def _remember_refusal(request):
    """After the rollback, which would take the event with it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return
    try:
        audit.record_event("refused", by=user, method=request.method, path=request.path)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("The refusal of a %s could not be written: %s", request.method, find_reason(error))
