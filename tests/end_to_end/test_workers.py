"""`guard serve --workers N`: one port, one watcher, metrics that add up; what dies is replaced."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.mmap_dict import MmapedDict

from guard.multiprocess import VARIABLE
from tests.end_to_end.load import body, streams, whole
from tests.end_to_end.served import Served
from tests.support.collector import collector
from tests.support.upstream import FaultyUpstream

COUNT = 3


@pytest.fixture(scope="module")
def echo() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as up:
        yield up


def settings(echo: FaultyUpstream, **policy: Any) -> dict[str, Any]:
    return {
        "upstreams": {"cloud": {"kind": "openai", "base_url": echo.url}},
        "policies": {"default": {"sanitize": {"ner": []}, **policy}},
        "routes": [{"upstream": "cloud"}],
        "surrogate_key": "for tests only, and long",
    }


def wait(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def inflight(values: Path, pid: int) -> int:
    """Requests that one worker is serving."""
    entries = MmapedDict.read_all_values_from_file(str(values / f"gauge_livesum_{pid}.db"))
    return int(sum(value for key, value, *_ in entries if '"guardchain_inflight"' in key))


# A check that only one process may start at a time: the second to try fails.
PLUGIN = """
import os
class Check:
    name = "single"
    async def inspect(self, exchange, *, apply):
        from guard import Finding
        return Finding("single")
    def output(self, exchange, channel):
        return None
def make(options):
    os.close(os.open(options["lock"], os.O_CREAT | os.O_EXCL))
    return Check()
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    site = tmp_path / "site"
    (site / "single-1.dist-info").mkdir(parents=True)
    (site / "single-1.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: single\nVersion: 1\n")
    (site / "single-1.dist-info/entry_points.txt").write_text("[guardchain.checks]\nsingle = single_check:make\n")
    (site / "single_check.py").write_text(PLUGIN)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join((str(site), os.environ.get("PYTHONPATH", ""))))
    return tmp_path / "lock"


