"""`guard serve` as a process of its own, as a user starts it."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2
from prometheus_client.parser import text_string_to_metric_families

START_SECONDS = 120.0


class Served:
    """A running proxy. `url` is its root; `config` the file it watches, `audit` the file it writes."""

    def __init__(
        self,
        directory: Path,
        settings: Mapping[str, Any],
        *arguments: str,
        program: Sequence[str] = ("-m", "guard.cli"),
    ) -> None:
        self.directory = directory
        self.config = directory / "guard.yaml"
        self.audit = directory / "audit.jsonl"
        self.log = directory / "log.txt"
        self.settings: dict[str, Any] = {"audit": {"sink": "file", "path": str(self.audit)}, **settings}
        self.write(self.settings)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, *program, "serve", "-c", str(self.config), f"--port={self.port}", *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, "HF_HUB_OFFLINE": "1"},
                cwd=directory,
            )

    def __enter__(self) -> Served:
        self.wait_ready()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10)

    def write(self, settings: Mapping[str, Any]) -> None:
        """Put a new config in place, as YAML's subset JSON."""
        self.config.write_text(json.dumps(settings, indent=1))

    def wait_ready(self) -> None:
        """Until every worker accepts requests, which the banner says, and some route can be served."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            assert self.process.poll() is None, f"guard serve ended:\n{self.log.read_text()}"
            try:
                announced = "Guardchain on" in self.log.read_text()
                if announced and httpx2.get(f"{self.url}/readyz", timeout=5).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.2)
        raise AssertionError(f"not ready in time:\n{self.log.read_text()}")

    def metric(self, name: str, **labels: str) -> float:
        """Sum of a metric's samples that carry these labels."""
        text = httpx2.get(f"{self.url}/metrics").text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def workers(self) -> list[int]:
        """The process ids of its workers."""
        table = subprocess.run(
            ["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True
        ).stdout
        rows = (line.split(None, 2) for line in table.splitlines())
        return [int(r[0]) for r in rows if r[1] == str(self.process.pid) and "spawn_main" in r[2]]

    def wait_metric(self, name: str, at_least: float, seconds: float = 30.0) -> None:
        deadline = time.monotonic() + seconds
        while self.metric(name) < at_least:
            assert time.monotonic() < deadline, f"{name} did not reach {at_least}:\n{self.log.read_text()}"
            time.sleep(0.1)

    def records(self) -> list[dict[str, Any]]:
        """All audit lines so far; waits for requests in flight, since a line is written after the last byte."""
        deadline = time.monotonic() + 10
        while self.metric("guardchain_inflight") and time.monotonic() < deadline:
            time.sleep(0.02)
        return [json.loads(line) for line in self.audit.read_text().splitlines() if line]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def plain(text: str) -> str:
    """Terminal output without colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
