"""`/users/{id}/export` and `/users/{id}/erase`: here, because what is kept about a person goes up to their payments."""

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from accounts.models import User
from accounts.records import hold_records
from accounts.serializers import UserSerializer
from clientline.api.reading import find_one_or_404
from clientline.api.viewsets import ReadViewSet, answer_row
from clientline.privacy import personal_data
from clientline.privacy.serializers import ErasurePreviewSerializer, ErasureSerializer, PersonExportSerializer


class PrivacyViewSet(ReadViewSet):
    model = User
    resource = "users"
    serializer_class = UserSerializer
    http_method_names = ("get", "head", "post")
    policy_actions = {"preview": "erase"}

    @extend_schema(responses=PersonExportSerializer)
    def export(self, request, pk):
        """Everything about one person that the caller may see. The audit remembers it."""
        person = self.get_queryset().select_related("organization").filter(pk=pk).first()
        if person is None:
            raise Http404
        return Response(personal_data.export_person(by=request.user, person=person, now=timezone.now()))

    @extend_schema(responses=ErasurePreviewSerializer)
    def preview(self, request, pk):
        """What erasing would do: to which records of the person, and to which visits to come."""
        client = self.get_queryset().filter(pk=pk).first()
        if client is None:
            raise Http404
        found = personal_data.preview_erasure(client=client, now=timezone.now())
        return Response(ErasurePreviewSerializer(found).data)

    @extend_schema(request=ErasureSerializer, responses=UserSerializer)
    def erase(self, request, pk):
        """Erase a client for good: name, contacts and all free text about them, in all records that were merged.
        The house cancels the visits to come. Past visits and money stay.
        """
        hold_records(*self.named_rows().values_list("pk", flat=True))
        client = self.get_object()
        body = ErasureSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        personal_data.erase(by=request.user, client=client, now=timezone.now())
        return answer_row(find_one_or_404(self.answers(User.objects.filter(pk=pk))))
