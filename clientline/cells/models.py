"""Which cell this installation is, once it is one among several."""

from django.db import models

from clientline import columns
from clientline.columns import between
from clientline.database.sequences import STRIDE


class Cell(models.Model):
    """At most one row. Ids up to `highest_before` may leave any rest: they were given before this was a cell."""

    number = models.PositiveSmallIntegerField(primary_key=True)
    highest_before = models.PositiveBigIntegerField(default=0, db_default=0)
    begins_above = models.PositiveBigIntegerField(default=0, db_default=0)
    address = columns.short_text(2000, help_text="PUBLIC_URL, under which callers of who moves here find it")
    is_this = columns.flag(True)

    class Meta:
        db_table = "cells"
        constraints = [
            between("cell_number_1_to_1023", "number", 1, STRIDE - 1, "Choose 1 to 1023."),
            models.CheckConstraint(condition=models.Q(is_this=True), name="cell_is_this"),
            models.UniqueConstraint(fields=["is_this"], name="cell_once"),
        ]

    def __str__(self) -> str:
        return f"cell {self.number}"
