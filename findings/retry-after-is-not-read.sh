#!/usr/bin/env bash
# Told by a server to come back after three seconds, Stripe's official libraries for Python and Node come back after half a second.
# Source: RFC 9110, 10.2.3: with 503, Retry-After says how long the service is expected to be unavailable to the client.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
python3 -m venv venv
venv/bin/python -m pip install --quiet --disable-pip-version-check stripe==16.1.0
npm install --silent --no-audit --no-fund stripe@23.1.0 > /dev/null
cat > ask.cjs <<'JS'
const [port] = process.argv.slice(2);
const client = require("stripe")("sk_test_x", { host: "127.0.0.1", port, protocol: "http", maxNetworkRetries: 1 });
client.balance.retrieve().then(() => process.exit());
JS
cat > serve.py <<'PY'
import http.server, subprocess, threading, time
import stripe
asked = []
class Busy(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked.append(time.monotonic())
        first = len(asked) == 1
        body = b'{"error": {"type": "api_error", "message": "Busy"}}' if first else b'{"object": "balance"}'
        self.send_response(503 if first else 200)
        if first:
            self.send_header("Retry-After", "3")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *rest):
        pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Busy)
threading.Thread(target=server.serve_forever, daemon=True).start()
address = f"http://127.0.0.1:{server.server_port}"
def by_python():
    stripe.StripeClient("sk_test_x", base_addresses={"api": address}, max_network_retries=1).v1.balance.retrieve()
def by_node():
    subprocess.run(["node", "ask.cjs", str(server.server_port)], check=True, timeout=30)
early = []
for name, ask in (("stripe 16.1.0 for Python", by_python), ("stripe 23.1.0 for Node", by_node)):
    asked.clear()
    ask()
    waited = asked[1] - asked[0]
    print(f"{name}: told 3 s, came back after {waited:.1f} s")
    early.append(waited < 2)
raise SystemExit(0 if all(early) else 1)
PY
venv/bin/python serve.py
