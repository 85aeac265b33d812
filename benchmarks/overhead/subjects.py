"""What is measured: each subject's processes, where requests go, and the headers they need."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.overhead.procs import Process, free_port

ROOT = Path(__file__).parents[2]
OWN = ("direct", "relay", "off", "patterns", "sanitize", "probe", "all")
PEERS = {"litellm": ("litellm", "litellm + presidio"), "portkey": ("portkey",), "nemo": ("nemo",)}
SCALING = ("relay", "off", "sanitize", "litellm")
"""Subjects that are also measured with two workers."""

ABSENT = {
    "llm-guard": "its Anonymize scanner, the one that hides and restores, loads a NER model from the Hugging Face hub; "
    "it is a library besides, with no proxy of its own",
}


@dataclass
class Subject:
    """A started subject. `url` takes chat requests; `direct` has no process of its own."""

    name: str
    url: str
    version: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    processes: Sequence[Process] = ()

    @property
    def pids(self) -> list[int]:
        return [p.pid for p in self.processes]


class Rig:
    """Starts subjects in front of one provider. `cache` holds the peers' environments (see `peers.sh`).

    Streamed answers have `chunks` pieces, `pace` seconds apart.
    """

    def __init__(self, scratch: Path, cache: Path | None = None, *, chunks: int = 40, pace: float = 0.010) -> None:
        self.scratch, self.cache = scratch, cache
        port = free_port()
        self.provider = Process(
            [sys.executable, "-m", "benchmarks.overhead.upstream", str(port)], self._log("provider")
        )
        self.origin = f"http://127.0.0.1:{port}"

    def start(self, name: str, workers: int = 1, **policy: object) -> Subject:
        """`policy`: more of the policy, for our own.

        Raises `RuntimeError` when it does not come up, `LookupError` when it is not installed.
        """
        starters: dict[str, Callable[[str, int], Subject]] = {
            "direct": self._direct,
            "relay": self._relay,
            "litellm": self._litellm,
            "litellm + presidio": self._litellm,
            "portkey": self._portkey,
            "nemo": self._nemo,
        }
        starter = starters.get(name)
        return starter(name, workers) if starter is not None else self._ours(name, workers, policy)

    def _direct(self, name: str, workers: int) -> Subject:
        return Subject(name, f"{self.origin}/v1/chat/completions")

    def _relay(self, name: str, workers: int) -> Subject:
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", "benchmarks.overhead.relay:app", "--port", str(port),
                   "--workers", str(workers), "--no-access-log", "--log-level", "warning",
                   "--loop", "uvloop"]  # fmt: skip
        process = Process(command, self._log(name), env={"RELAY_UPSTREAM": self.origin}, cwd=ROOT)
        return self._up(name, [process], port, "/healthz")

    def _ours(self, name: str, workers: int, more: Mapping[str, object]) -> Subject:
        """Nothing is written down (audit off) and nothing is given up early, as with the others; the metrics are on."""
        policy: dict[str, object] = dict(more)
        upstreams: dict[str, object] = {
            "cloud": {"kind": "openai", "base_url": f"{self.origin}/v1", "api_key": "sk-benchmark"}
        }
        if name in ("patterns", "sanitize", "all"):
            policy["sanitize"] = {
                "mode": "enforce",
                "deadline_seconds": 60,
                **({"ner": []} if name == "patterns" else {}),
            }
        if name in ("probe", "all"):
            upstreams["local"] = {"kind": "embedded", "model": "bundled:tiny-chat"}
            # scored like any other, and never blocked: all requests do the same work
            policy["probe"] = {"mode": "monitor", "scorer": "local", "artifact": "bundled:tiny-chat"}
        config = {
            "upstreams": upstreams,
            "policies": {"default": policy},
            "routes": [{"upstream": "cloud"}],
            "surrogate_key": "for the benchmark only",
            "audit": {"sink": "off"},
        }
        path = self.scratch / f"{name}-{workers}.yaml"
        path.write_text(json.dumps(config), "utf-8")
        port = free_port()
        command = [sys.executable, "-m", "guard.cli", "serve", "-c", str(path), "--port", str(port),
                   "--workers", str(workers), "--log-level", "warning"]  # fmt: skip
        process = Process(command, self._log(f"{name}-{workers}"), cwd=ROOT, env={"OMP_NUM_THREADS": "1"})
        return self._up(name, [process], port, "/readyz")

    def _litellm(self, name: str, workers: int) -> Subject:
        home = self._installed("litellm")
        config: dict[str, object] = {
            "model_list": [
                {
                    "model_name": "echo",
                    "litellm_params": {"model": "openai/echo", "api_base": f"{self.origin}/v1", "api_key": "x"},
                }
            ],
            "litellm_settings": {"telemetry": False},
        }
        helpers: list[Process] = []
        env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_DOCS": "True", "LITELLM_LOG": "ERROR"}
        if name.endswith("presidio"):
            service, url = self._presidio_service()
            helpers.append(service)
            env |= {"PRESIDIO_ANALYZER_API_BASE": url, "PRESIDIO_ANONYMIZER_API_BASE": url}
            config["guardrails"] = [
                {
                    "guardrail_name": "presidio",
                    "litellm_params": {
                        "guardrail": "presidio",
                        "mode": "pre_call",
                        "default_on": True,
                        "output_parse_pii": True,
                    },
                }
            ]
        path = self.scratch / f"{name.replace(' ', '')}.yaml"
        path.write_text(json.dumps(config), "utf-8")
        port = free_port()
        command = [str(home / "bin/litellm"), "--config", str(path), "--host", "127.0.0.1", "--port", str(port),
                   "--num_workers", str(workers), "--telemetry", "False"]  # fmt: skip
        process = Process(command, self._log(f"{name}-{workers}"), env=env, cwd=self.scratch)
        return self._up(name, [process, *helpers], port, "/health/liveliness", self._version("litellm", "litellm"))

    def _presidio_service(self) -> tuple[Process, str]:
        home = self._installed("presidio")
        port = free_port()
        command = [str(home / "bin/python"), "-m", "benchmarks.overhead.presidio_service", str(port)]
        process = Process(command, self._log("presidio"), cwd=ROOT, env={"PYTHONPATH": str(ROOT)})
        process.wait_for(f"http://127.0.0.1:{port}/health")
        return process, f"http://127.0.0.1:{port}"

    def _portkey(self, name: str, workers: int) -> Subject:
        home = self._installed("portkey") / "node_modules/@portkey-ai/gateway"
        port = free_port()
        command = ["node", str(home / "build/start-server.js"), "--headless", f"--port={port}"]
        env = {"NODE_ENV": "production", "TRUSTED_CUSTOM_HOSTS": "127.0.0.1,localhost"}
        process = Process(command, self._log(name), env=env, cwd=home)
        headers = {"x-portkey-provider": "openai", "x-portkey-custom-host": f"{self.origin}/v1"}
        return self._up(name, [process], port, "/", self._version("portkey", "@portkey-ai/gateway"), headers)

    def _nemo(self, name: str, workers: int) -> Subject:
        home = self._installed("nemo")
        folder = self.scratch / "nemo/plain"
        folder.mkdir(parents=True, exist_ok=True)
        model = {
            "type": "main",
            "engine": "openai",
            "model": "echo",
            "parameters": {"base_url": f"{self.origin}/v1", "api_key": "x"},
        }
        config = {"models": [model], "passthrough": True, "rails": {"output": {"streaming": {"enabled": True}}}}
        (folder / "config.yml").write_text(json.dumps(config), "utf-8")
        port = free_port()
        command = [str(home / "bin/nemoguardrails"), "server", "--config", str(folder.parent), "--port", str(port),
                   "--default-config-id", "plain", "--disable-chat-ui"]  # fmt: skip
        process = Process(
            command, self._log(name), cwd=self.scratch, env={"OPENAI_API_KEY": "x", "HF_HUB_OFFLINE": "1"}
        )
        return self._up(name, [process], port, "/v1/rails/configs", self._version("nemo", "nemoguardrails"))

    # Helpers

    def _up(
        self,
        name: str,
        processes: Sequence[Process],
        port: int,
        ready: str,
        version: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Subject:
        root = f"http://127.0.0.1:{port}"
        try:
            processes[0].wait_for(root + ready)
        except RuntimeError:
            for process in processes:
                process.stop()
            raise
        return Subject(name, f"{root}/v1/chat/completions", version, headers or {}, processes)

    def _installed(self, peer: str) -> Path:
        if self.cache is None or not (self.cache / peer / "installed").exists():
            raise LookupError(
                f"{peer} is not installed: benchmarks/overhead/peers.sh {self.cache or 'DIRECTORY'} {peer}"
            )
        return self.cache / peer

    def _version(self, peer: str, package: str) -> str:
        listed = (self._installed(peer) / "installed").read_text("utf-8").splitlines()
        return next((line.rpartition("==")[2] for line in listed if line.startswith(package + "==")), "")

    def _log(self, name: str) -> Path:
        return self.scratch / f"{name.replace(' ', '')}-{os.urandom(3).hex()}.log"
