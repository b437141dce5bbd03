from django.utils import timezone
from rest_framework import serializers

from accounts import people, sign_ins, tokens
from accounts.models import Token, User
from clientline.api.fields import InstantField, StrictCharField
from clientline.api.serializers import BodySerializer, ClientLineSerializer
from organizations import policy
from organizations.serializers import TenantSerializer


class UserSerializer(TenantSerializer):
    password = StrictCharField(
        write_only=True,
        required=False,
        max_length=128,
        trim_whitespace=False,
        help_text="At least 10 characters. Without one, the person cannot sign in.",
    )

    class Meta:
        model = User
        fields = [
            "id",
            "organization",
            "name",
            "email",
            "phone",
            "role",
            "is_active",
            "merged_into",
            "works_until",
            "password",
            "version",
            "created_at",
        ]
        read_only_fields = ["id", "merged_into", "works_until", "version", "created_at"]
        kept = ["password"]

    def create(self, validated_data):
        return people.register_person(by=self.caller, **validated_data)

    def update(self, instance, validated_data):
        keep = sign_ins.current(self.context["request"])
        return people.change_person(by=self.caller, person=instance, changes=validated_data, keep=keep)


class TokenSerializer(ClientLineSerializer):
    name = StrictCharField(max_length=100)

    class Meta:
        model = Token
        fields = [
            "id",
            "name",
            "scope",
            "prefix",
            "created_at",
            "last_used_at",
            "last_used_address",
            "expires_at",
        ]
        read_only_fields = ["id", "prefix", "created_at", "last_used_at", "last_used_address"]
        extra_kwargs = {"expires_at": {"required": False, "help_text": "A year from now unless sent"}}

    def validate_expires_at(self, value):
        if value <= timezone.now():
            raise serializers.ValidationError("Choose a time in the future.", code="invalid")
        return value

    def create(self, validated_data):
        token, self.secret = tokens.issue_token(self.caller, now=timezone.now(), **validated_data)
        return token


class IssuedTokenSerializer(TokenSerializer):
    token = serializers.CharField(read_only=True, help_text="Shown this once")

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "token"]


class LoginSerializer(BodySerializer):
    email = StrictCharField(max_length=254)
    password = StrictCharField(max_length=128, trim_whitespace=False)
    code = StrictCharField(max_length=40, required=False, help_text="Where a second factor is set up")


class FactorSerializer(BodySerializer):
    code = StrictCharField(
        max_length=40, required=False, help_text="Of the authenticator app: confirms. Without: begins"
    )
    current_password = StrictCharField(
        max_length=128, required=False, trim_whitespace=False, help_text="Needed to begin"
    )


class CodeSerializer(BodySerializer):
    code = StrictCharField(max_length=40, required=False, help_text="Of the authenticator app, or for recovery")


class SecondFactorSerializer(serializers.Serializer):
    enabled = serializers.BooleanField()
    required = serializers.BooleanField(help_text="Whether one is wanted of the caller")
    recovery_codes_left = serializers.IntegerField()


class EnrolmentSerializer(serializers.Serializer):
    secret = serializers.CharField(help_text="For the authenticator app, in base 32")
    uri = serializers.CharField(help_text="The same as apps read it from a QR code")
    recovery_codes = serializers.ListField(child=serializers.CharField(), help_text="Shown this once")


class SignedInSerializer(serializers.Serializer):
    token = serializers.CharField()
    expires_at = InstantField()
    user = UserSerializer()


class SignInSerializer(serializers.Serializer):
    id = serializers.CharField()
    kind = serializers.ChoiceField(list(sign_ins.KINDS))
    name = serializers.CharField(help_text="Of a token made at `/auth/tokens`")
    scope = serializers.ChoiceField(policy.TOKEN_SCOPES)
    created_at = InstantField()
    last_used_at = InstantField(allow_null=True)
    last_used_address = serializers.IPAddressField(allow_null=True)
    expires_at = InstantField()
    address = serializers.IPAddressField(allow_null=True)
    agent = serializers.CharField()
    current = serializers.BooleanField(help_text="Whether it made this request")


class SignInsSerializer(serializers.Serializer):
    results = SignInSerializer(many=True)


class PasswordSerializer(BodySerializer):
    current_password = StrictCharField(max_length=128, trim_whitespace=False)
    new_password = StrictCharField(max_length=128, trim_whitespace=False)
