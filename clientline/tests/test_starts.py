"""What every process pays before it does anything."""

import gc

from clientline.command_line import Commands


def test_garbage_is_collected_again_once_all_is_imported():
    gc.disable()
    try:
        assert Commands(["manage.py", "migrate"]).fetch_command("migrate").help
        assert gc.isenabled()
    finally:
        gc.enable()


def test_pytest_loads_no_plugin_that_is_not_named(pytestconfig):
    loaded = {name for name, _ in pytestconfig.pluginmanager.list_name_plugin()}
    assert loaded & {"anyio", "faker", "schemathesis"} == set()
    assert {"_hypothesis_pytestplugin", "pytest_django.plugin"} <= loaded
