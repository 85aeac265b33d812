"""The images' recipes: linted, pinned, without root, and with everything in them that they start."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RECIPES = ["Dockerfile", "Dockerfile.vllm"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def instructions(recipe: str) -> list[tuple[str, str]]:
    """Instructions in order: name and arguments, continued lines joined."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / recipe).read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\s*\\\n\s*", " ", text).splitlines()
    return [(name.upper(), rest) for line in lines if line.strip() for name, _, rest in [line.partition(" ")]]


def stages(recipe: str) -> list[list[tuple[str, str]]]:
    out: list[list[tuple[str, str]]] = []
    for one in instructions(recipe):
        if one[0] == "FROM":
            out.append([])
        if out:
            out[-1].append(one)
    return out


@pytest.mark.parametrize("recipe", RECIPES)
def test_hadolint_finds_nothing(recipe: str) -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([str(hadolint), str(ROOT / recipe)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("recipe", RECIPES)
def test_bases_are_pinned_to_a_release(recipe: str) -> None:
    """By a tag that names one, or a digest; as an argument, so that a release can pass the digest."""
    arguments = dict(rest.partition("=")[::2] for name, rest in instructions(recipe) if name == "ARG")
    for stage in stages(recipe):
        argument = re.fullmatch(r"\$\{(\w+)\}(?: AS \w+)?", stage[0][1])
        assert argument
        assert re.search(r":v?\d+\.\d+\.\d+|@sha256:[0-9a-f]{64}$", arguments[argument[1]])


def test_bases_are_what_the_project_is_for() -> None:
    assert f":v{PROJECT_VLLM}" in (ROOT / "Dockerfile.vllm").read_text()
    tag = re.search(r"python:(\d+\.\d+)\.", (ROOT / "Dockerfile").read_text())
    assert tag and tag[1] == PROJECT["project"]["requires-python"].removeprefix(">=")


PROJECT_VLLM = PROJECT["project"]["optional-dependencies"]["vllm"][0].removeprefix("vllm>=").partition(",")[0] + ".0"


@pytest.mark.parametrize("recipe", RECIPES)
def test_runs_without_root_in_a_stage_of_its_own_and_says_how_it_is(recipe: str) -> None:
    first, last = stages(recipe)
    names = [name for name, _ in last]
    user = next(rest for name, rest in last if name == "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user), "a number: Kubernetes cannot tell whether a name is root"
    values = yaml.safe_load((ROOT / "helm/guardchain/values.yaml").read_text())["podSecurityContext"]
    assert user == f"{values['runAsUser']}:{values['runAsGroup']}"
    assert names.index("USER") < names.index("ENTRYPOINT")
    assert "HEALTHCHECK" in names
    assert not [rest for name, rest in last if name == "COPY" and "--from=build" not in rest], "only what was built"
    assert [name for name, _ in first][-1] == "RUN"


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_build_has_every_package_and_nothing_else(recipe: str) -> None:
    copied = [rest.split()[:-1] for name, rest in stages(recipe)[0] if name == "COPY"]
    files = {file for group in copied for file in group}
    assert {f for f in files if (ROOT / f).is_dir()} == set(
        PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    )
    assert all((ROOT / file).exists() for file in files)
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert files <= allowed


def test_the_chart_s_arguments_fit_the_entry_points() -> None:
    """The chart gives `args` and no command: what they follow is the image's entry point."""
    entry = {recipe: dict(stages(recipe)[-1])["ENTRYPOINT"] for recipe in RECIPES}
    assert entry == {"Dockerfile": '["guard"]', "Dockerfile.vllm": '["guard", "vllm", "serve"]'}
    templates = ROOT / "helm/guardchain/templates"
    assert "args: [serve, --config" in (templates / "deployment.yaml").read_text()
    assert "- --model={{ .model }}" in (templates / "vllm.yaml").read_text()


def test_the_slim_image_has_no_torch() -> None:
    names = {re.split(r"[\[<>=~;]", one)[0] for one in PROJECT["project"]["dependencies"]}
    assert not names & {"torch", "transformers", "vllm"}
    recipe = (ROOT / "Dockerfile").read_text()
    assert 'ARG EXTRAS=""' in recipe
    extras = re.search(r"whl\)\[([a-z,]+)\$", recipe)
    assert extras and set(extras[1].split(",")) == {"redis", "otel"} <= set(PROJECT["project"]["optional-dependencies"])
