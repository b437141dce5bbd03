from django.utils import timezone
from rest_framework import serializers

from accounts import people, sign_ins, tokens
from accounts.models import Token, User
from clientline.api.fields import BirthdayField, InstantField, OptionalEmailField, SignInAddressField, StrictCharField
from clientline.api.serializers import BodySerializer, ClientLineSerializer
from organizations import policy
from organizations.serializers import TenantSerializer


class UserSerializer(TenantSerializer):
    """What the team sees; clients get UserForClientSerializer."""

    email = SignInAddressField(
        help_text="What they sign in with, the only one of its kind in this installation; "
        "empty for clients who do not sign in"
    )
    contact_email = OptionalEmailField(help_text="Where mail goes; need not be unique")
    birthday = BirthdayField(required=False, allow_null=True)
    password = StrictCharField(
        write_only=True,
        required=False,
        max_length=128,
        trim_whitespace=False,
        help_text="At least 10 characters. Without one, the person cannot sign in.",
    )
    also_answered = ("possible_duplicates", "stranded")

    class Meta:
        model = User
        fields = [
            "id",
            "organization",
            "name",
            "email",
            "contact_email",
            "phone",
            "phone_e164",
            "role",
            "is_active",
            "birthday",
            "client_notes",
            "is_flagged",
            "language",
            "marketing_consent_at",
            "external_source",
            "external_id",
            "merged_into",
            "works_until",
            "bookable_online",
            "password",
            "version",
            "created_at",
        ]
        read_only_fields = ["id", "phone_e164", "merged_into", "version", "created_at"]
        kept = ["password", "works_until"]
        guarded = policy.find_guarded_keys("users", "update")

    def get_omitted_defaults(self, data):
        """As on creating: a client's only address is their contact address, too."""
        values = super().get_omitted_defaults(data)
        if "contact_email" in values and data["role"] == User.Role.CLIENT:
            values["contact_email"] = data.get("email", "").strip()
        return values

    def create(self, validated_data):
        return people.register_person(by=self.caller, **validated_data)

    def update(self, instance, validated_data):
        keep = sign_ins.read_current(self.context["request"])
        return people.change_person(by=self.caller, person=instance, changes=validated_data, keep=keep)


class CreatedUserSerializer(UserSerializer):
    possible_duplicates = serializers.ListField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="Other clients with the same telephone number, contact address, or name and birthday, "
        "of those whom the caller may list",
    )

    class Meta(UserSerializer.Meta):
        fields = [*UserSerializer.Meta.fields, "possible_duplicates"]


class UserForClientSerializer(UserSerializer):
    class Meta(UserSerializer.Meta):
        fields = [name for name in UserSerializer.Meta.fields if name not in policy.OF_PEOPLE]


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


def choose_user_serializer(reader):
    """What `reader` sees of people."""
    return UserSerializer if reader.may("users", "client_notes") else UserForClientSerializer


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
