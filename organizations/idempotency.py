"""Idempotency keys: a POST that is sent again does nothing, and is answered as it was the first time."""

import hashlib
import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.db import connection
from django.http import HttpResponse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from clientline.api.renderers import JSONRenderer
from clientline.refusals import FieldRefused, Forbidden, Refused
from organizations.models import IdempotencyKey

HEADER = "Idempotency-Key"
SEARCHED = "q"  # the parameter of the admin's lists
NO_CONTENT = 204
KEY = re.compile(r"[ -~]{1,255}")
KEPT_FOR = timedelta(hours=24)
# Between two transactions, while a provider is asked, nothing is locked. Whoever takes longer than this has died.
ASKING_ENDS_WITHIN = timedelta(minutes=1)
LOCK = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
WAIT = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"
REWRITTEN = ["role", "fingerprint", "status", "body", "location", "etag", "is_final", "created_at"]


class InProgress(Refused):
    code = "request_in_progress"
    detail = gettext_lazy("The same request is still running. Send it again in a moment.")
    retry_after = 1  # seconds


class KeyReused(Refused):
    status = 422
    code = "idempotency_key_reused"
    detail = gettext_lazy("This Idempotency-Key came with another request within the last 24 hours.")


class AnswerErased(Refused):
    code = "answer_erased"
    detail = gettext_lazy("This was done before. Its answer told of somebody whose data have been erased since.")


class Once:
    """One POST with a key: ask for `earlier_answer` before doing anything, and `keep` the answer with the effect.

    Both belong into the transaction of the effect: the lock ends with it, and only what is committed is kept.
    """

    def __init__(self, request: Any) -> None:
        self.user, self.key = request.user, request.headers[HEADER]
        self.fingerprint = hashlib.sha256(f"{request.method} {request.path_info}\n".encode() + request.body).digest()
        self.began_at = timezone.now()

    def find_earlier_answer(self) -> HttpResponse | None:
        """What the same request was answered, or None. Raises FieldRefused, InProgress, KeyReused and Forbidden."""
        if not KEY.fullmatch(self.key):
            raise FieldRefused(HEADER, "invalid", gettext("Send 1 to 255 printable ASCII characters."))
        kept = self.find_kept()
        if kept is None:
            return None
        self.refuse_unequal(kept)
        return _replay_answer(kept)

    def find_kept(self) -> IdempotencyKey | None:
        """The row of the same request, or None; whoever sends it meanwhile does not get as far."""
        self.lock()
        rows = IdempotencyKey.objects.filter(user=self.user.pk, key=self.key)
        return rows.filter(created_at__gt=self.began_at - KEPT_FOR).first()

    def lock(self) -> None:
        """Until the transaction ends. Raises InProgress."""
        # Tried before the row is looked for: inserting the same key would wait for the other request, not refuse.
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [f"idempotency:{self.user.pk}:{self.key}"])
            if not cursor.fetchone()[0]:
                raise InProgress

    def refuse_unequal(self, kept: IdempotencyKey) -> None:
        """Raises KeyReused, AnswerErased, InProgress and Forbidden where the row's answer is none for this request."""
        if bytes(kept.fingerprint) != self.fingerprint:
            raise KeyReused
        if not kept.body and kept.status != NO_CONTENT:
            raise AnswerErased
        if not kept.is_final and kept.created_at > self.began_at - ASKING_ENDS_WITHIN:
            raise InProgress
        if kept.role != self.user.role:  # it may hold what the caller must no longer see
            raise Forbidden(gettext("You have another role than when this was answered."))

    def keep(self, response: Any, *, is_final: bool = True) -> None:
        """Store the answer. Not final is what is committed before a provider is asked: it counts if we die there."""
        row = IdempotencyKey(
            organization_id=self.user.organization_id,
            user=self.user,
            role=self.user.role,
            key=self.key,
            fingerprint=self.fingerprint,
            status=response.status_code,
            body=self.render(response),
            location=self.locate(response),
            etag=response.get("ETag", ""),
            is_final=is_final,
            created_at=self.began_at,
        )
        IdempotencyKey.objects.bulk_create(
            [row], update_conflicts=True, unique_fields=["user", "key"], update_fields=REWRITTEN
        )

    def render(self, response: Any) -> bytes:
        return JSONRenderer().render(response.data)

    def locate(self, response: Any) -> str:
        """Where the answer leads, '' where nowhere."""
        return response.get("Location", "")


class FormOnce(Once):
    """One form of the admin, by the key that its page carried, whatever stands in it the second time."""

    def __init__(self, request: Any, key: str) -> None:
        self.user, self.began_at = request.user, timezone.now()
        digest = hashlib.sha256(f"{request.path_info}\n{key}".encode())
        self.key, self.fingerprint = f"form {digest.hexdigest()}", digest.digest()

    def lock(self) -> None:
        # Waits: of two clicks a browser shows only what the second was answered.
        with connection.cursor() as cursor:
            cursor.execute(WAIT, [f"idempotency:{self.user.pk}:{self.key}"])

    def render(self, response: Any) -> bytes:
        return b""

    def locate(self, response: Any) -> str:
        """Where it led; without what was searched for there, which may be somebody's name."""
        path, _, query = response["Location"].partition("?")
        kept = urlencode([(name, value) for name, value in parse_qsl(query) if name != SEARCHED])
        return f"{path}?{kept}" if kept else path


def identify_request(request: Any) -> Once | None:
    """The Once of a caller's POST with a key, else None."""
    if request.method == "POST" and HEADER in request.headers and request.user.is_authenticated:
        return Once(request)
    return None


def _replay_answer(kept: IdempotencyKey) -> HttpResponse:
    response = HttpResponse(bytes(kept.body), content_type=JSONRenderer.media_type, status=kept.status)
    response["Idempotent-Replayed"] = "true"
    for header, value in (("Location", kept.location), ("ETag", kept.etag)):
        if value:
            response[header] = value
    return response


def purge(*, now: datetime) -> int:
    """Delete the keys that nobody can use any more. Returns how many."""
    return IdempotencyKey.objects.filter(created_at__lte=now - KEPT_FOR).delete()[0]
