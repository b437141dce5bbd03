"""For monitors, and for people before and after they touch a cluster."""

from django.core.management.base import BaseCommand, CommandError

from clientline.cells.status import examine_cluster


class Command(BaseCommand):
    help = "Say who writes, who follows, what is archived and who dawdles. Ends with 1 where something is wrong."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument(
            "--standby", action="store_true", help="a standby is expected: without a synchronous one something is wrong"
        )

    def handle(self, *, standby, **options):
        findings = list(examine_cluster(needs_standby=standby))
        for finding in findings:
            mark = {True: "ok     ", False: "WRONG  ", None: "       "}[finding.is_well]
            self.stdout.write(f"{mark} {finding.name}: {finding.says}")
        wrong = [finding.name for finding in findings if finding.is_well is False]
        if wrong:
            raise CommandError(f"Wrong: {', '.join(wrong)}.")
