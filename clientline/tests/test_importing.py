"""What is imported when tests begin."""

import sys

from clientline.tests.importing import list_modules


def test_no_test_is_the_first_to_import_a_module_of_the_project():
    modules = [*list_modules()]
    assert {"manage", "clientline.tests"}.isdisjoint(modules)
    assert "payments.management.commands.export_payments" in modules
    assert [name for name in modules if name not in sys.modules] == []
