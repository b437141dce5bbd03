"""References that cannot leave their organization: the database compares both columns."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db.models import Field, Model
from django.db.models.constraints import BaseConstraint
from django.utils.translation import gettext_lazy as _


class SameOrganization(BaseConstraint):
    """Composite foreign key `(organization_id, <field>_id)` to the parent's `(organization_id, id)`.

    It replaces the plain key of a ForeignKey declared with `db_constraint=False`. PostgreSQL checks it
    for every door, and its own reference checks pass by row security, so neither wall replaces the other.
    """

    default_violation_error_message = _("Choose one that exists.")
    violation_error_code = "does_not_exist"

    def __init__(self, *, field: str, name: str) -> None:
        super().__init__(name=name)
        self.field = field

    def constraint_sql(self, model: Any, schema_editor: Any) -> None:
        # Deferred to the end of the migration: the parent table may be made later in the same one.
        schema_editor.deferred_sql.append(self.create_sql(model, schema_editor))

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        field = model._meta.get_field(self.field)
        parent = field.remote_field.model._meta.db_table
        quote = schema_editor.quote_name
        return (
            f"ALTER TABLE {quote(model._meta.db_table)} ADD CONSTRAINT {quote(self.name)}"
            f" FOREIGN KEY (organization_id, {quote(field.column)}) REFERENCES {quote(parent)} (organization_id, id)"
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        quote = schema_editor.quote_name
        return f"ALTER TABLE {quote(model._meta.db_table)} DROP CONSTRAINT {quote(self.name)}"

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: Any = None) -> None:
        if exclude and ({self.field, "organization"} & set(exclude)):
            return
        related = getattr(instance, self.field, None)
        if related is not None and related.organization_id != instance.organization_id:
            raise ValidationError(
                {self.field: ValidationError(self.violation_error_message, self.violation_error_code)}
            )

    def deconstruct(self) -> Any:
        return "clientline.constraints.SameOrganization", (), {"field": self.field, "name": self.name}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SameOrganization):
            return NotImplemented
        return (self.name, self.field) == (other.name, other.field)

    __hash__ = None


def find_violated(models: Iterable[type[Model]], name: str) -> tuple[type[Model], BaseConstraint] | tuple[None, None]:
    """The declared constraint called `name` with its model, or (None, None)."""
    for model in models:
        for constraint in model._meta.constraints:
            if constraint.name == name:
                return model, constraint
    return None, None


def find_column_field(models: Iterable[type[Model]], name: str) -> Field | None:
    """The field whose `unique=True` PostgreSQL named `<table>_<column>_key`, or None."""
    for model in models:
        table = model._meta.db_table
        if name.startswith(f"{table}_") and name.endswith("_key"):
            try:
                return model._meta.get_field(name[len(table) + 1 : -len("_key")])
            except FieldDoesNotExist:
                continue
    return None
