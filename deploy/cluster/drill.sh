# Restores the archive as it was at a second, beside everything else, and starts a server on it that only reads:
#   sh drill.sh "2026-11-29 12:00:00+01" /var/lib/drill
# as the user $user, on a machine that reaches the repository. Without its offset a second is one of another hour.
set -eu
usage='sh drill.sh "2026-11-29 12:00:00+01" DIRECTORY: a second with its offset from UTC, and where nothing is yet.'
case "$${1-}" in
[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]\ [0-9][0-9]:[0-9][0-9]:[0-9][0-9][+-][0-9][0-9]*) ;;
*) echo "$$usage" >&2 && exit 2 ;;
esac
case "$${2-}" in
/*) ;;
*) echo "$$usage" >&2 && exit 2 ;;
esac
target=$$1 place=$$2 server=$$2/postgres
mkdir -p -m 700 "$$place"

# It would archive its own future into the repository of the real one.
pgbackrest --stanza=$cluster --type=time --target="$$target" --archive-mode=off --pg1-path="$$server" restore

# What Patroni wrote into its configuration is of the machine that was backed up: where it listens, who waits for whom.
$bin_dir/pg_ctl -D "$$server" -l "$$place/log" -w -t 86400 start -o "\
    -c listen_addresses= -c unix_socket_directories='$$place' -c port=5432 -c synchronous_standby_names= \
    -c hba_file='$$server/pg_hba.conf' -c ident_file='$$server/pg_ident.conf'"

# It takes questions as soon as it is whole, and is at the second only when it pauses.
ask() { $bin_dir/psql -X -At -h "$$place" -p 5432 -U postgres -c "$$1" postgres; }
until [ "$$(ask 'SELECT pg_get_wal_replay_pause_state()')" = paused ]; do sleep 1; done
echo "Paused at $$(ask 'SELECT pg_last_xact_replay_timestamp()'), the last commit up to $$target."
