"""Values that render to something nobody wants are refused with a hint, or said in the notes; their neighbours pass."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from guard import config as schema
from tests.helm.chart import ROOT, ChartError, Rendered, Renderer, ci, cloud, merged
from tests.helm.crds import SPECS
from tests.helm.test_render import validate

pytestmark = pytest.mark.timeout(180)

MANUAL = ROOT / "docs/kubernetes.md"
TEXT = """\
surrogate_key: ${GUARD_SURROGATE_KEY}
policies: {default: {sanitize: {}}}
upstreams:
  a: {kind: openai, base_url: 'https://a.example/v1'}
"""
VLLM = {"vllm": ci("vllm")["vllm"]}
NAMED = "  gpu: {kind: vllm, base_url: 'http://release-guardchain-vllm%s:8000', secret: '${GUARDCHAIN_VLLM_SECRET}'}\n"
FILE = {"audit": {"sink": "file", "path": "/var/log/guardchain/audit.jsonl"}}
SILENT = {"metrics": {"enabled": False}}
SCRAPED = {"podMonitor": {"enabled": True}}
PROMETHEUS = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]


def mounted(path: str, **more: Any) -> dict[str, Any]:
    volume = {"name": "audit", "persistentVolumeClaim": {"claimName": "audit"}}
    return {"extraVolumes": [volume], "extraVolumeMounts": [{"name": "audit", "mountPath": path, **more}]}


def upstream(url: str, **values: Any) -> dict[str, Any]:
    config = {"upstreams": {"a": {"kind": "openai", "base_url": url}}, "routes": [{"upstream": "a"}]}
    return {"config": config, "existingSecret": "keys", **values}


def each(path: str = "/var/log/guardchain/${POD_NAME}.jsonl") -> dict[str, Any]:
    """A config with an audit log that the environment names."""
    return {"audit": {"sink": "file", "path": path}}


def rolling(surge: int | str, unavailable: int | str, **strategy: Any) -> dict[str, Any]:
    rolling_update = {"maxSurge": surge, "maxUnavailable": unavailable}
    return cloud(strategy={"rollingUpdate": rolling_update, **strategy})


KEY: dict[str, Any] = {"secrets": {"OPENAI_API_KEY": "k"}}


def made(config: dict[str, Any] | None = None, **values: Any) -> dict[str, Any]:
    """A cloud API, where the chart makes the Secret."""
    return merged(cloud(config=config or {}, existingSecret=""), values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        # GPUs that nobody asks
        ({"config": TEXT + "routes: [{upstream: a}]\n", **VLLM},
         "vllm.enabled runs a server that no upstream of config names"),
        ({"config": TEXT + NAMED % "" + "routes: [{upstream: a}]\n", **VLLM},
         "a server that nobody asks: name its upstream gpu"),
        ({"config": TEXT + NAMED % ".elsewhere" + "routes: [{upstream: gpu}]\n", **VLLM},
         "no upstream of config names"),
        (cloud(**VLLM), "a server that nobody asks: name its upstream vllm in a route"),
        # names that a policy cannot know the addresses of
        (upstream("https://gpu.corp.internal"), "upstream a is gpu.corp.internal, a private name"),
        (upstream("http://gpu.local:8000"), "say in networkPolicy.egress.a where it is"),
        # files on a read-only root
        (cloud(config=FILE), "config.audit.path is /var/log/guardchain/audit.jsonl, on a root file system that cannot"),
        (cloud(config=FILE, **mounted("/var/log/guard")), "mount a volume there"),
        (cloud(config=FILE, **mounted("/var/log/guardchain", readOnly=True)), "mount a volume there"),
        (cloud(config=each()), "config.audit.path is /var/log/guardchain/${POD_NAME}.jsonl, on a root file system"),
        (cloud(config={"audit": {"sink": "file", "path": "audit.jsonl"}}), "config.audit.path is audit.jsonl"),
        (cloud(config={"audit": {"sink": "file", "path": "/tmp/../etc/audit"}}), "config.audit.path is"),
        (cloud(config={"store": {"path": "/var/lib/store.sqlite"}}), "config.store.path is /var/lib/store.sqlite"),
        # metrics that are off
        (cloud(config=SILENT, metrics={"serviceMonitor": {"enabled": True}}),
         "metrics.serviceMonitor needs the metrics"),
        (cloud(config=SILENT, metrics={"podMonitor": {"enabled": True}}), "metrics.podMonitor needs the metrics"),
        (cloud(config=SILENT, metrics={"prometheusRule": {"enabled": True}}),
         "metrics.prometheusRule needs the metrics"),
        (cloud(config=SILENT, autoscaling={"enabled": True}), "set autoscaling.inflight: 0"),
        (merged(ci("vllm"), {"vllm": SCRAPED}),
         "the network policy keeps Prometheus out of vLLM; name it in vllm.scrapers"),
        # budgets that never allow a disruption
        (cloud(podDisruptionBudget={"minAvailable": 2}),
         "podDisruptionBudget.minAvailable (2) keeps all of 2 replicas: no node could be drained"),
        (cloud(podDisruptionBudget={"minAvailable": "51%"}), "podDisruptionBudget.minAvailable (51%) keeps all of 2"),
        (cloud(podDisruptionBudget={"minAvailable": 2}, autoscaling={"enabled": True}),
         "keeps all of 2 replicas"),
        (cloud(podDisruptionBudget={"maxUnavailable": 0}),
         "podDisruptionBudget.maxUnavailable (0) keeps all replicas: no node could be drained"),
        (cloud(podDisruptionBudget={"maxUnavailable": "0%"}), "podDisruptionBudget.maxUnavailable (0%) keeps all"),
        # rollouts that could replace no pod
        (rolling(0, 0), "maxSurge and maxUnavailable are both 0"),
        (rolling("0%", 0), "maxSurge and maxUnavailable are both 0"),
        (rolling("0%", "0%"), "maxSurge and maxUnavailable are both 0"),
        # variables that no pod has
        (made(), "config.upstreams.openai.api_key names ${OPENAI_API_KEY}, which no pod would have"),
        (made(secrets={"OPENAI_KEY": "k"}), "put OPENAI_API_KEY into secrets, or into extraEnv"),
        (made({"store": {"url": "redis://cache", "password": "${GUARDCHAIN_VALKEY_PASSWORD}"}}, **KEY),
         "config.store.password names ${GUARDCHAIN_VALKEY_PASSWORD}"),
        (made({"old_surrogate_keys": ["${OLD}"]}, **KEY), "config.old_surrogate_keys[0] names ${OLD}"),
        (made({"policies": {"default": {"sanitize": {"deny": ["$$${A}${B}"]}}}}, **KEY),
         "config.policies.default.sanitize.deny[0] names ${B}"),
        ({"config": TEXT + "routes: [{upstream: a, model: '${MODEL}'}]\n"}, "config.routes[0].model names ${MODEL}"),
        # seconds that the grace period is computed from
        (cloud(config={"server": {"shutdown_seconds": "${GRACE}"}}),
         "config.server.shutdown_seconds is a text (${GRACE})"),
        (cloud(config={"server": {"drain_delay_seconds": "${DELAY:-5}"}}),
         "config.server.drain_delay_seconds is a text (${DELAY:-5})"),
        ({"config": TEXT + "server: {shutdown_seconds: '${GRACE}'}\n"}, "config.server.shutdown_seconds is a text"),
        (cloud(podDisruptionBudget={"minAvailable": "all"}), "values.podDisruptionBudget.minAvailable"),
        (cloud(httpRoute={"timeouts": {"request": "never"}}), "values.httpRoute.timeouts.request"),
    ],
)  # fmt: skip
def test_refused(chart: Renderer, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ChartError) as failed:
        chart.render(values)
    assert message in str(failed.value)


@pytest.mark.parametrize(
    "values",
    [
        {"config": TEXT + NAMED % "" + "routes: [{upstream: gpu}]\n", **VLLM},
        {"config": TEXT + NAMED % ".guard.svc.cluster.local" + "routes: [{upstream: gpu}]\n", **VLLM},
        {"config": TEXT + NAMED % "" + "routes: [{upstream: a, fallback: [{upstream: gpu}]}]\n", **VLLM},
        cloud(config={"policies": {"default": {"probe": {"scorer": "vllm"}}}}, **VLLM),
        upstream("https://gpu.corp.internal",
         networkPolicy={"egress": {"a": {"to": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}}}),
        upstream("https://gpu.corp.internal", networkPolicy={"enabled": False}),
        cloud(config=FILE, **mounted("/var/log/guardchain")),
        cloud(config=FILE, **mounted("/var/log/")),
        cloud(config=each(), **mounted("/var/log/guardchain")),
        cloud(config=each("${AUDIT}")),
        cloud(config=each("/var/${AUDIT}/audit.jsonl")),
        cloud(config=FILE, securityContext={"readOnlyRootFilesystem": False}),
        cloud(config={"audit": {"path": "/var/log/audit.jsonl"}}),
        cloud(config={"store": {"path": "/tmp/store.sqlite"}}),
        cloud(config=SILENT, autoscaling={"enabled": True, "inflight": 0}),
        cloud(metrics={"serviceMonitor": {"enabled": True}, "prometheusRule": {"enabled": True}}),
        merged(ci("vllm"), {"vllm": SCRAPED, "networkPolicy": {"enabled": False}}),
        cloud(podDisruptionBudget={"minAvailable": "50%"}),
        cloud(podDisruptionBudget={"enabled": False, "minAvailable": 9}),
        cloud(podDisruptionBudget={"enabled": False, "maxUnavailable": 0}),
        cloud(podDisruptionBudget={"minAvailable": 1, "maxUnavailable": 0}),
        rolling(0, 1),
        rolling("25%", "0%"),
        rolling(0, 0, type="Recreate"),
        cloud(strategy={"type": "Recreate", "rollingUpdate": None}),
        cloud(strategy=None),
        made(**KEY),
        made(extraEnv=[{"name": "OPENAI_API_KEY", "valueFrom": {"secretKeyRef": {"name": "mine", "key": "k"}}}]),
        made({"upstreams": {"openai": {"api_key": None}}}),
        made({"log": {"level": "${LEVEL:-info}"}}, **KEY),
        made({"policies": {"default": {"sanitize": {"deny": ["$${ESCAPED} $$${ESCAPED} $NAME", "{PLAIN}"]}}}}, **KEY),
        made({"audit": {"sink": "file", "path": "/tmp/${HOSTNAME}.jsonl"}}, **KEY),
        made(valkey={"enabled": True}, **KEY),
        {"config": TEXT + "# ${COMMENT}\nroutes: [{upstream: a}]\n"},
    ],
)  # fmt: skip
def test_taken(chart: Renderer, values: dict[str, Any]) -> None:
    for one in chart.render(values).objects:
        validate(one)


def test_pods_that_make_room_first_have_no_rolling_update(chart: Renderer) -> None:
    def strategy(**values: Any) -> Any:
        return chart.render(cloud(strategy=values)).one("Deployment")["spec"]["strategy"]

    assert strategy() == {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}}
    assert strategy(type="Recreate") == {"type": "Recreate"}


def test_a_budget_by_what_must_stay(chart: Renderer) -> None:
    def budget(**values: Any) -> dict[str, Any]:
        spec = chart.render(cloud(podDisruptionBudget=values)).one("PodDisruptionBudget")["spec"]
        return {key: spec[key] for key in spec if key.endswith("vailable")}

    assert budget() == {"maxUnavailable": 1}
    assert budget(maxUnavailable="25%") == {"maxUnavailable": "25%"}
    assert budget(minAvailable=1) == {"minAvailable": 1}
    assert budget(minAvailable=0) == {"minAvailable": 0}
    assert budget(minAvailable="50%") == {"minAvailable": "50%"}


def test_a_route_s_timeouts(chart: Renderer) -> None:
    def rule(**values: Any) -> Any:
        route = {"enabled": True, "parentRefs": [{"name": "public"}], **values}
        (found,) = chart.render(cloud(httpRoute=route)).one("HTTPRoute")["spec"]["rules"]
        return found

    assert "timeouts" not in rule()
    assert rule(timeouts={"request": "0s"})["timeouts"] == {"request": "0s"}


def test_prometheus_reaches_vllm_s_own_metrics(chart: Renderer) -> None:
    found = chart.render(merged(ci("vllm"), {"vllm": {**SCRAPED, "scrapers": PROMETHEUS}}))
    monitor = found.one("PodMonitor", "-vllm")
    validate(monitor)
    template = found.one("StatefulSet", "-vllm")["spec"]["template"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    assert endpoint["port"] in {p["name"] for p in template["spec"]["containers"][0]["ports"]}
    proxy, *others = found.one("NetworkPolicy", "-vllm")["spec"]["ingress"][0]["from"]
    assert proxy["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "proxy" and others == PROMETHEUS
    assert len(found.all("PodMonitor")) == 2, "the proxy's is another"
    assert ("monitoring.coreos.com/v1", "PodMonitor") in SPECS


SHARED = "no store that they share"


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        ({}, "2 replicas"),
        ({"autoscaling": {"enabled": True, "maxReplicas": 7}}, "7 replicas"),
        ({"config": {"store": {"path": "/tmp/store"}}}, "2 replicas"),
        ({"config": {"store": {"responses_seconds": 0}}}, "2 replicas"),
        ({"replicaCount": 1}, None),
        ({"config": {"store": {"url": "redis://cache"}}}, None),
        ({"valkey": {"enabled": True}}, None),
    ],
)
def test_the_notes_say_what_replicas_do_not_share(chart: Renderer, values: dict[str, Any], warned: str | None) -> None:
    notes = chart.render(cloud(**values), cluster=[]).notes
    assert (SHARED in notes) == (warned is not None)
    assert warned is None or f"WARNING: {warned}" in notes
    off = values.get("config", {}).get("store", {}).get("responses_seconds") == 0
    assert ("previous_response_id" in notes) == (warned is not None and not off)


def notes(chart: Renderer, values: dict[str, Any]) -> list[str]:
    """The notes' lines, with one space between words."""
    return [" ".join(line.split()) for line in chart.render(values, cluster=[]).notes.splitlines()]


