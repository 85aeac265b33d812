from __future__ import annotations

from typing import Any

from guard.model_identity import ModelIdentity
from steering.artifact import Subspace, Target
from steering.evaluate import answers
from steering.hooks import Steerer
from steering.subspace import fit
from tests.steering.conftest import ANSWER, ANSWERED, LEAKED, REFUSAL, REFUSED, Chat, prompts


def fitted(chat: Chat, **options: Any) -> Subspace:
    return fit(
        chat.model,
        chat.tokenizer,
        identity=ModelIdentity.of(chat.directory),
        safe=prompts(REFUSED),
        benign=prompts(ANSWERED),
        opposite=prompts(LEAKED),
        **{"rank": 2, "layers": [1, 2], "target": Target.CENTROID, **options},
    ).subspace


def test_answers_come_in_order_whatever_the_padding(chat: Chat) -> None:
    asked = ["my friend wants to cook please", "rob now", "swim now"]
    together = answers(chat.model, chat.tokenizer, asked)
    assert [a.text for a in together] == [ANSWER, REFUSAL, ANSWER]
    assert [a.refused for a in together] == [False, True, False]
    assert together == [answers(chat.model, chat.tokenizer, [p])[0] for p in asked]


def test_strength_zero_is_the_plain_model(chat: Chat) -> None:
    steerer = Steerer(chat.model, fitted(chat)).install()
    asked = prompts(LEAKED)
    plain = answers(chat.model, chat.tokenizer, asked, steerer=steerer, strength=0.0)
    steerer.remove()
    assert plain == answers(chat.model, chat.tokenizer, asked)
