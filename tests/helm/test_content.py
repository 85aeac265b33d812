"""What the objects say: config and keys reach the pods, secrets stay secret, doors are closed, pods end gently."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helm.chart import CHART, CI, DEFAULTS, ROOT, ChartError, Rendered, Renderer, ci, cloud, merged

pytestmark = pytest.mark.timeout(180)

Sets = Callable[[str], Rendered]
CLOUD = ci("cloud")
MODELS = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "models"}}}
NAMES = [*CI]


def pod(rendered: Rendered, kind: str = "Deployment", suffix: str = "") -> Any:
    return rendered.one(kind, suffix)["spec"]["template"]["spec"]


def workloads(rendered: Rendered) -> list[Any]:
    return [one for one in rendered.objects if one["kind"] in ("Deployment", "StatefulSet")]


def test_config_reaches_the_pod(rendered: Sets) -> None:
    spec = pod(rendered("cloud"))
    (container,) = spec["containers"]
    mount = next(m for m in container["volumeMounts"] if m["name"] == "config")
    volume = next(v for v in spec["volumes"] if v["name"] == "config")
    assert volume["configMap"]["name"] == rendered("cloud").one("ConfigMap")["metadata"]["name"]
    assert "subPath" not in mount, "a changed ConfigMap would never arrive"
    at = container["args"].index("--config")
    assert container["args"][at + 1] == f"{mount['mountPath']}/guard.yaml"


def test_a_changed_config_rolls_the_pods(chart: Renderer) -> None:
    def checksum(more: dict[str, Any]) -> str:
        annotations = chart.render(merged(CLOUD, more)).one("Deployment")["spec"]["template"]["metadata"]["annotations"]
        return str(annotations["checksum/config"])

    assert checksum({}) == checksum({"replicaCount": 5})
    assert checksum({}) != checksum({"config": {"log": {"level": "debug"}}})
    assert checksum({}) != checksum({"files": {"more.yaml": "a: 1"}})


@pytest.mark.parametrize("name", NAMES)
def test_replicas_share_their_keys(rendered: Sets, name: str) -> None:
    """The key is a reference to one Secret that every pod takes its environment from."""
    found = rendered(name)
    assert "surrogate_key: ${GUARD_SURROGATE_KEY}" in found.one("ConfigMap")["data"]["guard.yaml"]
    (source,) = pod(found)["containers"][0]["envFrom"]
    secrets = {one["metadata"]["name"]: one["data"] for one in found.all("Secret")}
    wanted = ci(name).get("existingSecret")
    assert source["secretRef"]["name"] == (wanted or next(iter(secrets)))
    if not wanted:
        assert len(base64.b64decode(secrets[source["secretRef"]["name"]]["GUARD_SURROGATE_KEY"])) >= 16


def test_random_keys_outlive_an_upgrade(chart: Renderer) -> None:
    values = merged(ci("vllm"), {"secrets": {"OPENAI_API_KEY": "sk-1", **dict.fromkeys(ci("vllm")["secrets"])}})
    first = chart.render(values, cluster=[]).one("Secret")
    second = chart.render(values, cluster=[first]).one("Secret")
    again = chart.render(values, cluster=[]).one("Secret")
    assert set(first["data"]) == {*ci("vllm")["secrets"], "OPENAI_API_KEY"}
    assert second["data"] == first["data"]
    assert again["data"]["GUARD_SURROGATE_KEY"] != first["data"]["GUARD_SURROGATE_KEY"]


def test_both_sides_of_vllm_share_a_secret(rendered: Sets) -> None:
    found = rendered("vllm")
    environment = {e["name"]: e for e in pod(found, "StatefulSet", "-vllm")["containers"][0]["env"]}
    reference = environment["GUARDCHAIN_VLLM_SECRET"]["valueFrom"]["secretKeyRef"]
    assert reference["name"] == pod(found)["containers"][0]["envFrom"][0]["secretRef"]["name"]
    assert "secret: ${GUARDCHAIN_VLLM_SECRET}" in found.one("ConfigMap")["data"]["guard.yaml"]


@pytest.mark.parametrize("name", NAMES)
def test_secrets_are_in_the_secret_alone(rendered: Sets, name: str) -> None:
    found = rendered(name)
    values = [v for one in found.all("Secret") for v in one["data"].values()]
    plain = [base64.b64decode(v).decode() for v in values]
    for one in found.objects:
        if one["kind"] != "Secret":
            assert not [v for v in (*values, *plain) if v in json.dumps(one)], one["kind"]


def test_everything_a_pod_names_is_there(rendered: Sets) -> None:
    """Service accounts, volumes and services that templates refer to by name are rendered, or a value names them."""
    for name in NAMES:
        found, values = rendered(name), ci(name)
        accounts = {one["metadata"]["name"] for one in found.all("ServiceAccount")}
        services = {one["metadata"]["name"] for one in found.all("Service")}
        for one in workloads(found):
            spec = one["spec"]["template"]["spec"]
            assert spec["serviceAccountName"] in accounts
            volumes = {v["name"] for v in (*spec.get("volumes", ()), *({"name": t["metadata"]["name"]}
                       for t in one["spec"].get("volumeClaimTemplates", ())))}  # fmt: skip
            for container in (*spec["containers"], *spec.get("initContainers", ())):
                assert {m["name"] for m in container["volumeMounts"]} <= volumes
        if values.get("vllm"):
            assert "http://release-" in found.one("ConfigMap")["data"]["guard.yaml"]
            assert any(f"http://{s}:8000" in found.one("ConfigMap")["data"]["guard.yaml"] for s in services)


@pytest.mark.parametrize("name", NAMES)
def test_pods_are_locked_down(rendered: Sets, name: str) -> None:
    for one in workloads(rendered(name)):
        spec = one["spec"]["template"]["spec"]
        assert spec["automountServiceAccountToken"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in (*spec["containers"], *spec.get("initContainers", ())):
            context = container["securityContext"]
            assert context["readOnlyRootFilesystem"] is True and context["allowPrivilegeEscalation"] is False
            assert context["capabilities"] == {"drop": ["ALL"]}
    for account in rendered(name).all("ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


def test_selectors_tell_the_components_apart(rendered: Sets) -> None:
    found = rendered("everything")

    def labels(one: Any) -> set[tuple[str, str]]:
        return set(one["spec"]["template"]["metadata"]["labels"].items())

    pods = {one["metadata"]["name"]: labels(one) for one in workloads(found)}
    assert len(pods) == 3
    kinds = ("Service", "PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor", "PodMonitor")
    for one in (one for kind in kinds for one in found.all(kind)):
        selector = one["spec"].get("selector") or one["spec"]["podSelector"]
        chosen = set((selector.get("matchLabels") or selector).items())
        assert [name for name, has in pods.items() if chosen <= has] == [one["metadata"]["name"]], one["kind"]


@pytest.mark.parametrize(
    ("probe", "path"), [("startupProbe", "/healthz"), ("readinessProbe", "/readyz"), ("livenessProbe", "/healthz")]
)
def test_probes_ask_what_they_are_for(rendered: Sets, probe: str, path: str) -> None:
    (container,) = pod(rendered("cloud"))["containers"]
    assert container[probe]["httpGet"] == {"path": path, "port": "http"}


@pytest.mark.parametrize(
    ("server", "grace"),
    [
        ({}, 320),
        ({"shutdown_seconds": 900}, 920),
        ({"shutdown_seconds": 0.5}, 21),
        ({"drain_delay_seconds": 14.5, "workers": 4}, 335),
    ],
)
def test_a_stopping_pod_outlives_the_longest_stream(chart: Renderer, server: dict[str, Any], grace: int) -> None:
    config = {"server": server}
    spec = pod(chart.render(merged(CLOUD, {"config": config})))
    assert spec["terminationGracePeriodSeconds"] == grace
    assert spec["containers"][0]["lifecycle"]["preStop"] == {"exec": {"command": ["sleep", "10"]}}


def test_a_probe_can_be_left_out(chart: Renderer) -> None:
    names = {"startup", "readiness", "liveness"}
    for name in names:
        (container,) = pod(chart.render(cloud(probes={name: None})))["containers"]
        assert {key.removesuffix("Probe") for key in container if key.endswith("Probe")} == names - {name}


def test_no_pod_leaves_before_another_is_ready(rendered: Sets) -> None:
    spec = rendered("cloud").one("Deployment")["spec"]
    assert spec["strategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    assert rendered("cloud").one("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    keys = [c["topologyKey"] for c in spec["template"]["spec"]["topologySpreadConstraints"]]
    assert keys == ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]


def test_scaling_by_requests_in_flight_then_by_cpu(rendered: Sets, chart: Renderer) -> None:
    hpa = rendered("everything").one("HorizontalPodAutoscaler")["spec"]
    assert hpa["scaleTargetRef"]["name"] == rendered("everything").one("Deployment")["metadata"]["name"]
    pods, cpu = hpa["metrics"]
    assert pods["pods"]["metric"]["name"] == "guardchain_inflight"
    assert cpu["resource"]["name"] == "cpu"
    assert "replicas" not in rendered("everything").one("Deployment")["spec"], "the autoscaler sets it"
    alone = chart.render(merged(CLOUD, {"autoscaling": {"enabled": True, "inflight": 0}}))
    assert [m["type"] for m in alone.one("HorizontalPodAutoscaler")["spec"]["metrics"]] == ["Resource"]


def peers(rendered: Rendered, suffix: str = "") -> list[tuple[Any, list[int]]]:
    """Egress of a NetworkPolicy as (peer, ports), without DNS, which comes first."""
    dns, *rules = rendered.one("NetworkPolicy", suffix)["spec"]["egress"]
    assert {p["port"] for p in dns["ports"]} == {53} and dns["to"]
    return [(peer, [p["port"] for p in rule["ports"]]) for rule in rules for peer in rule["to"]]


@pytest.mark.parametrize(
    ("url", "peer", "port"),
    [
        ("http://vllm.models.svc:8000", MODELS, 8000),
        ("http://vllm.models.svc.cluster.local/v1", MODELS, 80),
        ("http://vllm.models.svc.cluster.local.:8000/v1", MODELS, 8000),
        ("http://pod-0.vllm.models.svc:8000", MODELS, 8000),
        ("https://vllm.models.svc", MODELS, 443),
        ("http://vllm.models:8000", MODELS, 8000),
        ("http://vllm:8000/v1", {"podSelector": {}}, 8000),
        ("https://10.0.0.5/v1", {"ipBlock": {"cidr": "10.0.0.5/32"}}, 443),
        ("http://[fd00::5]:81/v1", {"ipBlock": {"cidr": "fd00::5/128"}}, 81),
    ],
)  # fmt: skip
def test_egress_goes_to_the_upstream_alone(chart: Renderer, url: str, peer: Any, port: int) -> None:
    config = {"upstreams": {"a": {"kind": "openai", "base_url": url}}, "routes": [{"upstream": "a"}]}
    found = peers(chart.render({"config": config, "existingSecret": "keys"}))
    assert found == [(peer, [port])]


def test_egress_to_a_public_upstream_is_no_way_into_the_cluster(rendered: Sets) -> None:
    found = peers(rendered("cloud"))
    assert [ports for _, ports in found] == [[443], [443]]
    for private in ("10.0.0.1", "172.20.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "127.0.0.1", "fd00::1"):
        address = ipaddress.ip_address(private)
        for peer, _ in found:
            block = peer["ipBlock"]
            inside = address in ipaddress.ip_network(block["cidr"])
            assert not inside or any(address in ipaddress.ip_network(e) for e in block["except"]), private


def test_egress_of_every_upstream(rendered: Sets) -> None:
    found = peers(rendered("everything"))
    assert len(found) == 8, "two public blocks once, the guard model, vLLM, Valkey, the collector, the two written out"
    assert ({"ipBlock": {"cidr": "10.1.2.0/24"}}, [9000]) in found, "written out, in place of the derived one"
    assert ({"ipBlock": {"cidr": "203.0.113.0/24"}}, [443]) in found
    assert not any(peer.get("ipBlock", {}).get("cidr") == "10.1.2.3/32" for peer, _ in found)


def test_only_the_proxy_reaches_vllm(rendered: Sets) -> None:
    policy = rendered("vllm").one("NetworkPolicy", "-vllm")["spec"]
    ((peer,),) = [rule["from"] for rule in policy["ingress"]]
    assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "proxy"
    assert policy["egress"] == [], "the model comes from a volume"
    assert peers(rendered("everything"), "-vllm"), "the model comes from a hub"


def test_vllm_gets_its_model_artefacts_and_gpus(rendered: Sets) -> None:
    spec = rendered("vllm").one("StatefulSet", "-vllm")["spec"]
    (container,) = spec["template"]["spec"]["containers"]
    assert container["args"] == [
        "--model=/models/qwen3-8b", "--probes=/artifacts/probes.json", "--subspace=/artifacts/cee.safetensors",
        "--host=0.0.0.0", "--port=8000", "--tensor-parallel-size=2", "--max-model-len=8192",
    ]  # fmt: skip
    assert container["resources"]["limits"] == {"nvidia.com/gpu": 2}
    assert spec["volumeClaimTemplates"][0]["spec"]["resources"]["requests"] == {"storage": "50Gi"}


@pytest.mark.parametrize(
    ("artifacts", "volume"),
    [
        ({"existingClaim": "c"}, {"persistentVolumeClaim": {"claimName": "c", "readOnly": True}}),
        ({"configMap": "m"}, {"configMap": {"name": "m"}}),
        ({"image": "i:1"}, {"emptyDir": {}}),
    ],
)
def test_artefacts_come_from_a_claim_a_configmap_or_an_image(
    chart: Renderer, artifacts: dict[str, str], volume: dict[str, Any]
) -> None:
    values = merged(ci("vllm"), {"vllm": {"artifacts": {"existingClaim": "", **artifacts}, "kind": "Deployment"}})
    spec = pod(chart.render(values), "Deployment", "-vllm")
    assert {"name": "artifacts", **volume} in spec["volumes"]
    assert ("initContainers" in spec) == ("image" in artifacts)


def test_vllm_on_cpus_asks_for_no_gpu(chart: Renderer) -> None:
    found = chart.render(merged(ci("vllm"), {"vllm": {"gpuResource": ""}}))
    assert "limits" not in pod(found, "StatefulSet", "-vllm")["containers"][0]["resources"]


def test_only_v1_is_published(rendered: Sets) -> None:
    found = rendered("everything")
    assert [p["path"] for r in found.one("Ingress")["spec"]["rules"] for p in r["http"]["paths"]] == ["/v1"]
    matches = [m["path"]["value"] for r in found.one("HTTPRoute")["spec"]["rules"] for m in r["matches"]]
    assert matches == ["/v1"]


def test_rules_and_dashboard_are_the_files(rendered: Sets) -> None:
    import yaml

    file = yaml.safe_load((CHART / "files/rules.yaml").read_text())["groups"]
    assert rendered("monitor").one("PrometheusRule")["spec"]["groups"] == file
    few = rendered("everything").one("PrometheusRule")["spec"]["groups"]
    left_out = {r["alert"] for g in file for r in g["rules"]} - {r["alert"] for g in few for r in g["rules"]}
    assert left_out == set(ci("everything")["metrics"]["prometheusRule"]["disabled"])
    assert few[-1]["name"] == "house"
    board = rendered("monitor").one("ConfigMap", "-dashboard")["data"]["guardchain.json"]
    assert json.loads(board) == json.loads((CHART / "files/dashboard.json").read_text())


def test_monitors_find_the_port(rendered: Sets) -> None:
    for name, kind, key in (("monitor", "ServiceMonitor", "endpoints"), ("vllm", "PodMonitor", "podMetricsEndpoints")):
        (endpoint,) = rendered(name).one(kind)["spec"][key]
        assert (endpoint["port"], endpoint["path"]) == ("http", "/metrics")
        assert "http" in {p["name"] for p in pod(rendered(name))["containers"][0]["ports"]}


@pytest.mark.parametrize(
    ("config", "name", "port", "protocol"),
    [
        ({"store": {"url": "redis://:${PASSWORD}@cache/0"}}, "store", 6379, "TCP"),
        ({"store": {"url": "rediss://cache.example.org:7000"}}, "store", 7000, "TCP"),
        ({"tracing": {"endpoint": "http://otel.observability.svc:4318"}}, "tracing", 4318, "TCP"),
        ({"audit": {"sink": "syslog", "syslog": "udp://10.1.2.3"}}, "syslog", 514, "UDP"),
        ({"audit": {"sink": "syslog", "syslog": "tls://logs.example.org"}}, "syslog", 6514, "TCP"),
    ],
)
def test_the_store_and_the_log_can_be_reached(
    chart: Renderer, config: dict[str, Any], name: str, port: int, protocol: str
) -> None:
    def ports(values: dict[str, Any]) -> list[Any]:
        rules = chart.render(values).one("NetworkPolicy")["spec"]["egress"]
        return [one for rule in rules for one in rule["ports"]]

    assert {"port": port, "protocol": protocol} in ports(cloud(config=config))
    instead = {name: {"ports": [{"port": 9999, "protocol": "TCP"}]}}
    replaced = ports(cloud(config=config, networkPolicy={"egress": instead}))
    assert {"port": 9999, "protocol": "TCP"} in replaced and {"port": port, "protocol": protocol} not in replaced


@pytest.mark.parametrize("url", ["${STORE_URL}", "redis://${HOST}:6379"])
def test_a_store_at_an_address_nobody_can_read(chart: Renderer, url: str) -> None:
    with pytest.raises(ChartError, match=r"the host of the store cannot be read .*networkPolicy\.egress"):
        chart.render(cloud(config={"store": {"url": url}}))


def test_extra_objects_are_templates(rendered: Sets) -> None:
    assert rendered("everything").one("ConfigMap", "-extra")["data"] == {"of": "release"}


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.stem)
def test_commands_of_the_manual_name_the_namespace(page: Path) -> None:
    """A command on a release or an object acts on `default` without; in a sentence a command's bare name may stand."""
    text = page.read_text().replace("\\\n", " ")
    acts = r"\b(?:kubectl|helm (?:install|upgrade|rollback|uninstall|test|get|status) +[a-z])[^`\n]*"
    commands = [command for command in re.findall(acts, text) if not command.startswith("kubectl create namespace")]
    assert [command for command in commands if "--namespace guard" not in command] == []


