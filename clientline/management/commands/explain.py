"""What SQL a read of the API runs, and by which plan: on this database, behind the walls, as somebody of a role."""

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import tokens
from accounts.middleware import confine_to
from accounts.models import MEMBERS, User
from organizations.policy import ROLES
from organizations.tenancy import release

OPERATOR = "operator"
EXPLAIN = "EXPLAIN (ANALYZE, BUFFERS, COSTS) "


class Command(BaseCommand):
    help = 'Print the SQL and the plan of a read: explain "GET /users?limit=10" --as manager'

    def add_arguments(self, parser):
        parser.add_argument("read", help='method and path, like "GET /appointments/7"')
        parser.add_argument("--as", dest="role", choices=[*ROLES, OPERATOR], default="admin", help="default admin")
        parser.add_argument("--organization", type=int, help="whose; default the first with somebody of the role")

    def handle(self, *, read, role, organization, **options):
        method, _, path = read.partition(" ")
        if method not in ("GET", "HEAD") or not path.startswith("/"):
            raise CommandError('Only reads are explained, by method and path: "GET /users".')
        caller = self.find_caller(role, organization)
        with transaction.atomic():
            status, statements = self.run(caller, path)
            self.stdout.write(f"-- {read} as {role} {caller.pk} of organization {caller.organization_id}: {status}")
            confine_to(caller)
            for sql, parameters in statements:
                self.explain(sql, parameters)
            release()
            transaction.set_rollback(True)  # the token, and its use

    def find_caller(self, role, organization):
        people = User.objects.select_related("organization").filter(is_active=True, organization__is_active=True)
        people = people.filter(is_superuser=True) if role == OPERATOR else people.filter(MEMBERS, role=role)
        people = people.filter(organization=organization) if organization else people
        caller = people.order_by("organization", "id").first()
        if caller is None:
            raise CommandError(f"There is nobody active to be: {role}.")
        return caller

    def run(self, caller, path):
        """The status of the answer, and the statements that only read, with their parameters."""
        statements = []

        def remember(execute, sql, parameters, many, context):
            if sql.startswith("SELECT") and "set_config" not in sql:
                statements.append((sql, parameters))
            return execute(sql, parameters, many, context)

        _, secret = tokens.issue_token(caller, name="explain", now=timezone.now())
        with connection.execute_wrapper(remember):
            answer = Client(headers={"authorization": f"Bearer {secret}", "host": "localhost"}).get(path)
        return answer.status_code, statements

    def explain(self, sql, parameters):
        (lines,) = connection.ask((EXPLAIN + sql, parameters))
        plan = [line for (line,) in lines]
        self.stdout.write("\n".join(["", connection.ops.compose_sql(sql, parameters), "", *plan]))
