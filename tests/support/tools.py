"""Programs that a test needs and Python's package index does not have: `scripts/system.sh` installs them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

REQUIRED = "GUARD_REQUIRE_TOOLS"
"""Set to 1 where they are known to be installed (CI): then a missing one is a failure."""


def need(name: str) -> str:
    """Path of the program `name`. Skips the test without it, or fails it where `GUARD_REQUIRE_TOOLS` is 1."""
    found = shutil.which(name)
    if found is not None:
        return found
    _missing(f"{name} is not installed: scripts/system.sh installs it")


def require(path: Path) -> None:
    """Likewise for a package of the clients' environment, by a file of it."""
    if not path.exists():
        _missing(f"{path.name} is not installed: scripts/setup.sh clients installs it")


def _missing(message: str) -> NoReturn:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