def test_notes_warn_of_an_open_door_and_of_watching_checks(chart: Renderer) -> None:
    watching = chart.render(ci("monitor"), cluster=[]).notes
    assert "config.tenants is empty" in watching
    assert "config.policies.default.probe.mode to enforce" in watching
    assert "made at random" not in watching
    guarded = chart.render(cloud(config={"store": {"url": "redis://cache"}}), cluster=[]).notes
    assert "WARNING" not in guarded and "http://release-guardchain.guard:8080/v1" in guarded


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "config.upstreams names no upstream: say where requests go"),
        (cloud(config={"upstreams": {"openai": {"api_key": "sk-1234"}}}),
         "config.upstreams.openai.api_key would be readable in a ConfigMap: write ${NAME}"),
        (cloud(config={"surrogate_key": "0123456789abcdef"}), "config.surrogate_key would be readable in a ConfigMap"),
        (cloud(config={"old_surrogate_keys": ["${OLD}", "0123456789abcdef"]}),
         "config.old_surrogate_keys would be readable in a ConfigMap"),
        (cloud(config={"tracing": {"endpoint": "http://otel:4318", "headers": {"x-key": "k-1234"}}}),
         "config.tracing.headers.x-key would be readable in a ConfigMap"),
        (cloud(config={"upstreams": {"openai": {"base_url": "https://u:hunter2@api.example.com/v1"}}}),
         "config.upstreams.openai.base_url holds a name or password that would be readable in a ConfigMap"),
        (cloud(config={"upstreams": {"openai": {"base_url": "https://${USER}@api.example.com/v1"}}}),
         "config.upstreams.openai.base_url holds a name or password"),
        (cloud(config={"store": {"url": "redis://cache", "password": "hunter2"}}),
         "config.store.password would be readable in a ConfigMap: write ${NAME}"),
        (cloud(config={"surrogate_key": ""}), "config.surrogate_key is missing, so every replica would"),
        (cloud(config="upstreams: [\n"), "config is not YAML"),
        (cloud(config="upstreams: {a: {kind: openai, base_url: 'http://a/v1'}}\n"), "config.surrogate_key is missing"),
        (cloud(config={"upstreams": {"openai": {"base_url": "https://${HOST}/v1"}}}),
         "the host of upstream openai cannot be read from its URL; say in networkPolicy.egress"),
        (cloud(config={"upstreams": {"openai": {"base_urll": "x"}}}), "values.config.upstreams.openai"),
        (cloud(config={"policies": {"default": {"sanitize": {"mode": False}}}}), "sanitize.mode"),
        (cloud(secrets={"A": "b"}), "existingSecret and secrets exclude each other"),
        (cloud(metrics={"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}),
         "metrics.serviceMonitor and metrics.podMonitor would both scrape every pod"),
        (cloud(autoscaling={"enabled": True, "minReplicas": 5, "maxReplicas": 2}), "minReplicas is above maxReplicas"),
        (cloud(autoscaling={"enabled": True, "inflight": 0, "cpu": 0}), "autoscaling needs a metric"),
        (cloud(vllm={"enabled": True}), "vllm.enabled needs vllm.model and the vllm.probes"),
        (cloud(vllm={"enabled": True, "model": "m", "probes": "p", "artifacts": {"image": "i", "configMap": "c"}}),
         "vllm.artifacts: existingClaim, configMap and image exclude each other"),
        (cloud(ingress={"enabled": True}), "values.ingress.hosts"),
        (cloud(httpRoute={"enabled": True}), "values.httpRoute.parentRefs"),
        (cloud(replicas=3), "replicas"),
        (cloud(replicaCount="3"), "values.replicaCount: '3' is not of type 'integer'"),
        (cloud(image={"digest": "9f86"}), "values.image.digest"),
        (cloud(files={"guard.yaml": ""}), "guard.yaml"),
    ],
)  # fmt: skip
def test_bad_values_say_what_is_wrong(chart: Renderer, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ChartError) as failed:
        chart.render(values)
    assert message in str(failed.value)


