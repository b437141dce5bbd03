"""The table of hosts, and the files that it fills: one source for three machines, or for three nodes on this one."""

import secrets
import tomllib
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from string import Template

from django.core.exceptions import ImproperlyConfigured

TEMPLATES = Path(__file__).parents[2] / "deploy" / "cluster"
FEWEST = 3  # of which two are a majority when one is lost
PASSWORDS = ("superuser_password", "replication_password", "application_password", "secret_key")


@dataclass(frozen=True)
class Host:
    name: str
    address: str
    etcd_port: int = 2379
    etcd_peer_port: int = 2380
    patroni_port: int = 8008
    postgres_port: int = 5432


@dataclass(frozen=True)
class Deployment:
    """What all machines have in common. `watchdog` is Patroni's: off, automatic or required.

    `backups` is the directory of pgBackRest's repository; in `archive_command`, `$cluster` is its stanza.
    """

    hosts: tuple[Host, ...]
    cluster: str = "clientline"
    bin_dir: str = "/usr/lib/postgresql/15/bin"
    data_dir: str = "/var/lib/clientline"
    programs: str = "/opt/clientline/.venv-cluster/bin"
    code: str = "/opt/clientline"
    user: str = "clientline"
    network: str = "10.0.0.0/24"
    bind: str = "127.0.0.1"
    writes_port: int = 5000
    reads_port: int = 5001
    shared_buffers: str = "1GB"
    watchdog: str = "automatic"
    backups: str = "/var/lib/pgbackrest"
    archive_command: str = "pgbackrest --stanza=$cluster archive-push %p"
    passwords: dict[str, str] = field(default_factory=lambda: make_passwords())


def make_passwords() -> dict[str, str]:
    return {name: secrets.token_urlsafe(24) for name in PASSWORDS}


def read_deployment(path: Path, passwords: dict[str, str] | None = None) -> Deployment:
    """The table in this file. Raises ImproperlyConfigured with a sentence."""
    try:
        table = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ImproperlyConfigured(f"{path} cannot be read: {error}") from error
    rows = table.pop("host", [])
    _refuse_unknown(path, table, Deployment, {"hosts", "passwords"})
    for row in rows:
        _refuse_unknown(path, row, Host, set())
    hosts = tuple(Host(**row) for row in rows)
    _refuse_few(path, hosts)
    return Deployment(hosts=hosts, **table, **({"passwords": passwords} if passwords else {}))


def _refuse_unknown(path: Path, row: dict, kind: type, left_out: set[str]) -> None:
    known = {each.name for each in fields(kind)} - left_out
    needed = {"name", "address"} if kind is Host else set()
    if wrong := sorted(set(row) - known) or sorted(needed - set(row)):
        raise ImproperlyConfigured(f"{path}: {wrong[0]} is missing or unknown; known are {', '.join(sorted(known))}.")


def _refuse_few(path: Path, hosts: tuple[Host, ...]) -> None:
    if len(hosts) < FEWEST:
        raise ImproperlyConfigured(f"{path} names {len(hosts)} hosts: {FEWEST} or more survive the loss of one.")
    if len({host.name for host in hosts}) < len(hosts):
        raise ImproperlyConfigured(f"{path} names two hosts alike.")


def fill_files(deployment: Deployment, host: Host) -> dict[str, str]:
    """The text of each file of this host, by its name."""
    values = asdict(deployment) | asdict(host) | deployment.passwords | _describe_members(deployment)
    # A command of somebody's own may hold dollars that are the shell's.
    values["archive_command"] = Template(deployment.archive_command).safe_substitute(cluster=deployment.cluster)
    templates = [path for path in sorted(TEMPLATES.iterdir()) if path.suffix != ".toml"]
    return {path.name: Template(path.read_text()).substitute(values) for path in templates}


def _describe_members(deployment: Deployment) -> dict[str, str]:
    hosts = deployment.hosts
    return {
        "etcd_members": ",".join(f"{host.name}=http://{host.address}:{host.etcd_peer_port}" for host in hosts),
        "etcd_clients": ",".join(f"{host.address}:{host.etcd_port}" for host in hosts),
        "servers": "\n".join(
            f"    server {host.name} {host.address}:{host.postgres_port} check port {host.patroni_port}"
            for host in hosts
        ),
    }
