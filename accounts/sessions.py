"""Where browsers' sessions are kept: Django's store, with whose it is, from where, and when it was last used."""

from functools import cache
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from accounts.last_use import IDLE_LASTS, OPERATORS_IDLE_LASTS, match_used_since
from accounts.models import Session
from clientline.database.prepared import Given, Objects


@cache
def _find_living() -> Objects:
    """The session of a key, in use; every page asks it, so that it is compiled once."""
    in_use = match_used_since(Given("operators_since"), Given("since"))
    return Objects(Session.objects.filter(in_use, session_key=Given("key"), expire_date__gt=Given("now")))


class SessionStore(db.SessionStore):
    """Django's middleware makes one per request; ours tells it `address` and `agent`, for a session that may begin."""

    row = None
    address, agent = None, ""

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def load(self) -> dict[str, Any]:
        now = timezone.now()
        moments = {"now": now, "operators_since": now - OPERATORS_IDLE_LASTS, "since": now - IDLE_LASTS}
        self.row = next(iter(_find_living().rows(moments | {"key": self.session_key})), None)
        if self.row is None:
            self.delete()  # or Django would go on with one that nobody has used for too long
            return super().load()  # which forgets the key
        return self.decode(self.row.session_data)

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        fresh = super().create_model_instance(data)
        # Signing in changes the key, lest somebody planted it: then it is another row, with a beginning of its own.
        if self.row is None or self.row.session_key != fresh.session_key:
            self.row = Session(session_key=fresh.session_key, address=self.address, agent=self.agent)
        self.row.session_data, self.row.expire_date = fresh.session_data, fresh.expire_date
        self.row.user_id = data.get(SESSION_KEY)
        return self.row
