"""The tables of moves between installations: who is at home where, and what changed since both were compared."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from clientline import columns


class Relocation(models.Model):
    """An organization that moves between installations, or has moved; whoever has no row is at home here.

    `organizations.homes` reads it, and `clientline.cells` alone writes it.
    """

    class State(models.TextChoices):
        LEAVING = "leaving", "leaving"  # at home here still, and being copied
        FROZEN = "frozen", "frozen"  # here still, and nothing may change for a moment
        MOVED = "moved", "moved"  # at home at `address`
        ARRIVING = "arriving", "arriving"  # not at home here yet
        ARRIVED = "arrived", "arrived"  # at home here, and it may go back
        ALONE = "alone", "alone"  # at home here: the other end was given up as destroyed, and could come back

    organization = models.BigIntegerField(primary_key=True)
    state = models.CharField(max_length=10, choices=State.choices)
    address = columns.short_text(2000, help_text=_("Of the other installation"))
    notes_rows = columns.flag(False, help_text=_("Whether rows that change are noted, to be compared at the end"))
    is_origin = columns.flag(
        False, help_text=_("Whether the move began here: it is taken back here, and forgotten here")
    )
    since = columns.created_at()

    class Meta:
        db_table = "relocations"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=["leaving", "frozen", "moved", "arriving", "arrived", "alone"]),
                name="relocation_state_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.organization} {self.state}"


class RelocatedRow(models.Model):
    """A row of an organization that changed since both installations were compared; a trigger notes it."""

    organization = models.BigIntegerField()
    table = models.CharField(max_length=63)
    row = models.BigIntegerField()

    class Meta:
        db_table = "relocated_rows"
        constraints = [
            models.UniqueConstraint(fields=["organization", "table", "row"], name="relocated_row_once"),
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.row}"
