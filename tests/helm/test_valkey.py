"""The chart's Valkey: how it is wired and closed off, and that what the pod runs is a store the proxy can use."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from guard import config as schema
from guard.budget import Claim
from guard.metrics import Metrics
from proxy.store import Store, StoreUnavailable
from proxy.store.build import build_store
from tests.helm.chart import ChartError, Rendered, Renderer, ci, cloud
from tests.support.tools import need

pytestmark = pytest.mark.timeout(180)

Sets = Callable[[str], Rendered]
PASSWORD = 'p@ss/w:rd "quoted" \\ $HOME `x` #%'
ENVIRONMENT = {"GUARD_SURROGATE_KEY": "k" * 16, "OPENAI_API_KEY": "sk-1", "GUARDCHAIN_VALKEY_PASSWORD": PASSWORD}


def valkey(**values: Any) -> dict[str, Any]:
    return cloud(valkey={"enabled": True, **values})


def container(rendered: Rendered) -> Any:
    (found,) = rendered.one("StatefulSet", "-valkey")["spec"]["template"]["spec"]["containers"]
    return found


def store_of(rendered: Rendered) -> schema.Store:
    return schema.loads(rendered.one("ConfigMap")["data"]["guard.yaml"], environment=ENVIRONMENT).store


def test_nothing_without_asking(rendered: Sets) -> None:
    assert not [one for one in rendered("cloud").objects if one["metadata"]["name"].endswith("-valkey")]
    assert store_of(rendered("cloud")).url is None


def test_it_is_the_store_of_the_config(chart: Renderer) -> None:
    found = chart.render(cloud(valkey={"enabled": True}, config={"store": {"prefix": "mine"}}))
    store, service = store_of(found), found.one("Service", "-valkey")
    assert store.url is not None and store.password is not None
    (port,) = service["spec"]["ports"]
    assert store.url.get_secret_value() == f"redis://{service['metadata']['name']}:{port['port']}/0"
    assert (store.password.get_secret_value(), store.prefix) == (PASSWORD, "mine")
    ports = container(found)["ports"]
    assert [(p["name"], p["containerPort"]) for p in ports] == [(port["targetPort"], 6379)]


@pytest.mark.parametrize("existing", ["", "keys"])
def test_both_sides_take_the_password_from_one_secret(chart: Renderer, existing: str) -> None:
    secrets = {} if existing else {"OPENAI_API_KEY": "k"}
    values = cloud(existingSecret=existing, secrets=secrets, valkey={"enabled": True})
    found = chart.render(values, cluster=[])
    (variable,) = container(found)["env"]
    (proxy,) = found.one("Deployment")["spec"]["template"]["spec"]["containers"]
    name = proxy["envFrom"][0]["secretRef"]["name"]
    assert variable["valueFrom"]["secretKeyRef"] == {"name": name, "key": "GUARDCHAIN_VALKEY_PASSWORD"}
    if existing:
        assert name == existing and not found.all("Secret")
    else:
        first = found.one("Secret")
        assert len(first["data"]["GUARDCHAIN_VALKEY_PASSWORD"]) > 64
        again = chart.render(values, cluster=[first]).one("Secret")
        assert again["data"] == first["data"], "an upgrade keeps it"


def test_a_changed_password_restarts_both(chart: Renderer) -> None:
    def annotations(password: str) -> list[Any]:
        secrets = {"OPENAI_API_KEY": "k", "GUARDCHAIN_VALKEY_PASSWORD": password}
        found = chart.render(cloud(existingSecret="", secrets=secrets, valkey={"enabled": True}))
        both = (found.one("Deployment"), found.one("StatefulSet", "-valkey"))
        return [one["spec"]["template"]["metadata"]["annotations"] for one in both]

    assert all(a != b for a, b in zip(annotations("one"), annotations("other"), strict=True))


def test_only_the_proxy_reaches_it_and_it_reaches_nobody(rendered: Sets) -> None:
    policy = rendered("everything").one("NetworkPolicy", "-valkey")["spec"]
    ((peer,),) = [rule["from"] for rule in policy["ingress"]]
    assert peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"] == "proxy" and len(peer) == 1
    assert policy["egress"] == [] and policy["policyTypes"] == ["Ingress", "Egress"]
    to = [(peer, rule["ports"]) for rule in rendered("everything").one("NetworkPolicy")["spec"]["egress"]
          for peer in rule["to"]]  # fmt: skip
    labels = policy["podSelector"]["matchLabels"]
    assert ({"podSelector": {"matchLabels": labels}}, [{"port": 6379, "protocol": "TCP"}]) in to


def test_image_and_volume(chart: Renderer, rendered: Sets) -> None:
    spec = rendered("everything").one("StatefulSet", "-valkey")["spec"]
    assert container(rendered("everything"))["image"].startswith("valkey/valkey@sha256:")
    claim = spec["volumeClaimTemplates"][0]["spec"]
    assert claim["resources"]["requests"] == {"storage": "4Gi"} and claim["storageClassName"] == "fast"
    assert spec["replicas"] == 1
    plain = chart.render(valkey(persistence={"enabled": False})).one("StatefulSet", "-valkey")["spec"]
    assert "volumeClaimTemplates" not in plain
    assert plain["template"]["spec"]["volumes"] == [{"name": "data", "emptyDir": {"sizeLimit": "2Gi"}}]
    image = plain["template"]["spec"]["containers"][0]["image"]
    assert image.startswith("valkey/valkey:") and not image.endswith((":latest", ":0.1.0"))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (cloud(valkey={"enabled": True}, config={"store": {"url": "redis://mine"}}),
         'its store must be {url: "redis://release-guardchain-valkey:6379/0"'),
        (cloud(valkey={"enabled": True}, config={"store": {"path": "/tmp/store"}}), "exclude each other"),
        ({**ci("cloud"), "valkey": {"enabled": True},
          "config": "surrogate_key: ${K}\nupstreams: {a: {kind: openai}}\n"},
         "valkey.enabled runs a store that config does not name"),
        (valkey(image={"tag": ""}), "values.valkey.image.tag"),
        (valkey(image={"tagg": "8"}), "tagg"),
        (valkey(maxMemory="lots"), "values.valkey.maxMemory"),
    ],
)  # fmt: skip
def test_bad_values(chart: Renderer, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ChartError) as failed:
        chart.render(values)
    assert message in str(failed.value)


def test_a_config_as_text_may_name_it(chart: Renderer) -> None:
    text = (
        "surrogate_key: ${GUARD_SURROGATE_KEY}\nupstreams: {a: {kind: openai, base_url: https://a.example/v1}}\n"
        "routes: [{upstream: a}]\nstore: {url: 'redis://release-guardchain-valkey.guard.svc:6379/0', "
        "password: '${GUARDCHAIN_VALKEY_PASSWORD}'}\n"
    )
    found = chart.render({"config": text, "valkey": {"enabled": True}})
    egress = found.one("NetworkPolicy")["spec"]["egress"]
    assert {"podSelector": found.one("StatefulSet", "-valkey")["spec"]["selector"]} in [
        p for r in egress for p in r["to"]
    ]


@pytest.fixture
def running(chart: Renderer, tmp_path: Path) -> Iterator[tuple[Rendered, Mapping[str, str], int]]:
    """What the container runs, as it is but for its directory and port, with a redis-server called valkey-server."""
    found = chart.render(valkey())
    for ours, theirs in (("valkey-server", "redis-server"), ("valkey-cli", "redis-cli")):
        (tmp_path / ours).symlink_to(need(theirs))
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = int(sock.getsockname()[1])
    spec = container(found)
    args = [str(tmp_path) if a == "/data" else a for a in spec["args"]]
    environment = {**os.environ, **ENVIRONMENT, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    log = tmp_path / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*spec["command"], *args, "--port", str(port)], env=environment, stdout=output, stderr=output
        )
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert process.poll() is None, log.read_text()
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                time.sleep(0.05)
        yield found, environment, port
        cmdline = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        assert PASSWORD.encode() not in cmdline and b"quoted" not in cmdline, "the node's process list shows it"
        process.terminate()
        assert process.wait(20) == 0, "it is the container's first process and hears SIGTERM"
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="needs redis-server")
def test_what_the_pod_runs_is_a_store(running: tuple[Rendered, Mapping[str, str], int]) -> None:
    found, environment, port = running
    store = store_of(found)
    assert store.url is not None
    at = store.url.get_secret_value().replace("release-guardchain-valkey:6379", f"127.0.0.1:{port}")

    async def use(spec: dict[str, Any]) -> Store:
        made = build_store(schema.Store.model_validate(spec), Metrics())
        await made.start()
        await made.put("k", b"v", 60)
        assert await made.get("k") == b"v"
        assert (await made.take([Claim("requests:a:1", 60, 1)]))[1]
        await made.close()
        return made

    asyncio.run(use({"url": at, "password": PASSWORD, "deadline_seconds": 10}))
    with pytest.raises(StoreUnavailable):
        asyncio.run(use({"url": at, "password": "other", "deadline_seconds": 10}))

    probe = container(found)["readinessProbe"]["exec"]["command"]
    asked = [part.replace("valkey-cli", f"valkey-cli -p {port}") for part in probe]
    assert subprocess.run(asked, env=environment, timeout=20, check=False).returncode == 0
    wrong = {**environment, "GUARDCHAIN_VALKEY_PASSWORD": "other"}
    assert subprocess.run(asked, env=wrong, timeout=20, check=False, stderr=subprocess.DEVNULL).returncode != 0
