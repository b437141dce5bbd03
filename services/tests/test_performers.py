from accounts.tests.factories import UserFactory
from clientline.tests.problems import fields
from services.models import ServiceStaff
from services.tests.factories import ServiceFactory


def test_who_becomes_a_client_is_no_longer_named_as_performing_services(salon, api):
    newcomer = UserFactory(organization=salon.organization, role="staff")
    for person in (newcomer, salon.staff):
        ServiceStaff.objects.create(organization=salon.organization, service=salon.service, staff=person)
    answer = api(salon.admin).patch(f"/users/{newcomer.pk}", {"role": "client"})
    assert answer.status_code == 200, answer.json()
    service = api(salon.admin).get(f"/services/{salon.service.pk}")
    assert (service.json()["staff"], service["ETag"]) == ([salon.staff.pk], '"2"')


def test_a_service_that_loses_who_performs_it_is_another_version(salon, api):
    leaver = UserFactory(organization=salon.organization, role="staff")
    ServiceStaff.objects.create(organization=salon.organization, service=salon.service, staff=leaver)
    other = ServiceFactory(organization=salon.organization)
    client = api(salon.admin)
    assert client.get(f"/services/{salon.service.pk}").json()["staff"] == [leaver.pk]
    assert client.delete(f"/users/{leaver.pk}").status_code == 204
    service = client.get(f"/services/{salon.service.pk}")
    assert (service.json()["staff"], service["ETag"]) == ([], '"2"')
    assert client.get(f"/services/{other.pk}")["ETag"] == '"1"'


def test_performers_of_another_organization_are_refused_by_the_name_of_the_key(salon, clinic, operator, api):
    answer = api(operator).patch(f"/services/{salon.service.pk}", {"staff": [clinic.staff.pk]})
    assert fields(answer) == {"staff": "does_not_exist"}
