"""The audit log cannot be written: what clients see under each policy, and that it ends by itself."""

from __future__ import annotations

import json
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from guard.audit.chain import verify
from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream

BODY = {"model": "m", "messages": [{"role": "user", "content": "I am maria@lopez.org"}]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A log on a full disk."""
    link = tmp_path / "audit.jsonl"
    link.symlink_to("/dev/full")
    return link


@pytest.fixture
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as running:
        yield running


def settings(upstream: FaultyUpstream, **audit: object) -> dict[str, object]:
    return {
        "upstreams": {"cloud": {"kind": "openai", "base_url": upstream.url, "api_key": "sk-upstream"}},
        "policies": {"default": {"sanitize": {}}},
        "routes": [{"upstream": "cloud"}],
        "audit": audit,
        "surrogate_key": "for tests only, sixteen",
    }


def ask(proxy: Proxy) -> httpx2.Response:
    return httpx2.post(f"{proxy.url}/chat/completions", json=BODY, timeout=30)


def written(file: Path, count: int) -> list[int]:
    """The status of each line; a line is written when its answer has left."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if file.exists() and len(lines := file.read_text().splitlines()) >= count:
            return [json.loads(line)["status"] for line in lines]
        time.sleep(0.02)
    return []


def test_by_default_requests_go_on_and_lost_lines_are_counted(upstream: FaultyUpstream, file: Path) -> None:
    with Proxy.running(settings(upstream, sink="file", path=str(file))) as proxy:
        assert [ask(proxy).status_code for _ in range(3)] == [200, 200, 200]
        assert proxy.settled("guardchain_audit_failures_total", 3)


def test_block_refuses_what_it_cannot_record_until_it_can(upstream: FaultyUpstream, file: Path) -> None:
    with Proxy.running(settings(upstream, sink="file", path=str(file), on_error="block")) as proxy:
        assert ask(proxy).status_code == 200  # the first line is lost when its request is done
        assert proxy.settled("guardchain_audit_failures_total", 1)
        seen = len(upstream.requests)
        refused = ask(proxy)
        assert refused.status_code == 503
        assert refused.json()["error"]["code"] == "audit_unavailable"
        assert httpx2.get(f"{proxy.url}/models").status_code == 503
        assert len(upstream.requests) == seen
        assert httpx2.get(f"{proxy.root}/healthz").status_code == 200
        file.unlink()  # there is room again
        assert ask(proxy).status_code == 503  # its own line is the first that is written
        assert written(file, 1) == [503]
        assert ask(proxy).status_code == 200
        assert written(file, 2) == [503, 200]
        assert "maria" not in file.read_text()


def test_a_proxy_that_serves_nobody_for_want_of_its_log_says_so_until_it_can_be_written(
    upstream: FaultyUpstream, file: Path
) -> None:
    with Proxy.running(settings(upstream, sink="file", path=str(file), on_error="block")) as proxy:
        ready = f"{proxy.root}/readyz"
        assert httpx2.get(ready).status_code == 200
        assert ask(proxy).status_code == 200
        assert proxy.settled("guardchain_audit_failures_total", 1)
        for _ in range(2):
            said = httpx2.get(ready)
            assert (said.status_code, said.json()["audit"]) == (503, False)
        assert httpx2.get(f"{proxy.root}/healthz").status_code == 200
        assert proxy.metric("guardchain_audit_failures_total") == 3  # the alert stays while nobody is served
        file.unlink()  # there is room again, and no request comes
        assert httpx2.get(ready).json() == {"status": "ready", "config": True, "upstreams": {"cloud": True}}
        assert written(file, 1) == [503]
        assert json.loads(file.read_text())["endpoint"] == "/readyz"
        assert ask(proxy).status_code == 200


def test_block_refuses_when_the_log_was_deleted_and_cannot_be_made_again(
    upstream: FaultyUpstream, tmp_path: Path
) -> None:
    log = tmp_path / "log" / "audit.jsonl"
    with Proxy.running(settings(upstream, sink="file", path=str(log), on_error="block")) as proxy:
        assert ask(proxy).status_code == 200
        assert written(log, 1) == [200]
        shutil.rmtree(log.parent)
        log.parent.write_text("in the way")
        assert ask(proxy).status_code == 200
        assert proxy.settled("guardchain_audit_failures_total", 1)
        assert ask(proxy).json()["error"]["code"] == "audit_unavailable"
        assert httpx2.get(f"{proxy.root}/readyz").status_code == 503
        log.parent.unlink()
        assert httpx2.get(f"{proxy.root}/readyz").status_code == 200
        assert written(log, 1) == [503]


@pytest.mark.parametrize("chain", [True, False])
def test_a_chain_switched_by_a_reload_counts_for_requests_under_way(
    upstream: FaultyUpstream, tmp_path: Path, chain: bool
) -> None:
    log = tmp_path / "audit.jsonl"
    paused = {**BODY, "model": "fault-pause", "stream": True}
    audit = {"sink": "file", "path": str(log)}
    with Proxy.running(settings(upstream, **audit, chain=not chain), watched=True) as proxy:
        assert ask(proxy).status_code == 200
        with httpx2.stream("POST", f"{proxy.url}/chat/completions", json=paused, timeout=30) as answer:
            proxy.reload(audit={**audit, "chain": chain})
            assert ask(proxy).status_code == 200
            assert written(log, 2) == [200, 200]
            upstream.release()
            answer.read()
        assert written(log, 3) == [200, 200, 200]
        assert ask(proxy).status_code == 200
        assert written(log, 4) == [200] * 4
    assert ["before" in json.loads(line) for line in log.read_text().splitlines()] == [not chain, chain, chain, chain]
    assert not chain or verify([log]).intact


def test_a_reload_away_from_a_server_that_reads_nothing_holds_nobody_up(
    upstream: FaultyUpstream, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as stalled:
        stalled.bind(str(tmp_path / "log"))
        url = f"unix://{tmp_path / 'log'}"
        with Proxy.running(settings(upstream, sink="syslog", syslog=url), watched=True) as proxy:
            with ThreadPoolExecutor(16) as pool:  # more than the socket takes
                assert set(pool.map(lambda _: ask(proxy).status_code, range(300))) == {200}
            waits: list[float] = []
            done = threading.Event()

            def probe() -> None:
                while not done.is_set():
                    began = time.monotonic()
                    httpx2.get(f"{proxy.root}/healthz", timeout=30)
                    waits.append(time.monotonic() - began)

            probing = threading.Thread(target=probe)
            probing.start()
            proxy.reload(audit={"sink": "off"})
            time.sleep(0.5)
            done.set()
            probing.join()
            assert max(waits) < 1.5, "the old log's close stood in the way"


def test_a_proxy_that_serves_without_its_log_stays_ready(upstream: FaultyUpstream, file: Path) -> None:
    with Proxy.running(settings(upstream, sink="file", path=str(file))) as proxy:
        assert ask(proxy).status_code == 200
        assert proxy.settled("guardchain_audit_failures_total", 1)
        assert httpx2.get(f"{proxy.root}/readyz").status_code == 200
        assert proxy.metric("guardchain_audit_failures_total") == 1
