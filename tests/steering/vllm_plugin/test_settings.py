"""Our part of vLLM's config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from guard.errors import ArtifactError, ConfigError
from steering.vllm_plugin.settings import Settings


@pytest.mark.parametrize("config", [None, {}, {"theirs": 1}, "text"])
def test_not_ours(config: Any) -> None:
    assert Settings.sealed(config) is None


@pytest.mark.parametrize("ours", [5, [], {}, {"subspace": 5}, {"subspace": "x", "version": 99}])
def test_malformed(ours: Any) -> None:
    with pytest.raises(ConfigError):
        Settings.of({"guardchain": ours})


def test_the_digest_is_sealed_in(tmp_path: Path) -> None:
    file = tmp_path / "s.safetensors"
    file.write_bytes(b"one")
    sealed = Settings.sealed({"guardchain": {"subspace": str(file)}})
    assert sealed is not None
    assert Settings.sealed({"guardchain": sealed.to_dict()}) == sealed
    file.write_bytes(b"two")
    with pytest.raises(ArtifactError, match="not the file"):
        Settings.sealed({"guardchain": sealed.to_dict()})
    with pytest.raises(ArtifactError, match="has changed"):
        sealed.load(str(tmp_path))
    file.unlink()
    with pytest.raises(ArtifactError, match="cannot read"):
        Settings.sealed({"guardchain": sealed.to_dict()})
