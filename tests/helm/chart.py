"""Renders the chart: by helm where it is on the path, else by Go's own templates (`render/main.go`)."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator
from jsonschema.exceptions import best_match

from tests.support.tools import need

ROOT = Path(__file__).parents[2]
CHART = ROOT / "helm/guardchain"
CI = {path.stem.removesuffix("-values"): path for path in sorted((CHART / "ci").glob("*-values.yaml"))}
DEFAULTS: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())

Values = Mapping[str, Any]


class ChartError(Exception):
    """Helm would not install this; the text is what a user reads."""


def ci(name: str) -> dict[str, Any]:
    """The values of one set in `ci/`."""
    found: dict[str, Any] = yaml.safe_load(CI[name].read_text())
    return found


def merged(*layers: Values) -> dict[str, Any]:
    """Values laid over each other as Helm does: mappings by key, null removes, everything else replaces."""
    out: dict[str, Any] = {}
    for layer in layers:
        for key, value in copy.deepcopy(dict(layer)).items():
            if value is None:
                out.pop(key, None)
            elif isinstance(value, dict) and isinstance(out.get(key), dict):
                out[key] = merged(out[key], value)
            else:
                out[key] = value
    return out


def cloud(**values: Any) -> dict[str, Any]:
    """The values of `ci/cloud-values.yaml` with others laid over them."""
    return merged(ci("cloud"), values)


def check_values(values: Values) -> None:
    """Hold `values` over the chart's own against the schema. Raises `ChartError`."""
    error = best_match(Draft7Validator(SCHEMA).iter_errors(merged(DEFAULTS, values)))
    if error is not None:
        raise ChartError(f"values{error.json_path[1:]}: {error.message}")


@dataclass(frozen=True)
class Rendered:
    """The objects of a release, in the order of their templates, and NOTES.txt where the renderer shows it."""

    objects: Sequence[Mapping[str, Any]]
    notes: str = ""

    def all(self, kind: str) -> list[Any]:
        return [one for one in self.objects if one["kind"] == kind]

    def one(self, kind: str, suffix: str = "") -> Any:
        """The object of that kind whose name is the release's full name and `suffix`."""
        names = [f"release-{chart}{suffix}" for chart in ("guardchain", "guard")]  # nameOverride in `everything`
        (found,) = [one for one in self.all(kind) if one["metadata"]["name"] in names]
        return found


class Renderer:
    """`build` is where the Go program goes; the release is called `release`, in the namespace `guard`."""

    def __init__(self, build: Path) -> None:
        self.helm = shutil.which("helm")
        self._build = build
        self._count = 0

    def render(self, values: Values, *, cluster: Sequence[Mapping[str, Any]] | None = None) -> Rendered:
        """Check the values and render. Raises `ChartError`.

        `cluster` is what `lookup` finds, for an upgrade; Helm's client alone cannot show that, so it takes Go.
        """
        check_values(values)
        self._count += 1
        file = self._build / f"values-{self._count}.json"  # JSON is YAML
        file.write_text(json.dumps(values))
        if self.helm is not None and cluster is None:
            done = subprocess.run(
                [self.helm, "template", "release", str(CHART), "--namespace=guard", f"--values={file}"],
                capture_output=True, text=True, timeout=120,
            )  # fmt: skip
            if done.returncode:
                raise ChartError(done.stderr)
            return Rendered(_documents(done.stdout))
        command = [self.program(), "-chart", str(CHART), "-values", str(file), "-namespace", "guard"]
        if cluster is not None:
            found = self._build / f"cluster-{self._count}.json"
            found.write_text(json.dumps(list(cluster)))
            command += ["-objects", str(found), "-upgrade"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        if done.returncode:
            raise ChartError(done.stderr)
        texts = json.loads(done.stdout)
        notes = texts.pop("templates/NOTES.txt")
        return Rendered([one for name in sorted(texts) for one in _documents(texts[name])], notes)

    def program(self) -> str:
        """The renderer of `render/main.go`, built once, offline, from Debian's copy of Sprig."""
        program = self._build / "render"
        if not program.exists():
            environment = {**os.environ, "GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOFLAGS": ""}
            environment.setdefault("GOCACHE", str(Path.home() / ".cache/go-build"))
            done = subprocess.run(
                [need("go"), "build", "-o", str(program), str(Path(__file__).parent / "render/main.go")],
                env=environment, capture_output=True, text=True, timeout=170,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
        return str(program)


def _documents(text: str) -> list[Any]:
    return [one for one in yaml.load_all(text, Loader=_Loader) if one]


class _Loader(yaml.SafeLoader):
    """Refuses a key that is there twice, as Helm and Kubernetes do."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[no-untyped-call]
        assert len(keys) == len(set(keys)), f"a key is there twice: {keys}"
        return super().construct_mapping(node, deep)  # type: ignore[no-any-return]
