"""`/working-hours`, `/special-hours`, `/time-off` and `/appointments`."""

from dataclasses import dataclass

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.response import Response

from appointments import availability, booking, history, reports
from appointments.amendments import alterations, joint_moves, presence, undoing
from appointments.amendments.companions import LAST_MOVE, hold_companions
from appointments.answers import (
    AvailabilitySerializer,
    ClosedSerializer,
    GroupBookedSerializer,
    HistorySerializer,
    NoShowsSerializer,
    ProposalSerializer,
    SeriesBookedSerializer,
    UtilizationSerializer,
    describe_openings,
    describe_proposal,
)
from appointments.filters import AppointmentFilter, SpecialHoursFilter, TimeOffFilter, WorkingHoursFilter
from appointments.models import Appointment, SpecialHours, TimeOff, WorkingHours
from appointments.parameters import (
    AVAILABILITY_PARAMETERS,
    HOLIDAYS_PARAMETERS,
    REPORT_PARAMETERS,
    find_organization,
    read_period,
    read_search,
    read_year,
)
from appointments.serializers import (
    AppointmentForClientSerializer,
    AppointmentSerializer,
    ArriveSerializer,
    BookingSerializer,
    CancelSerializer,
    ChangeSerializer,
    ClosingSerializer,
    CompleteSerializer,
    CorrectSerializer,
    GroupSerializer,
    NoShowSerializer,
    ReopenSerializer,
    RescheduleSerializer,
    SeriesSerializer,
    SpecialHoursSerializer,
    TimeOffSerializer,
    UndoSerializer,
    WorkingHoursSerializer,
)
from appointments.working_time import public_holidays, roster
from clientline.api.dispatch import StraightReads
from clientline.api.pagination import Page
from clientline.api.reading import find_one_or_404
from clientline.api.renderers import Answer
from clientline.api.schema import says_what_it_strands
from clientline.api.viewsets import ClientLineViewSet, CreateMixin, ReadViewSet, UpdateMixin, answer_row
from clientline.web.probes import Endpoint
from organizations.replica import answer_behind


@dataclass(frozen=True)
class PageOfPresent:
    """A page of the rows that hold today or later; `today` is given with the values."""

    page: Page

    def __call__(self, rows, values):
        return self.page(rows.holding_from(values["today"]), values)


class HoursViewSet(ClientLineViewSet):
    """Answers to changes say how many coming visits they leave without their person."""

    def destroy(self, request, pk):
        """Answers 204; the header `Stranded` says how many visits this leaves without their person."""
        stranded = roster.remove_row(row=self.get_object(), now=timezone.now())
        return Response(status=204, headers={"Stranded": str(len(stranded))})


@says_what_it_strands(WorkingHoursSerializer)
class WorkingHoursViewSet(HoursViewSet):
    """Lists show what holds today or later; with `all=true` also what is over."""

    model = WorkingHours
    resource = "working_hours"
    serializer_class = WorkingHoursSerializer
    filterset_class = WorkingHoursFilter

    def find_today(self):
        return self.request.user.organization.find_local_date(timezone.now())

    def read(self, select, values=None):
        if self.action == "list":
            return super().read(PageOfPresent(select), {**(values or {}), "today": self.find_today()})
        return super().read(select, values)

    def get_queryset(self):
        rows = super().get_queryset()
        if self.action != "list" or getattr(self, "swagger_fake_view", False):
            return rows
        return rows if self.request.query_params.get("all") == "true" else rows.holding_from(self.find_today())


@says_what_it_strands(SpecialHoursSerializer)
class SpecialHoursViewSet(HoursViewSet):
    model = SpecialHours
    resource = "special_hours"
    serializer_class = SpecialHoursSerializer
    filterset_class = SpecialHoursFilter


