#!/usr/bin/env bash
# Fetches the Elasticsearch node that the tests start, by Maven, and unpacks it once into .elasticsearch/<version>.
# It is the vendor's own build for tests (its parts under the Elastic License are used, never shipped).
set -euo pipefail
cd "$(dirname "$0")/.."
version=9.5.3
group=org.elasticsearch.distribution.integ-test-zip
folder=.elasticsearch/$version
[ -x "$folder/bin/elasticsearch" ] && exit 0

scripts/preflight.sh elasticsearch
mkdir -p .elasticsearch
half=$(mktemp -d .elasticsearch/half.XXXXXX)
trap 'rm -rf "$half"' EXIT
mvn --batch-mode --quiet -Dstyle.color=never org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack \
  "-Dartifact=$group:elasticsearch:$version:zip" "-DoutputDirectory=$PWD/$half" "-Dmdep.useBaseVersion=true" ||
  { echo "sanca: Elasticsearch $version could not be fetched by Maven; check the network and Maven's settings, then try again." >&2; exit 1; }
chmod -R a+rX "$half" # as root the node runs as another user
chmod +x "$half/elasticsearch-$version/bin/"*
rm -rf "$folder"
mv "$half/elasticsearch-$version" "$folder"
