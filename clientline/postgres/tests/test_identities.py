"""Who the embedded server runs as: root, nobody and the owner of the files."""

import os
import stat
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest

from clientline.postgres.binaries import find_binaries
from clientline.postgres.cluster import Cluster, give
from clientline.postgres.tests.servers import PROJECT, START, ask, connect, needs_root, pid_of, python

pytestmark = [pytest.mark.faults, pytest.mark.xdist_group("embedded")]

NOBODY = 65534
OF_NOBODY = f"user:{NOBODY}:{NOBODY}"


@needs_root
def test_root_keeps_its_files_and_opens_no_directory(data, copied):
    (data / "home").mkdir(mode=0o700)
    cluster = copied(data / "home" / "var")
    cluster.ensure_running()
    assert stat.S_IMODE((data / "home").stat().st_mode) == 0o700
    assert {path.stat().st_uid for path in (cluster.directory, cluster.log, cluster.ensure_running())} == {0}
    inside = Path(f"/proc/{pid_of(cluster)}/uid_map").read_text().split()
    assert inside[1:] == ["0", "1"]
    assert int(inside[0]) != 0


@needs_root
def test_root_makes_and_runs_a_cluster_as_the_user_who_owns_its_place(data, copied):
    os.chown(data, NOBODY, NOBODY)
    data.chmod(0o755)
    assert Cluster(data)._choose_identity() == OF_NOBODY  # as whom it is made below, where there are no namespaces
    cluster = copied(data)
    give(cluster.directory, OF_NOBODY)
    cluster.ensure_running()
    assert Path(f"/proc/{pid_of(cluster)}").stat().st_uid == NOBODY
    assert {path.stat().st_uid for path in data.glob("**/*") if path.is_file()} == {NOBODY}


def without_namespaces(code, *arguments):
    """Python in a change of root, where the kernel refuses user namespaces."""
    script = 'mkdir -p "$0" && mount --rbind / "$0" && exec chroot "$0" "$@"'
    with tempfile.TemporaryDirectory() as root:
        command = ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, root]
        code = f"import sys, os; sys.path.insert(0, {str(PROJECT)!r}); {code}"
        return subprocess.run(
            [*command, sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True
        )


RUN_AND_STOP = """
from pathlib import Path
from clientline.postgres.cluster import Cluster, give
cluster = Cluster(sys.argv[1])
cluster.ensure_running()
print(Path(f"/proc/{cluster.status().pid}").stat().st_uid, cluster.directory.stat().st_uid, cluster.stop())
"""


@needs_root
def test_root_without_namespaces_runs_the_server_as_nobody(data):
    data.chmod(0o755)
    result = without_namespaces(RUN_AND_STOP, data)
    assert (result.stdout, result.stderr) == (f"{NOBODY} {NOBODY} True\n", "")
    assert stat.S_IMODE(data.stat().st_mode) == 0o755
    assert data.stat().st_uid == 0


@needs_root
def test_roots_own_cluster_moves_to_where_there_are_no_namespaces(cluster):
    cluster.data.chmod(0o755)
    with connect(cluster) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    cluster.stop()
    assert without_namespaces(RUN_AND_STOP, cluster.data).stdout == f"{NOBODY} {NOBODY} True\n"
    assert ask(cluster, "SELECT answer FROM kept") == (42,)


@needs_root
def test_root_that_can_be_nobody_else_is_told_what_to_do(data):
    data.chmod(0o700)
    result = without_namespaces(RUN_AND_STOP, data)
    assert "run as a normal user or set DATABASE_URL." in result.stderr.splitlines()[-1]
    assert stat.S_IMODE(data.stat().st_mode) == 0o700


def as_nobody(code, *arguments):
    """A normal user, with the first Python that such a user may run."""
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    for interpreter in (sys.executable, "/usr/bin/python3"):
        check = [
            interpreter,
            "-c",
            f"import sys; assert sys.version_info >= (3, 11); open({str(PROJECT / 'manage.py')!r})",
        ]
        with suppress(OSError, subprocess.CalledProcessError):
            subprocess.run(check, check=True, capture_output=True, **user)
            return python(f"import sys; sys.path.insert(0, '.'); {code}", *arguments, interpreter=interpreter, **user)
    return pytest.skip("nobody may run no Python or not read the project")


@needs_root
def test_a_normal_user_starts_and_stops(data, copied, monkeypatch):
    monkeypatch.setenv("PG_BINDIR", str(find_binaries()))
    copied(data)
    give(data, OF_NOBODY)
    starter = as_nobody(RUN_AND_STOP, data)
    assert starter.communicate() == (f"{NOBODY} {NOBODY} True\n", "")


@needs_root
def test_a_normal_user_is_not_let_into_another_users_cluster(cluster, monkeypatch):
    monkeypatch.setenv("PG_BINDIR", str(find_binaries()))
    cluster.ensure_running()
    cluster.data.chmod(0o755)
    _, errors = as_nobody(START.removeprefix("import sys; "), cluster.data).communicate()
    assert "is closed to this user: run as its owner, or set CLIENTLINE_DATA" in errors.splitlines()[-1]
    assert ask(cluster, "SELECT 1") == (1,)
