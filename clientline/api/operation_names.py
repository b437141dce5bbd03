"""What each operation of the API document is called: `cancelAppointment`, "Cancel appointment", and its tag.

The verb is the action's, the noun the row's; where that would not be said by anybody, it stands here.
"""

import re

# In the order in which somebody who begins would use them.
TAGS = {
    "auth": "Sign in and out, tokens for programs, second factors, and what acts for you.",
    "organizations": "The businesses. All other rows belong to one, and no organization sees another's.",
    "services": "What can be booked: how long it takes, what it costs, and who performs it.",
    "users": "The team and its clients: one table, told apart by `role`.",
    "working-hours": "When somebody works in every week.",
    "special-hours": "The hours of one date, in place of the weekly ones.",
    "time-off": "Absences of one person, closures of all, and public holidays.",
    "availability": "Free times: advice by the same rules that booking keeps.",
    "appointments": "Visits: booked, moved, cancelled, completed, and what happened to each.",
    "payments": "Money that came for a visit, refunds, receipts.",
    "reports": "Figures over local dates.",
    "exports": "Lists of any length as files, and files for the bookkeeper.",
    "messages": "What clients are told by mail and text message, and what became of it.",
    "message-rules": "Which of these are sent, and when.",
    "message-texts": "In which words.",
    "feeds": "Addresses at which the calendars of other programs read the team's visits.",
    "webhooks": "Programs that are told what happens, and what became of each call.",
    "audit": "Who changed what, and what else happened.",
    "operations": "For those who run the server.",
}
VERBS = {
    "list": "list",
    "create": "create",
    "retrieve": "get",
    "update": "replace",
    "partial_update": "update",
    "destroy": "delete",
}
NAMES = {
    "GET /availability": "listFreeTimes",
    "POST /appointments": "bookAppointment",
    "POST /appointments/series": "bookSeries",
    "POST /appointments/group": "bookGroup",
    "POST /appointments/{id}/no-show": "markNoShow",
    "POST /appointments/{id}/arrive": "markArrival",
    "POST /appointments/{id}/undo": "undoMove",
    "GET /appointments/{id}/history": "listAppointmentHistory",
    "GET /appointments/{id}/balance": "getAppointmentBalance",
    "GET /users/{id}/balance": "getUserBalance",
    "GET /users/{id}/export": "exportUser",
    "GET /users/{id}/erase": "previewErasure",
    "POST /users/{id}/erase": "eraseUser",
    "POST /payments": "recordPayment",
    "POST /payments/{id}/give-up": "giveUpCheckout",
    "GET /payments/{id}/receipt": "getReceipt",
    "GET /payments/{payment}/refunds": "listRefunds",
    "POST /payments/{payment}/refunds": "refundPayment",
    "POST /payments/callbacks/{provider}": "receiveProviderCall",
    "GET /time-off/holidays": "proposeHolidays",
    "POST /time-off/holidays": "closeOnHolidays",
    "POST /auth/login": "signIn",
    "POST /auth/logout": "signOut",
    "GET /auth/me": "getCaller",
    "POST /auth/password": "changePassword",
    "GET /auth/second-factor": "getSecondFactor",
    "POST /auth/second-factor": "setUpSecondFactor",
    "DELETE /auth/second-factor": "removeSecondFactor",
    "GET /auth/sessions": "listSignIns",
    "DELETE /auth/sessions/{id}": "endSignIn",
    "GET /reports/utilization": "reportUtilization",
    "GET /reports/no-shows": "reportNoShows",
    "GET /reports/revenue": "reportRevenue",
    "GET /exports/movements": "exportMovements",
    "POST /exports": "requestFile",
    "GET /exports/{id}": "getFileProgress",
    "GET /exports/{id}/file": "downloadFile",
    "DELETE /exports/{id}": "deleteFile",
    "POST /webhooks/{id}/rotate": "rotateSecret",
    "POST /webhooks/{webhook}/test": "testWebhook",
    "GET /webhooks/{webhook}/deliveries/{id}": "getDelivery",
    "POST /webhooks/{webhook}/deliveries/{id}/send-again": "sendAgain",
    "GET /audit": "listChanges",
    "GET /": "checkHealth",
    "GET /live": "checkLiveness",
    "GET /ready": "checkReadiness",
    "GET /metrics": "getMetrics",
}
PLURALS = {"hours": "hours", "off": "off"}  # working hours, time off: the words are the same for one and for many


def name_operation(method: str, path: str, action: str) -> str:
    """The operationId, a verb and what it is done to; `action` is the view's, as DRF calls it."""
    if said := NAMES.get(f"{method} {path}"):
        return said
    words = [word for word in path.strip("/").split("/") if not word.startswith("{")]
    if action in VERBS:
        return VERBS[action] + _write_noun(words[-1], many=action == "list")
    return _join(action.split("_"))[:1].lower() + _join(action.split("_"))[1:] + _write_noun(words[0], many=False)


def summarize_operation(name: str) -> str:
    """`cancelAppointment` as "Cancel appointment"."""
    return re.sub("[A-Z]", lambda found: f" {found[0].lower()}", name).capitalize()


def choose_tag(path: str) -> str:
    """The group in which a path stands: its first word, or that of those who run the server."""
    word = path.strip("/").split("/")[0]
    return word if word in TAGS else "operations"


def _write_noun(word: str, *, many: bool) -> str:
    *before, last = word.split("-")
    return _join([*before, last if many else PLURALS.get(last) or last.removesuffix("s")])


def _join(words: list[str]) -> str:
    return "".join(word.capitalize() for word in words)
