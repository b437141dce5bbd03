"""deploy/nginx.conf, as it stands there, between callers and the server: TLS, large files, slow senders."""

import http.client
import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from django.conf import settings

from accounts.tests.factories import token_for
from clientline.tests.first_start import free_port
from clientline.web.tests.senders import HALF_SENT, ask
from clientline.web.tests.servers import NAME

pytestmark = [
    pytest.mark.faults,
    pytest.mark.xdist_group("server"),
    pytest.mark.skipif(shutil.which("nginx") is None, reason="nginx is not installed: apt install nginx"),
]
CONFIGURATION = settings.BASE_DIR / "deploy" / "nginx.conf"
AROUND = """
daemon off; pid {0}/nginx.pid; error_log {0}/error.log; {1}
events {{ }}
http {{
    access_log off;
    client_body_temp_path {0}/body; proxy_temp_path {0}/proxy; fastcgi_temp_path {0}/fastcgi;
    uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;
    include {0}/clientline.conf;
}}
"""
ANYBODY = ssl.create_default_context()
ANYBODY.check_hostname, ANYBODY.verify_mode = False, ssl.CERT_NONE


class Proxy:
    """nginx in front of `server`, with a certificate of its own making, on free ports of this machine."""

    def __init__(self, directory, server):
        self.directory = directory
        self.port, self.plain_port = free_port(), free_port()
        self.certify()
        text = CONFIGURATION.read_text().replace(f"<{NAME}>", NAME)
        for pattern, value in {
            r"127\.0\.0\.1:8000": f"127.0.0.1:{server.port}",
            "listen 80": f"listen 127.0.0.1:{self.plain_port}",
            "listen 443": f"listen 127.0.0.1:{self.port}",
            "/etc/letsencrypt/live/[^/]*": str(directory),
        }.items():
            text, times = re.subn(pattern, value, text)
            assert times > 0, pattern
        (directory / "clientline.conf").write_text(text)
        user = "user root;" if os.getuid() == 0 else ""
        (directory / "nginx.conf").write_text(AROUND.format(directory, user))

    def certify(self):
        command = ["openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
        command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]  # made in no time
        files = ["-keyout", self.directory / "privkey.pem", "-out", self.directory / "fullchain.pem"]
        subprocess.run([*command, *files], check=True, capture_output=True)

    def __enter__(self):
        self.process = subprocess.Popen(["nginx", "-c", self.directory / "nginx.conf", "-p", self.directory])
        deadline = time.monotonic() + 10
        while True:
            try:
                self.connect().close()
                return self
            except ConnectionError:
                assert time.monotonic() < deadline, (self.directory / "error.log").read_text()
                time.sleep(0.05)

    def __exit__(self, *exception):
        self.process.terminate()
        self.process.wait()

    def connect(self):
        return ANYBODY.wrap_socket(socket.create_connection(("127.0.0.1", self.port), timeout=20))

    def ask(self, method, path, body=None, headers=None):
        caller = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=20, context=ANYBODY)
        try:
            caller.request(method, path, body, {"Host": NAME} | (headers or {}))
            response = caller.getresponse()
            return SimpleNamespace(status=response.status, headers=response.headers, body=response.read())
        finally:
            caller.close()


@pytest.fixture(scope="module")
def lasting_proxy(lasting_production, tmp_path_factory):
    with Proxy(tmp_path_factory.mktemp("nginx"), lasting_production) as proxy:
        yield proxy


@pytest.fixture
def proxy(lasting_proxy, server):
    return lasting_proxy


def test_callers_come_by_https_and_files_of_megabytes_pass(proxy, salon):
    plain = http.client.HTTPConnection("127.0.0.1", proxy.plain_port, timeout=20)
    plain.request("GET", "/users?x=1", headers={"Host": NAME})
    assert plain.getresponse().headers["Location"] == f"https://{NAME}/users?x=1"
    plain.close()
    bearer = {"Authorization": f"Bearer {token_for(salon.admin)}"}
    page = proxy.ask("GET", "/users?limit=1", headers=bearer)
    assert (page.status, f'"next":"https://{NAME}/users?'.encode() in page.body) == (200, True)
    form = proxy.ask("GET", "/admin/login/")
    assert (form.status, "Secure" in form.headers["Set-Cookie"]) == (200, True)
    statuses = [proxy.ask("POST", "/admin/login/", b"x" * size).status for size in (9_900_000, 11_000_000)]
    assert statuses == [403, 413]  # it comes from no form of ours, and is larger than nginx takes
    # Behind a body that nobody read, on the connection that nginx keeps.
    statuses = [proxy.ask("POST", "/admin/login/", b"x" * 9_000_000).status for _ in range(3)]
    assert [*statuses, proxy.ask("POST", "/users", b"x" * 300_000, bearer).status] == [403, 403, 403, 413]


def test_slow_senders_stop_nobody_and_never_reach_the_server(proxy, server, salon):
    token = token_for(salon.staff)
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(socket.create_connection(("127.0.0.1", proxy.port), timeout=20))
        for number in range(32):
            sender = stack.enter_context(proxy.connect())
            sender.sendall(HALF_SENT[number % len(HALF_SENT)].replace(b"127.0.0.1", NAME.encode()))
        said = len(server.output)
        for path in ("/live", "/users?limit=10") * 3:
            ask(proxy, path, token)
        assert {request["path"] for request in server.list_requests(said)} == {"/live", "/users"}
