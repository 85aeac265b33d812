"""Names are interface. A fail-open is a bypass, a block is no error, labels are bounded, workers add up."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.parser import text_string_to_metric_families

from guard import Decision, Finding, Mode, Verdict, multiprocess
from guard.metrics import Metrics, outcome

NAMES = {
    "requests": ("counter", {"endpoint", "verdict", "mode", "status"}),
    "guard_duration_seconds": ("histogram", {"check", "phase", "result"}),
    "guard_score": ("histogram", {"check"}),
    "entities": ("counter", {"check", "entity", "mode"}),
    "upstream_duration_seconds": ("histogram", {"upstream", "endpoint"}),
    "upstream_requests": ("counter", {"upstream"}),
    "upstream_errors": ("counter", {"upstream", "reason"}),
    "overhead_seconds": ("histogram", {"endpoint"}),
    "time_to_first_delivered_chunk_seconds": ("histogram", {"endpoint"}),
    "upstream_chunk_seconds": ("histogram", {"upstream"}),
    "rejections": ("counter", {"reason"}),
    "probe_requests": ("counter", {"check"}),
    "probe_tokens": ("counter", {"source"}),
    "probe_prompts": ("counter", {"stage"}),
    "probe_decided": ("counter", {"part", "result"}),
    "probe_prefix_cache_hit_ratio": ("gauge", set()),
    "revisions": ("counter", {"result"}),
    "restores": ("counter", {"result"}),
    "score_quarters": ("counter", {"check", "quarter"}),
    "stream_hold_seconds": ("histogram", set()),
    "stream_held_bytes": ("gauge", set()),
    "inflight": ("gauge", set()),
    "queued": ("gauge", set()),
    "store_duration_seconds": ("histogram", {"operation"}),
    "store_errors": ("counter", {"operation", "reason", "result"}),
    "upstream_retries": ("counter", {"upstream", "reason"}),
    "upstream_fallbacks": ("counter", {"upstream", "served_by"}),
    "upstream_breaker_state": ("gauge", {"upstream"}),
    "upstream_breaker_opened": ("counter", {"upstream"}),
    "queue_wait_seconds": ("histogram", set()),
    "config_generation": ("gauge", set()),
    "config_reload_failures": ("counter", set()),
    "audit_failures": ("counter", set()),
    "spans_lost": ("counter", set()),
}


def use_every_verb(metrics: Metrics) -> None:
    metrics.request("chat", Verdict.BLOCK, Mode.ENFORCE, 400)
    metrics.decision(
        Decision(
            (
                Finding("sanitize", Verdict.MASK, entities={"EMAIL_ADDRESS": 2}, seconds=0.002),
                Finding(
                    "probe",
                    score=1.5,
                    detail={"tokens_computed": 10, "cached_tokens": 30, "prompts": 3, "full": 1, "quarter": 3}
                    | {"part": "window"},
                ),
            )
        )
    )
    metrics.upstream("local", 0.2, endpoint="chat")
    metrics.upstream_request("local")
    metrics.upstream_error("local", "queue_full")
    metrics.rejection("bad_json")
    metrics.revision("rejected")
    metrics.hold(0.2)
    metrics.restore(True)
    metrics.held(100)
    metrics.held(-40)
    metrics.first_chunk("chat", 0.1)
    metrics.upstream_chunk("local", 0.1)
    metrics.overhead("chat", 0.001)
    metrics.reload(True)
    metrics.reload(False)
    metrics.audit_failure()
    metrics.retry("cloud", "connect")
    metrics.fallback("cloud", "spare")
    metrics.breaker("cloud", 2)
    metrics.store("take", 0.001)
    metrics.store_error("take", "timeout", "allow")
    with metrics.queued():
        metrics.waited(0.1)


def samples(rendered: bytes) -> dict[str, float]:
    """`name{label="value"}` to value."""
    return {
        s.name + "".join(f" {k}={v}" for k, v in sorted(s.labels.items())): s.value
        for family in text_string_to_metric_families(rendered.decode())
        for s in family.samples
    }


def test_names_types_and_labels() -> None:
    metrics = Metrics()
    use_every_verb(metrics)
    found = {
        family.name.removeprefix("guardchain_"): (
            family.type,
            {name for s in family.samples for name in s.labels} - {"le"},
        )
        for family in text_string_to_metric_families(metrics.render().decode())
    }
    assert found == NAMES
    described = {
        d.name.removeprefix("guardchain_").removesuffix("_total"): (d.type, set(d.labels)) for d in metrics.descriptions
    }
    assert described == NAMES


def test_values() -> None:
    metrics = Metrics()
    use_every_verb(metrics)
    with metrics.inflight():
        found = samples(metrics.render())
    for name, value in {
        "guardchain_requests_total endpoint=chat mode=enforce status=400 verdict=block": 1,
        "guardchain_guard_duration_seconds_count check=sanitize phase=input result=mask": 1,
        "guardchain_guard_duration_seconds_sum check=sanitize phase=input result=mask": 0.002,
        "guardchain_guard_score_bucket check=probe le=2.0": 1,
        "guardchain_entities_total check=sanitize entity=EMAIL_ADDRESS mode=enforce": 2,
        "guardchain_probe_tokens_total source=cached": 30,
        "guardchain_probe_prompts_total stage=first_token": 2,
        "guardchain_probe_prompts_total stage=full": 1,
        "guardchain_probe_decided_total part=window result=allow": 1,
        "guardchain_probe_prefix_cache_hit_ratio": 0.75,
        "guardchain_restores_total result=restored": 1,
        "guardchain_restores_total result=none": 0,
        "guardchain_score_quarters_total check=probe quarter=q3": 1,
        "guardchain_stream_hold_seconds_count": 1,
        "guardchain_stream_held_bytes": 60,
        "guardchain_inflight": 1,
        "guardchain_config_generation": 2,
        "guardchain_config_reload_failures_total": 1,
        "guardchain_audit_failures_total": 1,
    }.items():
        assert found[name] == pytest.approx(value), name
    assert samples(metrics.render())["guardchain_inflight"] == 0
    assert not [name for name in found if "_created" in name]


def test_inflight_is_given_back_when_a_request_dies() -> None:
    metrics = Metrics()
    with pytest.raises(KeyError), metrics.inflight():
        raise KeyError
    assert samples(metrics.render())["guardchain_inflight"] == 0


@pytest.mark.parametrize(
    ("finding", "result"),
    [
        (Finding("c"), "allow"),
        (Finding("c", Verdict.BLOCK), "block"),
        (Finding("c", Verdict.MASK), "mask"),
        (Finding("c", Verdict.STEER), "steer"),
        (Finding("c", Verdict.BLOCK, mode=Mode.MONITOR), "would_block"),
        (Finding("c", Verdict.MASK, mode=Mode.MONITOR), "would_mask"),
        (Finding("c", Verdict.ALLOW, error="deadline"), "bypass"),
        (Finding("c", Verdict.ALLOW, mode=Mode.MONITOR, error="deadline"), "would_bypass"),
        (Finding("c", Verdict.BLOCK, mode=Mode.MONITOR, error="deadline"), "would_error"),
        (Finding("c", Verdict.BLOCK, error="deadline"), "error"),
    ],
)
def test_results(finding: Finding, result: str) -> None:
    metrics = Metrics()
    metrics.finding(finding, "output")
    counts = {
        k: v for k, v in samples(metrics.render()).items() if k.startswith("guardchain_guard_duration_seconds_count")
    }
    assert counts == {f"guardchain_guard_duration_seconds_count check=c phase=output result={result}": 1}


def test_what_serves_is_there_before_it_fails() -> None:
    metrics = Metrics()
    checks = {("sanitize", Mode.ENFORCE), ("probe", Mode.MONITOR)}
    metrics.expect(checks, ["cloud"])
    metrics.upstream_error("cloud", "reset")
    metrics.breaker("cloud", 2)
    metrics.expect(checks, ["cloud"])  # a reload
    found = samples(metrics.render())
    for name, value in {
        "guardchain_guard_duration_seconds_count check=sanitize phase=input result=error": 0,
        "guardchain_guard_duration_seconds_count check=sanitize phase=input result=bypass": 0,
        "guardchain_guard_duration_seconds_count check=probe phase=input result=would_error": 0,
        "guardchain_guard_duration_seconds_count check=probe phase=input result=would_bypass": 0,
        "guardchain_upstream_requests_total upstream=cloud": 0,
        "guardchain_upstream_errors_total reason=connect upstream=cloud": 0,
        "guardchain_upstream_errors_total reason=reset upstream=cloud": 1,
        "guardchain_upstream_breaker_state upstream=cloud": 2,
    }.items():
        assert found[name] == value, name


QUARTERS = {f"guardchain_score_quarters_total check=probe quarter=q{n}": 0 for n in (1, 2, 3, 4)}


@pytest.mark.parametrize(
    ("expected", "detail", "quarters"),
    [
        (["probe"], None, QUARTERS),
        ([], None, {}),
        ([], {}, {}),
        ([], {"quarter": 77}, {}),
        ([], {"quarter": 3}, QUARTERS | {"guardchain_score_quarters_total check=probe quarter=q3": 1}),
        (["probe"], {"quarter": 3}, QUARTERS | {"guardchain_score_quarters_total check=probe quarter=q3": 1}),
    ],
)
def test_a_calibrated_check_has_all_its_quarters_and_another_none(
    expected: list[str], detail: dict[str, int] | None, quarters: dict[str, int]
) -> None:
    metrics = Metrics()
    metrics.expect({("probe", Mode.ENFORCE)}, [], expected)
    if detail is not None:
        metrics.finding(Finding("probe", score=1.0, detail=detail))
    found = samples(metrics.render())
    assert {k: v for k, v in found.items() if k.startswith("guardchain_score_quarters")} == quarters


def test_a_check_s_upstream_is_counted_by_what_the_check_says_of_it() -> None:
    metrics = Metrics()
    metrics.finding(Finding("probe", upstream="scorer"))
    metrics.finding(Finding("probe", error="deadline", upstream="scorer"))
    metrics.finding(Finding("sanitize", error="deadline"))
    found = samples(metrics.render())
    assert found["guardchain_upstream_requests_total upstream=scorer"] == 2
    assert found["guardchain_upstream_errors_total reason=deadline upstream=scorer"] == 1
    assert sum(name.startswith("guardchain_upstream_errors_total") for name in found) == 1


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        ((), (Verdict.ALLOW, Mode.ENFORCE)),
        ((Finding("a", Verdict.MASK),), (Verdict.MASK, Mode.ENFORCE)),
        ((Finding("a", Verdict.MASK), Finding("b", Verdict.BLOCK, mode=Mode.MONITOR)), (Verdict.BLOCK, Mode.MONITOR)),
        ((Finding("a", Verdict.BLOCK, mode=Mode.MONITOR, error="deadline"),), (Verdict.ALLOW, Mode.ENFORCE)),
        ((Finding("a", Verdict.BLOCK), Finding("b", Verdict.MASK, mode=Mode.MONITOR)), (Verdict.BLOCK, Mode.ENFORCE)),
    ],
)
def test_outcome(findings: tuple[Finding, ...], expected: tuple[Verdict, Mode]) -> None:
    assert outcome(Decision(findings)) == expected


def test_labels_are_bounded_and_hold_no_text() -> None:
    metrics = Metrics()
    for i in range(500):
        metrics.rejection(f"reason{i}")
        metrics.finding(Finding("c", entities={f"maria{i}@lopez.org": 1}))
    found = samples(metrics.render())
    assert len([name for name in found if name.startswith("guardchain_rejections_total")]) == 101
    assert found["guardchain_rejections_total reason=other"] == 400
    assert found["guardchain_entities_total check=c entity=other mode=enforce"] == 500
    assert b"maria" not in metrics.render()


WORKER = """
import os, sys, time
from guard.metrics import Metrics
from guard.verdict import Finding, Mode, Verdict
metrics = Metrics()
metrics.request("chat", Verdict.ALLOW, Mode.ENFORCE, 200)
metrics.finding(Finding("probe", score=1.0, seconds=0.003, detail={"tokens_computed": 1, "cached_tokens": 3}))
metrics.held(int(sys.argv[1]))
for _ in range(int(sys.argv[1])):
    metrics.reload(True)
