#!/usr/bin/env bash
# Starts the demo: the portal, which starts its fleet, the second agent and the engine. Ctrl-C ends every process.
set -euo pipefail
cd "$(dirname "$0")/.."
export SANCA_HOME="${SANCA_HOME:-$PWD/.sanca}"
mkdir -p -m 700 "$SANCA_HOME/logs"
printf '\033[1m== Starting the portal, four services, a second agent and the engine …\033[0m\n'
# The portal gets a session of its own, so that Ctrl-C reaches it once, by us, and it can stop its children in order.
# A background process of a script leads no group, so setsid becomes the portal and does not fork: `portal` is its id.
app="$PWD/java-host/portal/target/app"
setsid java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx512m -Xlog:disable -Xlog:all=off \
  -XX:SharedArchiveFile="$app/portal.jsa" -Xshare:auto -jar "$app/portal.jar" \
  --sanca.engine.python="$PWD/.venv/bin/python" --sanca.demo.root="$PWD" "$@" &
portal=$!
stopping=0
stop() {
  stopping=1
  printf '\nStopping …\n'
  kill -TERM "$portal" 2>/dev/null || true
}
trap stop INT TERM HUP
status=0
wait "$portal" || status=$?
if [ "$stopping" = 1 ]; then wait "$portal" 2>/dev/null || true; printf 'Stopped.\n'; exit 0; fi
exit "$status"
