"""What is installed apart from the rest, and what to say where it is missing."""

from __future__ import annotations

from guard.errors import ConfigError

LOCAL = frozenset(("torch", "transformers"))
"""Packages of the extra `local`: models in this process. Hiding, and models behind HTTP, do without them."""


def explained(error: ModuleNotFoundError) -> ModuleNotFoundError | ConfigError:
    """What to raise for a failed import: a `ConfigError` that says what to install, where an extra has it."""
    package = (error.name or "").partition(".")[0]
    if package not in LOCAL:
        return error
    return ConfigError(f"this runs a model in process and needs {package}: pip install 'guardchain[local]'")
