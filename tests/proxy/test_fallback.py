"""Handing a request over to another upstream: nothing that the policy asks for is lost on the way."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import httpx2 as httpx
import pytest

from guard.chain import Chain, Link
from guard.check import Exchange
from guard.errors import UpstreamError
from guard.verdict import Decision, Finding, OnError, Verdict
from proxy.assembly import Guarded
from proxy.fallback import handed_over
from proxy.paths import Route
from proxy.upstream.base import Call, Reply
from steering.check import SteerCheck
from tests.proxy.serving import Echo, Hide, Judge, assembly, guarded, serve


class Down(Echo):
    """Refuses every connection."""

    async def send(self, call: Call) -> Reply:
        self.calls.append(call)
        raise UpstreamError("the upstream cannot be reached", reason="connect")


def bound(
    upstream: Echo, *, ladder: object | None = None, steers: bool = True, on_error: OnError = OnError.BLOCK, **more: Any
) -> Guarded:
    """Hiding, a probe and steering; an upstream with a `ladder` does the last two by itself."""
    steer = SteerCheck(steer_at=1, block_at=2, min_strength=0.3, max_strength=1.0, available=steers)
    own = [] if ladder is not None else [Link(Judge()), Link(steer, on_error=on_error)]
    chain = Chain([Link(Hide()), *own])
    return Guarded(
        policy="default", upstream_name=upstream.name, upstream=upstream, chain=chain, embed=Chain([Link(Hide())]),
        check=chain, strict=chain, ladder=ladder, strict_ladder=ladder, block_message="No.", **more,
    )  # fmt: skip


def exchange(text: str, findings: Sequence[Finding] = ()) -> Exchange:
    return Exchange(
        endpoint="/v1/chat/completions", model="m", tenant="", request_id="r", surfaces=(),
        messages=lambda: [{"role": "user", "content": text}], tools=lambda: None, findings=list(findings),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "first", "spare", "verdict", "strength"),
    [
        ("fine", {}, {}, Verdict.ALLOW, 0.0),
        ("bad", {}, {}, Verdict.STEER, 0.5),
        ("bad", {}, {"steers": False}, None, 0.0),  # it must not run unsteered in silence
        ("bad", {}, {"steers": False, "on_error": OnError.ALLOW}, Verdict.STEER, 0.5),  # the probe double steers too
        ("bad", {"ladder": object()}, {}, Verdict.STEER, 0.5),
        ("bad bad", {"ladder": object()}, {}, Verdict.BLOCK, 0.0),  # the first one would have blocked it itself
        ("unscorable", {"ladder": object()}, {}, None, 0.0),
        ("bad bad", {"ladder": object()}, {"ladder": object()}, Verdict.ALLOW, 0.0),  # the spare scores by itself
    ],
)
def test_what_is_asked_again(
    text: str, first: dict[str, Any], spare: dict[str, Any], verdict: Verdict | None, strength: float
) -> None:
    async def run() -> Decision | None:
        one, two = bound(Echo("one"), **first), bound(Echo("two"), **spare)
        asked = exchange(text)
        decision = await one.chain.inspect(asked)
        return await handed_over(one, two, asked, decision, Route.CHAT, strict=False)

    found = asyncio.run(run())
    assert (None if found is None else found.verdict) == verdict
    if found is not None:
        assert found.strength == pytest.approx(strength, abs=0.2)
        names = [f.check for f in found.findings]
        assert len(names) == len(set(names)), "a check is counted once"


def test_a_block_at_the_fallback_is_a_block() -> None:
    down, spare = Down("down"), Echo("spare")
    guards = [bound(down, ladder=object(), fallbacks=(bound(spare),))]
    with serve(lambda: assembly(guards)) as serving:
        body = {"model": "echo", "messages": [{"role": "user", "content": "bad bad"}]}
        answer = httpx.post(f"{serving.url}/v1/chat/completions", json=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "content_policy_violation")
        assert answer.headers["x-guardchain-decision"] == "block" and not spare.calls
        assert serving.records[0].upstream == "spare"


def test_hidden_text_stays_hidden_and_comes_back() -> None:
    down, spare = Down("down"), Echo("spare")
    guards = [bound(down, model="theirs", fallbacks=(bound(spare),))]
    with serve(lambda: assembly(guards)) as serving:
        body = {"model": "echo", "messages": [{"role": "user", "content": "a secret"}]}
        answer = httpx.post(f"{serving.url}/v1/chat/completions", json=body)
        assert answer.json()["choices"][0]["message"]["content"] == "a secret"
        assert down.calls[0].body["messages"][0]["content"] == "a QQQQ" == spare.calls[0].body["messages"][0]["content"]
        assert spare.calls[0].body["model"] == "echo"  # the client's name, not the one for the first upstream
        assert serving.records[0].upstream == "spare"


def test_a_response_that_builds_on_another_stays_where_that_one_is() -> None:
    down, spare = Down("down"), Echo("spare")
    guards = [guarded(down, fallbacks=(guarded(spare),), options=_references())]
    with serve(lambda: assembly(guards)) as serving:
        body = {"model": "echo", "input": "hi", "previous_response_id": "resp_1"}
        assert httpx.post(f"{serving.url}/v1/responses", json=body).status_code == 502
        assert down.calls and not spare.calls


def _references() -> Any:
    from proxy.wire.request import Options

    return Options(allow_references=True)
