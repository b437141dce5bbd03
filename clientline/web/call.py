"""What ClientLine notes about one request while it is served: `request.call`, made by the first middleware."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from clientline.refusals import Refused

UNREAD = object()


@dataclass(slots=True)
class Call:
    """Django's own attributes, `user` and `session` among them, stay the request's."""

    id: str  # of the request, in its answer, its log line and the audit
    caller: Any = None  # the user that the middleware found, or an AnonymousUser; DRF hides the request's `user`
    caller_id: int | None = None  # None for strangers
    token: Any = None  # the bearer's, None in a session
    has_bad_token: bool = False
    is_confined: bool = False  # whether the request runs in a transaction behind the third wall
    transaction: ExitStack = field(default_factory=ExitStack)
    met_outage: bool = False  # whether it was refused as the database went away, and nothing was saved
    reason: str = ""  # why the request was refused, for its log line
    once: Any = None  # of a request with an Idempotency-Key, what there is to repeat
    refusal: Refused | None = None  # of the admin: why the form that was just sent was not saved
    reached: dict = field(default_factory=dict)  # of the admin: whether a row is in an action's scope, once asked
    acting_in: Any = UNREAD  # of the admin: the organization that an operator has chosen to act in, None for none
