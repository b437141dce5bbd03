"""By which migrations a database goes on: an empty one by the squashed, every other by the steps that these replace.

Squashed migrations leave out what mends rows. Where somebody stands in between, and wherever one is named, it is steps.
"""

from django.core.management.commands import migrate

# Undocumented: the graph of migrations, which squashed ones are taken out of. Without it, nobody goes back to a step.
from django.db.migrations.loader import MigrationLoader


class StepLoader(MigrationLoader):
    """Knows no squashed migrations; what names one as its dependency depends on the last step of it."""

    def __init__(self, connection):
        super().__init__(connection, replace_migrations=False)

    def build_graph(self):
        super().build_graph()
        for key, squashed in self.replacements.items():
            self.graph.remove_replacement_node(key, squashed.replaces)
            del self.disk_migrations[key]


class StepExecutor(migrate.MigrationExecutor):
    """Of what `migrate` runs."""

    def __init__(self, connection, progress_callback=None):
        super().__init__(connection, progress_callback)
        squashed = {app for app, _ in self.loader.replacements}
        if any(app in squashed for app, _ in self.loader.applied_migrations):
            self.loader = StepLoader(connection)

    def migration_plan(self, targets, clean_start=False):
        if any(name and (app, name) not in self.loader.graph.nodes for app, name in targets):
            self.loader = StepLoader(self.connection)
        return super().migration_plan(targets, clean_start=clean_start)
