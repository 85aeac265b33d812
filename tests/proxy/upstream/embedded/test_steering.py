"""Steered and unsteered requests over one prompt cache never touch each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import orjson
import pytest
import torch

from guard.errors import ArtifactError, UpstreamError
from guard.model_identity import ModelIdentity
from proxy.upstream.embedded import EmbeddedOptions, EmbeddedUpstream
from proxy.upstream.embedded.model import LoadedModel
from steering.artifact import Layer, Subspace
from steering.hooks import Steerer
from tests.proxy.upstream.embedded.conftest import Client, user

PROMPT = "tell me a story"
STRENGTHS = (0.0, 0.4, 0.9)
PATHS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"messages": user(PROMPT), "logprobs": True, "top_logprobs": 2},
    "/v1/completions": {"prompt": PROMPT, "logprobs": 2},
}


def make_subspace(identity: ModelIdentity, width: int = 64, window: int | None = None) -> Subspace:
    generator = torch.Generator().manual_seed(3)

    def layer() -> Layer:
        basis = torch.linalg.qr(torch.randn(width, 2, generator=generator))[0].T.contiguous()
        safe = torch.randn(width, generator=generator)
        return Layer(basis=basis, centroid=basis[0].clone(), safe=safe, opposite=-safe)

    return Subspace(identity=identity, layers={1: layer(), 2: layer()}, window=window)


@pytest.fixture(scope="module")
def artifact(loaded: LoadedModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("steering") / "tiny.safetensors"
    make_subspace(loaded.identity).save(path)
    return path


@pytest.fixture
def steered(loaded: LoadedModel, artifact: Path) -> Iterator[Client]:
    it = Client(loaded, steering=str(artifact))
    yield it
    it.close()


def run(client: Client, path: str, strength: float) -> Any:
    body = client.whole(path, strength, **PATHS[path], temperature=0, max_tokens=12, n=2)
    return body["choices"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("order", [*list(permutations(STRENGTHS)), (0.4, 0.4, 0.0), (0.0, 0.4, 0.0)])
def test_every_order_gives_exactly_the_solo_answers(steered: Client, path: str, order: tuple[float, ...]) -> None:
    solo = {}
    for strength in STRENGTHS:
        steered.forget()
        solo[strength] = run(steered, path, strength)
    steered.forget()
    assert [run(steered, path, s) for s in order] == [solo[s] for s in order]
    assert solo[0.0] != solo[0.4] != solo[0.9]


@pytest.mark.parametrize("window", [None, 1, 3])
def test_steered_answers_are_those_of_a_plain_loop_under_the_steerer(
    loaded: LoadedModel, tmp_path: Path, window: int | None
) -> None:
    subspace = make_subspace(loaded.identity, window=window)
    subspace.save(tmp_path / "tiny.safetensors")
    steered = Client(loaded, steering=str(tmp_path / "tiny.safetensors"))
    prompt = loaded.template.render(user(PROMPT), None)
    try:
        entries = steered.whole(
            "/v1/chat/completions", 0.4, messages=user(PROMPT), temperature=0, max_tokens=10, logprobs=True
        )["choices"][0]["logprobs"]["content"]
    finally:
        steered.close()
    steerer = Steerer(loaded.model, subspace).install()
    try:
        ids = list(prompt)
        for entry in entries:
            with torch.inference_mode(), steerer.strengths(torch.tensor([0.4]), start=len(prompt) - 1):
                logprobs = loaded.model(torch.tensor([ids])).logits[0, -1].log_softmax(-1)
            best = int(logprobs.argmax())
            assert bytes(entry["bytes"]) == loaded.vocabulary.bytes_of(best)
            assert entry["logprob"] == pytest.approx(float(logprobs[best]), abs=1e-4)
            ids.append(best)
    finally:
        steerer.remove()


def test_at_once_in_one_batch_too(steered: Client) -> None:
    async def one(strength: float, text: str) -> str:
        reply = await steered.post(
            "/v1/chat/completions", strength=strength, messages=user(text), temperature=0, max_tokens=15
        )
        return str(orjson.loads(reply.body)["choices"][0]["message"]["content"])

    work = [(s, t) for t in (PROMPT, "hello") for s in STRENGTHS]
    alone = [steered.run(one(s, t)) for s, t in work]

    async def together() -> list[str]:
        return list(await asyncio.gather(*[one(s, t) for s, t in work]))

    steered.forget()
    assert steered.run(together()) == alone


def test_steered_answers_still_use_the_shared_prompt(steered: Client) -> None:
    run(steered, "/v1/chat/completions", 0.0)
    usage = steered.whole("/v1/chat/completions", 0.9, messages=user(PROMPT), max_tokens=1)["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == usage["prompt_tokens"]
    assert len(steered.upstream.engine.cache) == 2  # this prompt's and the warm-up's


@pytest.mark.parametrize(("window", "turned"), [(1, 1), (3, 3), (None, 8)])
def test_steps_behind_the_window_run_without_the_hooks(
    loaded: LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, window: int | None, turned: int
) -> None:
    """One step computes the prompt's last token again, seven feed what was said."""
    make_subspace(loaded.identity, window=window).save(tmp_path / "tiny.safetensors")
    steered, asked = Client(loaded, steering=str(tmp_path / "tiny.safetensors")), []
    original = Steerer.strengths

    def counted(self: Steerer, *args: Any, **kwargs: Any) -> Any:
        asked.append(1)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Steerer, "strengths", counted)
    try:
        steered.whole("/v1/completions", 0.4, prompt=PROMPT, max_tokens=8, ignore_eos=True)
    finally:
        steered.close()
    assert len(asked) == turned


