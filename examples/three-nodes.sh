#!/bin/sh
# From nothing to a cluster of three nodes, TLS everywhere, and a first message in it: at most three commands a machine.
#
# The three machines are three homes and three loopback addresses of this one (macOS: first
# `sudo ifconfig lo0 alias 127.0.0.2`, and 3 and 4). On real machines leave --home and --listen away: each finds its own
# address, and the ticket and its code travel from the first machine to the others, by two different ways.
#
#   examples/three-nodes.sh          shows it, then takes everything down again
#   KEEP=1 examples/three-nodes.sh   leaves it running, and says how to look around
set -eu

conclave=${CONCLAVE:-$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)/bin/conclave}
port=${PORT:-2379}
folder=$(mktemp -d "${TMPDIR:-/tmp}/conclave-three-nodes.XXXXXX")

machine() {
  home=$folder/machine$1
  shift
  echo "machine${home##*machine}\$ conclave $*" | cut -c1-100 >&2
  "$conclave" --home "$home" "$@"
}

# One field of a line of JSON.
field() { sed -n "$2p" "$folder/tickets" | sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }

finish() {
  status=$?
  trap - EXIT INT TERM
  if [ "$status" -eq 0 ] && [ -n "${KEEP:-}" ]; then
    echo "Look around: $conclave --home $folder/machine1 node status"
    echo "Take it down: for n in 1 2 3; do $conclave --home $folder/machine\$n node stop; done; rm -r $folder"
    return
  fi
  for n in 1 2 3; do "$conclave" --home "$folder/machine$n" node stop >/dev/null 2>&1 || status=1; done
  rm -rf "$folder"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

machine 1 node start --background --name one --listen 127.0.0.2 --port "$port"
machine 1 --json node invite --count 2 >"$folder/tickets"
machine 2 node join "$(field ticket 1)" --code "$(field code 1)" --background --name two --listen 127.0.0.3 --port "$port"
machine 3 node join "$(field ticket 2)" --code "$(field code 2)" --background --name three --listen 127.0.0.4 --port "$port"

# Now each of them starts `conclave` and talks. A script does by single commands what a person does in there:
if [ -z "${NODES_ONLY:-}" ]; then
  export CONCLAVE_PASSWORD='a passphrase that only this example uses'
  machine 1 signup ada >/dev/null
  machine 1 create demo
  machine 1 send demo 'Hello from a cluster of three!'
  machine 1 read demo
fi

machine 2 node status
