"""Our part of vLLM's config: `--additional-config '{"guardchain": {"subspace": "/path.safetensors"}}'`.

It is part of the config hash that names compiled graphs, so it holds the artefact's digest and our version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from guard.errors import ArtifactError, ConfigError
from guard.model_identity import ModelIdentity
from steering.artifact import Subspace
from steering.vllm_plugin import PLUGIN, VERSION


@dataclass(frozen=True, slots=True)
class Settings:
    """subspace: the file; sha256: its digest (all hex digits); version: of the plugin that wrote this."""

    subspace: Path
    sha256: str
    version: int = VERSION

    @classmethod
    def of(cls, additional_config: Any) -> Settings | None:
        """None: the config does not speak of us. Raises `ConfigError` for a part that is not ours."""
        ours = additional_config.get(PLUGIN) if isinstance(additional_config, Mapping) else None
        if ours is None:
            return None
        if not isinstance(ours, Mapping) or not isinstance(ours.get("subspace"), str):
            raise ConfigError(f'--additional-config: {PLUGIN!r} must be {{"subspace": "<file>"}}')
        if ours.get("version", VERSION) != VERSION:
            raise ConfigError(f"--additional-config: {PLUGIN!r} was written by another version of the plugin")
        return cls(Path(ours["subspace"]), str(ours.get("sha256", "")))

    @classmethod
    def sealed(cls, additional_config: Any) -> Settings | None:
        """The same with the digest filled in, or checked where it stands already. Raises `ArtifactError` too."""
        found = cls.of(additional_config)
        if found is None:
            return None
        digest = file_digest(found.subspace)
        if found.sha256 not in ("", digest):
            raise ArtifactError(f"steering subspace {found.subspace} is not the file that the config was made with")
        return cls(found.subspace.resolve(), digest)

    def to_dict(self) -> dict[str, Any]:
        return {"subspace": str(self.subspace), "sha256": self.sha256, "version": self.version}

    def load(self, model: str) -> Subspace:
        """The subspace, for the model that vLLM was given (a directory, or a hub id that is on this machine).

        Raises `ArtifactError`: missing, corrupt, changed since the start, or made for another model.
        """
        if file_digest(self.subspace) != self.sha256:
            raise ArtifactError(f"steering subspace {self.subspace} has changed since the server was started")
        return Subspace.load(self.subspace, identity=ModelIdentity.of(model_directory(model), name=Path(model).name))


def file_digest(path: Path) -> str:
    """sha256 of a file. Raises `ArtifactError` when it cannot be read."""
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ArtifactError(f"cannot read {path}: {error.strerror or type(error).__name__}") from None


def model_directory(model: str) -> Path:
    """Where a model's files lie. Raises `ArtifactError` for a hub id that is not on this machine."""
    if Path(model).is_dir():
        return Path(model)
    from huggingface_hub import snapshot_download

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (OSError, ValueError):
        raise ArtifactError(f"model {model!r} is no directory and not in the hub's cache on this machine") from None
