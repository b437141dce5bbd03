from accounts.tests.factories import UserFactory
from clientline.tests.problems import fields
from services.models import ServiceStaff


def test_who_becomes_a_client_is_no_longer_named_as_performing_services(salon, api):
    newcomer = UserFactory(organization=salon.organization, role="staff")
    for person in (newcomer, salon.staff):
        ServiceStaff.objects.create(organization=salon.organization, service=salon.service, staff=person)
    answer = api(salon.admin).patch(f"/users/{newcomer.pk}", {"role": "client"})
    assert answer.status_code == 200, answer.json()
    assert api(salon.admin).get(f"/services/{salon.service.pk}").json()["staff"] == [salon.staff.pk]


def test_performers_of_another_organization_are_refused_by_the_name_of_the_key(salon, clinic, operator, api):
    answer = api(operator).patch(f"/services/{salon.service.pk}", {"staff": [clinic.staff.pk]})
    assert fields(answer) == {"staff": "does_not_exist"}
