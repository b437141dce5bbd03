#!/usr/bin/env bash
# gunicorn's threads answer "Connection: keep-alive" and then close, where an application left more than 64 KiB of a body unread.
# Source: RFC 9112, 9.6: a server that will close the connection says so by the close option in its last answer.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check gunicorn==27.0.1
cat > refusing.py <<'PY'
def application(environ, start_response):
    # As one that refuses whoever is not signed in, before it looks at what they sent.
    start_response("401 Unauthorized", [("Content-Length", "0")])
    return []
PY
cat > ask.py <<'PY'
import http.client, socket, subprocess, sys
def answer(port, size):
    """What the answer to a body of this size says of the connection, and whether a second request is answered on it."""
    caller = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    caller.request("POST", "/", b"x" * size)
    first = caller.getresponse()
    first.read()
    try:
        caller.sock.settimeout(1)
        stays = caller.sock.recv(1) != b""
    except TimeoutError:
        stays = True
    return first.headers["Connection"], "stays open" if stays else "is closed"
with socket.create_server(("127.0.0.1", 0)) as listener:
    port = listener.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--threads=4", f"--bind=fd://{listener.fileno()}", "refusing:application"],
        pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL,
    )
try:
    seen = {size: answer(port, size) for size in (1_000, 60_000, 70_000, 1_000_000)}
finally:
    server.terminate()
    server.wait()
for size, (said, does) in seen.items():
    print(f"gunicorn 27.0.1, {size:>9,} bytes unread: the answer says {said}, the connection {does}")
small, large = ("keep-alive", "stays open"), ("keep-alive", "is closed")
raise SystemExit(0 if list(seen.values()) == [small, small, large, large] else 1)
PY
venv/bin/python ask.py
