"""A guarded vLLM server, started as `guard vllm serve` starts it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx2

from steering.vllm_plugin import wire
from steering.vllm_plugin.launch import Launch
from tests.end_to_end.served import free_port
from tests.vllm.engine import base_environment

SECRET = "a-secret-of-sixteen-or-more"
ASK = [{"role": "user", "content": "What is the capital of France?"}]
EAGER = (
    "--dtype=float32",
    "--enforce-eager",
    "--max-model-len=1024",
    "--max-num-batched-tokens=1024",
    "--max-num-seqs=32",
)


class Server:
    """The bundled model, eager, in a process of its own. plugins: in place of those that the command names."""

    def __init__(self, directory: Path, *, port: int | None = None, plugins: str | None = None) -> None:
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = directory / "vllm.log"
        launch = Launch(
            "bundled:tiny-chat", "bundled:tiny-chat", SECRET, subspace="bundled:tiny-chat", port=self.port, more=EAGER
        )
        command, environment = launch.prepare()
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**environment, **base_environment(), "TORCH_COMPILE_DISABLE": "1"}
                | ({} if plugins is None else {"VLLM_PLUGINS": plugins}),
                cwd=directory,
                start_new_session=True,
            )

    def wait(self) -> None:
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()[-6000:]
            try:
                if httpx2.get(f"{self.url}/health", timeout=5).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            time.sleep(0.5)
        raise AssertionError(self.log.read_text()[-6000:])

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # workers outlive a server that was stopped while it started
        self.process.wait(10)

    def ask(self, policy: wire.Policy | None = None, *, secret: str = SECRET, **body: Any) -> httpx2.Response:
        headers = {} if policy is None else {wire.SECRET: secret, wire.POLICY: policy.to_header()}
        whole = {"model": "tiny-chat", "messages": ASK, "max_tokens": 8, "temperature": 0, **body}
        path = "/v1/completions" if "prompt" in body else "/v1/chat/completions"
        if "prompt" in body:
            del whole["messages"]
        return httpx2.post(self.url + path, json=whole, headers=headers, timeout=120)
