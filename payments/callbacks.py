"""What comes from outside without a token: the providers' callbacks, and the pages on which clients pay."""

from collections.abc import Mapping

from django.conf import settings
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.response import Response

from clientline.refusals import FieldRefused
from clientline.web.probes import Endpoint
from payments import gateway, online
from payments.gateways.simulator import SimulatorGateway


def receive_callback(provider: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Settle what a provider's callback tells. Raises Http404 and FieldRefused where it cannot be the provider's."""
    if provider not in gateway.GATEWAYS or provider != settings.PAYMENT_PROVIDER:
        raise Http404
    try:
        event = gateway.open_gateway(provider).read_event(body, headers)
    except gateway.BadSignature as error:
        raise FieldRefused(None, "invalid", _("The signature does not fit the body, or it is too old.")) from error
    if event is not None:
        online.settle_event(event, now=timezone.now())


class CallbackView(Endpoint):
    """Verified, then settled: once, however often it comes, and in any order."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(request=None, responses={204: None}, auth=[])
    def post(self, request, provider):
        """For payment providers: what became of a payment or a refund."""
        receive_callback(provider, self.django_request.body, request.headers)
        return Response(status=204)


class SimulatorView(View):
    """The simulator's page, on which a demo's client pays or gives up."""

    def dispatch(self, request, reference):
        self.payment = SimulatorGateway().describe(reference) if settings.PAYMENT_PROVIDER == "simulator" else None
        if self.payment is None:
            raise Http404
        return super().dispatch(request, reference)

    def get(self, request, reference):
        return render(request, "payments/simulator.html", {"payment": self.payment})

    def post(self, request, reference):
        outcome = gateway.COMPLETED if request.POST.get("outcome") == gateway.COMPLETED else gateway.FAILED
        receive_callback("simulator", *SimulatorGateway().finish(reference, outcome))
        return redirect("thanks" if outcome == gateway.COMPLETED else request.path)
