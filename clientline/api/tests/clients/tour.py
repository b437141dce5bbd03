"""The tour of the API by the client that openapi-python-client makes of our document: its functions, its models.

Run with `tour_client`, that client, on the path: prints each call as a line, its method, path and status.
"""

import sys
from datetime import UTC, datetime, time, timedelta

from tour_client import AuthenticatedClient, Client
from tour_client.api.appointments import (
    book_appointment,
    get_appointment,
    get_appointment_balance,
    list_appointments,
    update_appointment,
)
from tour_client.api.auth import get_caller, sign_in
from tour_client.api.organizations import create_organization
from tour_client.api.payments import get_payment, record_payment, refund_payment
from tour_client.api.services import create_service, list_services, update_service
from tour_client.api.users import create_user
from tour_client.api.working_hours import create_working_hours
from tour_client.models import (
    AppointmentStatus,
    BookingRequest,
    ListAppointmentsOrdering,
    LoginRequest,
    OrganizationRequest,
    PatchedAppointmentRequest,
    PatchedServiceRequest,
    PaymentMethod,
    ProblemCode,
    RecordingRequest,
    RecordingStatus,
    RefundingRequest,
    Role,
    ServiceRequest,
    UserRequest,
    Weekday,
    WorkingHoursRequest,
)

BASE, RUN = sys.argv[1:]
LOGGED = {"event_hooks": {"response": [lambda answer: print_call(answer)]}}
TODAY = datetime.now(UTC).date()
MONDAY = datetime.combine(TODAY + timedelta(7 - TODAY.weekday()), time(10), UTC)


def print_call(answer):
    sys.stdout.write(f"{answer.request.method} {answer.request.url.path} {answer.status_code}\n")


def login(email, password):
    body = LoginRequest(email=email, password=password)
    answer = sign_in.sync(client=Client(base_url=BASE, httpx_args=LOGGED), body=body)
    return AuthenticatedClient(base_url=BASE, token=answer.token, httpx_args=LOGGED)


def found_shop():
    operator = login(f"operator{RUN}@example.com", "correct-horse-battery")
    me = get_caller.sync(client=operator)
    assert (me.name, me.role) == ("Olivia", Role.ADMIN)
    shop = create_organization.sync(
        client=operator,
        body=OrganizationRequest(
            name="Corner Barbers", email=f"hello{RUN}@corner.example", timezone="Europe/Berlin", currency="EUR"
        ),
    )
    bruno = UserRequest(
        organization=shop.id,
        role=Role.ADMIN,
        name="Bruno",
        email=f"bruno{RUN}@corner.example",
        password="towel-and-scissors",
    )
    assert create_user.sync(client=operator, body=bruno).is_active is True


def furnish(bruno):
    """The ids of Tilda, Kim and the haircut."""
    tilda = UserRequest(role=Role.STAFF, name="Tilda", email=f"tilda{RUN}@corner.example")
    tilda = create_user.sync(client=bruno, body=tilda).id
    kim = UserRequest(
        role=Role.CLIENT, name="Kim Weber", email=f"kim{RUN}@corner.example", password="short-on-the-sides"
    )
    kim = create_user.sync(client=bruno, body=kim).id
    haircut = ServiceRequest(name="Haircut", duration=30, price="45.00", staff=[tilda])
    haircut = create_service.sync(client=bruno, body=haircut).id
    hours = WorkingHoursRequest(staff=tilda, weekday=Weekday.VALUE_0, starts="09:00", ends="17:00")
    answer = create_working_hours.sync(client=bruno, body=hours)
    assert (answer.starts, answer.ends) == ("09:00", "17:00")
    return tilda, kim, haircut


