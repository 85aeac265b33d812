"""Whole chat and text completion answers: what goes with changed text, and what our proxy adds at the top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guard.errors import Blocked, CheckUnavailable
from guard.surface import ChannelKind
from proxy.wire.answer import OTHER, Filters, Tally
from proxy.wire.request import WireRequest
from proxy.wire.stream import PROMPT_ECHO, TOP


def strip(choice: dict[str, Any], request: WireRequest | None, tally: Tally, changed: bool) -> None:
    """Take out what repeats text in another form (L2, L4): log-probabilities become null, echoes go."""
    if changed:
        if choice.get("logprobs") is not None:
            choice["logprobs"] = None
            tally.logprobs_stripped = True
        if choice.pop("token_ids", None) is not None:
            tally.logprobs_stripped = True
    if changed or (request is not None and request.rewritten):
        for name in PROMPT_ECHO:
            if choice.pop(name, None) is not None:
                tally.logprobs_stripped = True


def finish(
    answer: dict[str, Any], request: WireRequest | None, filters: Filters, moderation: Mapping[str, Any] | None
) -> None:
    """The top of an answer: usage is noted, echoes of a rewritten prompt go, our moderation object comes."""
    tally = filters.tally
    if isinstance(answer.get("usage"), dict):
        tally.usage = answer["usage"]
    if tally.changed or (request is not None and request.rewritten):
        for name in PROMPT_ECHO:
            if answer.pop(name, None) is not None:
                tally.logprobs_stripped = True
    for name in answer.keys() - TOP:
        try:
            filters.put(answer, name, ChannelKind.CONTENT, 0, OTHER)
        except (Blocked, CheckUnavailable) as error:
            tally.blocked.append(error.check)
            del answer[name]
    if moderation is not None:
        answer["moderation"] = moderation
