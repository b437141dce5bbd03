"""Every variable that cannot be what it is ends in one sentence: which, what it is, what would do. No traceback."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as project_settings
from django.core.exceptions import ImproperlyConfigured

from clientline import configuration
from clientline.tests.test_readme import names, table

SETTINGS = project_settings.BASE_DIR / "clientline" / "settings.py"
URL = "write postgres://user:password@host:5432/name, with %40 %23 %2F %3F %3A %25 for @ # / ? : % in a password."
NAME = "say which database, as postgres://user:password@host:5432/name."
OTHERS = (
    "and ClientLine needs PostgreSQL 14 or newer: without exclusion constraints and row security its guarantees "
    "would silently vanish. Write postgres://…, or unset DATABASE_URL to use the embedded server."
)
HOSTS = "name hosts only, without scheme, port and path."
ORIGINS = "name a scheme and a host each, as https://book.example.com."
NETWORKS = "name addresses or networks, as 127.0.0.1 or 10.0.0.0/8."
SEVERAL_PORTS = "name ports from 1 to 65535, separated by commas."
ADDRESS = "name an address that begins with http:// or https://."
PORTS, NUMBERS = "name a whole number from 1 to 65535.", "name a whole number from 0 to 2147483647."
BAD = [
    ("DATABASE_URL", "nonsense", f"DATABASE_URL is no address: {URL}"),
    ("DATABASE_URL", "postgres://me:s3cret@host:port/name", f"DATABASE_URL is postgres://***@host:port/name: {URL}"),
    ("DATABASE_URL", "postgres://me:s3#cret@host/name", f"DATABASE_URL is postgres://***@host/name: {URL}"),
    ("DATABASE_URL", "postgres://me:12/s3cret@host/name", f"DATABASE_URL is postgres://***@host/name: {URL}"),
    ("DATABASE_URL", "postgres://me:s3[cret@host/name", f"DATABASE_URL is postgres://***@host/name: {URL}"),
    ("DATABASE_URL", "postgres://me:s3cret", f"DATABASE_URL is postgres://…: {URL}"),
    ("DATABASE_URL", "postgres://me:s3cret@host", f"DATABASE_URL is postgres://***@host: {NAME}"),
    ("DATABASE_URL", "postgres://me:s3%00cret@host/name", f"DATABASE_URL is postgres://***@host/name: {URL}"),
    (
        "DATABASE_URL",
        "postgres://me@host/name?autocommit=false",
        "autocommit in DATABASE_URL is false: leave it out, it is set here.",
    ),
    ("DATABASE_URL", "mysql://me:s3cret@host/name", f"DATABASE_URL names mysql://…, {OTHERS}"),
    ("DATABASE_URL", "sqlite:////tmp/x", f"DATABASE_URL names sqlite://…, {OTHERS}"),
    ("DATABASE_POOLER", "statement", "DATABASE_POOLER is statement: say transaction or session."),
    (
        "DATABASE_URL",
        "postgres://me@host/name?pooler=statement",
        "pooler in DATABASE_URL is statement: say transaction or session.",
    ),
    ("DATABASE_REPLICA_URL", "postgres://me:s3cret@host", f"DATABASE_REPLICA_URL is postgres://***@host: {NAME}"),
    ("CELL", "1024", "CELL is 1024: name a whole number from 0 to 1023."),
    ("CELL_ABOVE", "-1", "CELL_ABOVE is -1: name a whole number from 0 to 4503599627370496."),
    ("PORT", "text", f"PORT is text: {PORTS}"),
    ("PORT", "0", f"PORT is 0: {PORTS}"),
    ("PORT", "70000", f"PORT is 70000: {PORTS}"),
    ("PORT", "-1", f"PORT is -1: {PORTS}"),
    ("PORT", "8_000", f"PORT is 8_000: {PORTS}"),
    ("EMAIL_PORT", "smtp", f"EMAIL_PORT is smtp: {PORTS}"),
    ("EMAIL_USE_TLS", "starttls", "EMAIL_USE_TLS is starttls: say true or false."),
    ("EMAIL_USE_SSL", "2", "EMAIL_USE_SSL is 2: say true or false."),
    ("EMAIL_HOST", "smtp.example.com", "Mail is sent, so DEFAULT_FROM_EMAIL has to say from which address."),
    ("SMS_PROVIDER", "pigeon", "SMS_PROVIDER is pigeon: say twilio or simulator."),
    ("SMS_PROVIDER", "twilio", "SMS_PROVIDER is twilio, which needs TWILIO_ACCOUNT, TWILIO_TOKEN and SMS_FROM."),
    ("TWILIO_API_URL", "api.twilio.com", f"TWILIO_API_URL is no address: {ADDRESS}"),
    ("DEBUG", "maybe", "DEBUG is maybe: say true or false."),
    ("SECURE_COOKIES", "2", "SECURE_COOKIES is 2: say true or false."),
    ("HSTS_SECONDS", "a year", f"HSTS_SECONDS is a year: {NUMBERS}"),
    ("ANYMAIL", "token", 'ANYMAIL is no JSON object: write names and values, as {"WEBHOOK_SECRET": "user:password"}.'),
    ("RATE_LIMIT", "-1", f"RATE_LIMIT is -1: {NUMBERS}"),
    ("REQUIRE_OPERATOR_SECOND_FACTOR", "maybe", "REQUIRE_OPERATOR_SECOND_FACTOR is maybe: say true or false."),
    ("RATE_LIMIT_BY_ADDRESS", "1e3", f"RATE_LIMIT_BY_ADDRESS is 1e3: {NUMBERS}"),
    ("GUEST_VISITS_AHEAD", "0", "GUEST_VISITS_AHEAD is 0: name a whole number from 1 to 2147483647."),
    ("GUEST_CODES_AN_HOUR", "five", "GUEST_CODES_AN_HOUR is five: name a whole number from 1 to 2147483647."),
    (
        "GUEST_FORMS_IN_TEN_MINUTES",
        "ten",
        "GUEST_FORMS_IN_TEN_MINUTES is ten: name a whole number from 1 to 2147483647.",
    ),
    ("LOG_FORMAT", "xml", "LOG_FORMAT is xml: say text or json."),
    ("LOG_FORMAT", "", "LOG_FORMAT is empty: say text or json."),
    ("ALLOWED_HOSTS", "a.example,https://b.example", f"and https://b.example is none of its kind: {HOSTS}"),
    ("ALLOWED_HOSTS", "a.example:8000", f"and a.example:8000 is none of its kind: {HOSTS}"),
    ("CSRF_TRUSTED_ORIGINS", "book.example.com", f"and book.example.com is none of its kind: {ORIGINS}"),
    ("CSRF_TRUSTED_ORIGINS", "https://a.example/x", f"and https://a.example/x is none of its kind: {ORIGINS}"),
    ("TRUSTED_PROXIES", "127.0.0.1,proxy", f"and proxy is none of its kind: {NETWORKS}"),
    ("TRUSTED_PROXIES", "10.0.0.1/8", f"and 10.0.0.1/8 is none of its kind: {NETWORKS}"),
    ("WEBHOOK_PORTS", "443,https", f"and https is none of its kind: {SEVERAL_PORTS}"),
    ("WEBHOOK_PORTS", "0", f"and 0 is none of its kind: {SEVERAL_PORTS}"),
    ("WEBHOOK_PORTS", "65536", f"and 65536 is none of its kind: {SEVERAL_PORTS}"),
    ("WEBHOOK_NETWORKS", "10.0.0.0/33", f"and 10.0.0.0/33 is none of its kind: {NETWORKS}"),
    ("PAYMENT_PROVIDER", "paypal", "PAYMENT_PROVIDER is paypal: say stripe or simulator."),
    (
        "PAYMENT_PROVIDER",
        "stripe",
        "PAYMENT_PROVIDER is stripe, which needs STRIPE_SECRET_KEY: set it, or say simulator.",
    ),
    ("STRIPE_API_URL", "api.stripe.com", f"STRIPE_API_URL is no address: {ADDRESS}"),
    ("PUBLIC_URL", "ftp://me:s3cret@book.example", f"PUBLIC_URL is ftp://***@book.example: {ADDRESS}"),
]
GOOD = [
    ("DATABASE_URL", "postgres://me:s3%23cret@one:5432,two:5433/name?sslmode=disable"),
    ("DATABASE_URL", "postgresql://me@host/name"),
    ("DATABASE_POOLER", ""),
    ("DATABASE_POOLER", "session"),
    ("PORT", " 80 "),
    ("PORT", ""),
    ("DEBUG", "NO"),
    ("HSTS_SECONDS", ""),
    ("ALLOWED_HOSTS", "*, .example.com, [::1], 10.0.0.1, a-b.example."),
    ("CSRF_TRUSTED_ORIGINS", "https://*.example.com,http://a.example:8080"),
    ("TRUSTED_PROXIES", "::1, 10.0.0.0/8"),
    ("WEBHOOK_PORTS", "443, 8443"),
    ("WEBHOOK_NETWORKS", "::1, 10.0.0.0/8"),
    ("PAYMENT_PROVIDER", ""),
    ("PUBLIC_URL", "https://book.example.com/clientline/"),
]
# Any text will do; what cannot be used is told when it is used.
ELSEWHERE = {
    "HOST",
    "CLIENTLINE_DATA",
    "PG_BINDIR",
    "SECRET_KEY",
    "METRICS_TOKEN",
    "EMAIL_BACKEND",
    "EMAIL_HOST_PASSWORD",
    "EMAIL_HOST_USER",
    "DEFAULT_FROM_EMAIL",
    "SMS_FROM",
    "TWILIO_ACCOUNT",
    "TWILIO_TOKEN",
    "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
}


@pytest.fixture
def environment(monkeypatch, tmp_path):
    """An environment in which nothing is set but these."""
    for line in table("Configuration", "variable")[2:]:
        monkeypatch.delenv(names(line)[0], raising=False)
    monkeypatch.setenv("CLIENTLINE_DATA", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY", "a-key")
    return monkeypatch


PROGRAM = compile(SETTINGS.read_text(), SETTINGS, "exec")


def read_settings():
    found = {"__name__": "settings", "__file__": str(SETTINGS)}
    exec(PROGRAM, found)
    return found


def refusal():
    with pytest.raises(ImproperlyConfigured) as refused:
        read_settings()
    return str(refused.value)


def test_a_bad_value_is_refused_with_a_sentence_and_no_password(environment):
    for name, value, sentence in BAD:
        with environment.context() as alone:
            alone.setenv(name, value)
            said = refusal()
        assert said == (f"{name} is {value}, {sentence}" if sentence.startswith("and ") else sentence)
        assert "s3" not in said


def test_a_good_value_is_taken(environment):
    for name, value in GOOD:
        with environment.context() as alone:
            alone.setenv(name, value)
            read_settings()


@pytest.mark.parametrize(
    "query, variable, expected",
    [("?pooler=transaction", "", "transaction"), ("?pooler=session", "transaction", "transaction"), ("", "", "")],
)
def test_an_address_may_tell_of_a_pooler_and_the_driver_hears_nothing_of_it(environment, query, variable, expected):
    for name in ("DATABASE_URL", "DATABASE_REPLICA_URL"):
        environment.setenv(name, f"postgres://me@host/name{query}")
    environment.setenv("DATABASE_POOLER", variable)
    found = read_settings()
    assert found["DATABASES"]["default"]["POOLER"] == expected
    assert found["DATABASE_REPLICA"].get("POOLER", "") == query.partition("=")[2]
    for told in (found["DATABASES"]["default"], found["DATABASE_REPLICA"]):
        assert "pooler" not in told.get("OPTIONS", {})


def test_a_socket_may_be_written_as_postgresql_writes_it():
    for place in (
        "%2Fvar%2Frun%2Fpostgresql:5433/name",
        ":5433/%2Fvar%2Frun%2Fpostgresql%2Fname",
        "/name?host=/var/run/postgresql&port=5433",
    ):
        taken = configuration.read_database(f"postgres://me@{place}")
        assert [str(taken[part]) for part in ("HOST", "PORT", "NAME")] == ["/var/run/postgresql", "5433", "name"]
        assert taken.get("OPTIONS", {}) == {}  # where the replica's address would be given the primary's host


def test_of_several_hosts_the_one_that_writes_is_looked_for():
    for query, name, expected in (
        ("", "DATABASE_URL", "read-write"),
        ("?target_session_attrs=any", "DATABASE_URL", "any"),
        ("", "DATABASE_REPLICA_URL", None),
    ):
        taken = configuration.read_database(f"postgres://me@one,two/name{query}", name)
        assert taken.get("OPTIONS", {}).get("target_session_attrs") == expected, (query, name)
    assert "OPTIONS" not in configuration.read_database("postgres://me@one/name")
    in_query = configuration.read_database("postgres://me@/name?host=one,two")
    assert (in_query["HOST"], in_query["OPTIONS"]) == ("one,two", {"target_session_attrs": "read-write"})


def test_every_variable_is_tried():
    described = {names(line)[0] for line in table("Configuration", "variable")[2:]}
    assert {name for name, *_ in BAD} | ELSEWHERE == described


def test_without_a_key_another_server_is_not_used(environment):
    environment.setenv("DATABASE_URL", "postgres://me@host/name")
    environment.setenv("SECRET_KEY", "")
    assert refusal() == "Set SECRET_KEY: it is generated only for the embedded database."


# The key that is kept


@pytest.fixture
def keyless(environment):
    environment.delenv("SECRET_KEY")
    return environment


def cannot_keep(directory, reason):
    return (
        f"CLIENTLINE_DATA is {directory}, where the secret key can be neither read nor kept ({reason}): "
        "name a directory of this user's own, on a disk with room."
    )


def test_a_file_is_no_directory_for_data(keyless, tmp_path):
    (tmp_path / "file").write_text("")
    keyless.setenv("CLIENTLINE_DATA", str(tmp_path / "file"))
    assert refusal() == cannot_keep(tmp_path / "file", "it is a file")


def test_a_path_may_be_too_long(keyless, tmp_path):
    keyless.setenv("CLIENTLINE_DATA", str(tmp_path / ("x" * 300)))
    assert refusal() == cannot_keep(tmp_path / ("x" * 300), "File name too long")


def test_an_empty_key_signs_nothing(keyless, tmp_path):
    (tmp_path / "secret_key").write_text("\n")
    assert refusal() == (
        f"{tmp_path / 'secret_key'} is empty: put the key back, or delete the file for a new one, "
        "which signs everybody out."
    )


# .env


def test_a_file_says_what_the_environment_does_not(monkeypatch, tmp_path):
    monkeypatch.setenv("ONE", "1")
    monkeypatch.setenv("TWO", "to be taken back")
    monkeypatch.delenv("TWO")
    (tmp_path / ".env").write_text("\ufeffONE=2\n\n  # a comment\nexport TWO='$x # y'\n", "utf-8")
    configuration.read_file(tmp_path / ".env")
    assert (os.environ["ONE"], os.environ.pop("TWO")) == ("1", "$x # y")


def test_a_line_that_sets_nothing_is_refused_and_not_shown(tmp_path):
    path = tmp_path / ".env"
    for line in ("SECRET_KEY = s3cret", "s3cret", "-SECRET=s3cret", "SECRET_KEY=s3\0cret"):
        path.write_text(f"# first\n{line}\n")
        with pytest.raises(ImproperlyConfigured) as refused:
            configuration.read_file(path)
        assert str(refused.value) == (
            f"Line 2 of {path} is not NAME=value: mend it, or begin it with # to leave it out."
        ), line


def test_a_file_that_cannot_be_read_is_not_passed_by(tmp_path):
    (tmp_path / "directory").mkdir()
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    for name, what in (
        ("directory", "unreadable (Is a directory): let this user read it, or delete it"),
        ("binary", "no UTF-8: save it as such"),
    ):
        with pytest.raises(ImproperlyConfigured) as refused:
            configuration.read_file(tmp_path / name)
        assert str(refused.value) == f"{tmp_path / name} is {what}."
    configuration.read_file(tmp_path / "missing")


# The doors


@pytest.mark.sweep
@pytest.mark.parametrize(
    "door",
    [
        ["manage.py", "up"],
        # By the same way in, manage.py, whatever the command is.
        pytest.param(["manage.py", "db", "status"], marks=pytest.mark.whole),
        pytest.param(["manage.py", "migrate"], marks=pytest.mark.whole),
        ["-m", "gunicorn", "-c", "python:clientline.gunicorn_conf"],
    ],
    ids=lambda door: door[1],
)
def test_every_door_says_the_sentence_and_no_more(environment, door):
    environment.setenv("PORT", "text")
    ended = subprocess.run([sys.executable, *door], cwd=project_settings.BASE_DIR, capture_output=True, text=True)
    assert ended.stderr.strip().removeprefix("Error: ") == f"PORT is text: {PORTS}"
    assert (ended.returncode, ended.stdout) == (1, "")
