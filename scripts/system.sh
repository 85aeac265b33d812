#!/usr/bin/env bash
# Installs, on Debian and Ubuntu, the programs that some tests need and that Python's package index does not have: Go with
# Sprig (renders the Helm chart), Prometheus (alerts, a real scrape), Redis, g++ (vLLM's compiled graphs), wrk (load) and
# Node with npm (the official SDK for JavaScript). Does nothing when they are there already.
#
# Without them those tests skip and say why; with GUARD_REQUIRE_TOOLS=1, as in CI, they fail.
set -euo pipefail

missing=()
want() { # a program or a file, and the package that has it
  command -v "$1" >/dev/null || [ -e "$1" ] || missing+=("$2")
}
want go golang-go
want /usr/share/gocode/src/github.com/Masterminds/sprig golang-github-masterminds-sprig-dev
want promtool prometheus
want redis-server redis-server
want g++ g++
want wrk wrk
want node nodejs
want npm npm
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "not a Debian system; install what these packages hold: ${missing[*]}" >&2
  exit 1
fi
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
printf '\033[1m==>\033[0m installing %s\n' "${missing[*]}"
"${as_root[@]}" apt-get update --quiet --quiet
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install --quiet --quiet --yes --no-install-recommends "${missing[@]}"
