"""What finds people: the words of their rows, and what the columns of client files were taken for."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models.people import User
from clientline import columns
from clientline.constraints import SameOrganization


class SearchWord(models.Model):
    """A word by which somebody is found; `accounts.words` alone writes these, and makes them of the person's row."""

    pk = models.CompositePrimaryKey("user", "word")
    # The person's key includes it. To check it as well would take a quarter of the time that writing words takes.
    organization = columns.organization(db_constraint=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_constraint=False, db_index=False)
    word = models.TextField(db_collation="C")

    class Meta:
        db_table = "search_words"
        constraints = [
            SameOrganization(field="user", name="search_word_user_in_same_organization"),
        ]
        indexes = [
            models.Index(fields=["organization", "word", "user"], name="search_word_by_word"),
        ]

    def __str__(self) -> str:
        return self.word


class ClientFileColumns(models.Model):
    """What the columns of a client file were last taken for; `accounts.client_files.columns` writes and reads it."""

    organization = columns.organization()
    headings = models.CharField(max_length=64, help_text=_("SHA-256 of the folded headings"))
    fields = ArrayField(models.CharField(max_length=20, blank=True), help_text=_("Of each column in its order"))

    class Meta:
        db_table = "client_file_columns"
        constraints = [
            models.UniqueConstraint(fields=["organization", "headings"], name="client_file_columns_once_per_headings"),
        ]

    def __str__(self) -> str:
        return gettext("Columns of %(file)s") % {"file": self.headings[:8]}
