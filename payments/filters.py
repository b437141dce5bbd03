from django_filters import ChoiceFilter, FilterSet

from accounts.filters import PeopleSearchFilter
from appointments.filters import AppointmentFilter
from clientline.api.filters import IdFilter, InstantFilter
from payments import totals
from payments.models import Payment

# For `?due=true` of visits, which is asked of pages and API alone: whoever imports these filters has it.
AppointmentFilter.find_owing = staticmethod(totals.find_owing)


class PaymentFilter(FilterSet):
    appointment = IdFilter(field_name="appointment_id")
    client = IdFilter(field_name="appointment__client_id")
    status = ChoiceFilter(choices=Payment.Status)
    payment_method = ChoiceFilter(choices=Payment.Method)
    created_from = InstantFilter(field_name="created_at", lookup_expr="gte")
    created_to = InstantFilter(field_name="created_at", lookup_expr="lt")

    search = PeopleSearchFilter("appointment__client", number="receipt_number")

    class Meta:
        model = Payment
        fields = []
