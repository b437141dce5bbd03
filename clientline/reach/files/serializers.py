from typing import Any

from django.http import QueryDict
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from clientline.api.fields import InstantField, Reference, StrictChoiceField
from clientline.api.pagination import PARAMETERS
from clientline.api.serializers import BodySerializer
from clientline.reach.files.lists import LISTS
from clientline.reach.files.models import ListFile
from clientline.reach.files.reading import find_end
from organizations.models import Organization

FILTERS = "The parameters of the list that filter it, as text, as a list of texts where one may come several times"


class FiltersField(serializers.DictField):
    """Parameters as an address would have them."""

    child = serializers.JSONField()

    def to_internal_value(self, data):
        parameters = QueryDict(mutable=True)
        for name, value in super().to_internal_value(data).items():
            if name in PARAMETERS:
                raise ValidationError({name: ["A file has all pages, by id."]}, code="unknown")
            texts = value if isinstance(value, list) else [value]
            if not all(isinstance(text, str | int) for text in texts):
                raise ValidationError({name: ["Write the value as it would stand in an address."]}, code="invalid")
            parameters.setlist(name, [_write_text(text) for text in texts])
        return parameters.urlencode()


def _write_text(value: str | int) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class NewListFileSerializer(BodySerializer):
    list = StrictChoiceField(choices=LISTS, source="listed")
    filters = FiltersField(required=False, source="query", help_text=FILTERS)
    organization = Reference(
        lambda caller: Organization.objects.visible_to(caller, "organizations"),
        required=False,
        help_text="For operators, who have to say it",
    )

    def validate(self, attrs):
        caller = self.context["request"].user
        if caller.is_superuser and "organization" not in attrs:
            raise ValidationError({"organization": ["Say of which organization."]}, code="required")
        return {"query": "", "organization": caller.organization} | attrs


class ListFileSerializer(serializers.Serializer):
    """How far a file is."""

    id = serializers.UUIDField(source="key")
    list = serializers.CharField(source="listed")
    filters = serializers.SerializerMethodField()
    status = serializers.ChoiceField([*ListFile.State], source="state")
    rows = serializers.IntegerField(allow_null=True, help_text="Null until they were counted")
    done = serializers.IntegerField(help_text="How many of them are written")
    created_at = InstantField()
    expires_at = serializers.SerializerMethodField(help_text="When it is deleted")
    url = serializers.SerializerMethodField(help_text="Where it is once it is ready; null until then")

    def get_filters(self, file) -> dict[str, Any]:
        lists = QueryDict(file.query).lists()
        return {name: values if len(values) > 1 else values[0] for name, values in lists}

    @extend_schema_field(OpenApiTypes.DATETIME)
    def get_expires_at(self, file):
        return timezone.localtime(find_end(file))

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_url(self, file):
        address = f"/exports/{file.key}/file"
        return self.context["request"].build_absolute_uri(address) if file.state == ListFile.State.READY else None
