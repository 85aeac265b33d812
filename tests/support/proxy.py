"""The proxy on a free port, in a thread of its own."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx2
import uvicorn
from prometheus_client.parser import text_string_to_metric_families

from guard import config as schema
from proxy.app import App
from tests.support.upstream import FaultyUpstream


class Proxy:
    """A running proxy. `url` is the base URL for an SDK, `address` for plain sockets, `audit` the audit file."""

    def __init__(self, port: int, audit: Path) -> None:
        self.address = ("127.0.0.1", port)
        self.root = f"http://127.0.0.1:{port}"
        self.url = f"{self.root}/v1"
        self.audit = audit
        self.config = audit.with_name("guard.yaml")

    @classmethod
    @contextlib.contextmanager
    def in_front_of(
        cls,
        upstream: FaultyUpstream | str,
        *,
        sanitize: bool = False,
        match: Mapping[str, Any] | None = None,
        server: Mapping[str, Any] | None = None,
        tenants: Sequence[Mapping[str, Any]] = (),
        policy: Mapping[str, Any] | None = None,
    ) -> Iterator[Proxy]:
        """An `openai` upstream behind one policy: sanitising only, or nothing at all."""
        url = upstream if isinstance(upstream, str) else upstream.url
        cloud = {"kind": "openai", "base_url": url, "api_key": "sk-upstream", "connect_seconds": 2.0,
                 "first_byte_seconds": 3.0, "idle_seconds": 2.0,
                 "breaker": {"failures": None}}  # fmt: skip
        settings: dict[str, Any] = {
            "server": dict(server or {}),
            "upstreams": {"cloud": cloud},
            "policies": {"default": {**({"sanitize": {}} if sanitize else {}), **(policy or {})}},
            "routes": [{"match": dict(match or {}), "upstream": "cloud"}],
            "tenants": list(tenants),
            "surrogate_key": "for tests only",
        }
        with cls.running(settings) as proxy:
            yield proxy

    @classmethod
    @contextlib.contextmanager
    def running(cls, settings: Mapping[str, Any], *, watched: bool = False) -> Iterator[Proxy]:
        """Serve `settings` (guard.yaml as a mapping) until the block ends; `watched`: from a file, for `reload`."""
        with TemporaryDirectory() as directory, socket.socket() as sock:
            audit = Path(directory) / "audit.jsonl"
            settings = {"audit": {"sink": "file", "path": str(audit)}, **settings}
            sock.bind(("127.0.0.1", 0))
            proxy = cls(sock.getsockname()[1], audit)
            proxy.config.write_text(json.dumps(settings))
            app = App(schema.Config.model_validate(settings), path=proxy.config if watched else None)
            options = uvicorn.Config(app, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=2)
            server = uvicorn.Server(options)
            thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]}, daemon=True)
            thread.start()
            deadline = time.monotonic() + 120
            while not server.started and thread.is_alive() and time.monotonic() < deadline:
                time.sleep(0.01)
            assert server.started, "the proxy did not start"
            try:
                yield proxy
            finally:
                server.should_exit = True
                thread.join(20)
                assert not thread.is_alive(), "the proxy did not stop"

    def reload(self, *, seconds: float = 30.0, **changes: Any) -> None:
        """Put other values in the config's file and wait until they are in force, at most so long."""
        generation = self.metric("guardchain_config_generation")
        self.config.write_text(json.dumps({**json.loads(self.config.read_text()), **changes}))
        assert self.settled("guardchain_config_generation", generation + 1, seconds)

    def metric(self, name: str, **labels: str) -> float:
        """Sum of a metric's samples that carry these labels; 0 when there are none."""
        text = httpx2.get(f"{self.root}/metrics").text
        return sum(
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )

    def settled(self, name: str, value: float, seconds: float = 5.0) -> bool:
        """Whether a metric comes to `value` in time: what a client left behind is cleaned up a moment later."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.metric(name) == value:
                return True
            time.sleep(0.05)
        return False
