from services.models import ServiceStaff


def test_who_becomes_a_client_is_no_longer_named_as_performing_services(salon, api):
    for person in (salon.colleague, salon.staff):
        ServiceStaff.objects.create(organization=salon.organization, service=salon.service, staff=person)
    salon.strangers_payment.delete()
    salon.strangers_visit.delete()
    answer = api(salon.admin).patch(f"/users/{salon.colleague.pk}", {"role": "client"})
    assert answer.status_code == 200, answer.json()
    assert api(salon.admin).get(f"/services/{salon.service.pk}").json()["staff"] == [salon.staff.pk]
