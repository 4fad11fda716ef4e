#!/usr/bin/env bash
# Checks that this machine has what sanca is built with; one clear sentence with the mend for each thing that is missing.
# usage: preflight.sh [python|java|node|git|browser|container|elasticsearch ...]   (default: all but the last three)
set -u
failed=0
say() { printf 'sanca: %s\n' "$1" >&2; failed=1; }
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

check_system() {
  case "$(uname -s)" in
    Linux) ;;
    Darwin) say "macOS has no Linux namespaces, so actions cannot be run safely here; use a Linux machine or a Linux virtual machine (for example with Lima or Multipass)." ;;
    *) say "this system has no Linux namespaces; on Windows use WSL 2 with a Linux distribution and run make there." ;;
  esac
}
check_python() {
  PYTHON="${PYTHON:-python3}"
  command -v "$PYTHON" >/dev/null || { say "Python is missing; install Python 3.11 or newer (Debian, Ubuntu: apt install python3 python3-venv)."; return; }
  "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || say "Python 3.11 or newer is needed, $PYTHON is $("$PYTHON" -V 2>&1 | cut -d' ' -f2); install a newer one or call make with PYTHON=/path/to/python3.11."
  "$PYTHON" -c 'import venv, ensurepip' 2>/dev/null || say "Python's venv module is missing; install it (Debian, Ubuntu: apt install python3-venv)."
}
check_java() {
  command -v java >/dev/null && command -v javac >/dev/null || { say "no JDK was found; install JDK 17 or newer (Debian, Ubuntu: apt install openjdk-17-jdk-headless)."; return; }
  version=$(javac -version 2>&1 | grep -oE '^javac [0-9.]+' | cut -d' ' -f2) # JAVA_TOOL_OPTIONS brings other lines
  at_least 17 "$version" || say "JDK 17 or newer is needed, javac is $version; install a newer one and put it first on PATH or set JAVA_HOME."
  command -v mvn >/dev/null || say "Maven is missing; install Maven 3.8 or newer (Debian, Ubuntu: apt install maven)."
}
check_node() {
  command -v node >/dev/null && command -v npm >/dev/null || { say "Node.js is missing; install Node.js 20 or newer with npm."; return; }
  at_least 20 "$(node -p process.versions.node)" || say "Node.js 20 or newer is needed, node is $(node -v); install a newer one."
}
check_git() { command -v git >/dev/null || say "git is missing, and the demo's services live in a git repository; install git (Debian, Ubuntu: apt install git)."; }
check_browser() {
  [ -n "${SANCA_CHROMIUM:-}" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
    say "Chromium is missing, and the browser tests need it; install it (Debian: apt install chromium fonts-wqy-microhei) or set SANCA_CHROMIUM to its path."
}
check_container() {
  command -v runsc >/dev/null || command -v podman >/dev/null || command -v docker >/dev/null ||
    say "no container runtime was found, and the tests of the sandbox level 'container' need one; install runsc (Debian: apt install runsc), podman or docker."
}
check_elasticsearch() {
  command -v mvn >/dev/null || say "Maven is missing, and it fetches the Elasticsearch that the tests start; install Maven 3.8 or newer (Debian, Ubuntu: apt install maven)."
  for home in "${ES_JAVA_HOME:-}" "${JAVA_HOME:-}" /usr/lib/jvm/* /opt/java/* /opt/* /Library/Java/JavaVirtualMachines/*/Contents/Home; do
    [ -x "$home/bin/java" ] && [ -f "$home/release" ] || continue
    version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
    [ "${version:-0}" -ge 21 ] && return
  done
  say "the tests start a real Elasticsearch, which needs JDK 21 or newer, and none was found; install one (Debian, Ubuntu: apt install openjdk-21-jdk-headless) or set ES_JAVA_HOME to it."
}

[ $# -gt 0 ] || set -- system python java node git
for part in "$@"; do "check_$part"; done
exit "$failed"
