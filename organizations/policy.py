"""Who may do what: one table, read by the API, the admin and the commands.

`organizations.tenancy` turns a scope into rows. `docs/owners/access.md` shows the same table; a test compares the two.
"""

from clientline.callers import Caller

NEVER = "–"
EVERYTHING = "all"  # every organization: the platform operator
ORG = "org"  # all rows of the own organization
BELOW = "below"  # its staff and clients
BELOW_AND_SELF = "below, self"  # these, and themselves
KNOWN = "known"  # themselves, and clients who have a visit with them or whom they registered
CLIENTS = "clients"  # clients of the own organization
ASSIGNED = "assigned"  # visits where they are the staff
TEAM = "team"  # the same, and where the organization says that its calendar is the team's, all of its visits
OWN = "own"  # visits where they are the client
SELF = "self"  # themselves, or rows about themselves
ACTIVE = "active"  # what is on offer
TAKEN = "taken"  # payments that they recorded
ONLINE = "online"  # what the page for guests offers, while it is open
LINKED = "link"  # the one visit of the link that they hold

ROLES = ("admin", "manager", "staff", "client")
# Of nobody's row: whoever is on an organization's page for guests, without a sign-in.
GUEST = "guest"

HOURS = ("working_hours", "special_hours", "time_off")

# (resources), (actions), admin, manager, staff, client, guest, operator
TABLE = [
    (("organizations",), ("list", "retrieve"), ORG, ORG, ORG, ORG, ONLINE, EVERYTHING),
    (("organizations",), ("update",), ORG, NEVER, NEVER, NEVER, NEVER, EVERYTHING),
    (("organizations",), ("guest_page",), ORG, ORG, NEVER, NEVER, NEVER, EVERYTHING),
    (("organizations",), ("create", "destroy"), NEVER, NEVER, NEVER, NEVER, NEVER, EVERYTHING),
    (("users",), ("list", "retrieve", "balance"), ORG, ORG, KNOWN, SELF, NEVER, EVERYTHING),
    (("users",), ("create",), ORG, BELOW, CLIENTS, NEVER, SELF, EVERYTHING),
    (("users",), ("update",), ORG, BELOW_AND_SELF, SELF, SELF, NEVER, EVERYTHING),
    (("users",), ("client_notes",), ORG, ORG, KNOWN, NEVER, NEVER, EVERYTHING),
    (("users",), ("bookable_online",), ORG, ORG, NEVER, NEVER, NEVER, EVERYTHING),
    (("users",), ("destroy",), ORG, NEVER, NEVER, NEVER, NEVER, EVERYTHING),
    (("users",), ("import",), ORG, ORG, NEVER, NEVER, NEVER, EVERYTHING),
    (("users",), ("export",), ORG, BELOW, NEVER, SELF, NEVER, EVERYTHING),
    (("users",), ("erase",), ORG, NEVER, NEVER, NEVER, NEVER, EVERYTHING),
    (("services",), ("list", "retrieve"), ORG, ORG, ORG, ACTIVE, ONLINE, EVERYTHING),
    (("services",), ("create", "update", "destroy"), ORG, ORG, NEVER, NEVER, NEVER, EVERYTHING),
    (HOURS, ("list", "retrieve"), ORG, ORG, ORG, NEVER, NEVER, EVERYTHING),
    (HOURS, ("create", "update", "destroy"), ORG, ORG, SELF, NEVER, NEVER, EVERYTHING),
    (("time_off",), ("close",), ORG, ORG, NEVER, NEVER, NEVER, EVERYTHING),
    (("availability",), ("list",), ORG, ORG, ORG, ORG, ONLINE, EVERYTHING),
    (("appointments",), ("list", "retrieve"), ORG, ORG, TEAM, OWN, LINKED, EVERYTHING),
    (("appointments",), ("create",), ORG, ORG, TEAM, OWN, OWN, EVERYTHING),
    (("appointments",), ("update", "internal_notes", "duration", "price"), ORG, ORG, TEAM, NEVER, NEVER, EVERYTHING),
    (("appointments",), ("history",), ORG, ORG, TEAM, OWN, NEVER, EVERYTHING),
    (("appointments",), ("balance", "reschedule", "cancel"), ORG, ORG, TEAM, OWN, LINKED, EVERYTHING),
    (("appointments",), ("complete", "no_show", "bend_rules"), ORG, ORG, TEAM, NEVER, NEVER, EVERYTHING),
    (("appointments",), ("correct", "overbook", "waive_fee", "reprice"), ORG, ORG, NEVER, NEVER, NEVER, EVERYTHING),
    (("appointments",), ("arrive", "change", "undo"), ORG, ORG, TEAM, NEVER, NEVER, EVERYTHING),
    (("appointments",), ("reopen",), ORG, ORG, NEVER, NEVER, NEVER, EVERYTHING),
    (("appointments",), ("destroy",), NEVER, NEVER, NEVER, NEVER, NEVER, NEVER),
    (("payments",), ("list", "retrieve"), ORG, ORG, ASSIGNED, OWN, NEVER, EVERYTHING),
    (("payments",), ("receipt",), ORG, ORG, ASSIGNED, OWN, NEVER, EVERYTHING),
    (("payments",), ("create", "complete", "fail", "give_up"), ORG, ORG, ASSIGNED, NEVER, NEVER, EVERYTHING),
    (("payments",), ("void",), ORG, ORG, TAKEN, NEVER, NEVER, EVERYTHING),
    (("payments",), ("refund",), ORG, ORG, NEVER, NEVER, NEVER, EVERYTHING),
    (("payments",), ("destroy",), NEVER, NEVER, NEVER, NEVER, NEVER, NEVER),
    (("feeds",), ("list", "retrieve", "create", "destroy"), SELF, SELF, SELF, SELF, NEVER, SELF),
    (("messages",), ("list", "retrieve", "preview"), ORG, ORG, ASSIGNED, OWN, NEVER, EVERYTHING),
    (("messages",), ("send_again",), ORG, ORG, ASSIGNED, NEVER, NEVER, EVERYTHING),
    (("message_rules", "message_texts"), ("list", "retrieve"), ORG, ORG, ORG, NEVER, NEVER, EVERYTHING),
    (("message_rules", "message_texts"), ("create", "update", "destroy"), ORG, ORG, NEVER, NEVER, NEVER, EVERYTHING),
    (("reports",), ("list", "export"), ORG, ORG, NEVER, NEVER, NEVER, EVERYTHING),
    (("webhooks",), ("list", "retrieve"), ORG, NEVER, NEVER, NEVER, NEVER, EVERYTHING),
    (("webhooks",), ("create", "update", "destroy", "rotate"), ORG, NEVER, NEVER, NEVER, NEVER, EVERYTHING),
    (("webhooks",), ("test", "send_again"), ORG, NEVER, NEVER, NEVER, NEVER, EVERYTHING),
    (("audit",), ("list",), ORG, NEVER, NEVER, NEVER, NEVER, EVERYTHING),
]

