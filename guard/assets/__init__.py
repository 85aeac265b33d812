"""Bundled artefacts and how config names them: `bundled:<name>`."""

from __future__ import annotations

from pathlib import Path

from guard.errors import ConfigError

_ROOT = Path(__file__).parent
_PLACES = {"model": "{}", "probes": "probes/{}.json", "steering": "steering/{}.safetensors"}
PREFIX = "bundled:"


def resolve(reference: str, kind: str) -> str:
    """Turn `bundled:<name>` into a path; every other reference (a path, a hub id) is returned as it is.

    `kind` is `model`, `probes` or `steering`. Raises `ConfigError` when no such artefact is bundled.
    """
    if not reference.startswith(PREFIX):
        return reference
    name = reference.removeprefix(PREFIX)
    path = _ROOT / _PLACES[kind].format(name)
    if "/" in name or ".." in name or not path.exists():
        raise ConfigError(f"no bundled {kind} named {name!r}")
    return str(path)
