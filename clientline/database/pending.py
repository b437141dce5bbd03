"""Whether the tables are those of this version."""

from django.core.management import call_command


def has_pending_migrations() -> bool:
    """Whether `migrate` has something to do."""
    try:
        call_command("migrate", check_unapplied=True, verbosity=0)
    except SystemExit:  # how the command says so
        return True
    return False
