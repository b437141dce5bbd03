"""Reads the environment, a variable at a time. What a variable cannot be is refused with one sentence for people.

The sentence names the variable, what it is, and what would do; never a password, a key or a token.
"""

import json
import os
import re
import secrets
from contextlib import suppress
from io import StringIO
from ipaddress import ip_network
from urllib.parse import unquote, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

YES, NO = ("true", "yes", "on", "1", "y", "ok"), ("false", "no", "off", "0", "n")
MOST = 2**31 - 1
POOLERS = ("transaction", "session")
# What django-environ would take from the query of an address.
SETTINGS_OF_DJANGO = frozenset(
    ("CONN_MAX_AGE", "ATOMIC_REQUESTS", "AUTOCOMMIT", "DISABLE_SERVER_SIDE_CURSORS", "CONN_HEALTH_CHECKS")
)
ASSIGNMENT = re.compile(r"(export )?\w+=.*", re.ASCII)
NOTHING = re.compile(r"\s*(#.*)?")
HOST_NAME = re.compile(r"\*|\.?[\w-]+(\.[\w-]+)*\.?|\[[0-9a-f:.]+\]", re.IGNORECASE)


def refuse(name, shown, mend):
    raise ImproperlyConfigured(f"{name} is {shown or 'empty'}: {mend}.") from None


class Environment:
    """An empty variable counts as one that is not set."""

    def __call__(self, name, default=""):
        return os.environ.get(name) or default

    def object(self, name):
        """A JSON object, empty unless there is one; it may hold secrets, so its text is not repeated."""
        try:
            value = json.loads(self(name, "{}"))
        except ValueError:
            value = None
        if not isinstance(value, dict):
            refuse(name, "no JSON object", 'write names and values, as {"WEBHOOK_SECRET": "user:password"}')
        return value

    def bool(self, name, default):
        value = self(name, "true" if default else "false").strip()
        if value.lower() not in YES + NO:
            refuse(name, value, "say true or false")
        return value.lower() in YES

    def int(self, name, default, *, least=0, most=MOST):
        value = self(name, str(default)).strip()
        if not re.fullmatch("[0-9]{1,16}", value) or not least <= int(value) <= most:
            refuse(name, value, f"name a whole number from {least} to {most}")
        return int(value)

    def choice(self, name, default, *, among):
        """Empty is a choice, too, where it is among them."""
        value = os.environ.get(name, default).strip()
        if value not in among:
            refuse(name, value, f"say {' or '.join(filter(None, among))}")
        return value

    def list(self, name, default=()):
        return [each.strip() for each in self(name).split(",") if each.strip()] or list(default)

    def host_names(self, name, default):
        return self._check(name, default, HOST_NAME.fullmatch, "name hosts only, without scheme, port and path")

    def origins(self, name):
        return self._check(name, (), _is_origin, "name a scheme and a host each, as https://book.example.com")

    def networks(self, name):
        return self._check(name, (), _is_network, "name addresses or networks, as 127.0.0.1 or 10.0.0.0/8")

    def _check(self, name, default, is_right, mend):
        values = self.list(name, default)
        if wrong := [each for each in values if not is_right(each)]:
            refuse(name, f"{','.join(values)}, and {wrong[0]} is none of its kind", mend)
        return values

    def ports(self, name, default):
        values = self._check(name, default, _is_port, "name ports from 1 to 65535, separated by commas")
        return [int(value) for value in values]

    def url(self, name, default):
        value = self(name, default).strip().rstrip("/")
        if value != default and not _is_address(value):
            refuse(name, _hide_password(value), "name an address that begins with http:// or https://")
        return value


def split(text):
    """The parts of an address; None where it has none. Python's own words about it may hold a password."""
    try:
        parts = urlsplit(text)
        # PostgreSQL takes several places, separated by commas.
        return parts if "," in parts.netloc or parts.port != 0 else None
    except ValueError:
        return None


def _is_address(text):
    parts = split(text)
    return bool(parts and parts.scheme in ("http", "https") and parts.hostname and " " not in text)


def _is_origin(text):
    # A star stands for all subdomains.
    return _is_address(text.replace("://*.", "://")) and not split(text).path


def _is_port(text):
    return bool(re.fullmatch("[0-9]{1,5}", text)) and 1 <= int(text) <= 65535