@says_what_it_strands(TimeOffSerializer)
class TimeOffViewSet(HoursViewSet):
    model = TimeOff
    resource = "time_off"
    serializer_class = TimeOffSerializer
    filterset_class = TimeOffFilter
    policy_actions = HoursViewSet.policy_actions | {"holidays": "close", "close_on_holidays": "close"}

    def answered_keys(self, answer):
        return [row["id"] for row in answer.get("time_off", [answer])]

    @extend_schema(parameters=HOLIDAYS_PARAMETERS, responses=ProposalSerializer)
    @action(detail=False, methods=["get"], pagination_class=None, filterset_class=None)
    def holidays(self, request):
        """Public holidays of a year, and the visits that a closure would hit. Nothing is closed by itself."""
        organization, year = read_year(request.query_params, request.user)
        found = public_holidays.propose_holidays(organization=organization, year=year, now=timezone.now())
        return Response(describe_proposal(organization, year, found))

    @extend_schema(request=ClosingSerializer, responses={201: ClosedSerializer})
    @holidays.mapping.post
    def close_on_holidays(self, request):
        """Close the whole organization on these public holidays, in whole days. What is closed already stays."""
        body = ClosingSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        organization = find_organization(body.validated_data.get("organization"), request.user)
        dates = body.validated_data["dates"]
        rows = public_holidays.close_on_holidays(organization=organization, dates=dates, now=timezone.now())
        answers = self.answers(TimeOff.objects.filter(pk__in=[row.pk for row in rows]).order_by("from_date"))
        stranded = {pk for row in rows for pk in row.strands}
        return Response({"time_off": answers, "stranded": len(stranded)}, status=201)


def read_scope(body):
    """The `scope` of a body that nobody has looked at yet."""
    return body.get("scope") if isinstance(body, dict) else None


