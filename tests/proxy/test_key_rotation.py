"""A new surrogate key takes over in a running proxy; what the provider remembers of the old one comes back."""

from __future__ import annotations

from typing import Any

import httpx2

from sanitizers import Sanitizer
from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream, Received, Writer, send_json

OLD, NEW = "the key of last year, long enough", "the key of this year, long enough"
TEXT = "Write to maria.lopez@corp-internal.org, please."


class Remembering(FaultyUpstream):
    """Answers with what it was told under the old key, as a provider that keeps conversations would."""

    async def _answer(self, request: Received, writer: Writer) -> None:
        said = Sanitizer(key=OLD).hide(TEXT, tenant="").text
        message = {"role": "assistant", "content": said}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        await send_json(
            writer, {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        )


def test_a_conversation_goes_on_over_a_change_of_key() -> None:
    body = {"model": "m", "messages": [{"role": "user", "content": TEXT}]}
    with Remembering() as upstream:
        settings: dict[str, Any] = {
            "upstreams": {"cloud": {"kind": "openai", "base_url": upstream.url, "api_key": "sk-upstream"}},
            "policies": {"default": {"sanitize": {}}},
            "routes": [{"upstream": "cloud"}],
            "surrogate_key": OLD,
        }
        with Proxy.running(settings, watched=True) as proxy:
            changes: list[dict[str, Any]] = [{}, {"surrogate_key": NEW, "old_surrogate_keys": [OLD]}]
            changes.append({"old_surrogate_keys": []})
            answers = []
            for change in changes:
                if change:
                    proxy.reload(**change)
                answer = httpx2.post(f"{proxy.url}/chat/completions", json=body).json()
                answers.append(answer["choices"][0]["message"]["content"] == TEXT)
            assert answers == [True, True, False], "until the old key is dropped"
        sent = [request.json["messages"][0]["content"] for request in upstream.requests]
        assert sent == [Sanitizer(key=key).hide(TEXT).text for key in (OLD, NEW, NEW)]


def test_only_a_key_that_is_named_restores() -> None:
    settings: dict[str, Any] = {
        "policies": {"default": {"sanitize": {}}},
        "routes": [{"upstream": "cloud"}],
        "surrogate_key": NEW,
    }
    body = {"model": "m", "messages": [{"role": "user", "content": TEXT}]}
    with Remembering() as upstream:
        settings["upstreams"] = {"cloud": {"kind": "openai", "base_url": upstream.url, "api_key": "sk-upstream"}}
        answers = []
        for old in ([], [OLD]):
            with Proxy.running({**settings, "old_surrogate_keys": old}) as proxy:
                answer = httpx2.post(f"{proxy.url}/chat/completions", json=body).json()
                answers.append(answer["choices"][0]["message"]["content"])
        assert answers[0] != TEXT and "corp-internal" not in answers[0]
        assert answers[1] == TEXT
        sent = [request.json["messages"][0]["content"] for request in upstream.requests]
        assert sent[0] == sent[1] == Sanitizer(key=NEW).hide(TEXT).text
