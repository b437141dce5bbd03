"""What an organization last took the columns of a file for, by the headings of the file."""

from hashlib import sha256

from accounts.client_files.files import ClientFile
from accounts.client_files.headings import FIELDS, fold_heading
from accounts.models import ClientFileColumns
from organizations.models import Organization


def recall_fields(organization: Organization, file: ClientFile) -> list[str] | None:
    """The fields that were chosen for these headings, None where such a file was never imported."""
    kept = ClientFileColumns.objects.filter(organization=organization, headings=_digest_of(file)).first()
    # A field of a former release is none: the column is guessed anew.
    return kept.fields if kept and set(kept.fields) <= {"", *FIELDS} else None


def remember_fields(organization: Organization, file: ClientFile) -> None:
    """Take the columns of the next file with these headings for the same fields."""
    ClientFileColumns.objects.update_or_create(
        organization=organization, headings=_digest_of(file), defaults={"fields": list(file.fields)}
    )


def _digest_of(file: ClientFile) -> str:
    """One size, whatever the number of columns; two files that differ in case or accents are one."""
    return sha256("\n".join(map(fold_heading, file.table.headings)).encode()).hexdigest()
