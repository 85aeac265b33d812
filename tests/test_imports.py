"""Who may import whom, and what the packages promise to the outside."""

from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ["guard", "sanitizers", "detectors", "steering", "proxy"]


def test_import_contracts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def modules(package: str) -> list[str]:
    root = importlib.import_module(package)
    return [package, *(m.name for m in pkgutil.walk_packages(root.__path__, f"{package}."))]


@pytest.mark.parametrize("package", PACKAGES)
def test_public_members(package: str) -> None:
    """Modules say what they are; `__all__` names what exists, once, and all that a package gathers from below."""
    for name in (n for n in modules(package) if not n.endswith("__main__") and "vllm" not in n):
        module = importlib.import_module(name)
        assert module.__doc__ or not Path(str(module.__file__)).read_text("utf-8").strip(), f"{name} has no docstring"
        exported = getattr(module, "__all__", None)
        if exported is None:
            continue
        assert len(set(exported)) == len(exported), f"{name}.__all__ repeats itself"
        missing = [e for e in exported if not hasattr(module, e)]
        assert not missing, f"{name}.__all__ names {missing}"
        if not hasattr(module, "__path__"):
            continue
        gathered = {
            n for n, v in vars(module).items() if not n.startswith("_") and isinstance(v, type | types.FunctionType)
        }
        assert gathered <= set(exported), f"{name} gathers {gathered - set(exported)} without exporting it"


def test_the_core_exports_its_nouns() -> None:
    import guard

    assert set(guard.__all__) == {
        *("ArtifactError", "Blocked", "CheckUnavailable", "ConfigError", "GuardError", "RequestError", "UpstreamError"),
        *("Chain", "Channel", "ChannelKind", "Check", "Decision", "Exchange", "Finding", "Link", "Mode", "OnError"),
        *("OutputFilter", "Role", "Surface", "Verdict"),
    }


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()


def test_the_core_loads_without_models_and_http() -> None:
    code = (
        "import sys, guard, guard.config, guard.metrics, guard.audit, guard.keys, guard.reload, guard.cli;"
        "print([m for m in ('torch', 'transformers', 'spacy', 'fastapi', 'aiohttp', 'uvicorn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[]\n", done.stderr
