"""Which keys not everybody may send is in the policy, once for the API and the back office."""

from django.contrib.auth.models import AnonymousUser

from accounts.serializers import UserSerializer
from appointments.serializers import (
    AppointmentSerializer,
    BookingSerializer,
    CancelSerializer,
    ChangeSerializer,
    NoShowSerializer,
    RescheduleSerializer,
)
from clientline.backoffice.appointments.booking import BookingForm
from clientline.backoffice.appointments.visit_moves import VISIT_MOVES
from clientline.tests.problems import problem
from organizations import policy
from organizations.serializers import OrganizationSerializer

BODIES = {
    ("users", "create"): UserSerializer.Meta.guarded,
    ("users", "update"): UserSerializer.Meta.guarded,
    ("organizations", "update"): OrganizationSerializer.Meta.guarded,
    ("appointments", "create"): BookingSerializer.Meta.guarded,
    ("appointments", "update"): AppointmentSerializer.Meta.guarded,
    ("appointments", "reschedule"): RescheduleSerializer.guarded,
    ("appointments", "change"): ChangeSerializer.guarded,
    ("appointments", "cancel"): CancelSerializer.guarded,
    ("appointments", "no_show"): NoShowSerializer.guarded,
}
FORMS = {
    ("appointments", "create"): BookingForm.guarded,
    ("appointments", "reschedule"): VISIT_MOVES["reschedule"].form.guarded,
    ("appointments", "change"): VISIT_MOVES["alter"].form.guarded,
    ("appointments", "cancel"): VISIT_MOVES["cancel"].form.guarded,
    ("appointments", "no_show"): VISIT_MOVES["no-show"].form.guarded,
}


def test_bodies_guard_what_the_policy_says():
    assert {asked: policy.find_guarded_keys(*asked) for asked in policy.GUARDED} == BODIES


def test_forms_guard_what_bodies_do():
    for asked, guarded in FORMS.items():
        assert BODIES[asked].items() <= guarded.items(), asked


def test_each_guarded_key_takes_something_that_the_table_knows():
    needed = {permission for asked in policy.GUARDED for permission in policy.find_guarded_keys(*asked).values()}
    assert needed <= policy.CELLS.keys()


def test_what_staff_may_not_send_is_withheld_in_its_order(salon):
    booking = policy.find_guarded_keys("appointments", "create")
    assert policy.find_withheld_keys(salon.manager, booking) == []
    assert policy.find_withheld_keys(salon.staff, booking) == ["overbook"]
    assert policy.find_withheld_keys(salon.client, booking) == ["duration", "price", "internal_notes", "overbook"]


OF_THE_DESK = ["client_notes", "is_flagged", "external_source", "external_id"]
# Of each action those that staff may not send, and those that clients may not.
WITHHELD = {
    ("users", "create"): (["bookable_online"], [*OF_THE_DESK, "bookable_online"]),
    ("users", "update"): (["bookable_online"], [*OF_THE_DESK, "bookable_online"]),
    ("organizations", "update"): (["is_active"], ["is_active"]),
    ("appointments", "create"): (["overbook"], ["duration", "price", "internal_notes", "overbook"]),
    ("appointments", "update"): (["price", "price_reason", "fee_waived"], ["price", "price_reason", "fee_waived"]),
    ("appointments", "reschedule"): (["overbook"], ["overbook"]),
    ("appointments", "change"): (["price", "overbook"], ["price", "overbook"]),
    ("appointments", "cancel"): (["waive_fee"], ["waive_fee", "on_behalf_of"]),
    ("appointments", "no_show"): (["waive_fee"], ["waive_fee"]),
}


def test_what_the_policy_withholds_of_each_action_is_this(salon):
    """The policy and what reads it would lose a key together."""
    callers = (salon.staff, salon.client)
    found = {
        asked: tuple(policy.find_withheld_keys(caller, policy.find_guarded_keys(*asked)) for caller in callers)
        for asked in policy.GUARDED
    }
    assert found == WITHHELD


def test_whoever_cancels_waives_no_fee_of_their_own(salon, api):
    path = f"/appointments/{salon.visit.pk}/cancel"
    for caller in (salon.client, salon.staff):
        assert problem(api(caller).post(path, {"waive_fee": True})) == (403, "permission_denied")
    assert problem(api(salon.client).post(path, {"on_behalf_of": "organization"})) == (403, "permission_denied")
    assert api(salon.client).post(path, {"waive_fee": False}).status_code == 200


# Who may give which roles, to whom they register and to whom they change.
GRANTABLE = {
    "admin": (policy.ROLES, policy.ROLES),
    "manager": (("staff", "client"), ("staff", "client")),
    "staff": (("client",), ()),
    "client": ((), ()),
}


def test_the_roles_that_each_may_give(salon):
    assert policy.find_scope(AnonymousUser(), "users", "create") == policy.NEVER
    found = {
        role: tuple(policy.find_grantable_roles(getattr(salon, role), action) for action in ("create", "update"))
        for role in policy.ROLES
    }
    assert found == GRANTABLE
