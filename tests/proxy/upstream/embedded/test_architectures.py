"""Other decoder families: the batch, the shared prompt and the probes are exact for them too."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from guard.errors import ArtifactError
from guard.model_identity import ModelIdentity
from proxy.upstream.embedded.model import assemble
from tests.detectors.families import REFUSED, ROWS, STEPS, TREE, family
from tests.proxy.upstream.embedded.conftest import Client, make_tokenizer, user

FAMILIES: dict[str, dict[str, Any]] = {
    "llama": {},
    "qwen3": {"head_dim": 32},
    "mistral": {"sliding_window": 12},
    "gemma3_text": {"head_dim": 32, "sliding_window": 12, "layer_types": ["sliding_attention", "full_attention"]},
    "gpt_neox": {},
}


def build(family: str, vocabulary: int, **extra: Any) -> Any:
    torch.manual_seed(11)
    config = AutoConfig.for_model(
        family,
        **{
            "vocab_size": vocabulary,
            "hidden_size": 64,
            "intermediate_size": 96,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "max_position_embeddings": 256,
            "initializer_range": 0.2,
            "bos_token_id": 0,
            "eos_token_id": 2,
            "pad_token_id": 0,
            **extra,
        },
    )
    return AutoModelForCausalLM.from_config(config, attn_implementation="sdpa").eval()


def served(name: str, vocabulary: int) -> Any:
    return build(name, vocabulary, **FAMILIES[name]) if name in FAMILIES else family(name)


@pytest.mark.parametrize("name", [*FAMILIES, *sorted(({*TREE, *ROWS}) - set(FAMILIES))])
def test_mixed_lengths_at_once_are_what_generate_gives(name: str) -> None:
    tokenizer = make_tokenizer()
    model = served(name, len(tokenizer))
    model.generation_config.eos_token_id = 2
    loaded = assemble(model, tokenizer, ModelIdentity(name, "", "", ""))
    client = Client(loaded, served_name=name)
    texts = ["hello", "the quick brown fox jumps over the lazy dog " * 3, "你好"]

    async def one(text: str) -> str:
        reply = await client.post("/v1/chat/completions", messages=user(text), temperature=0, max_tokens=25)
        return str(orjson.loads(reply.body or b"")["choices"][0]["message"]["content"])

    async def together() -> list[str]:
        return list(await asyncio.gather(*map(one, texts)))

    expected = []
    for text in texts:
        ids = torch.tensor([loaded.template.render(user(text), None)])
        out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=25, do_sample=False)
        expected.append(tokenizer.decode(out[0, ids.shape[1] :], skip_special_tokens=True))
    try:
        assert client.run(together()) == expected
        assert client.run(together()) == expected  # from the prefix cache
        prompt = loaded.template.render(user(texts[1]), None)
        probe = [5, 9, 12]
        scored = client.run(client.upstream.scorer.score(prompt, [probe, [5, 7]]))
        with torch.inference_mode():
            rows = model(torch.tensor([[*prompt, *probe]])).logits[0, len(prompt) - 1 : -1].log_softmax(-1)
        assert scored.logprobs[0] == pytest.approx([float(rows[n, t]) for n, t in enumerate(probe)], abs=1e-4)
    finally:
        client.close()


@pytest.mark.parametrize(("name", "says"), [*dict.fromkeys(STEPS, "recurrent").items(), *((n, n) for n in REFUSED)])
def test_refused(name: str, says: str) -> None:
    """Generation shares prompts by cutting their KV, which a recurrent state has none of."""
    with pytest.raises(ArtifactError, match=says):
        assemble(family(name), make_tokenizer(), ModelIdentity(name, "", "", ""))


def test_rows_that_disturb_each_other_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.upstream.embedded.kv.takes", lambda _: {"past_key_values"})
    with pytest.raises(ArtifactError, match="beside others"):
        assemble(family("llama"), make_tokenizer(), ModelIdentity("x", "", "", ""))
