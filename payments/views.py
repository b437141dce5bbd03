"""`/payments` and what follows from them: refunds, receipts, balances and revenue."""

from functools import partial

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from accounts.middleware import step_out_of_transaction
from accounts.models import User
from appointments.models import Appointment
from appointments.parameters import EXPORT_PARAMETERS, REPORT_PARAMETERS, read_export, read_period
from clientline import places
from clientline.api.reading import find_one_or_404
from clientline.api.viewsets import CreateMixin, ReadViewSet, answer_row
from clientline.languages import choose_language
from clientline.web.probes import Endpoint
from organizations.replica import answer_behind
from payments import balances, ledger, online, receipts, reports, totals
from payments.bookkeeping import exports
from payments.filters import PaymentFilter
from payments.models import Payment, Refund
from payments.serializers import (
    BalanceSerializer,
    PaymentSerializer,
    RecordingSerializer,
    RefundingSerializer,
    RefundSerializer,
    RevenueSerializer,
    SettlingSerializer,
    SumOfBalancesSerializer,
    VoidingSerializer,
)


class PaymentViewSet(CreateMixin, ReadViewSet):
    """Recorded and settled by staff and above; never changed or deleted."""

    model = Payment
    resource = "payments"
    serializer_class = PaymentSerializer
    create_class = RecordingSerializer
    filterset_class = PaymentFilter
    orderings = ("created_at",)
    http_method_names = ("get", "head", "post")

    def read(self, select, values=None):
        return _drop_needless_checkout(super().read(select, values))

    def answers(self, queryset):
        return _drop_needless_checkout(super().answers(queryset))

    def perform_create(self, serializer):
        payment = serializer.save()
        pause = step_out_of_transaction(self.request, so_far=partial(self.answer_created, serializer))
        online.settle_with_provider(payment, between=pause)

    def settle(self, perform, input_class=SettlingSerializer):
        """Settle the payment under its row's lock: answers the payment as it is then."""
        payment = self.get_object()
        body = input_class(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        perform(by=self.request.user, payment=payment, now=timezone.now(), **body.validated_data)
        return self.answer_payment(payment)

    @extend_schema(request=SettlingSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request, pk):
        """The money of a pending cash or card payment has come."""
        return self.settle(ledger.complete_payment)

    @extend_schema(request=SettlingSerializer)
    @action(detail=True, methods=["post"])
    def fail(self, request, pk):
        """The money of a pending cash or card payment will not come."""
        return self.settle(ledger.fail_payment)

    @extend_schema(request=SettlingSerializer)
    @action(detail=True, methods=["post"], url_path="give-up")
    def give_up(self, request, pk):
        """Give up an open checkout: its page is closed at the provider, and what comes nevertheless goes back."""
        payment = self.get_object()
        body = SettlingSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        ledger.give_up_checkout(by=request.user, payment=payment, now=timezone.now())
        pause = step_out_of_transaction(request, so_far=partial(self.answer_payment, payment))
        online.settle_with_provider(payment, between=pause)
        return self.answer_payment(payment)

    def answer_payment(self, payment):
        return answer_row(find_one_or_404(self.answers(Payment.objects.filter(pk=payment.pk))))

    @extend_schema(request=VoidingSerializer)
    @action(detail=True, methods=["post"])
    def void(self, request, pk):
        """Cash or card that was typed wrong, on the day it was settled: it counts nowhere, its number stays."""
        return self.settle(ledger.void_payment, VoidingSerializer)

    @extend_schema(responses={(200, "text/html"): OpenApiResponse(OpenApiTypes.STR)})
    @action(detail=True, methods=["get"], pagination_class=None)
    def receipt(self, request, pk):
        """A page to print; 404 until the money has come."""
        payment = self.get_queryset().filter(settled_at__isnull=False, pk=pk).first()
        if payment is None:
            raise Http404
        # It is for the client, whoever prints it.
        client = payment.appointment.client
        with translation.override(choose_language(client.language, payment.organization.language)):
            return _render_receipt(request, payment)


def _render_receipt(request, payment):
    places.enter(payment.organization)
    told = receipts.describe_receipt(payment)
    # The desk comes from the visit's page; clients have none.
    is_of_desk = request.user.may("payments", "create")
    page = reverse("admin:appointments_appointment_change", args=[payment.appointment_id])
    told["back"] = page if is_of_desk else ""
    told["is_narrow"] = request.query_params.get("paper") == "80mm"
    return render(request, "payments/receipt.html", told)


def _drop_needless_checkout(answers):
    """Only what is paid online is paid at an address."""
    for answer in answers:
        if answer["payment_method"] != Payment.Method.ONLINE:
            answer.pop("checkout_url", None)
    return answers


class RefundViewSet(ReadViewSet):
    """What was given back of one payment."""

    model = Refund
    resource = "payments"
    named_model = Payment
    serializer_class = RefundSerializer
    policy_actions = {"list": "retrieve", "create": "refund"}
    http_method_names = ("get", "head", "post")

    @classmethod
    def rows(cls, caller, path, action):
        return super().rows(caller, path, action).filter(payment=path["payment"])

    def named_rows(self):
        return self.named_model.objects.visible_to(self.request.user, self.resource, self.policy_action).filter(
            pk=self.kwargs["payment"]
        )

    def list(self, request, payment):
        if not self.named_rows().exists():
            raise Http404
        return super().list(request)

    @extend_schema(request=RefundingSerializer, responses={201: RefundSerializer})
    def create(self, request, payment):
        """Give back a part or all that is left. An online refund may still be pending in the answer."""
        payment = self.get_object()
        body = RefundingSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        refund = ledger.refund_payment(by=request.user, payment=payment, now=timezone.now(), **body.validated_data)
        pause = step_out_of_transaction(request, so_far=partial(self.answer_created, refund))
        online.settle_with_provider(refund, between=pause)
        return self.answer_created(refund)

    def answer_created(self, refund):
        return Response(find_one_or_404(self.answers(Refund.objects.filter(pk=refund.pk))), status=201)


class BalanceView(Endpoint):
    """What visits cost, what was paid for them and what is due."""

    policy_action, action = "balance", "get"

    def answer(self, organization, figures):
        return Response({"currency": organization.currency} | figures)


class VisitBalanceView(BalanceView):
    resource = "appointments"

    @extend_schema(responses=BalanceSerializer)
    def get(self, request, pk):
        """What is due for a visit."""
        visits = Appointment.objects.visible_to(request.user, self.resource, self.policy_action).filter(pk=pk)
        visit = visits.select_related("organization").first()
        if visit is None:
            raise Http404
        return self.answer(visit.organization, balances.find_balance(visit))


class ClientBalanceView(BalanceView):
    resource = "users"

    @extend_schema(responses=SumOfBalancesSerializer)
    def get(self, request, pk):
        """What is due from a client for the visits that the caller may see."""
        people = User.objects.visible_to(request.user, self.resource, self.policy_action)
        person = people.select_related("organization").filter(pk=pk).first()
        if person is None:
            raise Http404
        sums = totals.sum_totals(totals.select_totals(request.user, "balance").filter(client=person))
        return self.answer(person.organization, {name: sums[name] for name in (*balances.FIGURES, "credit")})


class MovementsView(Endpoint):
    resource = "reports"
    policy_action, action = "export", "get"

    @extend_schema(parameters=EXPORT_PARAMETERS, responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY)})
    def get(self, request):
        """A file with one line for each movement of money, by the local day of each, for bookkeeping."""
        period, form, separators = read_export(request.query_params, request.user)
        name, content = exports.export_movements(by=request.user, period=period, form=form, separators=separators)
        charset = "windows-1252" if form == "datev" else "utf-8"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(content, content_type=f"text/csv; charset={charset}", headers=headers)


class RevenueView(Endpoint):
    resource = "reports"
    policy_action, action = "list", "get"  # one called list would be documented as a list of answers

    @extend_schema(parameters=REPORT_PARAMETERS, responses=RevenueSerializer)
    def get(self, request):
        """What was taken and refunded, by the local day of each."""
        period = read_period(request.query_params, request.user, reports.GROUPINGS)
        return Response(answer_behind(lambda: reports.report_revenue(period), by=request.user))
