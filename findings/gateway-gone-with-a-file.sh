#!/usr/bin/env bash
# etcd as Debian has it answers 404 to every call of its JSON interface as soon as it reads its settings from a file, with the very settings that it had from the command line.
# Source: etcd's manual, "Configuration flags": enable-grpc-gateway is true by default, and a file given by --config-file takes the place of all flags.
set -euo pipefail
room=$(mktemp -d); trap 'rm -rf "$room"' EXIT; cd "$room"
command -v apt-get dpkg >/dev/null || { echo "needs Debian's apt-get and dpkg"; exit 1; }
apt-get download etcd-server=3.4.23-4+b4 >/dev/null 2>&1 && dpkg -x etcd-server_*.deb .
ask() {
  for _ in $(seq 100); do
    curl --silent --output /dev/null http://127.0.0.1:$1/health && break; sleep 0.1
  done
  curl --silent --output /dev/null --write-out '%{http_code}' --data '{}' http://127.0.0.1:$1/v3/maintenance/status
}
usr/bin/etcd --data-dir flags --listen-client-urls http://127.0.0.1:23790 --advertise-client-urls http://127.0.0.1:23790 \
  --listen-peer-urls http://127.0.0.1:23800 >flags.log 2>&1 &
cat > etcd.yml <<'YML'
data-dir: file
listen-client-urls: http://127.0.0.1:23791
advertise-client-urls: http://127.0.0.1:23791
listen-peer-urls: http://127.0.0.1:23801
YML
usr/bin/etcd --config-file etcd.yml >file.log 2>&1 &
trap 'kill $(jobs -p) 2>/dev/null; rm -rf "$room"' EXIT
{
  usr/bin/etcd --version | head -1
  echo "by flags:  $(ask 23790)"
  echo "by a file: $(ask 23791)"
} | tee seen
cat > expected <<'TEXT'
etcd Version: 3.4.23
by flags:  200
by a file: 404
TEXT
diff -u expected seen
