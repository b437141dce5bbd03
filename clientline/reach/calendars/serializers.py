from rest_framework import serializers

from clientline.reach.calendars.models import Feed
from organizations.serializers import TenantSerializer


class FeedSerializer(TenantSerializer):
    class Meta:
        model = Feed
        fields = ["id", "purpose", "detail", "last_read_at", "created_at"]
        read_only_fields = ["id", "last_read_at", "created_at"]

    def split_off_tenant(self, data):
        """Feeds are one's own, an operator's, too."""
        return self.caller.organization, data


class NewFeedSerializer(FeedSerializer):
    """Shown once, when the feed is made."""

    url = serializers.CharField(read_only=True, help_text="To be kept like a password")

    class Meta(FeedSerializer.Meta):
        fields = [*FeedSerializer.Meta.fields, "url"]
        read_only_fields = [*FeedSerializer.Meta.read_only_fields, "url"]
