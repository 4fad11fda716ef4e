#!/usr/bin/env bash
# Compiles the lock files from the .in files (needs uv). No registry address may get into them.
set -euo pipefail
cd "$(dirname "$0")"
for name in engine dev evaluation guest peers peers-before; do
  uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --generate-hashes \
    --custom-compile-command "make lock" "$name.in" -o "$name.lock"
done
uv pip compile --quiet --universal --python-version 3.11 --no-emit-index-url --generate-hashes --no-deps \
  --custom-compile-command "make lock" evaluation-data.in -o evaluation-data.lock
