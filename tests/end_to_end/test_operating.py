"""What an operator sees: headers, metrics, audit, reload, keys, workers, start and stop, the demo."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from guard.keys import digest
from tests.end_to_end.conftest import Running
from tests.end_to_end.served import Served, plain
from tests.support.upstream import FaultyUpstream

SECRET = "maria.lopez@corp-internal.org"
NO_MODEL = {"upstreams": {"local": {"kind": "embedded", "model": "/does/not/exist"}}}


def test_headers_hold_names_and_numbers(running: Running) -> None:
    raw = running.client().chat.completions.with_raw_response.create(
        model="tiny-chat", messages=[{"role": "user", "content": running.allowed}], max_tokens=2
    )
    headers = raw.headers
    assert headers["x-guardchain-decision"] == "allow" and headers["x-guardchain-policy"] == "default"
    assert float(headers["x-guardchain-score"]) == pytest.approx(running.scores[running.allowed], abs=0.01)
    assert float(headers["x-guardchain-overhead-ms"]) > 0
    assert headers["x-request-id"] == running.served.records()[-1]["request_id"]


def test_metrics_and_audit_agree(running: Running) -> None:
    labels = {"endpoint": "/v1/chat/completions", "verdict": "mask", "status": "200"}
    before = running.served.metric("guardchain_requests_total", **labels)
    chunks = running.served.metric("guardchain_time_to_first_delivered_chunk_seconds_count")
    body = {"model": "echo", "messages": [{"role": "user", "content": f"I am {SECRET}"}], "stream": True}
    assert SECRET in httpx2.post(f"{running.served.url}/v1/chat/completions", json=body).text.replace('"}', "")
    record = running.served.records()[-1]
    assert running.served.metric("guardchain_requests_total", **labels) == before + 1
    assert running.served.metric("guardchain_time_to_first_delivered_chunk_seconds_count") == chunks + 1
    assert running.served.metric("guardchain_stream_held_bytes") == 0
    assert running.served.metric("guardchain_inflight") == 0
    assert (record["verdict"], record["stream"], record["upstream"]) == ("mask", True, "cloud")
    assert record["findings"][0]["entities"] == {"EMAIL_ADDRESS": 1}
    everything = running.served.audit.read_text() + running.served.log.read_text()
    assert SECRET not in everything and "corp-internal" not in everything
    assert SECRET not in httpx2.get(f"{running.served.url}/metrics").text


def test_health(running: Running) -> None:
    assert httpx2.get(f"{running.served.url}/healthz").json() == {"status": "ok"}
    ready = httpx2.get(f"{running.served.url}/readyz")
    assert ready.json() == {"status": "ready", "config": True, "upstreams": {"local": True, "cloud": True}}


@pytest.mark.parametrize("how", ["file", "SIGHUP"])
def test_a_bad_config_leaves_the_old_one_serving(running: Running, how: str) -> None:
    served = running.served
    failures = served.metric("guardchain_config_reload_failures_total")
    generation = served.metric("guardchain_config_generation")
    served.config.write_text("routes: [{upstream: nowhere}]\n")
    if how == "SIGHUP":
        os.kill(served.process.pid, signal.SIGHUP)
    served.wait_metric("guardchain_config_reload_failures_total", failures + 1)
    assert "nowhere" in served.log.read_text()
    with pytest.raises(openai.BadRequestError):
        running.client().chat.completions.create(
            model="tiny-chat", messages=[{"role": "user", "content": running.blocked}]
        )
    served.write(served.settings)
    os.kill(served.process.pid, signal.SIGHUP)
    served.wait_metric("guardchain_config_generation", generation + 1)
    assert running.client().models.list().data


def test_a_stream_outlives_a_reload(running: Running) -> None:
    served = running.served
    generation = served.metric("guardchain_config_generation")
    stream = running.client().chat.completions.create(
        model="tiny-chat", messages=[{"role": "user", "content": running.allowed}], stream=True, max_tokens=200,
        extra_body={"ignore_eos": True},
    )  # fmt: skip
    first = next(stream)
    changed = {**served.settings, "log": {"level": "debug"}}
    served.write(changed)
    served.wait_metric("guardchain_config_generation", generation + 1)
    rest = list(stream)
    assert rest[-1].choices[0].finish_reason and rest[-1].id == first.id


def test_the_demo(running: Running) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "guard.cli", "demo", "--url", running.served.url],
        capture_output=True, text=True, timeout=120, env={**os.environ, "COLUMNS": "200"}, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    shown = plain(ran.stdout)
    for row in ("masked and restored", "blocked", "steered", "allowed", "monitored", "the model saw"):
        assert row in shown
    assert "maria@lopez.org" in shown
    nobody = subprocess.run(
        [sys.executable, "-m", "guard.cli", "demo", "--url", "http://127.0.0.1:9"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert nobody.returncode == 1 and "guard serve" in nobody.stderr and "Traceback" not in nobody.stderr


def cloud_only(echo: FaultyUpstream, **more: Any) -> dict[str, Any]:
    return {
        "upstreams": {"cloud": {"kind": "openai", "base_url": echo.url}},
        "policies": {"default": {"sanitize": {}}},
        "routes": [{"upstream": "cloud"}],
        **more,
    }


def test_keys_workers_and_a_graceful_end(running: Running, tmp_path: Path) -> None:
    tenants = [{"name": name, "key_sha256": [digest(f"gc-{name}")]} for name in ("acme", "globex")]
    with Served(tmp_path, cloud_only(running.echo, tenants=tenants), "--workers", "2") as served:
        body = {"model": "echo", "messages": [{"role": "user", "content": f"I am {SECRET}"}]}
        sent: dict[str, set[str]] = {}
        for name in ("acme", "globex"):
            client = openai.OpenAI(base_url=f"{served.url}/v1", api_key=f"gc-{name}", max_retries=0)
            for _ in range(6):
                answer = client.with_options().chat.completions.create(**body)  # type: ignore[call-overload]
                assert SECRET in answer.choices[0].message.content
                sent.setdefault(name, set()).add(running.echo.requests[-1].json["messages"][0]["content"])
        assert all(len(texts) == 1 for texts in sent.values()), "all workers must draw the same stand-ins"
        assert sent["acme"] != sent["globex"], "tenants must not share stand-ins"
        with pytest.raises(openai.AuthenticationError) as error:
            openai.OpenAI(base_url=f"{served.url}/v1", api_key="gc-wrong", max_retries=0).models.list()
        assert error.value.code == "invalid_api_key"
        assert {r["tenant"] for r in served.records()} == {"acme", "globex", ""}
        assert served.metric("guardchain_requests_total", status="200") == 12
        assert served.metric("guardchain_requests_total", status="401") == 1

        got: list[str] = []
        head = {"authorization": "Bearer gc-acme"}
        slow = {**body, "model": "fault-drip", "stream": True}

        def read() -> None:
            got.append(httpx2.post(f"{served.url}/v1/chat/completions", json=slow, headers=head, timeout=60).text)

        reader = threading.Thread(target=read)
        reader.start()
        time.sleep(0.3)
        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(60) == 0
        reader.join(30)
        assert got and got[0].rstrip().endswith("[DONE]")


@pytest.mark.parametrize(
    ("settings", "arguments", "says"),
    [
        ({"nonsense": 1}, (), "nonsense"),
        ({"upstreams": {"local": {"kind": "embedded", "model": "/does/not/exist"}}}, (), "/does/not/exist"),
        (
            {"upstreams": {"local": {"kind": "embedded", "model": "/does/not/exist"}}},
            ("--workers", "2"),
            "cannot start",
        ),
        ({}, ("--log-level", "loud"), "--log-level"),
    ],
)
def test_what_cannot_start_says_why_in_a_line(
    tmp_path: Path, settings: dict[str, Any], arguments: tuple[str, ...], says: str
) -> None:
    served = Served(tmp_path, settings, *arguments)
    assert served.process.wait(120) == 2
    log = served.log.read_text()
    assert says in log and "Traceback" not in log


def test_a_taken_port_says_so(running: Running, tmp_path: Path) -> None:
    config = tmp_path / "guard.yaml"
    config.write_text(json.dumps(running.served.settings))
    ran = subprocess.run(
        [sys.executable, "-m", "guard.cli", "serve", "-c", str(config), "--port", str(running.served.port)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 2 and "cannot listen" in ran.stderr