def stored(url: str) -> dict[str, Any]:
    return cloud(config={"store": {"url": url}})


@pytest.mark.parametrize(
    "url",
    [
        "redis://cache:6379/0",
        "redis://:${REDIS_PASSWORD}@cache/0",
        "redis://user@cache",
        "redis://cache?db=1&password=${REDIS_PASSWORD}",
    ],
)
def test_a_store_without_a_readable_password(chart: Renderer, url: str) -> None:
    assert url in str(chart.render(stored(url)))


@pytest.mark.parametrize(
    "url", ["redis://:hunter2@cache:6379/0", "rediss://user:hunter2@cache", "redis://:a${B}@cache",
            "redis://:hun/ter2@cache", "redis://cache?password=hunter2", "redis://cache/0?db=1&password=hunter2"],
)  # fmt: skip
def test_a_store_with_one(chart: Renderer, url: str) -> None:
    with pytest.raises(ChartError, match=r"config\.store\.url holds a password"):
        chart.render(stored(url))


def test_every_secret_of_the_config_is_kept_out_of_the_configmap() -> None:
    """A secret field that guard.yaml gains must be one the chart knows by name."""
    from guard.config.reference import schema

    text = (CHART / "templates/_validate.tpl").read_text()

    def secret(one: Any) -> bool:
        inside = (*one.get("anyOf", ()), one.get("items"), one.get("additionalProperties"))
        return one.get("format") == "password" or any(secret(other) for other in inside if isinstance(other, dict))

    models = schema()
    fields = {n for m in (models, *models["$defs"].values()) for n, p in m.get("properties", {}).items() if secret(p)}
    assert fields >= {"api_key", "secret", "password", "surrogate_key", "old_surrogate_keys", "headers"}
    assert not [name for name in fields if f'"{name}"' not in text]


def test_defaults_are_safe() -> None:
    assert DEFAULTS["networkPolicy"]["enabled"] and DEFAULTS["podDisruptionBudget"]["enabled"]
    assert DEFAULTS["replicaCount"] >= 2
