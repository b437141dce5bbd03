"""Whether the data keeps what the code promises where no constraint can prove it."""

from django.core.management.base import BaseCommand, CommandError

from clientline.database.invariants import collect_invariants


class Command(BaseCommand):
    help = "Run queries over the whole database that must find nothing. Ends with 1 when any does."

    def handle(self, **options):
        invariants = collect_invariants()
        broken = sum(not self.holds(invariant) for invariant in invariants)
        if broken:
            raise CommandError(f"{broken} of {len(invariants)} invariants are broken.")

    def holds(self, invariant):
        found, samples = invariant.find_offenders()
        if not found:
            self.stdout.write(f"ok      {invariant.name}")
            return True
        more = ", …" if found > len(samples) else ""
        self.stdout.write(f"BROKEN  {invariant.name}: {found} {invariant.says}: {', '.join(map(str, samples))}{more}")
        return False
