"""`/exports`: lists of any length as files, written by a job."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from clientline.api.viewsets import ReadViewSet
from clientline.reach.files import reading, writing
from clientline.reach.files.lists import ListReader
from clientline.reach.files.models import ListFile
from clientline.reach.files.serializers import ListFileSerializer, NewListFileSerializer


def _read_key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error


class ListFileViewSet(ReadViewSet):
    model = ListFile
    resource = "reports"
    policy_actions = dict.fromkeys(("create", "retrieve", "destroy", "download"), "export")
    serializer_class = ListFileSerializer
    http_method_names = ("get", "head", "post", "delete")

    def named_rows(self):
        return reading.select_files(self.request.user).filter(key=_read_key(self.kwargs["pk"]))

    def find_file(self) -> ListFile:
        file = self.named_rows().first()
        if file is None:
            raise Http404
        return file

    def is_still_permitted(self, earlier: Any) -> bool:
        return reading.select_files(self.request.user).filter(key__in=self.list_answered_keys(earlier)).exists()

    @extend_schema(request=NewListFileSerializer, responses={202: ListFileSerializer})
    def create(self, request: Request) -> Response:
        """Ask for a list as a CSV file, with the filters of the list and all of its rows. It is written in a moment:
        ask for it again until it is `ready`. It is deleted after six hours, and when a client is erased.
        """
        body = NewListFileSerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        asked = {"door": ListFile.Door.API, **body.validated_data}
        organization = asked.pop("organization")
        ListReader(ListFile(**asked), request.user, organization).select_rows()  # refuses what is no filter
        file = writing.ask_for_file(by=request.user, organization=organization, now=timezone.now(), **asked)
        answer = self.describe(file)
        return Response(answer, status=202, headers={"Location": request.build_absolute_uri(f"/exports/{file.key}")})

    def retrieve(self, request: Request, pk: str) -> Response:
        """How far the file is."""
        return Response(self.describe(self.find_file()))

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete the file, also while it is being written."""
        self.find_file().delete()
        return Response(status=204)

    @extend_schema(responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.BINARY)})
    def download(self, request: Request, pk: str):
        """The file; 404 until it is ready."""
        file = self.find_file()
        if file.state != ListFile.State.READY:
            raise Http404
        return reading.send_file(file, filename=f"{file.listed}.csv")

    def describe(self, file: ListFile) -> dict[str, Any]:
        return ListFileSerializer(file, context=self.get_serializer_context()).data
