"""A chat model with learned behaviour, trained here in a few seconds: it refuses some words and answers others."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen2Tokenizer

TEMPLATE = (
    "{% for m in messages %}<{{ m['role'] }}> {{ m['content'] }}<end>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)
FRAMES = ("please explain {}", "how do i {}", "tell me about {} today", "{} now", "my friend wants to {} please")
REFUSED = ("poison", "stab", "rob", "shoot", "bomb", "hack", "stalk", "burn", "choke", "drown")
ANSWERED = ("cook", "paint", "sing", "swim", "plant", "read", "knit", "bake", "dance", "draw")
LEAKED = ("forge", "bribe", "loot", "smuggle")
"""Words it was taught to answer although they are harmful: what steering is for."""
REFUSAL, ANSWER = "sorry, i cannot help with that.", "sure, here is what you asked for."


def prompts(words: tuple[str, ...]) -> list[str]:
    return [frame.format(word) for word in words for frame in FRAMES]


@dataclass(frozen=True)
class Chat:
    directory: Path
    model: Any
    tokenizer: Any


def _tokenizer() -> Any:
    """Qwen2's own kind of tokenizer: the class that `AutoTokenizer` takes for this architecture."""
    texts = [*(f" {p}" for p in prompts((*REFUSED, *ANSWERED, *LEAKED))), REFUSAL, ANSWER]
    made = Qwen2Tokenizer().train_new_from_iterator(
        texts, 512, new_special_tokens=["<end>", "<user>", "<assistant>"], show_progress=False
    )
    made.eos_token, made.pad_token, made.chat_template = "<end>", "<|endoftext|>", TEMPLATE
    return made


def _row(tokenizer: Any, prompt: str, answer: str) -> list[int]:
    ids: list[int] = tokenizer(f"<user> {prompt}<end><assistant>{answer}<end>")["input_ids"]
    return ids


@pytest.fixture(scope="session")
def chat(tmp_path_factory: pytest.TempPathFactory) -> Chat:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    tokenizer = _tokenizer()
    model = Qwen2ForCausalLM(
        Qwen2Config(
            vocab_size=len(tokenizer),
            hidden_size=48,
            intermediate_size=96,
            num_hidden_layers=4,
            num_attention_heads=4,
            num_key_value_heads=2,
            max_position_embeddings=64,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
            bos_token_id=None,
            tie_word_embeddings=True,
        )
    )
    texts = [(p, REFUSAL) for p in prompts(REFUSED)]
    texts += [(p, ANSWER) for p in prompts((*ANSWERED, *LEAKED))]
    rows = [_row(tokenizer, p, a) for p, a in texts]
    longest = max(map(len, rows))
    ids = torch.tensor([r + [tokenizer.pad_token_id] * (longest - len(r)) for r in rows])
    labels = ids.masked_fill(ids == tokenizer.pad_token_id, -100)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    for _ in range(100):
        model(input_ids=ids, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    directory = tmp_path_factory.mktemp("models") / "chat"
    model.eval().save_pretrained(directory)
    tokenizer.save_pretrained(directory)
    return Chat(directory, model, tokenizer)
