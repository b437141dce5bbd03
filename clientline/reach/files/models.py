"""The tables of lists that are written by jobs. The files lie in the database, where each server can reach them."""

from enum import StrEnum
from uuid import uuid4

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import User
from clientline import columns
from clientline.constraints import SameOrganization
from organizations.tenancy import TenantQuerySet


class ListFile(models.Model):
    """A list that somebody asked for as a file, and how far it is."""

    class State(StrEnum):
        WAITING = "waiting"
        WRITING = "writing"
        READY = "ready"
        FAILED = "failed"

    class Door(StrEnum):
        ADMIN = "admin"
        API = "api"

    organization = columns.organization()
    key = models.UUIDField(default=uuid4, unique=True, editable=False)  # by which its address names it
    # An operator is of another organization. Whoever goes takes their files along.
    created_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    # Which table is listed, with which filters, search and order, as they stand in an address of this door.
    door = models.CharField(max_length=10)
    listed = models.CharField(max_length=40)
    query = columns.long_text()
    headings = columns.long_text()  # the first line, once it is known
    state = models.CharField(max_length=10, default=State.WAITING, db_default=State.WAITING)
    rows = models.BigIntegerField(null=True)  # until they were counted
    done = models.BigIntegerField(default=0, db_default=0)  # rows that are written
    size = models.BigIntegerField(default=0, db_default=0)  # in bytes, of all lines
    created_at = columns.created_at()

    objects = TenantQuerySet.as_manager()

    class Meta:
        db_table = "list_files"
        constraints = [
            models.UniqueConstraint(fields=["organization", "id"], name="list_file_in_one_organization"),
            columns.known("list_file_state_is_known", "state", ("waiting", "writing", "ready", "failed")),
            columns.known("list_file_door_is_known", "door", ("admin", "api")),
        ]
        indexes = [models.Index(fields=["created_at"], name="list_file_by_creation")]

    def __str__(self) -> str:
        return f"{self.listed} {self.state}"

    @property
    def is_under_way(self) -> bool:
        return self.state in (self.State.WAITING, self.State.WRITING)


class ListFilePart(models.Model):
    """Some lines of a file: first the keys of their rows, then what is written of them, compressed."""

    organization = columns.organization()
    file = models.ForeignKey(ListFile, models.CASCADE, related_name="parts", db_constraint=False)
    number = models.IntegerField()
    keys = ArrayField(models.BigIntegerField())
    content = models.BinaryField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        db_table = "list_file_parts"
        constraints = [
            models.UniqueConstraint(fields=["organization", "file", "number"], name="list_file_part_once_per_number"),
            SameOrganization(field="file", name="list_file_part_file_in_same_organization"),
        ]

    def __str__(self) -> str:
        return f"Part {self.number}"