def _is_network(text):
    try:
        return bool(ip_network(text))
    except ValueError:
        return False


def _hide_password(text):
    """An address for people's eyes: nobody can tell where a password ends that is not written as it should be."""
    scheme, found, rest = text.partition("://")
    if not found:
        return "no address"
    _, has_password, place = rest.rpartition("@")
    return f"{scheme}://{'***@' if has_password else ''}{'…' if not has_password else place.partition('?')[0]}"


def read_database(url, name="DATABASE_URL"):
    """Django's settings of the server that the variable names; anything but PostgreSQL is refused."""
    parts = split(url)
    # What comes after a NUL the driver would leave out without a word.
    if not parts or not parts.scheme or parts.fragment or "@" in parts.path or "\0" in unquote(url):
        refuse(
            name,
            _hide_password(url),
            "write postgres://user:password@host:5432/name, with %40 %23 %2F %3F %3A %25 for @ # / ? : % in a password",
        )
    if parts.scheme not in environ.Env.POSTGRES_FAMILY:
        raise ImproperlyConfigured(
            f"{name} names {parts.scheme}://…, and ClientLine needs PostgreSQL 14 or newer: without exclusion "
            "constraints and row security its guarantees would silently vanish. Write postgres://…, or unset "
            f"{name} to use the embedded server."
        )
    config = environ.Env.db_url_config(url) | {"ENGINE": "clientline.postgres.backend"}
    if not config["NAME"]:
        refuse(name, _hide_password(url), "say which database, as postgres://user:password@host:5432/name")
    # Django's own, such as AUTOCOMMIT: with another, changes would not last.
    if ours := sorted(config.keys() & SETTINGS_OF_DJANGO):
        refuse(f"{ours[0].lower()} in {name}", config[ours[0]], "leave it out, it is set here")
    place = _read_place(config)
    if "," in place["HOST"] and name == "DATABASE_URL":  # whoever answers first may be a standby
        config.setdefault("OPTIONS", {}).setdefault("target_session_attrs", "read-write")
    return config | place | _read_pooler(config, name)


def _read_place(config):
    """As PostgreSQL's own programs take it, also from the query; environ looks for a socket in the name alone."""
    options = config.get("OPTIONS", {})
    host = str(options.pop("host", "")) or unquote(config["HOST"] or "")
    return {"HOST": host, "PORT": options.pop("port", config["PORT"])}


def _read_pooler(config, name):
    """What the address says of a pooler, which is ours: the driver knows no such option."""
    told = config.get("OPTIONS", {}).pop("pooler", "")
    if told and told not in POOLERS:
        refuse(f"pooler in {name}", told, f"say {' or '.join(POOLERS)}")
    return {"POOLER": told} if told else {}


def read_file(path):
    """Set what a file like .env says and the environment does not. Its lines are never shown: they hold secrets."""
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        return
    except OSError as error:
        refuse(path, f"unreadable ({error.strerror})", "let this user read it, or delete it")
    except UnicodeDecodeError:
        refuse(path, "no UTF-8", "save it as such")
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        if "\0" in line or not (ASSIGNMENT.fullmatch(line) or NOTHING.fullmatch(line)):
            refuse(f"Line {number} of {path}", "not NAME=value", "mend it, or begin it with # to leave it out")
    environ.Env.read_env(StringIO("\n".join(line for line in lines if ASSIGNMENT.fullmatch(line))))


def keep_secret(path):
    """The secret in `path`, made on first use. Raises ImproperlyConfigured where it can be neither read nor kept."""
    try:
        if not path.exists():
            _make_secret(path)
        secret = path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        is_file = isinstance(error, FileExistsError | NotADirectoryError)
        reason = "it is a file" if is_file else getattr(error, "strerror", "it is no text")
        refuse(
            "CLIENTLINE_DATA",
            f"{path.parent}, where the secret key can be neither read nor kept ({reason})",
            "name a directory of this user's own, on a disk with room",
        )
    if not secret.strip():
        refuse(path, "empty", "put the key back, or delete the file for a new one, which signs everybody out")
    return secret


def _make_secret(path):
    """Linked into place, so that starters at once agree on one, and a full disk leaves nothing half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
        with suppress(FileExistsError):  # another starter was first; its key is read
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
