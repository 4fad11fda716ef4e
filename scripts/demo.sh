#!/usr/bin/env bash
# Starts the demo: the portal, which starts its fleet, the second agent and the engine. Ctrl-C ends every process.
set -euo pipefail
cd "$(dirname "$0")/.."
export SANCA_HOME="${SANCA_HOME:-$PWD/.sanca}"
mkdir -p -m 700 "$SANCA_HOME/logs"
# The doors for other agents (A2A, MCP, AG-UI) are open on loopback, where their usual ports are free.
taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
if [ -z "${SANCA_HTTP_PORT:-}" ]; then
  SANCA_HTTP_PORT=15335
  if taken 15335 || taken 15336; then SANCA_HTTP_PORT=0; fi
  export SANCA_HTTP_PORT
fi
printf '\033[1m== Starting the portal, four services, a second agent and the engine …\033[0m\n'
# The portal gets a session of its own, so that Ctrl-C reaches it once, by us, and it can stop its children in order.
# A background process of a script leads no group, so setsid becomes the portal and does not fork: `portal` is its id.
app="$PWD/java-host/portal/target/app"
setsid java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx512m -Xlog:disable -Xlog:all=off \
  -XX:SharedArchiveFile="$app/portal.jsa" -Xshare:auto -jar "$app/portal.jar" \
  --sanca.engine.python="$PWD/.venv/bin/python" --sanca.demo.root="$PWD" "$@" &
portal=$!
# Says where the doors are, once this demo's engine has opened them.
announce_doors() {
  local began card="$SANCA_HOME/engine.json"
  began=$(date +%s)
  until [ "$(stat -c %Y "$card" 2>/dev/null || echo 0)" -ge "$began" ] && grep -q '"a2aGrpc"' "$card" 2>/dev/null; do
    kill -0 "$portal" 2>/dev/null || return 0
    sleep 1
  done
  printf '\n  Other agents and MCP clients find it at  %s/.well-known/agent-card.json  and  %s/mcp\n' \
    "$(door http "$card")" "$(door http "$card")"
  printf '  A key for one of them:  SANCA_HOME=%q .venv/bin/sanca keys add NAME\n' "$SANCA_HOME"
}
door() { sed -n 's/.*"'"$1"'": *"\([^"]*\)".*/\1/p' "$2"; }
announce_doors &
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
