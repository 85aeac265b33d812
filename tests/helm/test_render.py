"""Every value set renders to objects that Kubernetes takes, and to a guard.yaml that the proxy takes."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable
from typing import Any

import kubernetes_validate
import pytest
import yaml
from jsonschema import Draft7Validator

from guard import config as schema
from scripts.generate import chart_schema
from tests.helm.chart import CHART, CI, DEFAULTS, SCHEMA, ChartError, Rendered, Renderer, check_values, ci, merged
from tests.helm.crds import SPECS
from tests.support.tools import need

pytestmark = pytest.mark.timeout(180)
KUBERNETES = ("1.27", "1.33", "1.37")

Sets = Callable[[str], Rendered]


def environment(rendered: Rendered, values: dict[str, Any]) -> dict[str, str]:
    """What a pod's environment holds: the chart's Secret, or stand-ins for what an operator's has."""
    secrets = rendered.all("Secret")
    if secrets:
        return {name: base64.b64decode(value).decode() for name, value in secrets[0]["data"].items()}
    assert values["existingSecret"]
    return dict.fromkeys(("GUARD_SURROGATE_KEY", "OPENAI_API_KEY", "VLLM_SECRET"), "for tests, sixteen or more")


def validate(one: Any, kubernetes: str = KUBERNETES[-1]) -> None:
    spec = SPECS.get((one["apiVersion"], one["kind"]))
    if spec is None:
        kubernetes_validate.validate(one, kubernetes, strict=True)
    else:
        assert set(one) == {"apiVersion", "kind", "metadata", "spec"}
        Draft7Validator(spec).validate(one["spec"])


@pytest.mark.parametrize("name", CI)
@pytest.mark.parametrize("kubernetes", KUBERNETES)
def test_objects_are_valid(rendered: Sets, name: str, kubernetes: str) -> None:
    for one in rendered(name).objects:
        validate(one, kubernetes)
        assert one["metadata"]["name"] and len(one["metadata"]["name"]) <= 63
        if not one["metadata"]["name"].endswith("-extra"):
            assert one["metadata"]["namespace"] == "guard"


def test_a_misspelt_key_is_not_valid(rendered: Sets) -> None:
    """The validation above can fail."""
    deployment = json.loads(json.dumps(rendered("cloud").one("Deployment")))
    deployment["spec"]["template"]["spec"]["contaners"] = []
    with pytest.raises(kubernetes_validate.ValidationError):
        validate(deployment)
    monitor = json.loads(json.dumps(rendered("monitor").one("ServiceMonitor")))
    monitor["spec"]["endpoints"][0]["intervall"] = "30s"
    with pytest.raises(Exception, match="intervall"):
        validate(monitor)


@pytest.mark.parametrize("name", CI)
def test_config_passes_the_proxy_s_own_check(rendered: Sets, name: str) -> None:
    text = rendered(name).one("ConfigMap")["data"]["guard.yaml"]
    config = schema.loads(text, environment=environment(rendered(name), ci(name)))
    assert config.surrogate_key.get_secret_value()
    wanted = merged(DEFAULTS["config"], ci(name)["config"])
    assert set(config.upstreams) == set(wanted.get("upstreams", {})) | ({"vllm"} if "vllm" in ci(name) else set())
    assert len(config.routes) == len(wanted["routes"])


def test_values_that_yaml_reads_in_two_ways_arrive(chart: Renderer) -> None:
    """Helm writes YAML 1.1, guard.yaml is 1.2."""
    words = ["off", "on", "no", "0o17", "017", "1_000", "1e3", "~", "null", "1:30", "=", "", " x", "a: b", "#", "é"]
    values = merged(ci("cloud"), {"config": {"policies": {"default": {"sanitize": {"deny": words}}}}})
    text = chart.render(values).one("ConfigMap")["data"]["guard.yaml"]
    config = schema.loads(text, environment={"GUARD_SURROGATE_KEY": "k" * 16, "OPENAI_API_KEY": "k"})
    assert list(config.policies["default"].sanitize.deny) == words


def test_config_as_text_arrives_as_it_is(chart: Renderer) -> None:
    text = "# mine\nupstreams:\n  a: {kind: openai, base_url: http://a.b.svc/v1}\nroutes: [{upstream: a}]\n"
    text += "policies: {default: {sanitize: {mode: off}}}\nsurrogate_key: ${GUARD_SURROGATE_KEY}"
    rendered = chart.render({"config": text})
    assert rendered.one("ConfigMap")["data"]["guard.yaml"].rstrip() == text
    schema.loads(text, environment=environment(rendered, {}))


@pytest.mark.parametrize("name", CI)
def test_values_fit_the_schema(name: str) -> None:
    check_values(ci(name))


def test_schema_is_a_schema_and_knows_every_value() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert set(SCHEMA["properties"]) - {"global"} == set(DEFAULTS)


def test_schema_is_strict_about_every_mapping() -> None:
    """A key that is not there is an error, wherever values.yaml has a mapping with keys of the chart's own."""
    free = {"behavior", "resources", "podSecurityContext", "securityContext", "rollingUpdate", "labels", "config"}

    def walk(value: Any, path: tuple[str, ...]) -> None:
        if not isinstance(value, dict) or not value or (path[-1:] and path[-1] in free):
            return
        values: Any = {"mispelt": {}}
        for step in reversed(path):
            values = {step: values}
        with pytest.raises(ChartError, match="mispelt"):
            check_values(values)
        for key, below in value.items():
            walk(below, (*path, key))

    walk(DEFAULTS, ())


def test_schema_holds_the_config_s_own() -> None:
    text = (CHART / "values.schema.json").read_text()
    assert chart_schema(text) == text, "run scripts/generate.py"


def test_helm_lints() -> None:
    if shutil.which("helm") is None:
        pytest.skip("helm is not on the path; the chart is rendered by Go's own templates")
    for path in CI.values():
        subprocess.run([need("helm"), "lint", "--strict", str(CHART), "--values", str(path)], check=True, timeout=60)


def test_chart_names_this_version() -> None:
    import guard

    assert yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"] == guard.__version__


def test_a_mounted_configmap_is_watched(rendered: Sets) -> None:
    """The whole directory is mounted: with subPath a changed ConfigMap would never arrive."""
    pod = rendered("cloud").one("Deployment")["spec"]["template"]["spec"]
    mount = next(m for m in pod["containers"][0]["volumeMounts"] if m["name"] == "config")
    assert "subPath" not in mount
