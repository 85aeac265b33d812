"""A real Prometheus scrapes a proxy under load: a clean exposition, every rule evaluates, and what is wrong fires."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.prometheus.expressions import RULES, alerts, named, queries
from tests.support.proxy import Proxy
from tests.support.tools import need
from tests.support.upstream import FaultyUpstream

SCALE = 60
"""The rules run at sixty times the speed: minutes become seconds."""
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
MAIL = "maria.lopez@example.org"


def faster(text: str) -> str:
    """Rules with every duration divided by `SCALE`: windows, offsets, and how long a thing must last."""

    def scaled(match: re.Match[str]) -> str:
        return f"{match[1]}{max(1, int(match[2]) * _SECONDS[match[3]] // SCALE)}s"

    return re.sub(r"(\[|offset |for: )(\d+)([smhd])", scaled, text)


def settings(up: FaultyUpstream) -> dict[str, Any]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        nobody = f"http://127.0.0.1:{sock.getsockname()[1]}/v1"
    return {
        "upstreams": {
            "cloud": {"kind": "openai", "base_url": up.url},
            "judge": {"kind": "openai", "base_url": nobody},
        },
        "policies": {
            "default": {"sanitize": {}, "external": {"upstream": "judge", "on_error": "allow"}},
            "strict": {"sanitize": {}, "external": {"upstream": "judge"}},
            "watched": {"sanitize": {}, "external": {"upstream": "judge", "mode": "monitor"}},
        },
        "routes": [
            *({"match": {"model": m}, "upstream": "cloud", "policy": m} for m in ("strict", "watched")),
            {"upstream": "cloud"},
        ],
        "surrogate_key": "for tests only, long enough",
    }


@dataclass
class Scraped:
    proxy: Proxy
    url: str
    directory: Path

    def api(self, path: str, **parameters: str) -> Any:
        answer = httpx2.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=10)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def firing(self) -> set[str]:
        return {a["labels"]["alertname"] for a in self.api("alerts")["alerts"] if a["state"] == "firing"}

    def load(self, seconds: float) -> None:
        """Chats, streams, some of them broken, faults of the upstream, checks that cannot run or only watch, and
        requests that are refused."""
        asked = [(m, s) for m in ("m", "strict", "fault-500", "fault-400") for s in (False, True)]
        bodies = [{"model": m, "messages": [{"role": "user", "content": f"write to {MAIL}, please"}], "stream": s}
                  for m, s in (*asked, ("fault-reset-mid", True), ("watched", False))]  # fmt: skip
        end = time.monotonic() + seconds

        def work(body: dict[str, Any]) -> None:
            while time.monotonic() < end:
                httpx2.post(f"{self.proxy.url}/chat/completions", json=body, timeout=30)
                time.sleep(0.1)

        with ThreadPoolExecutor(len(bodies)) as pool:
            list(pool.map(work, bodies))
        httpx2.post(f"{self.proxy.url}/chat/completions", content=b"{", timeout=30)


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scraped]:
    prometheus = need("prometheus")
    directory = tmp_path_factory.mktemp("prometheus")
    (directory / "rules.yaml").write_text(faster(RULES.read_text()))
    with FaultyUpstream() as up, Proxy.running(settings(up)) as proxy, socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{sock.getsockname()[1]}"
        target = proxy.root.removeprefix("http://")
        (directory / "prometheus.yml").write_text(json.dumps({
            "global": {"scrape_interval": "250ms", "scrape_timeout": "250ms", "evaluation_interval": "500ms"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "guard", "static_configs": [
                {"targets": [target], "labels": {"namespace": "guard", "pod": "guard-0"}}]}],
        }))  # fmt: skip
        sock.close()
        log = (directory / "log.txt").open("w")
        process = subprocess.Popen(
            [prometheus, f"--config.file={directory}/prometheus.yml", f"--storage.tsdb.path={directory}/data",
             f"--web.listen-address={url.removeprefix('http://')}", "--log.level=warn"],
            stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            deadline = time.monotonic() + 60
            while True:
                assert process.poll() is None and time.monotonic() < deadline, (directory / "log.txt").read_text()
                try:
                    if httpx2.get(f"{url}/-/ready", timeout=2).status_code == 200:
                        break
                except httpx2.TransportError:
                    pass
                time.sleep(0.1)
            yield Scraped(proxy, url, directory)
        finally:
            process.terminate()
            process.wait(20)
            log.close()


def test_rules_evaluate_and_fire(scraped: Scraped) -> None:
    expected = {
        f"Guardchain{name}"
        for name in ("FailOpen", "Bypass", "FailClosed", "MonitorFails", "UpstreamErrors", "BreakerOpen")
    }
    deadline = time.monotonic() + 100
    while not expected <= scraped.firing() and time.monotonic() < deadline:
        scraped.load(2)
    assert expected <= scraped.firing()
    quiet = set(alerts()) - expected
    assert not scraped.firing() & quiet, "and nothing else"
    rules = [r for g in scraped.api("rules")["groups"] for r in g["rules"]]
    assert {r["name"] for r in rules} == set(alerts())
    assert [r for r in rules if r["health"] != "ok"] == []
    failing = {a["labels"]["upstream"] for a in scraped.api("alerts")["alerts"]
               if a["labels"]["alertname"] == "GuardchainUpstreamErrors"}  # fmt: skip
    assert failing == {"cloud", "judge"}, "a check's own upstream is one as well"
    broken = 'guardchain_upstream_errors_total{upstream="cloud", reason=~"reset|early_close"} > 5'
    assert scraped.api("query", query=broken)["result"], "streams that broke after they had begun"
    by_check = {a["labels"].get("check") for a in scraped.api("alerts")["alerts"]
                if a["labels"]["alertname"].startswith("GuardchainFail")}  # fmt: skip
    assert by_check == {"external"}


def test_every_metric_of_rules_and_dashboard_is_scraped(scraped: Scraped) -> None:
    scraped.load(1)
    text = httpx2.get(f"{scraped.proxy.root}/metrics").text
    kinds = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.MULTILINE))
    known = set(kinds) | {f"{name}{s}" for name, k in kinds.items() if k == "histogram" for s in ("_bucket", "_count")}
    for expression in (*queries(), *(rule["expr"] for rule in alerts().values())):
        assert {name for name, _ in named(expression)} <= known, expression


def test_dashboard_shows_something(scraped: Scraped) -> None:
    """What this load must leave behind is there to be drawn; nothing is an error."""
    scraped.load(1)
    time.sleep(1)
    empty = [q for q in queries() if not scraped.api("query", query=q)["result"]]
    # No probe runs here, nothing was blocked by policy, nobody waited, there is no store nor fallback, and there was
    # no day before.
    elsewhere = ("score", "probe_tokens", "block", "offset", "queue", "retries", "fallbacks", "store_errors")
    assert [q for q in empty if not any(word in q for word in elsewhere)] == []


def test_exposition_passes_promtool(scraped: Scraped) -> None:
    scraped.load(1)
    text = httpx2.get(f"{scraped.proxy.root}/metrics").text
    done = subprocess.run(
        [need("promtool"), "check", "metrics"], input=text, capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0, done.stdout + done.stderr