# Keys of a body, which are fields of a form, that only some may fill in: (resource, action) → key → what they need.
OF_THE_DESK = dict.fromkeys(("client_notes", "is_flagged", "external_source", "external_id"), "client_notes")
OF_PEOPLE = OF_THE_DESK | {"bookable_online": "bookable_online"}
GUARDED = {
    ("users", "create"): OF_PEOPLE,
    ("users", "update"): OF_PEOPLE,
    ("organizations", "update"): {"is_active": "destroy"},  # it ends every sign-in, also that of who could undo it
    ("appointments", "create"): {
        "duration": "duration",
        "price": "price",
        "internal_notes": "internal_notes",
        "overbook": "overbook",
    },
    ("appointments", "update"): {"price": "reprice", "price_reason": "reprice", "fee_waived": "waive_fee"},
    ("appointments", "reschedule"): {"overbook": "overbook"},
    ("appointments", "change"): {"price": "reprice", "overbook": "overbook"},
    ("appointments", "cancel"): {"waive_fee": "waive_fee", "on_behalf_of": "bend_rules"},
    ("appointments", "no_show"): {"waive_fee": "waive_fee"},
}

CELLS = {
    (resource, action): dict(zip((*ROLES, GUEST, "operator"), scopes, strict=True))
    for resources, actions, *scopes in TABLE
    for resource in resources
    for action in actions
}

ROLES_IN = {
    EVERYTHING: ROLES,
    ORG: ROLES,
    BELOW: ("staff", "client"),
    BELOW_AND_SELF: ("staff", "client"),
    CLIENTS: ("client",),
}

# What a token lets its bearer do of what their role permits. Browsers' sessions have no such limit.
READ, BOOK, MANAGE = "read", "book", "manage"
TOKEN_SCOPES = (READ, BOOK, MANAGE)
# What BOOK permits beyond reading, by resource; None: every action. Of people it makes clients only.
BOOKING: dict[str, tuple[str, ...] | None] = {"appointments": None, "users": ("create",)}


def find_scope(user: Caller, resource: str, action: str) -> str:
    """The scope in which `user` may do `action`; NEVER for what is not in the table or nobody's."""
    if not user.is_authenticated:
        return NEVER
    column = "operator" if user.is_superuser else user.role
    scope = CELLS.get((resource, action), {}).get(column, NEVER)
    if scope == TEAM:
        return ORG if user.sees_team else ASSIGNED
    return scope


def allows(user: Caller, resource: str, action: str) -> bool:
    """Whether there is any row on which `user` may do `action`."""
    return find_scope(user, resource, action) != NEVER


def find_guarded_keys(resource: str, action: str) -> dict[str, tuple[str, str]]:
    """The keys that not everybody may send who may do `action`, each with the (resource, action) it takes."""
    return {key: (resource, needed) for key, needed in GUARDED[resource, action].items()}


def find_withheld_keys(user: Caller, guarded: dict[str, tuple[str, str]]) -> list[str]:
    """Of such keys those that `user` may not send, in their order."""
    return [key for key, permission in guarded.items() if not allows(user, *permission)]


def find_grantable_roles(user: Caller, action: str) -> tuple[str, ...]:
    """The roles `user` may give when they `action` (create or update) somebody."""
    roles = ROLES_IN.get(find_scope(user, "users", action), ())
    return roles if user.token_scope == MANAGE else tuple(role for role in roles if role == "client")


def permits(token_scope: str, resource: str | None, action: str | None) -> bool:
    """Whether a token of this scope is good for a request that changes something; for reading, each is."""
    if token_scope == BOOK and resource in BOOKING:
        actions = BOOKING[resource]
        return actions is None or action in actions
    return token_scope == MANAGE
