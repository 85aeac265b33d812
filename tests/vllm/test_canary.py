"""The canary against an engine that steers nothing: vLLM starts without a plugin that was not named, silently."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.vllm.conftest import environment, options
from tests.vllm.engine import Engine, EngineFailed
from tests.vllm.models import BUNDLED


def test_an_engine_without_the_plugin_is_noticed(subspace_file: Path, tmp_path: Path) -> None:
    running = Engine(
        options(BUNDLED, subspace_file, enforce_eager=True),
        environment(TORCH_COMPILE_DISABLE="1", VLLM_PLUGINS="another"),
        tmp_path / "engine.log",
    )
    try:
        assert running.info["model"] == "Qwen2ForCausalLM"
        with pytest.raises(EngineFailed, match="steering has no effect"):
            running.ask("canary")
    finally:
        running.close()
