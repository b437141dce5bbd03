"""Moves one organization to another cluster while its people work on."""

from contextlib import closing

import psycopg
from django.core.management.base import BaseCommand, CommandError

from clientline.cells.losses import Loss
from clientline.cells.moving import Move
from clientline.cells.refusals import MoveRefused
from clientline.cells.sides import Side, find_own_address, read_address
from clientline.postgres.backend.unreachable import find_reason

# A server that ends, or leads no more.
GAVE_UP = (psycopg.OperationalError, psycopg.InterfaceError, psycopg.errors.ReadOnlySqlTransaction)
GO_ON = "A database gave up: {}. What was begun is gone on with by the same command, once both ends can be written to."
ADDRESS = "SELECT address FROM cells"


class Command(BaseCommand):
    help = "Move an organization to another cluster; called again, it goes on with what was begun."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("organization", type=int, help="its id")
        parser.add_argument("--to", required=True, metavar="URL", help="the other database, as its superuser")
        parser.add_argument(
            "--from", dest="source", metavar="URL", help="this database as its superuser, as the other one reaches it"
        )
        parser.add_argument("--address", help="where callers find it then; else PUBLIC_URL of the other installation")
        what = parser.add_mutually_exclusive_group()
        what.add_argument("--dry-run", action="store_true", help="only say what stands in the way")
        what.add_argument("--undo", action="store_true", help="take it back, with all that happened since")
        what.add_argument("--forget", action="store_true", help="delete what is left here: it cannot come back then")
        what.add_argument(
            "--destroyed",
            metavar="ADDRESS",
            help="make this its one home though the other end, found at this address, is lost for good with all copies",
        )
        parser.add_argument("--loses", metavar="WORDS", default="", help="with --destroyed, which tells the words")

    def handle(self, *, organization, to, source, destroyed, loses, **options):
        if loses and destroyed is None:
            raise CommandError("--loses goes with --destroyed.")
        try:
            with closing(Side(read_address(source) if source else find_own_address())) as here:
                if destroyed is not None:
                    return self.accept_loss(Loss(organization, here, read_address(to), self.say), destroyed, loses)
                return self.move(organization, here, to, **options)
        except MoveRefused as refusal:
            raise CommandError(str(refusal)) from refusal
        except GAVE_UP as error:
            raise CommandError(GO_ON.format(find_reason(error))) from error

    def accept_loss(self, loss, destroyed, loses):
        loss.accept(destroyed=destroyed, loses=loses)
        self.say("It is at home here, and nowhere else.")

    def move(self, organization, here, to, *, address, **options):
        with closing(Side(read_address(to))) as there:
            addresses = {"here": here.ask_one(ADDRESS), "there": address or there.ask_one(ADDRESS)}
            self.perform(Move(organization, here, there, addresses, self.say), **options)

    def perform(self, move, *, dry_run, undo, forget, **options):
        if undo:
            move.undo()
            return self.say("It is at home here, as before.")
        if forget:
            move.forget()
            return self.say("Nothing of it is left here.")
        if trouble := move.find_trouble():
            raise CommandError("\n".join(["It cannot move:", *trouble]))
        if dry_run:
            return self.say("Nothing stands in the way.")
        move.go()
        frozen = f" Nothing could be changed for {move.frozen:.2f} s." if move.frozen else ""  # else by a call before
        self.say(f"It is at home at {move.addresses['there']}.{frozen}")
        return None

    def say(self, text):
        self.stdout.write(text)
        self.stdout.flush()
