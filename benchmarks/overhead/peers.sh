#!/usr/bin/env bash
# Installs the products that benchmarks.overhead measures beside ours, each in an environment of its own:
#
#   benchmarks/overhead/peers.sh DIRECTORY [litellm] [presidio] [portkey] [nemo]
#
# All of them without names. DIRECTORY lies outside the repository; nothing is installed twice. Versions are fixed, so that
# figures can be compared; LiteLLM's also because releases of it have been tampered with (1.82.7, 1.82.8).
# LLM Guard is not here: its Anonymize scanner, the one to compare with, loads its NER model from the Hugging Face hub.
set -euo pipefail
here=$(cd "$(dirname "$0")/../.." && pwd)
root=${1:?a directory for the environments}
shift
mkdir -p "$root"
[ $# -gt 0 ] || set -- litellm presidio portkey nemo

environment() { # NAME PACKAGE...
  local name=$1
  shift
  [ -e "$root/$name/installed" ] && return
  echo "==> $name: $*"
  python3 -m venv --clear "$root/$name"
  "$root/$name/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
  "$root/$name/bin/python" -m pip list --format=freeze >"$root/$name/installed"
}

for peer; do
  case $peer in
    litellm) environment litellm "litellm[proxy]==1.100.0" ;;
    # The service LiteLLM's guardrail calls, with the NER model that ships with us: the Hub and GitHub are not needed.
    presidio) environment presidio "$here" presidio-analyzer==2.2.366 presidio-anonymizer==2.2.366 ;;
    nemo) environment nemo "nemoguardrails[server]==0.24.1" ;;
    portkey)
      [ -e "$root/portkey/installed" ] && continue
      echo "==> portkey: @portkey-ai/gateway 1.15.2"
      mkdir -p "$root/portkey"
      # With later releases of this dependency (1.19.19) its streams end in a 500, "immutable".
      echo '{"private": true, "dependencies": {"@portkey-ai/gateway": "1.15.2"},
             "overrides": {"@hono/node-server": "1.13.8"}}' >"$root/portkey/package.json"
      npm install --silent --no-fund --no-audit --prefix "$root/portkey"
      echo "@portkey-ai/gateway==1.15.2" >"$root/portkey/installed"
      ;;
    *) echo "unknown peer: $peer" >&2; exit 2 ;;
  esac
done
