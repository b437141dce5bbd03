from accounts.models import User
from clientline.api.fields import References
from organizations.serializers import TenantSerializer
from services import offering
from services.models import Service


class ServiceSerializer(TenantSerializer):
    staff = References(
        lambda caller: User.objects.performers_for(caller, "services"),
        source="staff_ids",
        required=False,
        help_text="Who performs it; empty: everybody but clients",
    )

    class Meta:
        model = Service
        fields = [
            "id",
            "organization",
            "name",
            "description",
            "duration",
            "price",
            "tax_rate",
            "buffer_before",
            "buffer_after",
            "staff",
            "bookable_online",
            "is_active",
            "version",
            "created_at",
        ]
        read_only_fields = ["id", "version", "created_at"]
        kept = ["staff"]

    @classmethod
    def annotate(cls, queryset):
        return queryset.with_staff_ids()

    def get_omitted_defaults(self, data):
        return super().get_omitted_defaults(data) | {"staff_ids": []}

    def create(self, validated_data):
        return offering.offer_service(staff=validated_data.pop("staff_ids", ()), **validated_data)

    def update(self, instance, validated_data):
        if "staff_ids" in validated_data:
            validated_data["staff"] = validated_data.pop("staff_ids")
        return offering.change_service(service=instance, changes=validated_data)
