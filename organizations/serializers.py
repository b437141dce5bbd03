from django.utils import timezone
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from clientline.api.fields import ChangesField, Reference, StrictChoiceField
from clientline.api.serializers import UNKNOWN_KEY, ClientLineSerializer
from clientline.currencies import validate_currency
from clientline.zones import guess_country, validate_zone
from organizations import changing, policy
from organizations.models import Audit, Organization


class OrganizationSerializer(ClientLineSerializer):
    coming_visits = StrictChoiceField(
        choices=[changing.KEEP_LOCAL, changing.KEEP_INSTANT],
        required=False,
        write_only=True,
        help_text="Needed with another `timezone` while visits are to come: whether these stay at the time that "
        "clocks show, or at their instants. Says nothing otherwise; not for new organizations",
    )

    also_answered = ("stranded",)

    class Meta:
        model = Organization
        fields = [
            "id",
            "name",
            "email",
            "phone",
            "address",
            "tax_number",
            "country",
            "region",
            "language",
            "timezone",
            "currency",
            "datev_consultant",
            "datev_client",
            "fiscal_year_starts",
            "bookkeeping_accounts",
            "slot_interval",
            "min_notice",
            "max_advance_days",
            "max_visits_ahead",
            "cancellation_notice",
            "cancellation_grace",
            "late_cancellation_fee",
            "no_show_fee",
            "team_calendar",
            "require_second_factor",
            "forget_after_months",
            "slug",
            "guest_page",
            "brand_color",
            "embed_origins",
            "booking_terms",
            "privacy_notice",
            "confirms_visits",
            "reminds_clients",
            "sends_receipts",
            "is_active",
            "coming_visits",
            "version",
            "created_at",
        ]
        read_only_fields = ["id", "version", "created_at"]
        # The second factor, too: who does not know the key must not switch it off.
        kept = ["coming_visits", "require_second_factor"]
        guarded = policy.find_guarded_keys("organizations", "update")
        extra_kwargs = {"timezone": {"validators": []}, "currency": {"validators": []}}

    def validate_timezone(self, name):
        """What is stored may be sent back, also where it is no zone to choose any more."""
        if self.instance is None or name != self.instance.timezone:
            validate_zone(name)
        return name

    def validate_currency(self, code):
        """What is stored may be sent back, also where nobody pays in it any more."""
        if self.instance is None or code != self.instance.currency:
            validate_currency(code)
        return code

    def key_problem(self, key, value):
        return UNKNOWN_KEY if key == "coming_visits" and self.instance is None else super().key_problem(key, value)

    def create(self, validated_data):
        """Without a country, the one of the time zone is guessed, this once."""
        name = validated_data.get("timezone", Organization._meta.get_field("timezone").get_default())
        return super().create({"country": guess_country(name)} | validated_data)

    def update(self, instance, validated_data):
        coming_visits = validated_data.pop("coming_visits", None)
        return changing.change_organization(
            organization=instance,
            changes=validated_data,
            by=self.caller,
            coming_visits=coming_visits,
            now=timezone.now(),
        )


class TenantSerializer(ClientLineSerializer):
    """A row of one organization: the caller's own, or on creating the one an operator names."""

    def get_fields(self):
        fields = super().get_fields()
        if "organization" in fields:
            fields["organization"] = serializers.PrimaryKeyRelatedField(read_only=True)
        return fields

    def to_internal_value(self, data):
        self.organization, data = self.split_off_tenant(data)
        values = super().to_internal_value(data)
        self.refuse_strangers(values)
        if self.instance is None:
            values["organization"] = self.organization
        return values

    def split_off_tenant(self, data):
        """The organization the row belongs to, and the data without an operator's naming of it."""
        if self.instance is not None:
            return self.instance.organization, data
        if not self.caller.is_superuser:
            return self.caller.organization, data
        field = Reference(lambda caller: Organization.objects.all())
        field.bind("organization", self)
        try:
            organization = field.run_validation(data.get("organization", serializers.empty))
        except ValidationError as error:
            raise ValidationError({"organization": error.detail}) from error
        return organization, {key: value for key, value in data.items() if key != "organization"}

    def present_values(self):
        return super().present_values() if self.instance else {"organization": self.caller.organization_id}

    def refuse_strangers(self, values):
        """Only an operator can name rows of two organizations; to them, too, the other's do not exist here."""
        keys = {field.source: field.field_name for field in self.writable_fields()}
        strangers = {
            keys[name]: [serializers.ErrorDetail(Reference.default_error_messages["does_not_exist"], "does_not_exist")]
            for name, value in values.items()
            for row in (value if isinstance(value, list) else [value])
            if getattr(row, "organization_id", self.organization.pk) != self.organization.pk
        }
        if strangers:
            raise ValidationError(strangers)


class TenantSchema(OpenApiSerializerExtension):
    """Documents the one key that is read-only for members and required of operators."""

    target_class = TenantSerializer
    match_subclasses = True

    def map_serializer(self, auto_schema, direction):
        schema = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)
        if direction == "request":
            description = "Platform operators name it when they create; for all others it is their own."
            named = {"type": "integer", "format": "int64", "description": description}
            schema["properties"] = {"organization": named} | schema["properties"]
        return schema


class AuditSerializer(ClientLineSerializer):
    organization = serializers.PrimaryKeyRelatedField(read_only=True, allow_null=True)
    actor = serializers.PrimaryKeyRelatedField(read_only=True, allow_null=True)
    changes = ChangesField(read_only=True)

    class Meta:
        model = Audit
        fields = ["id", "organization", "at", "actor", "source", "request_id", "action", "table", "row", "changes"]
        read_only_fields = fields
