"""The proxy's audit lines as scores, joined with labels: read as they are written, never with text."""

from __future__ import annotations

import asyncio
import json

import pytest

from detectors.calibrate.score_log import read_labels, read_log
from detectors.check import ProbeCheck
from detectors.prefix_probing.probe import PrefixProbe
from guard.audit import Audit, AuditRecord
from guard.audit.file import FileSink
from guard.chain import Chain, Link
from guard.errors import ArtifactError
from guard.verdict import Mode
from tests.detectors.support import FixedScorer, probe_set
from tests.detectors.test_check import exchange, gap


def line(request_id, score, *, digest=None, policy="default", probes="p:1", check="probe", stage="full"):
    detail = {"stage": stage, "probes": probes, **({"digest": digest} if digest else {})}
    return json.dumps(
        {"request_id": request_id, "policy": policy, "findings": [{"check": check, "score": score, "detail": detail}]}
    )


def written(tmp_path, *lines, name="audit.jsonl"):
    (tmp_path / name).write_text("\n".join(lines) + "\n")
    return tmp_path / name


def test_lines_as_the_proxy_writes_them(tmp_path):
    """From the check through chain and audit into the log, monitor mode."""
    audit = Audit(FileSink(str(tmp_path / "audit.jsonl")))
    check = ProbeCheck(PrefixProbe(probe_set(), FixedScorer(gap(3.0))), digest_key=b"k" * 32)
    for n, text in enumerate(["one", "two", "one"]):
        request = exchange([{"role": "user", "content": f"secret {text}"}])
        decision = asyncio.run(Chain([Link(check, Mode.MONITOR)]).inspect(request))
        audit.write(AuditRecord(request_id=f"req_{n}", endpoint="chat", policy="default", decision=decision))
    assert "secret" not in (tmp_path / "audit.jsonl").read_text()
    one, two, again = read_log([tmp_path / "audit.jsonl"], policy="default").entries
    assert (one.request_id, one.score, one.stage) == ("req_0", pytest.approx(3.0), "full")
    assert one.digest == again.digest != two.digest
    assert one.digest.startswith("d:") and one.probes == two.probes != ""


@pytest.mark.parametrize("change", [{"digest_key": b"x" * 32}, {"tenant": "b"}])
def test_digests_of_other_keys_and_tenants_cannot_be_linked(change):
    def digest(tenant="a", digest_key=b"k" * 32):
        request = exchange([{"role": "user", "content": "hello"}])
        request.tenant = tenant
        check = ProbeCheck(PrefixProbe(probe_set(), FixedScorer(gap(0))), digest_key=digest_key)
        return asyncio.run(check.inspect(request, apply=True)).detail["digest"]

    assert digest() == digest() != digest(**change)


def test_what_is_no_score_is_counted(tmp_path):
    log = read_log(
        [
            written(
                tmp_path,
                line("a", 1.0),
                line("b", None),
                line("b", 10**400),
                line("c", 1.0, check="sanitize"),
                line("d", 1.0, policy="other"),
                '{"request_id": "e", "find',
                '{"message": "started"}',
                json.dumps({"request_id": "f", "findings": []}),
            )
        ],
        policy="default",
    )
    assert [e.request_id for e in log.entries] == ["a"]
    assert log.left_out == {
        "probe failed or had nothing to score": 2,
        "without a probe": 2,
        "another policy": 1,
        "torn line": 1,
        "not an audit line": 1,
    }


def test_labels_by_request_and_by_digest(tmp_path):
    log = read_log(
        [written(tmp_path, line("a", 3.0, digest="d:1"), line("b", 4.0, digest="d:1"), line("c", 0.0), line("d", 1.0))]
    )
    sample = log.judged({"d:1": True, "c": False})
    assert sample.harmful.tolist() == [4.0] and sample.harmless.tolist() == [0.0]
    assert sample.left_out == {"without a label": 1, "repeated": 1}
    assert sorted(log.judged({"a": True, "d:1": True}, rest_harmless=True).harmless) == [0.0, 1.0]
    with pytest.raises(ArtifactError, match="no label"):
        log.judged({"z": True})