class AppointmentViewSet(CreateMixin, UpdateMixin, ReadViewSet):
    """Visits are booked, moved and annotated here; nothing deletes them."""

    model = Appointment
    resource = "appointments"
    serializer_class = AppointmentSerializer
    create_class = BookingSerializer
    filterset_class = AppointmentFilter
    orderings = ("appointment_date", "created_at")
    http_method_names = ("get", "head", "post", "patch")
    policy_actions = {"partial_update": "update", "book_series": "create", "book_group": "create"}

    @classmethod
    def answer_class(cls, caller):
        insider = caller.may(cls.resource, "internal_notes")
        return AppointmentSerializer if insider else AppointmentForClientSerializer

    def answer(self, serializer):
        """A visit just booked knows all it refers to: there is nothing to read again."""
        if self.action != "create":
            return super().answer(serializer)
        return self.answer_class(self.request.user).reader().read_object(serializer.instance)

    def list_answered_keys(self, answer):
        return [visit["id"] for visit in answer.get("appointments", [answer])]

    def transition(self, input_class, perform, scope=None):
        """Read the body, then change the visit under its row's lock: answers the visit as it is then.

        What goes with it in the body's `scope`, or in this one, is locked before.
        """
        hold_companions(self.named_rows(), scope or read_scope(self.request.data))
        visit = self.get_object()
        body = input_class(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        perform(by=self.request.user, visit=visit, now=timezone.now(), **body.validated_data)
        return answer_row(find_one_or_404(self.answers(Appointment.objects.filter(pk=visit.pk))))

    @extend_schema(request=RescheduleSerializer)
    @action(detail=True, methods=["post"])
    def reschedule(self, request, pk):
        """Move the visit to another time, or to somebody else; with it the later ones of its series, or its group."""
        return self.transition(RescheduleSerializer, joint_moves.reschedule_together)

    @extend_schema(request=CancelSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request, pk):
        """Cancel the visit, or with it the later ones of its series, or all of its group."""
        return self.transition(CancelSerializer, joint_moves.cancel_together)

    @extend_schema(request=CompleteSerializer)
    @action(detail=True, methods=["post"])
    def complete(self, request, pk):
        """The visit took place."""
        return self.transition(CompleteSerializer, booking.complete)

    @extend_schema(request=NoShowSerializer)
    @action(detail=True, methods=["post"], url_path="no-show")
    def no_show(self, request, pk):
        """The client did not come."""
        return self.transition(NoShowSerializer, booking.mark_no_show)

    @extend_schema(request=CorrectSerializer)
    @action(detail=True, methods=["post"])
    def correct(self, request, pk):
        """Turn completed into no-show, or back."""
        return self.transition(CorrectSerializer, booking.correct)

    @extend_schema(request=ChangeSerializer)
    @action(detail=True, methods=["post"])
    def change(self, request, pk):
        """Give the visit another service, length, client or price, where it is; price and policy are asked anew."""
        return self.transition(ChangeSerializer, alterations.change_visit)

    @extend_schema(request=ArriveSerializer)
    @action(detail=True, methods=["post"])
    def arrive(self, request, pk):
        """The client is there, and with `in_service` the visit has begun: marks with a time, the status stays."""
        return self.transition(ArriveSerializer, presence.mark_arrived)

    @extend_schema(request=ReopenSerializer)
    @action(detail=True, methods=["post"])
    def reopen(self, request, pk):
        """Schedule a cancelled visit again, while its place is free."""
        return self.transition(ReopenSerializer, undoing.reopen)

    @extend_schema(request=UndoSerializer)
    @action(detail=True, methods=["post"])
    def undo(self, request, pk):
        """Take back your last move of the visit, and of those moved with it, while nothing else has happened."""
        return self.transition(UndoSerializer, undoing.undo, scope=LAST_MOVE)

    @extend_schema(responses=HistorySerializer)
    @action(detail=True, methods=["get"], pagination_class=None)
    def history(self, request, pk):
        """What happened to the visit, newest first."""
        visit = self.get_queryset().filter(pk=pk).first()
        if visit is None:
            raise Http404
        return Response({"results": history.show_history(request.user, visit)})

    @extend_schema(request=SeriesSerializer, responses={201: SeriesBookedSerializer})
    @action(detail=False, methods=["post"], url_path="series", url_name="series")
    def book_series(self, request):
        """Book the same time every few weeks: all of it, or with `on_conflict: skip` what is possible."""
        body = SeriesSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        booked = body.save()
        visits = Appointment.objects.filter(organization=body.organization.pk, series=booked.series)
        answer = {
            "series": str(booked.series),
            "appointments": self.answers(visits.order_by("appointment_date", "id")),
            "skipped": [
                {"appointment_date": timezone.localtime(instant), "code": refusal.code}
                for instant, refusal in booked.skipped
            ],
        }
        return Response(answer, status=201)

    @extend_schema(request=GroupSerializer, responses={201: GroupBookedSerializer})
    @action(detail=False, methods=["post"], url_path="group", url_name="group")
    def book_group(self, request):
        """Book consecutive visits of one client in one go, all of them or none."""
        body = GroupSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        booked = body.save()
        visits = Appointment.objects.filter(organization=body.organization.pk, group=booked.group)
        appointments = self.answers(visits.order_by("appointment_date", "id"))
        return Response({"group": str(booked.group), "appointments": appointments}, status=201)


class AvailabilityView(StraightReads, Endpoint):
    """Free times. Advice: booking looks again, with the same rules."""

    resource = "availability"
    policy_action, action = "list", "get"  # one called list would be documented as a list of answers

    @extend_schema(parameters=AVAILABILITY_PARAMETERS, responses=AvailabilitySerializer)
    def get(self, request):
        """Free times of a service on local dates, both included, and why a date has none."""
        search = read_search(request.query_params, request.user)
        return Answer(describe_openings(availability.search(**search, now=timezone.now())))


class ReportView(StraightReads, Endpoint):
    """A report over local dates."""

    resource = "reports"
    policy_action, action = "list", "get"
    figures = None

    def get(self, request):
        period = read_period(request.query_params, request.user, reports.GROUPINGS)
        return Response(answer_behind(lambda: type(self).figures(period), by=request.user))


class UtilizationView(ReportView):
    figures = staticmethod(reports.report_utilization)

    @extend_schema(parameters=REPORT_PARAMETERS, responses=UtilizationSerializer)
    def get(self, request):
        """Minutes booked against minutes people were there to be booked."""
        return super().get(request)


class NoShowsView(ReportView):
    figures = staticmethod(reports.report_no_shows)

    @extend_schema(parameters=REPORT_PARAMETERS, responses=NoShowsSerializer)
    def get(self, request):
        """How many visits took place, how many clients did not come, and how many cancelled too late."""
        return super().get(request)
