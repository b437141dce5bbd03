"""What is asked for by who has forgotten a password. Nothing here says whether the address is anybody's."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clientline import columns


class PasswordReset(models.Model):
    """A code that was asked for at an address. Deleted after a day."""

    digest = models.BinaryField(max_length=32, unique=True, help_text=_("SHA-256 of the secret in its page's address"))
    address = models.EmailField(help_text=_("Where the code goes, if anybody signs in by it"))
    network = columns.short_text(45, help_text=_("From where: an address, or of IPv6 the first 64 bits"))
    wrong_codes = columns.whole(0)
    used_at = models.DateTimeField(null=True, blank=True, help_text=_("When the password was changed"))
    created_at = columns.created_at()

    class Meta:
        db_table = "password_resets"
        indexes = [
            models.Index(fields=["address", "created_at"], name="password_reset_by_address"),
            models.Index(fields=["network", "created_at"], name="password_reset_by_network"),
            models.Index(fields=["created_at"], name="password_reset_by_creation"),
        ]

    def __str__(self) -> str:
        return f"reset {self.pk}"