def book(bruno, tilda, kim, haircut):
    body = BookingRequest(client=kim, staff=tilda, service=haircut, appointment_date=MONDAY)
    visit = book_appointment.sync(client=bruno, body=body).id
    answer = get_appointment.sync(client=bruno, id=visit)
    assert (answer.appointment_date, answer.price) == (MONDAY, "45.00")
    assert (answer.status, answer.client_name) == (AppointmentStatus.SCHEDULED, "Kim Weber")
    return visit


def want_what_is_taken(kim, tilda, haircut):
    body = BookingRequest(staff=tilda, service=haircut, appointment_date=MONDAY + timedelta(minutes=15))
    problem = book_appointment.sync(client=kim, body=body)
    assert (problem.status, problem.code, problem.detail) == (409, ProblemCode.SLOT_TAKEN, "This time is taken.")


def pay(kim, bruno, visit):
    """The id of the payment."""
    cash = RecordingRequest(appointment=visit, amount="45.00", payment_method=PaymentMethod.CASH)
    assert record_payment.sync(client=kim, body=cash).code == ProblemCode.PERMISSION_DENIED
    card = RecordingRequest(
        appointment=visit, amount="45.00", payment_method=PaymentMethod.CARD, status=RecordingStatus.COMPLETED
    )
    payment = record_payment.sync(client=bruno, body=card).id
    assert get_payment.sync(client=bruno, id=payment).payment_method == PaymentMethod.CARD
    problem = record_payment.sync(client=bruno, body=cash)
    assert (problem.code, problem.due, problem.pending) == (ProblemCode.OVERPAYMENT, "0.00", "0.00")
    return payment


def repeat(bruno, haircut):
    for _ in range(2):
        shave = create_service.sync_detailed(
            client=bruno, body=ServiceRequest(name="Shave"), idempotency_key=f"shave-{RUN}"
        )
        assert (shave.parsed.name, shave.headers["ETag"]) == ("Shave", '"1"')
    assert list_services.sync(client=bruno, search="shave", count=True).count == 1
    dearer = PatchedServiceRequest(price="50.00")
    problem = update_service.sync(client=bruno, id=haircut, body=dearer, if_match='"9"')
    assert problem.code == ProblemCode.VERSION_MISMATCH


def refund(bruno, visit, payment):
    body = RefundingRequest(amount="10.00", reason="Half an hour late")
    assert refund_payment.sync(client=bruno, payment=payment, body=body).amount == "10.00"
    assert get_appointment_balance.sync(client=bruno, id=visit).due == "10.00"
    body = PatchedAppointmentRequest(price="40.00")
    assert update_appointment.sync(client=bruno, id=visit, body=body).price == "40.00"
    balance = get_appointment_balance.sync(client=bruno, id=visit)
    assert (balance.charge, balance.paid, balance.refunded, balance.due) == ("40.00", "45.00", "10.00", "5.00")


def pay_online(bruno, visit):
    body = RecordingRequest(appointment=visit, amount="5.00", payment_method=PaymentMethod.ONLINE)
    assert record_payment.sync(client=bruno, body=body).checkout_url.startswith(f"{BASE}/payments/simulator/")


def look_up(bruno, visit, kim):
    page = list_appointments.sync(
        client=bruno,
        status=AppointmentStatus.SCHEDULED,
        client_query=kim,
        ordering=ListAppointmentsOrdering.VALUE_3,
        limit=10,
        count=True,
    )
    assert (page.count, page.next_, [each.id for each in page.results]) == (1, None, [visit])


def take_the_tour():
    found_shop()
    bruno = login(f"bruno{RUN}@corner.example", "towel-and-scissors")
    tilda, kim, haircut = furnish(bruno)
    visit = book(bruno, tilda, kim, haircut)
    kim_herself = login(f"kim{RUN}@corner.example", "short-on-the-sides")
    want_what_is_taken(kim_herself, tilda, haircut)
    payment = pay(kim_herself, bruno, visit)
    repeat(bruno, haircut)
    refund(bruno, visit, payment)
    pay_online(bruno, visit)
    look_up(bruno, visit, kim)


take_the_tour()
