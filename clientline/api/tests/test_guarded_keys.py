"""Which keys not everybody may send is in the policy, once for the API and the back office."""

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
