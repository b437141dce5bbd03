"""Does what is due: sends messages and webhooks and runs jobs, until it is told to stop."""

from django.core.management.base import BaseCommand

from clientline.reach import worker


class Command(BaseCommand):
    help = __doc__ + " Run one or more beside the server, kept alive by what keeps the server alive; `up` has its own."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="do what is due now and end")

    def handle(self, *, once, **options):
        if not once:
            how = "is told of new jobs" if worker.can_listen() else "looks for new jobs each second"
            self.stdout.write(f"The worker {how}. Ctrl-C stops it.")
            self.stdout.flush()
        worker.work(once=once)
