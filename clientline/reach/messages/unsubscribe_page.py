"""The page behind List-Unsubscribe: it asks, and a mail program posts without asking (RFC 8058)."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext_lazy as _
from django.views import View

from clientline.languages import choose_language
from clientline.reach.jobs import confined
from clientline.reach.messages.delivery.telling import WITH_VISIT
from clientline.reach.messages.former_clients import find_reader
from clientline.reach.messages.models import Message
from clientline.reach.messages.opting_out import opt_in, opt_out
from clientline.reach.messages.unsubscribing import read_token

WORDS = {
    "title": _("Reminders"),
    "question": _("Do you want no reminders of your visits any more?"),
    "yes": _("No reminders any more"),
    "done": _("You get no reminders any more. What happens to your visits, you are told all the same."),
    "back": _("I want reminders after all"),
    "again": _("You get reminders again."),
}


class UnsubscribeView(View):
    http_method_names = ("get", "head", "post")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return self.answer(request, _find_message(token), "question")

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        message = _find_message(token)
        wants_back = "back" in request.POST
        with confined(message.organization_id):
            client = find_reader(message)
            if client and wants_back:
                opt_in(client=client)
            elif client:
                opt_out(client=client, now=timezone.now())
        return self.answer(request, message, "again" if wants_back else "done")

    def answer(self, request: HttpRequest, message: Message, said: str) -> HttpResponse:
        organization = message.appointment.organization
        language = choose_language(message.language, organization.language)
        context = {"organization": organization, "words": WORDS, "said": said, "language": language}
        with translation.override(language):
            return render(request, "reach/unsubscribe.html", context)


def _find_message(token: str) -> Message:
    """Raises Http404."""
    number = read_token(token)
    organization = number and Message.objects.filter(pk=number).values_list("organization", flat=True).first()
    if not organization:
        raise Http404
    with confined(organization):
        return Message.objects.select_related(*WITH_VISIT).get(pk=number)
