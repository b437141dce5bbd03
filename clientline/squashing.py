"""Many migrations as one, for a database in which nothing is: the models as they are at last, and what the steps said
beside them.

Django renders all models anew after each operation on one, which was nine tenths of making a database.
"""

from importlib import import_module

from django.db.migrations import RunPython, RunSQL
from django.db.migrations.operations.base import Operation


class AtOnce(Operation):
    """Operations on models that are rendered once, with all of them done. Whoever goes back goes by the steps."""

    reversible = False

    def __init__(self, operations):
        self.operations = operations

    def state_forwards(self, app_label, state):
        if "apps" in state.__dict__:
            del state.apps  # rendered again by whoever asks for it
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)
        # What follows finds all keys, as each step found those of the steps before it.
        for statement in schema_editor.deferred_sql:
            schema_editor.execute(statement, None)
        schema_editor.deferred_sql.clear()

    def describe(self):
        return "; ".join(operation.describe() for operation in self.operations)


def repeat(package, steps):
    """What these migrations of the package do beside models, but for what only mends rows (`elidable`)."""
    operations = [each for step in steps for each in import_module(f"{package}.{step}").Migration.operations]
    return [each for each in operations if isinstance(each, RunSQL | RunPython) and not each.elidable]
