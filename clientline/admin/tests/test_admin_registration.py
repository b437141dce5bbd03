"""Who registers which model in the admin: each once, and what is registered stays."""

import ast

from django.contrib import admin
from django.contrib.admin import ModelAdmin

import clientline.admin
import clientline.urls  # registers the admins
from clientline.admin.base import ClientLineModelAdmin
from clientline.tests.test_architecture import CODE, dotted, tree_of

REGISTERED = {
    "organizations.Audit": "organizations.admin",
    "services.Service": "services.admin",
    "appointments.WorkingHours": "appointments.admin",
    "appointments.SpecialHours": "appointments.admin",
    "appointments.TimeOff": "appointments.admin",
    # Their pages show rows of higher apps.
    "organizations.Organization": "clientline.backoffice.platform.admin",
    "accounts.User": "clientline.backoffice.people.admin",
    "appointments.Appointment": "clientline.backoffice.appointments.admin",
    "payments.Payment": "clientline.backoffice.money.admin",
    "reach.WebhookEndpoint": "clientline.backoffice.webhooks.admin",
    "reach.Message": "clientline.reach.admin",
    "reach.MessageRule": "clientline.reach.admin",
    "reach.MessageText": "clientline.reach.admin",
    "reach.Feed": "clientline.reach.admin",
}


def calls_of(name):
    """(module, what it names first) of each call of a method of this name on a model's admin site."""
    return sorted(
        (dotted(path), ast.unparse(node.args[0]))
        for path in CODE
        if f".{name}(" in path.read_text()  # in few files, and trees are dear
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", None) == name
        and ast.unparse(node.func) in (f"admin.{name}", f"admin.site.{name}")
    )


def test_each_model_has_its_one_admin_where_its_rows_are():
    registered = {model._meta.label: type(found).__module__ for model, found in admin.site._registry.items()}
    assert registered == REGISTERED


def test_each_admin_is_registered_once_and_replaces_none():
    models = [model for _, model in calls_of("register")]
    assert sorted(models) == sorted(label.split(".")[1] for label in REGISTERED)
    assert calls_of("unregister") == [
        ("accounts.admin", "Group"),
        ("clientline.reach.admin", "ProcrastinateJob"),
    ]


def test_an_admin_stands_on_the_base_alone():
    """Beside it are mixins, which are no admins themselves: nobody climbs through several to find a method."""
    for found in admin.site._registry.values():
        admins = [base for base in type(found).__mro__ if issubclass(base, ModelAdmin)]
        assert admins == [type(found), ClientLineModelAdmin, ModelAdmin]


def test_the_base_that_django_takes_for_an_apps_admin_registers_nothing():
    """`clientline.admin` is found like any app's `admin` module; it is the package of what admins are made of."""
    assert {name for name in vars(clientline.admin) if not name.startswith("__")} <= {"tests"} | {
        path.stem for path in CODE if path.parent.name == "admin"
    }
