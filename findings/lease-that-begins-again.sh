#!/usr/bin/env bash
# A lease of etcd 3.4 that nobody renews begins anew with each new leader: with nodes that were never down it lives almost twice as long as it was granted for, and longer with each handover.
# Source: etcd's manual, "Interacting with etcd", leases: a lease expires where the cluster hears no keep-alive within its time to live. Checkpoints against this are an experiment of 3.4, off by default.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
command -v apt-get dpkg > /dev/null || { echo "needs Debian's apt-get and dpkg"; exit 1; }
apt-get download etcd-server=3.4.23-4+b4 > /dev/null 2>&1 && dpkg -x etcd-server_*.deb .
trap 'kill $(jobs -p) 2> /dev/null; wait; rm -rf "$room"' EXIT
for number in 0 1 2; do
    usr/bin/etcd --name "n$number" --data-dir "n$number" \
        --listen-client-urls "http://127.0.0.1:2381$number" --advertise-client-urls "http://127.0.0.1:2381$number" \
        --listen-peer-urls "http://127.0.0.1:2382$number" --initial-advertise-peer-urls "http://127.0.0.1:2382$number" \
        --initial-cluster n0=http://127.0.0.1:23820,n1=http://127.0.0.1:23821,n2=http://127.0.0.1:23822 > "n$number.log" 2>&1 &
done
cat > ask.py <<'PY'
import json
import time
import urllib.error
import urllib.request
PORTS = (23810, 23811, 23812)
def ask(port, what, **told):
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v3/{what}", json.dumps(told).encode())
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.load(answer)
def find_leader():
    """The leader's port and number, and another's number, once all know one leader."""
    for _ in range(300):
        try:
            told = {port: ask(port, "maintenance/status") for port in PORTS}
        except OSError:
            told = {}
        members = {port: each["header"]["member_id"] for port, each in told.items()}
        leaders = {each.get("leader", "0") for each in told.values()}
        if len(leaders) == 1 and leaders <= set(members.values()):
            leader = next(port for port in PORTS if members[port] in leaders)
            return leader, members[leader], next(members[port] for port in PORTS if port != leader)
        time.sleep(0.1)
    raise SystemExit("no leader")
leader, number, other = find_leader()
lease = ask(leader, "lease/grant", TTL=30)["ID"]
begun = time.monotonic()
left = lambda: int(ask(find_leader()[0], "lease/timetolive", ID=lease)["TTL"])
for handover in (1, 2):
    time.sleep(10)
    before = left()
    leader, number, other = find_leader()
    ask(leader, "maintenance/transfer-leadership", targetID=other)
    after = left()
    assert find_leader()[1] != number
    print(f"granted 30 s, ten seconds without a keep-alive: {'at most 21' if before <= 21 else before} s left; under the next leader: {'28 or more' if after >= 28 else after} s left")
PY
{ usr/bin/etcd --version | head -1; python3 ask.py; } > seen
cat > expected <<'TEXT'
etcd Version: 3.4.23
granted 30 s, ten seconds without a keep-alive: at most 21 s left; under the next leader: 28 or more s left
granted 30 s, ten seconds without a keep-alive: at most 21 s left; under the next leader: 28 or more s left
TEXT
cat seen
diff -u expected seen
