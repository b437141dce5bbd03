import shutil
import subprocess
from pathlib import Path

import pytest
from django.utils import timezone

from clientline.reach.webhooks import sending
from clientline.reach.webhooks.endpoints import create_endpoint
from clientline.reach.webhooks.models import TYPES
from clientline.reach.webhooks.switchboard import switchboard
from clientline.reach.webhooks.tests.receiver import Receiver, make_authority
from clientline.settings import BASE_DIR as PROJECT


@pytest.fixture(scope="session")
def authority():
    return make_authority()


@pytest.fixture(scope="session")
def certificate(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("authority") / "authority.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


@pytest.fixture(scope="session")
def trusting(certificate):
    """As a machine calls that trusts the tests' authority; made once, as it takes 20 ms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", certificate)
        return sending.make_tls.__wrapped__()


@pytest.fixture
def trusted(certificate, trusting, monkeypatch):
    """The tests' authority is one that this machine trusts, and so do the programs that it starts."""
    monkeypatch.setenv("SSL_CERT_FILE", certificate)
    monkeypatch.setattr(sending, "make_tls", lambda: trusting)


@pytest.fixture
def receive(authority, trusted, settings):
    """`receive()` starts a receiver that may be called."""
    receivers, settings.WEBHOOK_NETWORKS, settings.WEBHOOK_PORTS = [], ["127.0.0.0/8", "::1"], []

    def start(**told):
        receivers.append(Receiver(authority, **told))
        settings.WEBHOOK_PORTS = [each.port for each in receivers]
        return receivers[-1]

    yield start
    for each in receivers:
        each.close()


@pytest.fixture
def receiver(receive):
    return receive()


@pytest.fixture
def listen():
    """`listen(cast, url)` sets an endpoint up that hears everything, or the `events` that are named."""

    def set_up(cast, url="https://receiver.example/webhooks", events=TYPES, **values):
        told = {"by": cast.admin, "organization": cast.organization, "events": list(events)}
        return create_endpoint(**told, url=url, now=timezone.now(), **values)

    return set_up


@pytest.fixture
def work():
    """Call all that is due, until everybody answered."""

    def go():
        while switchboard.go():
            pass

    return go


@pytest.fixture(scope="module")
def modules():
    """The packages of npm that package-lock.json pins."""
    if not shutil.which("npm"):
        pytest.skip("needs npm")
    folder = PROJECT / "var" / "node"
    shutil.copytree(Path(__file__).parent / "node", folder, dirs_exist_ok=True)
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300)
    return folder
