"""Which language somebody is spoken to in; what programs read stays as it is in any."""

import pytest
from django.utils import translation

from accounts.tests.factories import UserFactory
from clientline.languages import choose_language


@pytest.mark.parametrize(
    ("tags", "chosen"),
    [(("de", "en"), "de"), (("", "de"), "de"), (("", ""), "en"), (("xx", "de"), "de"), ((), "en")],
)
def test_a_persons_own_choice_wins_then_their_organizations(tags, chosen):
    assert choose_language(*tags) == chosen


def test_people_have_the_language_of_their_organization_unless_they_chose(salon):
    salon.organization.language = "de"
    assert UserFactory.build(organization=salon.organization).chosen_language == "de"
    assert UserFactory.build(organization=salon.organization, language="en").chosen_language == "en"


@pytest.mark.sweep
def test_answers_of_the_api_are_the_same_in_any_language(salon, api):
    client = api(salon.manager)
    paths = (f"/appointments/{salon.visit.pk}", f"/payments/{salon.payment.pk}", "/services", "/time-off")
    said = [client.get(path).content for path in paths]
    with translation.override("de"):
        assert [client.get(path).content for path in paths] == said