@pytest.mark.parametrize(
    ("steerable", "strength", "path"),
    [
        (False, 0.1, "chat/completions"),
        (True, 1.5, "chat/completions"),
        (True, float("nan"), "chat/completions"),
        (True, 0.5, "embeddings"),
    ],
)
def test_what_cannot_be_steered_fails_loudly(
    loaded: LoadedModel, artifact: Path, steerable: bool, strength: float, path: str
) -> None:
    it = Client(loaded, steering=str(artifact) if steerable else None)
    try:
        assert it.upstream.can_steer is steerable
        with pytest.raises(UpstreamError) as caught:
            it.whole(f"/v1/{path}", strength, messages=user("x"), input="x")
        assert caught.value.reason == "cannot_steer"
    finally:
        it.close()


def foreign(path: Path, _: ModelIdentity) -> None:
    make_subspace(ModelIdentity("other", "v", "t", "c")).save(path)


def corrupt(path: Path, identity: ModelIdentity) -> None:
    make_subspace(identity).save(path)
    path.write_bytes(path.read_bytes()[:-40])


def beyond(path: Path, identity: ModelIdentity) -> None:
    made = make_subspace(identity)
    replace(made, layers={**made.layers, 40: made.layers[1]}).save(path)


def pickled(path: Path, _: ModelIdentity) -> None:
    torch.save({"layers.1.basis": torch.eye(64)}, path)


def absent(_path: Path, _identity: ModelIdentity) -> None:
    pass


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (foreign, "made for model"),
        (corrupt, "not a readable safetensors file"),
        (beyond, "steers layer 40"),
        (pickled, "not a readable safetensors file"),
        (absent, "does not exist"),
    ],
)
def test_a_wrong_subspace_is_refused_at_start(
    loaded: LoadedModel, tmp_path: Path, make: Callable[[Path, ModelIdentity], None], says: str
) -> None:
    path = tmp_path / "wrong.safetensors"
    make(path, loaded.identity)
    upstream = EmbeddedUpstream(EmbeddedOptions(model="memory/tiny", steering=str(path)), loaded=loaded)
    with pytest.raises(ArtifactError, match=says):
        asyncio.run(upstream.start())