def test_workers(echo: FaultyUpstream, tmp_path: Path, plugin: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = tmp_path / "metrics"
    monkeypatch.setenv(VARIABLE, str(values))
    echo.hold()
    with Served(tmp_path, settings(echo), "--workers", str(COUNT)) as served:
        first = served.workers()
        assert len(first) == COUNT
        lines = httpx2.get(f"{served.url}/metrics").text.splitlines()
        for name, label in (("upstream_errors_total", 'reason="connect"'), ("guard_duration_seconds_count", "error")):
            found = [line for line in lines if line.startswith(f"guardchain_{name}{{") and label in line]
            assert found and all(line.endswith(" 0.0") for line in found), "there before the first request"

        # one is killed under many streams
        many = 200
        with streams(served.url, many) as ended:
            wait(lambda: served.metric("guardchain_inflight") == many)
            under_way = {pid: inflight(values, pid) for pid in first}
            victim = max(under_way, key=under_way.__getitem__)
            os.kill(victim, signal.SIGKILL)
            wait(lambda: len(served.workers()) == COUNT and victim not in served.workers())
            left = many - under_way[victim]
            assert served.metric("guardchain_inflight") == left
            echo.release()
        assert 0 < left < many, "all streams were in one worker"
        assert sum(map(whole, ended)) == left, "a worker took streams of others with it"
        assert all("maria.lopez@corp-internal.org" in t.replace('"}', "") or not whole(t) for t in ended)
        assert "ended (SIGKILL)" in served.log.read_text()
        assert not list(values.glob(f"gauge_live*_{victim}.db"))

        # metrics add up, whoever renders them
        for _ in range(30):
            assert httpx2.post(f"{served.url}/v1/chat/completions", json=body(stream=False)).status_code == 200
        wait(lambda: served.metric("guardchain_inflight") == 0)
        seen = {served.metric("guardchain_requests_total", status="200") for _ in range(10)}
        assert seen == {30 + left}

        # a config takes over everywhere or nowhere, and is counted once
        served.config.write_text("nonsense: 1\n")
        served.wait_metric("guardchain_config_reload_failures_total", 1)
        one_starts = settings(echo, plugins={"single": {"options": {"lock": str(plugin)}}})
        served.write({**served.settings, **one_starts})
        served.wait_metric("guardchain_config_reload_failures_total", 2)
        assert plugin.exists() and "FileExistsError" in served.log.read_text()
        assert served.metric("guardchain_config_generation") == 1
        served.write({**served.settings, **settings(echo), "routes": [{"upstream": "cloud", "model": "renamed"}]})
        served.wait_metric("guardchain_config_generation", 2)
        for _ in range(10):
            httpx2.post(f"{served.url}/v1/chat/completions", json=body(stream=False))
            assert echo.requests[-1].json["model"] == "renamed"
        time.sleep(1)
        assert served.metric("guardchain_config_reload_failures_total") == 2

        # one that starts now serves by the config in force, not by what lies in the file
        served.config.write_text("nonsense: 1\n")
        served.wait_metric("guardchain_config_reload_failures_total", 3)
        for pid in served.workers():
            os.kill(pid, signal.SIGKILL)
        wait(lambda: len(served.workers()) == COUNT)
        served.wait_ready()
        httpx2.post(f"{served.url}/v1/chat/completions", json=body(stream=False))
        assert echo.requests[-1].json["model"] == "renamed"
        assert served.metric("guardchain_config_generation") == 2

        served.process.send_signal(signal.SIGTERM)
        assert served.process.wait(30) == 0
    assert not list(values.iterdir()), "values of a run that is over"


IMPATIENT = """
import sys
if __name__ == "__main__":
    import proxy.supervisor as supervisor
    supervisor._PING_SECONDS, supervisor._HUNG_SECONDS = 0.2, 2.0
    from guard.cli import main
    main()
"""


def test_a_burst_of_conversations_over_workers_loses_none(echo: FaultyUpstream, tmp_path: Path) -> None:
    """Each turn over a connection of its own, so that the workers share every conversation by the SQLite file."""
    store = {"path": str(tmp_path / "store.sqlite")}

    def talk(n: int) -> tuple[str, str]:
        address, previous, said = f"user{n}@corp-internal.org", None, ""
        for text in (f"I am {address}.", "Who am I?", "Sure?"):
            asked = {"model": "fault-remember", "input": text, "previous_response_id": previous}
            answer = httpx2.post(f"{served.url}/v1/responses", json=asked, timeout=60, verify=False)
            assert answer.status_code == 200, answer.text
            previous, said = answer.json()["id"], answer.json()["output"][0]["content"][0]["text"]
        return said, f"You said: I am {address}. Who am I? Sure?"

    limits = {"requests_per_minute": 100_000}
    with Served(tmp_path, {**settings(echo), "store": store, "limits": limits}, "--workers", "3") as served:
        with ThreadPoolExecutor(24) as pool:
            for said, expected in pool.map(talk, range(100)):
                assert said == expected
        assert served.metric("guardchain_store_errors_total") == 0
        assert served.metric("guardchain_store_duration_seconds_count", operation="put") == 300
        assert "locked" not in served.log.read_text()
    with contextlib.closing(sqlite3.connect(store["path"])) as file:
        assert file.execute("SELECT COUNT(*) FROM entries").fetchone() == (300,)


def test_a_worker_that_stands_still_is_replaced(
    echo: FaultyUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, str(tmp_path / "metrics"))
    script = tmp_path / "impatient.py"
    script.write_text(IMPATIENT)
    with Served(tmp_path, settings(echo), "--workers", "2", program=(str(script),)) as served:
        still = served.workers()[0]
        os.kill(still, signal.SIGSTOP)
        wait(lambda: still not in served.workers() and len(served.workers()) == 2)
        assert "has not answered" in served.log.read_text()
        served.wait_ready()


def test_workers_end_with_their_supervisor(
    echo: FaultyUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what they kept on disk goes at the next start, when nobody could clean up."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    left: list[Path] = []
    for _ in range(2):
        with Served(tmp_path, settings(echo), "--workers", "2") as served:
            assert not any(path.exists() for path in left)
            left = list(temporary.glob("guardchain-*"))
            assert len(left) == 2, "metrics and the store"
            workers = served.workers()
            served.process.kill()
            served.process.wait(10)
            wait(lambda pids=workers: not any(Path(f"/proc/{pid}/cmdline").exists() for pid in pids), 20)
            assert all(path.exists() for path in left)


def test_a_replaced_worker_logs_as_the_others(echo: FaultyUpstream, tmp_path: Path) -> None:
    """By the command line, then by the config that is in force."""

    def replaced() -> str:
        before, first = len(served.log.read_text()), served.workers()
        for pid in first:
            os.kill(pid, signal.SIGKILL)
        wait(lambda: len(served.workers()) == 2 and not {*served.workers()} & {*first})
        served.wait_ready()
        return served.log.read_text()[before:]

    config = {**settings(echo), "log": {"level": "debug"}}
    with Served(tmp_path, config, "--workers", "2", "--log-level=info") as served:
        assert "Uvicorn" not in served.log.read_text() + replaced()
        served.write({**served.settings, "log": {"level": "debug", "format": "json"}})
        served.wait_metric("guardchain_config_generation", 2)
        assert "uvicorn.error" in {json.loads(line)["logger"] for line in replaced().splitlines()}


def test_one_worker_where_the_metrics_directory_is_named(
    echo: FaultyUpstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its library writes there whatever the number of workers: the values of one that was killed must not live on."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "not" / "there"))
    echo.hold()
    try:
        with Served(tmp_path, settings(echo)) as served, streams(served.url, 3):
            wait(lambda: served.metric("guardchain_inflight") == 3)
            served.process.kill()
            served.process.wait(10)
    finally:
        echo.release()
    with Served(tmp_path, settings(echo)) as served:
        assert served.metric("guardchain_inflight") == 0


def test_all_spans_of_workers_arrive_before_they_end(echo: FaultyUpstream, tmp_path: Path) -> None:
    echo.hold()
    with collector() as found:
        config = {**settings(echo), "tracing": {"endpoint": found.url}}
        with Served(tmp_path, config, "--workers", "2") as served:
            with streams(served.url, 24) as ended:
                wait(lambda: served.metric("guardchain_inflight") == 24)
                served.process.send_signal(signal.SIGTERM)
                echo.release()
            assert all(map(whole, ended))
            assert served.process.wait(30) == 0
        calls = [s for s in found.spans if s.name == "chat other"]
        assert len(calls) == 24 and all(s.attributes["gen_ai.response.finish_reasons"] == ["stop"] for s in calls)
