"""Batches of different lengths compute what each row computes alone."""

from __future__ import annotations

import pytest
import torch

from proxy.upstream.embedded.kv import BatchState, PromptState, layers_of
from proxy.upstream.embedded.model import LoadedModel


def prompt_state(loaded: LoadedModel, tokens: tuple[int, ...]) -> PromptState:
    out = loaded.model(torch.tensor([tokens]), use_cache=True)
    return PromptState(tokens, layers_of(out.past_key_values), out.logits[0, -1])


@torch.inference_mode()
@pytest.mark.parametrize("lengths", [(5, 5), (3, 9, 6), (20, 2), (2, 20, 2)])
def test_rows_join_step_and_leave(loaded: LoadedModel, lengths: tuple[int, ...]) -> None:
    batch, texts = BatchState(), []
    for n, length in enumerate(lengths):
        tokens = tuple((7 * n + 3 * k) % 300 for k in range(length))
        batch.join(prompt_state(loaded, tokens), 1)
        texts.append(list(tokens))
        step(loaded, batch, texts, n)  # rows join while others are already under way
    for k in range(70):
        step(loaded, batch, texts, k)
    batch.keep(list(range(1, len(lengths))))
    texts.pop(0)
    step(loaded, batch, texts, 5)
    batch.keep([])
    assert batch.width == 0


def step(loaded: LoadedModel, batch: BatchState, texts: list[list[int]], salt: int) -> None:
    tokens = [(11 * salt + 5 * n) % 300 for n in range(len(texts))]
    for text, token in zip(texts, tokens, strict=True):
        text.append(token)
    got = batch.step(loaded.model, tokens)
    for row, text in zip(got, texts, strict=True):
        alone = loaded.model(torch.tensor([text])).logits[0, -1]
        torch.testing.assert_close(row, alone, atol=2e-4, rtol=1e-4)


@torch.inference_mode()
@pytest.mark.parametrize("length", [1, 2, 9])
def test_the_last_prompt_token_is_computed_again(loaded: LoadedModel, length: int) -> None:
    """Also where nothing stands before it, beside a longer row that leaves before the step."""
    state = prompt_state(loaded, tuple(range(40, 40 + length)))
    batch = BatchState()
    batch.join(prompt_state(loaded, tuple(range(5, 17))), 1)
    batch.join(state.before_last(), 2)
    batch.keep([1, 2])
    assert batch.lengths == [length - 1] * 2
    for row in batch.step(loaded.model, [state.tokens[-1]] * 2):
        torch.testing.assert_close(row, state.last_logits, atol=2e-4, rtol=1e-4)


@torch.inference_mode()
def test_a_prompt_state_is_never_written(loaded: LoadedModel) -> None:
    state = prompt_state(loaded, (1, 2, 3, 4))
    before = [(k.clone(), v.clone()) for k, v in state.layers]
    loaded.model(torch.tensor([[9, 9]]), past_key_values=state.cache(2))
    batch = BatchState()
    batch.join(state, 2)
    batch.step(loaded.model, [5, 6])
    for (k, v), (k0, v0) in zip(state.layers, before, strict=True):
        assert torch.equal(k, k0) and torch.equal(v, v0)
