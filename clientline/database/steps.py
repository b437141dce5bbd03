"""By which migrations a database goes on: an empty one by the squashed, every other by the steps that these replace.

Squashed migrations leave out what mends rows. Where somebody stands in between, and wherever one is named, it is steps.
"""

from typing import Any

from django.core.management.commands import migrate

# Undocumented: the graph of migrations, which squashed ones are taken out of. Without it, nobody goes back to a step.
from django.db.migrations.loader import MigrationLoader


class StepLoader(MigrationLoader):
    """Knows no squashed migrations; what names one as its dependency depends on the last step of it."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection, replace_migrations=False)

    def build_graph(self) -> None:
        super().build_graph()
        for key, squashed in self.replacements.items():
            self.graph.remove_replacement_node(key, squashed.replaces)
            del self.disk_migrations[key]


class StepExecutor(migrate.MigrationExecutor):  # type: ignore[name-defined]  # the stubs leave out what it imports
    """Of what `migrate` runs."""

    loader: MigrationLoader

    def __init__(self, connection: Any, progress_callback: Any = None) -> None:
        super().__init__(connection, progress_callback)
        squashed = {app for app, _ in self.loader.replacements}
        if any(app in squashed for app, _ in self.loader.applied_migrations):
            self.loader = StepLoader(connection)

    def migration_plan(self, targets: Any, clean_start: bool = False) -> Any:
        if any(name and (app, name) not in self.loader.graph.nodes for app, name in targets):
            self.loader = StepLoader(self.connection)
        return super().migration_plan(targets, clean_start=clean_start)

    def check_replacements(self) -> None:
        """Note all squashed migrations as applied, or none, which Django does for each of them when its steps are.

        It refuses to make migrations where one is noted and another that it depends on is not.
        """
        applied, squashed = self.recorder.applied_migrations(), self.loader.replacements
        if all(step in applied for migration in squashed.values() for step in migration.replaces):
            note, found = self.recorder.record_applied, squashed.keys() - applied.keys()
        else:
            note, found = self.recorder.record_unapplied, squashed.keys() & applied.keys()
        for key in sorted(found):
            note(*key)
