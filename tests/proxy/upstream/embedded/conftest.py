"""A tiny random Qwen2 with a byte-level BPE tokenizer, made in memory: nothing is learned, everything is exact."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from typing import Any

import orjson
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from guard.model_identity import ModelIdentity
from proxy.upstream.base import Call, Event, Reply
from proxy.upstream.embedded import EmbeddedOptions, EmbeddedUpstream
from proxy.upstream.embedded.model import LoadedModel, assemble

TEMPLATE = (
    "{% if tools %}<|im_start|>system\n{% for t in tools %}{{ t | tojson }}\n{% endfor %}<|im_end|>\n{% endif %}"
    "{% for m in messages %}{% if m.role not in ['system', 'user', 'assistant', 'tool'] %}"
    "{{ raise_exception('unknown role') }}{% endif %}"
    "<|im_start|>{{ m.role }}\n{{ m.content }}"
    "{% for c in m.tool_calls or [] %}<tool_call>{{ c.function | tojson }}</tool_call>{% endfor %}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CORPUS = [
    "hello world, how are you today? I am fine, thank you. The quick brown fox jumps over the lazy dog.",
    "tell me a story about a king and a queen and their small dog; user assistant system",
    "你好，世界。今天天气怎么样？我很好，谢谢。",
]
CONTEXT = 512


def make_tokenizer() -> PreTrainedTokenizerFast:
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.train_from_iterator(
        CORPUS,
        trainers.BpeTrainer(
            vocab_size=400,
            special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>"],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend, eos_token="<|im_end|>", additional_special_tokens=["<|im_start|>", "<|endoftext|>"]
    )
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def make_model(vocabulary: int) -> Qwen2ForCausalLM:
    torch.manual_seed(7)
    config = Qwen2Config(
        vocab_size=vocabulary,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=3,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        initializer_range=0.2,
    )
    return Qwen2ForCausalLM(config).eval()


@pytest.fixture(scope="session")
def loaded() -> LoadedModel:
    torch.set_num_threads(1)
    tokenizer = make_tokenizer()
    model = make_model(len(tokenizer))
    model.generation_config = GenerationConfig(
        eos_token_id=[tokenizer.convert_tokens_to_ids(t) for t in ("<|im_end|>", "<|endoftext|>")]
    )
    return assemble(model, tokenizer, ModelIdentity("tiny", "w", "t", "c"))


class Client:
    """Drives an upstream on an event loop of its own, from plain test code."""

    def __init__(self, loaded: LoadedModel, **options: Any) -> None:
        defaults = {"model": "memory/tiny", "max_queue": 8, "max_active": 8, "max_tokens": 64, "cache_tokens": 4096}
        self.loaded = loaded
        self.upstream = EmbeddedUpstream(EmbeddedOptions(**{**defaults, **options}), loaded=loaded)
        self.loop = asyncio.new_event_loop()
        self.run(self.upstream.start())

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.loop.run_until_complete(asyncio.wait_for(work, 60))

    async def post(self, endpoint: str, stream: bool = False, strength: float = 0.0, **body: Any) -> Reply:
        return await self.upstream.send(Call(endpoint, {"model": "x", **body}, stream=stream, strength=strength))

    def whole(self, endpoint: str, strength: float = 0.0, **body: Any) -> Any:
        reply = self.run(self.post(endpoint, strength=strength, **body))
        return orjson.loads(reply.body)

    def events(self, endpoint: str, strength: float = 0.0, **body: Any) -> list[Event]:
        async def collect() -> list[Event]:
            reply = await self.post(endpoint, stream=True, strength=strength, **body)
            assert reply.events is not None
            events = [event async for event in reply.events]
            await reply.close()
            return events

        return self.run(collect())  # type: ignore[no-any-return]

    def chunks(self, endpoint: str, strength: float = 0.0, **body: Any) -> list[Any]:
        events = self.events(endpoint, strength, **body)
        assert events[-1].data == b"[DONE]"
        return [orjson.loads(e.data) for e in events[:-1]]

    def chat(self, text: str = "hello", **body: Any) -> Any:
        return self.whole("/v1/chat/completions", **{"messages": user(text), "temperature": 0, **body})

    def chat_chunks(self, text: str = "hello", **body: Any) -> list[Any]:
        return self.chunks("/v1/chat/completions", **{"messages": user(text), "temperature": 0, **body})

    def forget(self) -> None:
        """Empty the prefix cache (the engine is idle between calls)."""
        self.upstream.engine.cache.clear()

    def close(self) -> None:
        self.run(self.upstream.close())
        self.loop.close()


def user(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


def text_of(chunks: list[Any], index: int = 0) -> str:
    return "".join(c["delta"].get("content") or "" for chunk in chunks for c in chunk["choices"] if c["index"] == index)


@pytest.fixture
def client(loaded: LoadedModel) -> Iterator[Client]:
    it = Client(loaded)
    yield it
    it.close()
