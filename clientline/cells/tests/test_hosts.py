"""One table fills the files of each machine, and what is wrong in it is said in a sentence."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from clientline.cells.hosts import TEMPLATES, read_deployment
from clientline.cells.machine import find_program, refuse_old_patroni
from clientline.postgres.backend import patience

TABLE = TEMPLATES / "hosts.toml"


@pytest.fixture
def filled(tmp_path):
    call_command("fill_deployment", TABLE, tmp_path, verbosity=0)
    return tmp_path


def test_each_machine_gets_every_file_with_its_own_address(filled):
    assert sorted(path.name for path in (filled / "db2").iterdir()) == sorted(
        path.name for path in TEMPLATES.iterdir() if path != TABLE
    )
    patroni = (filled / "db2" / "patroni.yml").read_text()
    assert "connect_address: 10.0.0.12:5432" in patroni
    assert "hosts: 10.0.0.11:2379,10.0.0.12:2379,10.0.0.13:2379" in patroni
    assert (filled / "db2" / "haproxy.cfg").read_text().count("    server db3 10.0.0.13:5432 check port 8008") == 3


def test_a_cluster_of_another_name_archives_below_that_name(tmp_path):
    table = tmp_path / "hosts.toml"
    table.write_text(TABLE.read_text().replace('cluster = "clientline"', 'cluster = "north"'))
    call_command("fill_deployment", table, tmp_path, verbosity=0)
    files = tmp_path / "db1"
    assert "archive_command: pgbackrest --stanza=north archive-push %p\n" in (files / "patroni.yml").read_text()
    assert "\n[north]\n" in (files / "pgbackrest.conf").read_text()
    assert "pgbackrest --stanza=north --type=time" in (files / "drill.sh").read_text()


def test_a_commit_waits_for_longer_than_a_lost_standby_is_waited_for(filled):
    settings = yaml.safe_load((filled / "db1" / "patroni.yml").read_text())["bootstrap"]["dcs"]
    noticed = int(settings["postgresql"]["parameters"]["wal_sender_timeout"].removesuffix("s"))
    assert noticed + settings["loop_wait"] < patience.LONGEST


def test_slots_of_moves_outlive_a_start_of_postgresql(filled):
    """Patroni drops all that it does not know."""
    settings = yaml.safe_load((filled / "db1" / "patroni.yml").read_text())["bootstrap"]["dcs"]
    assert settings["ignore_slots"] == [{"type": "logical", "plugin": "pgoutput"}]


def test_a_command_of_ones_own_keeps_its_dollars(tmp_path):
    table = tmp_path / "hosts.toml"
    table.write_text('archive_command = "archive $HOME %p $cluster"\n' + TABLE.read_text())
    call_command("fill_deployment", table, tmp_path, verbosity=0)
    assert "archive_command: archive $HOME %p clientline\n" in (tmp_path / "db1" / "patroni.yml").read_text()


def test_the_drill_refuses_a_second_without_its_offset(filled):
    place = filled / "drill"
    for target in ("", "2026-11-29", "2026-11-29 12:00:00", "2026-11-29T12:00:00+01:00", "2026-11-29 12:00:00Z"):
        done = subprocess.run(["sh", filled / "db1" / "drill.sh", target, place], capture_output=True, text=True)
        assert done.returncode == 2, target
        assert "a second with its offset from UTC" in done.stderr
        assert not place.exists()


def test_who_comes_by_the_pooler_is_known_to_it(filled):
    password = json.loads((filled / "passwords.json").read_text())["application_password"]
    told = (filled / "db1" / "pgbouncer.ini").read_text()
    (users,) = [line.partition(" = ")[2] for line in told.splitlines() if line.startswith("auth_file = ")]
    assert (filled / "db1" / Path(users).name).read_text() == f'"clientline" "{password}"\n'


def test_passwords_are_its_owners_and_stay(filled):
    passwords = json.loads((filled / "passwords.json").read_text())
    call_command("fill_deployment", TABLE, filled, verbosity=0)
    assert json.loads((filled / "passwords.json").read_text()) == passwords
    assert {path.stat().st_mode & 0o777 for path in filled.rglob("*.*")} == {0o600}
    assert passwords["superuser_password"] in (filled / "db1" / "patroni.yml").read_text()


def test_what_is_wrong_in_the_table_is_named(tmp_path):
    table, text = tmp_path / "hosts.toml", TABLE.read_text()
    for wrong, says in (
        (text.replace('name = "db3"\n', ""), "name is missing or unknown"),
        (text.replace("db3", "db2"), "names two hosts alike"),
        (text.partition('[[host]]\nname = "db3"')[0], "names 2 hosts: 3 or more survive"),
        ("ttl = 5\n" + text, "ttl is missing or unknown"),
        (text + "[", "cannot be read"),
    ):
        table.write_text(wrong)
        with pytest.raises(ImproperlyConfigured, match=says):
            read_deployment(table)


def test_the_proxy_takes_its_file(filled):
    try:
        haproxy = find_program("haproxy")
    except ImproperlyConfigured as missing:
        pytest.skip(str(missing))
    checked = subprocess.run([haproxy, "-c", "-f", filled / "db1" / "haproxy.cfg"], capture_output=True, text=True)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.sweep
def test_the_units_are_sound(filled, tmp_path):
    if not (analyze := shutil.which("systemd-analyze")):
        pytest.skip("no systemd-analyze here")
    units = [*(filled / "db1").glob("*.service")]
    assert units
    for unit in units:
        text = unit.read_text().replace("/opt/clientline/.venv-cluster/bin/patroni", "/bin/true")
        unit.write_text(text.replace("/opt/clientline/.venv/bin/", "/bin/true ").replace("/usr/bin/etcd", "/bin/true"))
        checked = subprocess.run([analyze, "verify", unit], capture_output=True, text=True)
        assert (checked.returncode, checked.stderr) == (0, ""), unit.name


def test_a_patroni_that_loses_what_was_acknowledged_is_refused(tmp_path):
    patroni = tmp_path / "patroni"
    patroni.write_text("#!/bin/sh\necho patroni 3.0.2\n")
    patroni.chmod(0o755)
    with pytest.raises(ImproperlyConfigured, match=r"Patroni 3\.0\.2 lets a primary .* use 4\.1 or newer"):
        refuse_old_patroni(Path(tmp_path))
    with pytest.raises(ImproperlyConfigured, match="`make cluster` installs the pinned one"):
        refuse_old_patroni(Path(tmp_path / "nowhere"))
