"""Loading: from disk, and what is said when it does not work."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
from transformers import GenerationConfig

from guard.errors import ArtifactError, ConfigError, GuardError, RequestError, UpstreamError
from guard.model_identity import ModelIdentity
from proxy.upstream.base import Call
from proxy.upstream.embedded import EmbeddedOptions, EmbeddedUpstream
from proxy.upstream.embedded.model import LoadedModel, assemble, load_model, locate
from tests.proxy.upstream.embedded.conftest import TEMPLATE, Client, make_model, make_tokenizer, user


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("models") / "tiny"
    tokenizer = make_tokenizer()
    tokenizer.save_pretrained(path)
    model = make_model(len(tokenizer))
    model.generation_config = GenerationConfig(eos_token_id=[2, 0], do_sample=True, temperature=0.6, top_p=0.9)
    model.save_pretrained(path)
    return path


def test_a_directory_serves_as_the_model_in_memory_does(directory: Path, client: Client) -> None:
    upstream = EmbeddedUpstream(EmbeddedOptions(model=str(directory)))

    async def scenario() -> str:
        assert not await upstream.ready()
        with pytest.raises(UpstreamError):
            await upstream.send(Call("/v1/chat/completions", {"messages": user("x")}))
        await upstream.start()
        assert await upstream.ready()
        body = {"messages": user("hello"), "temperature": 0, "max_tokens": 8}
        reply = await upstream.send(Call("/v1/chat/completions", body))
        await upstream.close()
        return str(orjson.loads(reply.body or b"")["choices"][0]["message"]["content"])

    assert asyncio.run(scenario()) == client.chat(max_tokens=8)["choices"][0]["message"]["content"]


def test_generation_config_is_respected(directory: Path) -> None:
    loaded = load_model(EmbeddedOptions(model=str(directory)))
    assert loaded.eos == {2, 0}
    assert loaded.defaults == {"temperature": 0.6, "top_p": 0.9}
    assert loaded.context == 512
    assert loaded.identity == ModelIdentity.of(directory)


@pytest.mark.parametrize(
    ("written", "defaults"),
    [
        ({}, {}),
        ({"do_sample": True}, {}),
        ({"do_sample": True, "top_k": 20}, {"top_k": 20.0}),
        ({"do_sample": False}, {"temperature": 0.0}),
    ],
)
def test_sampling_defaults_are_what_the_authors_wrote(written: dict[str, Any], defaults: dict[str, float]) -> None:
    tokenizer = make_tokenizer()
    model = make_model(len(tokenizer))
    model.generation_config = GenerationConfig(eos_token_id=2, **written)
    assert assemble(model, tokenizer, ModelIdentity("x", "", "", "")).defaults == defaults


@pytest.mark.parametrize(
    ("reference", "error", "word"),
    [
        ("bundled:nobody", ConfigError, "nobody"),
        ("/nowhere/at/all", ConfigError, "not a directory"),
        ("./nowhere", ConfigError, "not a directory"),
        ("nobody/nothing", ConfigError, "hub"),
    ],
)
def test_references_that_name_nothing(
    reference: str, error: type[GuardError], word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(error, match=word):
        locate(reference)


def test_broken_directories_say_what_is_needed(tmp_path: Path, directory: Path) -> None:
    with pytest.raises(ArtifactError, match=r"config\.json"):
        load_model(EmbeddedOptions(model=str(tmp_path)))
    (tmp_path / "config.json").write_text((directory / "config.json").read_text("utf-8"), "utf-8")
    with pytest.raises(ArtifactError, match="tokenizer"):
        load_model(EmbeddedOptions(model=str(tmp_path)))


def test_models_that_cannot_serve(loaded: LoadedModel) -> None:
    identity = ModelIdentity("x", "", "", "")
    bare = make_tokenizer()
    bare.chat_template = None
    with pytest.raises(ArtifactError, match="no chat template"):
        assemble(loaded.model, bare, identity)
    bare.chat_template = TEMPLATE.replace("add_generation_prompt", "false")
    with pytest.raises(ArtifactError, match="assistant header"):
        assemble(loaded.model, bare, identity)


@pytest.mark.parametrize(
    ("model", "served", "name"),
    [
        ("bundled:tiny-chat", None, "tiny-chat"),
        ("Qwen/Qwen3-0.6B", None, "Qwen3-0.6B"),
        ("/models/mine/", None, "mine"),
        ("/models/mine", "gpt", "gpt"),
    ],
)
def test_public_names(model: str, served: str | None, name: str) -> None:
    assert EmbeddedOptions(model=model, served_name=served).public_name == name


@pytest.mark.parametrize(
    ("method", "endpoint", "code"),
    [
        ("POST", "/v1/audio/speech", "unknown_url"),
        ("DELETE", "/v1/responses", "unknown_url"),
        ("GET", "/v1/models/other", "model_not_found"),
    ],
)
def test_unknown_paths_are_404(client: Client, method: str, endpoint: str, code: str) -> None:
    with pytest.raises(RequestError) as caught:
        client.run(client.upstream.send(Call(endpoint, method=method)))
    assert (caught.value.status, caught.value.code) == (404, code)