def test_the_notes_list_where_pods_may_go(chart: Renderer) -> None:
    found = notes(chart, merged(ci("everything"), {"config": {"upstreams": {"near": {
        "kind": "openai", "base_url": "http://near:9/v1"}}}}))  # fmt: skip
    for line in (
        "openai every public address on 443/TCP",
        "llama pods of namespace models on 8000/TCP",
        "near pods of this namespace on 9/TCP",
        "vllm this release's vllm on 8000/TCP",
        "store this release's valkey on 6379/TCP",
        "tracing pods of namespace observability on 4317/TCP",
        "lab 10.1.2.0/24 on 9000/TCP",
        "hub 203.0.113.0/24 on 443/TCP",
    ):
        assert line in found, found
    assert not [line for line in notes(chart, cloud(networkPolicy={"enabled": False})) if "address on" in line]


def test_the_notes_say_that_a_log_goes_with_the_pod(chart: Renderer) -> None:
    def said(path: str) -> bool:
        rendered: Rendered = chart.render(
            cloud(config={"audit": {"sink": "file", "path": path}}, **mounted("/var/log")), cluster=[]
        )
        return "goes with the pod" in rendered.notes

    assert said("/tmp/audit.jsonl") and not said("/var/log/audit.jsonl")


@pytest.mark.parametrize(
    ("values", "volume"),
    [
        (mounted("/var/log/guardchain"), "audit"),
        ({**mounted("/var/log/guardchain"), "autoscaling": {"enabled": True}, "replicaCount": 1}, "audit"),
        ({**mounted("/var/log"), "replicaCount": 1}, None),
        (mounted("/var/log", subPathExpr="$(POD_NAME)"), None),
        ({**mounted("/var/log/guardchain"), "config": each()}, None),
        ({**mounted("/var/log/guardchain"), "config": {"audit": {"sink": "stdout"}}}, None),
        ({"extraVolumes": [{"name": "own", "emptyDir": {}}],
          "extraVolumeMounts": [{"name": "own", "mountPath": "/var/log"}]}, None),
        # the deeper mount has the file
        ({"extraVolumes": [{"name": "own", "emptyDir": {}}, *mounted("/")["extraVolumes"]],
          "extraVolumeMounts": [{"name": "own", "mountPath": "/var/log/guardchain"},
                                {"name": "audit", "mountPath": "/var/log/"}]}, None),
        ({"extraVolumes": [{"name": "own", "emptyDir": {}}, *mounted("/")["extraVolumes"]],
          "extraVolumeMounts": [{"name": "audit", "mountPath": "/var/log/guardchain/"},
                                {"name": "own", "mountPath": "/var/log"}]}, "audit"),
    ],
)  # fmt: skip
def test_the_notes_warn_of_an_audit_log_that_replicas_share(
    chart: Renderer, values: dict[str, Any], volume: str | None
) -> None:
    found = chart.render(merged(cloud(config=FILE), values), cluster=[]).notes
    assert ("would write one audit log" in found) == (volume is not None)
    assert volume is None or f"/var/log/guardchain/audit.jsonl on the volume {volume}." in found


def test_the_manual_s_audit_log_is_one_a_pod(chart: Renderer) -> None:
    (block,) = re.findall(r"```yaml\n(config: \{audit: .*?)```", MANUAL.read_text(), re.DOTALL)
    found = chart.render(merged(cloud(), yaml.safe_load(block)), cluster=[])
    for one in found.objects:
        validate(one)
    assert "would write one audit log" not in found.notes
    (container,) = found.one("Deployment")["spec"]["template"]["spec"]["containers"]
    field = {e["name"]: e for e in container["env"]}["POD_NAME"]["valueFrom"]["fieldRef"]["fieldPath"]
    assert field == "metadata.name"
    (mount,) = [m for m in container["volumeMounts"] if m["name"] == "audit"]
    text = found.one("ConfigMap")["data"]["guard.yaml"]
    keys = {"GUARD_SURROGATE_KEY": "k" * 16, "OPENAI_API_KEY": "k"}
    paths = {schema.loads(text, environment={**keys, "POD_NAME": name}).audit.path for name in ("guard-a", "guard-b")}
    assert paths == {f"{mount['mountPath']}/guard-a.jsonl", f"{mount['mountPath']}/guard-b.jsonl"}
