"""Values of policy `route_local`: the request goes to the local upstream, unmasked, and the books say so."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from guard.config import Config
from proxy.app import App
from tests.proxy.serving import running
from tests.support.upstream import FaultyUpstream

SSN = "536-22-1234"
ENTITIES = {"US_SSN": "route_local", "CREDIT_CARD": "block", "EMAIL_ADDRESS": "surrogate"}


@dataclass
class Setup:
    url: str
    provider: FaultyUpstream
    house: FaultyUpstream
    audit: Path

    def post(self, path: str, body: dict[str, Any]) -> tuple[httpx.Response, dict[str, Any]]:
        """The answer and its line in the audit log, written after the last byte."""
        answer = httpx.post(f"{self.url}{path}", json=body, timeout=20)
        for _ in range(500):
            lines = self.audit.read_text().splitlines() if self.audit.exists() else []
            found = [line for line in map(json.loads, lines) if line["request_id"] in str(answer.headers)]
            if found:
                return answer, found[0]
            time.sleep(0.01)
        raise AssertionError("no audit line")


@pytest.fixture(scope="module")
def setup(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setup]:
    audit = tmp_path_factory.mktemp("audit") / "audit.jsonl"
    with FaultyUpstream() as provider, FaultyUpstream() as house:

        def policy(mode: str) -> dict[str, Any]:
            local = {"upstream": "house", "model": "own-7b"}
            return {"sanitize": {"mode": mode, "entities": ENTITIES, "route_local": local}}

        config = {
            "upstreams": {
                "provider": {"kind": "openai", "base_url": provider.url},
                "house": {"kind": "openai", "base_url": house.url},
            },
            "policies": {"default": policy("enforce"), "watching": policy("monitor")},
            "routes": [
                {"match": {"model": "watched"}, "upstream": "provider", "policy": "watching"},
                {"upstream": "provider"},
            ],
            "audit": {"sink": "file", "path": str(audit)},
        }
        with running(App(Config.model_validate(config)), lifespan="on") as url:
            yield Setup(url, provider, house, audit)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "text", "provider_saw", "house_saw", "decision", "result"),
    [
        ("m", "hello", "hello", None, "allow", "allow"),
        ("m", "write to bob@corp.com", "write to ", None, "mask", "mask"),
        ("m", f"{SSN} is bob@corp.com", None, f"{SSN} is bob@corp.com", "allow, route-local", "route_local"),
        ("m", f"{SSN} pays 4111 1111 1111 1111", None, None, "block", "block"),
        ("watched", f"my SSN is {SSN}", f"my SSN is {SSN}", None, "allow", "would_route_local"),
    ],
)
def test_where_requests_go(
    setup: Setup,
    model: str,
    text: str,
    provider_saw: str | None,
    house_saw: str | None,
    decision: str,
    result: str,
    stream: bool,
) -> None:
    setup.provider.requests.clear()
    setup.house.requests.clear()
    body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream}
    answer, line = setup.post("/v1/chat/completions", body)
    assert answer.headers["x-guardchain-decision"] == decision
    for cloud, saw in ((setup.provider, provider_saw), (setup.house, house_saw)):
        sent = [r.json["messages"][-1]["content"] for r in cloud.requests]
        assert sent == [] if saw is None else len(sent) == 1 and sent[0].startswith(saw)
    assert line["findings"][0]["result"] == result
    assert line["upstream"] == ("house" if house_saw else "provider")
    assert SSN not in json.dumps(line)
    if house_saw is not None:
        assert setup.house.requests[0].json["model"] == "own-7b"
        count = 'guardchain_guard_duration_seconds_count{check="sanitize",phase="input",result="route_local"}'
        assert count in httpx.get(f"{setup.url}/metrics").text


def test_the_check_only_api_reports_it(setup: Setup) -> None:
    answer, line = setup.post("/v1/moderations", {"model": "m", "input": SSN})
    assert answer.json()["results"][0]["guardchain"]["checks"]["sanitize"]["result"] == "route_local"
    assert line["verdict"] == "allow"
