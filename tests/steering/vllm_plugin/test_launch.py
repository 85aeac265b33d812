"""The command that starts a guarded vLLM, as far as it can be told without one."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from typer.testing import CliRunner

from guard.cli.vllm import app
from guard.errors import ConfigError
from steering.vllm_plugin import launch, wire


def test_environment_names_both_plugins() -> None:
    made = launch.environment({"VLLM_PLUGINS": "theirs", "HOME": "/x"}, Path("/p.json"), "s" * 20, ["/tokenizer_info"])
    assert made["VLLM_PLUGINS"] == "theirs,guardchain,guardchain_routes"
    assert made["HOME"] == "/x"
    assert (made[wire.ENV_SECRET], made[wire.ENV_PROBES], made[wire.ENV_OPEN]) == (
        "s" * 20,
        "/p.json",
        "/tokenizer_info",
    )


@pytest.mark.parametrize("path", ["v1/responses", "/a,/b", ""])
def test_paths_to_open(path: str) -> None:
    with pytest.raises(ConfigError):
        launch.environment({}, Path("/p.json"), "s" * 20, [path])


def test_defaults_give_way() -> None:
    assert launch.defaults("org/name", [])[:2] == ["--served-model-name", "org/name"]
    assert "--served-model-name" not in launch.defaults("org/name", ["--served-model-name=mine"])


def test_a_secret_is_made() -> None:
    done = CliRunner().invoke(app, ["secret"])
    assert len(done.stdout.strip()) >= 32


def test_check_of_nothing() -> None:
    done = CliRunner().invoke(app, ["check", "http://127.0.0.1:9"])
    assert done.exit_code == 1
    assert "cannot be reached" in done.output


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is in this environment")
def test_without_vllm() -> None:
    done = CliRunner().invoke(app, ["serve", "--model", "bundled:tiny-chat", "--probes", "bundled:tiny-chat"])
    assert isinstance(done.exception, ConfigError)
    assert "vLLM is not installed" in str(done.exception)