@pytest.mark.parametrize(
    ("labels", "harmful", "harmless", "left_out"),
    [
        ({"a": True}, [3.0], [0.0, 1.0], {"repeated": 2}),  # not "both ways": the rest is what nobody labelled
        ({"b": True, "y": True}, [1.0, 3.0], [0.0], {"repeated": 2}),
        ({"d:1": True}, [3.0], [0.0, 1.0], {"repeated": 2}),
        ({"a": True, "b": False, "x": True}, [0.0], [1.0], {"repeated": 2, "labelled both ways": 1}),
    ],
)
def test_a_label_holds_for_every_request_that_said_the_same(tmp_path, labels, harmful, harmless, left_out):
    log = read_log(
        [written(tmp_path, *(line(r, 3.0, digest="d:1") for r in "abc"), line("x", 0.0), line("y", 1.0, digest="d:2"))]
    )
    sample = log.judged(labels, rest_harmless=True)
    assert (sorted(sample.harmful), sorted(sample.harmless)) == (harmful, harmless)
    assert sample.left_out == left_out


def test_what_was_to_be_labelled_comes_back_whole(tmp_path):
    """Attacks that were sent three times each: a label for each line of `--to-label` finds them all harmful."""
    bad = [line(f"b{n}{again}", 5.0 + n, digest=f"d:b{n}") for n in range(10) for again in range(3)]
    good = [line(f"g{n}", -float(n), digest=f"d:g{n}") for n in range(50)]
    log = read_log([written(tmp_path, *bad, *good)])
    labels = {e.request_id: e.digest.startswith("d:b") for e in log.worth_labelling((0.0, 5.0), 20)}
    sample = log.judged(labels, rest_harmless=True)
    assert (len(sample.harmful), len(sample.harmless)) == (10, 50)
    assert sample.left_out == {"repeated": 20}


def test_scores_of_two_probe_sets_do_not_mix(tmp_path):
    log = read_log([written(tmp_path, line("a", 3.0), line("b", 0.0, probes="p:2"))])
    with pytest.raises(ArtifactError, match="2 probe sets"):
        log.judged({"a": True, "b": False})


def test_the_log_must_be_of_the_probe_set_that_is_calibrated(tmp_path):
    log = read_log([written(tmp_path, line("a", 3.0, probes="p:1"), line("b", 0.0, probes=""))])
    assert log.require("p:1") is log
    with pytest.raises(ArtifactError, match=r"another probe set or detector \(p:1\)"):
        log.require("p:2")


def test_no_score_at_all(tmp_path):
    with pytest.raises(ArtifactError, match="its policies are other"):
        read_log([written(tmp_path, line("a", 1.0, policy="other"))], policy="default")
    with pytest.raises(ArtifactError, match="cannot read"):
        read_log([tmp_path / "none"])


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("l.jsonl", '{"request_id": "a", "harmful": true}\n{"digest": "d:1", "harmful": false}', None),
        ("l.csv", "request_id,digest,harmful\na,,true\n,d:1,no\n", None),
        ("l.csv", "request_id,digest,harmful\na,,true\nb,, \n,d:1,no\nc,,\n", None),
        ("l.csv", "request_id,harmful\na,\n", "no label"),
        ("l.csv", "request_id,harmful\na,true\na,false\n", "both ways"),
        ("l.csv", "request_id,harmful\na,maybe\n", "`harmful`"),
        ("l.csv", "id,harmful\na,true\n", "neither `request_id`"),
        ("l.jsonl", "", "no label"),
    ],
)
def test_labels(tmp_path, name, text, says):
    (tmp_path / name).write_text(text)
    if says is None:
        assert read_labels(tmp_path / name) == {"a": True, "d:1": False}
    else:
        with pytest.raises(ArtifactError, match=says):
            read_labels(tmp_path / name)


def test_worth_labelling_is_the_top_and_what_lies_at_the_thresholds(tmp_path):
    log = read_log([written(tmp_path, *(line(f"r{n}", float(n)) for n in range(100)), line("again", 99.0, digest="x"))])
    found = [e.score for e in log.worth_labelling((20.2, 50.4), 8)]
    assert found == [99.0, 99.0, 98.0, 97.0, 51.0, 50.0, 21.0, 20.0]
