"""`/payments`: recorded by staff and above, never changed or deleted by hand."""

from clientline.viewsets import CreateMixin, ReadViewSet
from payments.filters import PaymentFilter
from payments.models import Payment
from payments.serializers import PaymentSerializer, RecordingSerializer


class PaymentViewSet(CreateMixin, ReadViewSet):
    model = Payment
    resource = "payments"
    serializer_class = PaymentSerializer
    create_class = RecordingSerializer
    filterset_class = PaymentFilter
    orderings = ("created_at",)
