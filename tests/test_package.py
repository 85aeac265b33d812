"""What is shipped: a wheel with its assets and schema, a licence, set-up scripts that say what they do."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import guard

ROOT = Path(__file__).parents[1]
MAX_ASSETS = 40 * 1024 * 1024


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(out)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=120,
    )
    (built,) = out.glob("guardchain-*.whl")
    return built


def test_wheel_has_code_assets_and_licence(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"{package}/py.typed" for package in ("guard", "sanitizers", "detectors", "steering", "proxy")} <= names
    assert {"guard/config/schema.json", "guard/config/starter.yaml", "guard/cli/__init__.py"} <= names
    assets = [f for f in (ROOT / "guard/assets").rglob("*") if f.is_file() and "__pycache__" not in f.parts]
    assert {f.relative_to(ROOT).as_posix() for f in assets} <= names
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert not [n for n in names if n.startswith(("tests/", "docs/", "recipes/", ".")) or "__pycache__" in n]


def test_wheel_has_the_command_and_the_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        texts = {n.rpartition("/")[2]: archive.read(n).decode() for n in archive.namelist() if ".dist-info/" in n}
    assert "guard = guard.cli:main" in texts["entry_points.txt"]
    assert f"Version: {guard.__version__}\n" in texts["METADATA"]
    assert "License-Expression: Apache-2.0" in texts["METADATA"]


def test_assets_stay_small() -> None:
    assert sum(f.stat().st_size for f in (ROOT / "guard/assets").rglob("*") if f.is_file()) <= MAX_ASSETS


def test_licence_is_whole() -> None:
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text and "END OF TERMS AND CONDITIONS" in text and len(text) > 11_000


def test_every_dependency_is_pinned_and_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    constraints = (ROOT / "constraints.txt").read_text()
    pins = {_canonical(name) for name in re.findall(r"^([\w.-]+)==", constraints, re.MULTILINE)}
    explained = _canonical((ROOT / "docs/dependencies.md").read_text())
    for requirement in (*project["dependencies"], *extras["local"], *extras["dev"]):
        name = _canonical(re.split(r"[\[<>=~;]", requirement)[0])
        assert name in pins, f"constraints.txt has no {name}"
        assert name in explained, f"docs/dependencies.md does not say why {name} is here"


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("script", ["scripts/setup.sh", "scripts/system.sh", ".ci/run"])
def test_scripts_are_valid_and_strict(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & 0o111, f"{script} is not executable"
    assert "set -euo pipefail" in path.read_text()
    subprocess.run(["bash", "-n", str(path)], check=True, timeout=10)


def test_make_help_names_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=10)
    assert set(re.findall(r"make ([a-z-]+)", done.stdout)) >= phony
