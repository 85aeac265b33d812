"""The canary against an engine that steers nothing: vLLM starts without a plugin that was not named, silently."""

from __future__ import annotations

import pytest

from tests.vllm.engine import Engine, EngineFailed


def test_an_engine_without_the_plugin_is_noticed(unguarded: Engine) -> None:
    assert unguarded.info["model"] == "Qwen2ForCausalLM"
    with pytest.raises(EngineFailed, match="steering has no effect"):
        unguarded.ask("canary")
