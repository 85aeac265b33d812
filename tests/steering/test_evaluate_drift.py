from __future__ import annotations

import math
from typing import Any

import pytest
import torch

from guard.errors import ArtifactError
from steering.evaluate import answers
from steering.evaluate_drift import Reference
from steering.hooks import Steerer
from steering.prompts import render
from tests.steering.conftest import ANSWERED, Chat, prompts
from tests.steering.test_evaluate import fitted


def reference(chat: Chat, asked: list[str]) -> Reference:
    return Reference(chat.model, chat.tokenizer, asked, [a.ids for a in answers(chat.model, chat.tokenizer, asked)])


def test_strength_zero_does_not_drift_and_more_drifts_more(chat: Chat) -> None:
    made, steerer = reference(chat, prompts(ANSWERED)), Steerer(chat.model, fitted(chat)).install()
    found = [made.drift(steerer, strength) for strength in (0.0, 0.1, 0.6)]
    steerer.remove()
    assert (found[0].perplexity, found[0].kl) == (1.0, 0.0)
    assert 1.0 < found[1].perplexity < found[2].perplexity
    assert 0.0 < found[1].kl < found[2].kl


def test_equals_the_definition_one_prompt_at_a_time(chat: Chat) -> None:
    """No batch, no padding, the sums of the definition written out."""
    asked = ["swim now", "my friend wants to cook please"]
    subspace = fitted(chat, window=1)
    steerer = Steerer(chat.model, subspace).install()
    got = reference(chat, asked).drift(steerer, 0.5)
    loss, kl, count = 0.0, 0.0, 0
    for prompt, answer in zip(asked, answers(chat.model, chat.tokenizer, asked), strict=True):
        start = render(chat.tokenizer, prompt)
        ids = torch.tensor([[*start, *answer.ids]])
        plain = _logs(chat.model, ids)
        with steerer.strengths(torch.tensor([0.5]), len(start) - 1):
            steered = _logs(chat.model, ids)
        for at, token in enumerate(answer.ids, len(start) - 1):
            loss += float(plain[at, token] - steered[at, token])
            kl += sum(math.exp(float(p)) * float(p - q) for p, q in zip(plain[at], steered[at], strict=True))
            count += 1
    steerer.remove()
    assert got.perplexity == pytest.approx(math.exp(loss / count), rel=1e-4)
    assert got.kl == pytest.approx(kl / count, rel=1e-4)


def _logs(model: Any, ids: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = torch.log_softmax(model(input_ids=ids).logits[0], -1)
    return found


def test_a_model_that_says_nothing_is_an_error(chat: Chat) -> None:
    with pytest.raises(ArtifactError, match="says nothing"):
        Reference(chat.model, chat.tokenizer, ["swim now"], [()])
