from rest_framework import serializers

from clientline.reach.messages.serializers import MessageSerializer
from payments.serializers import ExportSerializer


class PersonExportSerializer(ExportSerializer):
    """Everything about one person, with what they were told."""

    messages = MessageSerializer(many=True)
    wants_no_reminders = serializers.BooleanField()
