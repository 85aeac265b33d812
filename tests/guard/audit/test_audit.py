"""One line a request, whole lines only, nothing that was said, and never a request that dies of it."""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from guard import Decision, Finding, Mode, Verdict
from guard.audit import Audit, AuditRecord, known_model, sink_of
from guard.audit.file import FileSink
from guard.audit.sinks import StdoutSink
from guard.audit.syslog import SyslogSink
from guard.config.server import Audit as AuditConfig

SECRETS = ["maria@lopez.org", "4111 1111 1111 1111", "+1-202-555-0143", "Mary had a little lamb", "sk-live {hunter2}"]

DECISION = Decision(
    (
        Finding("sanitize", Verdict.MASK, entities={"EMAIL_ADDRESS": 2}, seconds=0.0012345),
        Finding(
            "probe", Verdict.STEER, score=1.5, detail={"tokens_computed": 12, "cached_tokens": 30, "stage": "full"}
        ),
        Finding("steer", Verdict.STEER, strength=0.4),
        Finding("mine", Verdict.BLOCK, mode=Mode.MONITOR),
        Finding("other_one", Verdict.ALLOW, error="deadline"),
    )
)


def record(**changes: Any) -> AuditRecord:
    base = AuditRecord(
        request_id="req-1",
        endpoint="/v1/chat/completions",
        decision=DECISION,
        tenant="acme",
        model="tiny-chat",
        upstream="local",
        policy="default",
        status=200,
        stream=True,
        restored=2,
        usage={"prompt_tokens": 42, "completion_tokens": 7},
        seconds=0.25,
    )
    return dataclasses.replace(base, **changes)


def test_line(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "audit.jsonl"
    audit = Audit(FileSink(str(file)))
    audit.write(record())
    audit.write(record(request_id="req-2"))
    first, second = map(json.loads, file.read_text().splitlines())
    assert second["request_id"] == "req-2"
    assert first.pop("time").endswith("+00:00")
    assert first == {
        "request_id": "req-1",
        "tenant": "acme",
        "endpoint": "/v1/chat/completions",
        "model": "tiny-chat",
        "upstream": "local",
        "policy": "default",
        "verdict": "steer",
        "would": "block",
        "strength": 0.4,
        "status": 200,
        "error": None,
        "stream": True,
        "restored": 2,
        "usage": {"prompt_tokens": 42, "completion_tokens": 7},
        "seconds": 0.25,
        "findings": [
            _finding("sanitize", "mask", entities={"EMAIL_ADDRESS": 2}, seconds=0.001234),
            _finding("probe", "steer", score=1.5, detail={"tokens_computed": 12, "cached_tokens": 30, "stage": "full"}),
            _finding("steer", "steer", strength=0.4),
            _finding("mine", "would_block", mode="monitor"),
            _finding("other_one", "bypass", error="deadline"),
        ],
    }
    assert file.stat().st_mode & 0o077 == 0


def _finding(check: str, result: str, **values: Any) -> dict[str, Any]:
    empty = {
        "mode": "enforce",
        "score": None,
        "strength": None,
        "entities": {},
        "error": None,
        "seconds": 0.0,
        "detail": {},
    }
    return {"check": check, "result": result, **empty, **values}


@pytest.mark.parametrize("secret", SECRETS)
def test_no_text_gets_through(tmp_path: Path, secret: str, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "audit.jsonl"
    audit = Audit(FileSink(str(file)))
    finding = Finding(
        secret,
        Verdict.BLOCK,
        entities={secret: 1},
        error=secret,
        detail={secret: secret, "n": 1, "object": [secret]},  # type: ignore[dict-item]
    )
    text = {f.name: secret for f in dataclasses.fields(AuditRecord) if f.type in ("str", "str | None")}
    text.pop("request_id")  # made by the proxy
    with caplog.at_level(logging.DEBUG):
        audit.write(record(**text, decision=Decision((finding,)), usage={secret: 1, "n": secret}))
        audit.write(record(request_id=secret + "é\n"))
        audit.write(record(seconds=secret))
    assert len(file.read_text().splitlines()) == 2
    assert secret not in file.read_text() + caplog.text
    assert json.loads(file.read_text().splitlines()[0])["findings"][0]["result"] == "error"


def test_known_model() -> None:
    assert known_model("tiny-chat", ["tiny-chat"]) == "tiny-chat"
    assert known_model("maria", ["tiny-chat"]) == "other"


def test_a_file_that_cannot_be_written_loses_lines_not_requests(caplog: pytest.LogCaptureFixture) -> None:
    lost: list[int] = []
    audit = Audit(FileSink("/dev/full"), on_failure=lambda: lost.append(1))
    for _ in range(3):
        audit.write(record())
    assert audit.failing
    assert len(lost) == 3
    assert [r.getMessage() for r in caplog.records] == ["audit line lost: ENOSPC"]


def test_failing_ends_with_the_next_line_written(tmp_path: Path) -> None:
    file = tmp_path / "audit.jsonl"
    file.symlink_to("/dev/full")
    audit = Audit(FileSink(str(file)))
    audit.write(record())
    assert audit.failing
    file.unlink()
    audit.write(record())
    assert not audit.failing
    assert len(file.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("config", "sink"),
    [
        ({"sink": "off"}, type(None)),
        ({"sink": "stdout"}, StdoutSink),
        ({"sink": "file", "path": "{}/a.jsonl"}, FileSink),
        ({"sink": "syslog", "syslog": "udp://127.0.0.1:514"}, SyslogSink),
    ],
)
def test_sink_of(tmp_path: Path, config: dict[str, str], sink: type) -> None:
    settings = {key: value.format(tmp_path) for key, value in config.items()}
    made = sink_of(AuditConfig.model_validate(settings))
    assert type(made) is sink


def test_off() -> None:
    Audit(None).write(record())


STDOUT = """
import sys
from guard.audit import Audit, AuditRecord
from guard.audit.sinks import StdoutSink
lost = []
audit = Audit(StdoutSink(), on_failure=lambda: lost.append(1))
for i in range(int(sys.argv[1])):
    audit.write(AuditRecord(request_id=str(i), endpoint="chat"))
sys.stderr.write(str(len(lost)))
"""


def test_stdout() -> None:
    done = subprocess.run([sys.executable, "-c", STDOUT, "3"], capture_output=True, text=True, timeout=60, check=True)
    assert [json.loads(line)["request_id"] for line in done.stdout.splitlines()] == ["0", "1", "2"]
    assert done.stderr == "0"


def test_a_closed_stdout_is_an_error_at_start() -> None:
    code = "import sys; sys.__stdout__ = None\nfrom guard.audit.sinks import StdoutSink\nStdoutSink()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert "ConfigError: audit.sink is stdout, which is closed" in done.stderr


def test_a_reader_that_stalls_stops_nobody() -> None:
    reader, writer = os.pipe()
    try:
        done = subprocess.run(
            [sys.executable, "-c", STDOUT, "2000"],
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=True,
        )
        assert int(done.stderr.splitlines()[-1]) > 0
    finally:
        os.close(reader)
        os.close(writer)