with metrics.inflight():
    print(flush=True)
    sys.stdin.readline()
    sys.stdout.write(metrics.render().decode())
    sys.stdout.flush()
    if sys.argv[2] == "die":
        os._exit(9)
"""


@pytest.mark.parametrize(
    "detail", [{"tokens_computed": -3, "cached_tokens": 9}, {"prompts": 1, "full": 2}, {"quarter": 77}, {"part": "x"}]
)
def test_numbers_of_another_server_that_make_no_sense_are_not_counted(detail: dict[str, int | str]) -> None:
    metrics = Metrics()
    metrics.finding(Finding("probe", score=1.0, detail=detail))
    text = metrics.render().decode()
    assert 'guardchain_guard_score_count{check="probe"} 1.0' in text
    assert not any(
        f"guardchain_{name}_total{{" in text
        for name in ("probe_tokens", "probe_prompts", "probe_decided", "score_quarters")
    )


def test_two_workers_add_up_and_the_dead_leave_no_gauges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = tmp_path / "metrics"
    directory.mkdir()
    (directory / "counter_1.db").write_bytes(b"left by an earlier run")
    monkeypatch.setenv(multiprocess.VARIABLE, str(directory))
    with multiprocess.sharing() as shared:
        assert shared == directory and list(directory.iterdir()) == []

    def start(number: int, end: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WORKER), str(number), end],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    first, second = start(1, "die"), start(2, "live")
    for worker in (first, second):
        assert worker.stdout is not None and worker.stdout.readline() == "\n"
    out, _ = first.communicate("\n", timeout=60)
    both = samples(out.encode())
    assert both["guardchain_requests_total endpoint=chat mode=enforce status=200 verdict=allow"] == 2
    assert both["guardchain_guard_duration_seconds_count check=probe phase=input result=allow"] == 2
    assert both["guardchain_guard_duration_seconds_bucket check=probe le=0.0032 phase=input result=allow"] == 2
    assert both["guardchain_probe_prefix_cache_hit_ratio"] == 0.75
    assert both["guardchain_stream_held_bytes"] == 3
    assert both["guardchain_inflight"] == 2
    assert both["guardchain_config_generation"] == 2
    assert first.returncode == 9
    multiprocess.forget(directory, first.pid)

    out, _ = second.communicate("\n", timeout=60)
    alone = samples(out.encode())
    assert alone["guardchain_requests_total endpoint=chat mode=enforce status=200 verdict=allow"] == 2
    assert alone["guardchain_stream_held_bytes"] == 2
    assert alone["guardchain_inflight"] == 1
    assert alone["guardchain_config_generation"] == 3


def test_workers_that_die_one_after_another_fill_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(multiprocess.VARIABLE, str(tmp_path))
    kinds = {"counter": "guardchain_requests_total", "histogram": "guardchain_overhead_seconds_sum"}
    metrics = Metrics()
    seen: list[float] = []
    done = threading.Event()

    def scrape() -> None:
        while not done.is_set():
            seen.append(samples(metrics.render()).get("guardchain_requests_total", 0.0))

    pool = ThreadPoolExecutor(1)
    scraping = pool.submit(scrape)
    for pid in range(1, 201):
        for kind, name in kinds.items():
            values = MmapedDict(str(tmp_path / "new"))  # type: ignore[no-untyped-call]
            values.write_value(mmap_key(name.rpartition("_")[0], name, [], [], "help"), 1.0, 0.0)  # type: ignore[no-untyped-call]
            values.close()  # type: ignore[no-untyped-call]
            (tmp_path / "new").rename(tmp_path / f"{kind}_{pid}.db")
        multiprocess.forget(tmp_path, pid)
    done.set()
    scraping.result(30)
    pool.shutdown()
    (tmp_path / "counter_201.db").touch()  # killed before it wrote anything
    multiprocess.forget(tmp_path, 201)
    assert {one.name for one in tmp_path.glob("*.db")} == {"counter_gone.db", "histogram_gone.db"}
    assert samples(metrics.render())["guardchain_requests_total"] == 200
    assert seen == sorted(seen) and seen[-1] > 0, "a scrape saw less than the one before"


def test_what_workers_share_is_private_and_goes_with_them() -> None:
    code = (
        "from guard import multiprocess as m\n"
        "with m.sharing() as d: print(oct(d.stat().st_mode)[-3:]); import guard.metrics; guard.metrics.Metrics();"
        "print(any(d.iterdir()))\nprint(d.exists())"
    )
    environment = {k: v for k, v in os.environ.items() if k != multiprocess.VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True, env=environment
    )
    assert done.stdout.split() == ["700", "True", "False"]


def test_a_directory_the_operator_named_keeps_what_is_not_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(multiprocess.VARIABLE, str(tmp_path))
    for name in ("counter_1.db", "users.db", "notes.txt"):
        (tmp_path / name).touch()
    with multiprocess.sharing():
        (tmp_path / "gauge_2.db").touch()
    assert {f.name for f in tmp_path.iterdir()} == {"users.db", "notes.txt"}


def test_sharing_is_refused_when_it_is_too_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(multiprocess.VARIABLE, raising=False)
    with pytest.raises(RuntimeError, match="before prometheus_client is imported"):
        multiprocess.sharing().__enter__()
