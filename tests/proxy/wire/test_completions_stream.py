"""Streamed text completions."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from openai.types import Completion

from proxy.wire import completions
from tests.proxy.wire.doubles import SECRET, SURROGATE, Refuse, drain, mask, restore

S = SURROGATE


def chunk(text: str, index: int = 0, finish: str | None = None, **more: Any) -> dict[str, Any]:
    choice = {"index": index, "text": text, "logprobs": None, "finish_reason": finish, **more}
    return {"id": "c1", "object": "text_completion", "created": 7, "model": "m", "choices": [choice]}


def asked(**more: Any) -> Any:
    return mask(completions.parse({"model": "m", "prompt": f"About {SECRET}", "stream": True, **more}))


def said(out: list[dict[str, Any]], index: int = 0) -> str:
    return "".join(c["text"] for o in out for c in o["choices"] if c["index"] == index)


@given(st.lists(st.sampled_from([S, S[:4], S[4:], "a", "é", ""])), st.booleans())
def test_text_is_restored_wherever_it_was_cut(parts: list[str], at_once: bool) -> None:
    chunks = [chunk(p) for p in parts]
    chunks = (
        [*chunks[:-1], chunk(parts[-1], finish="stop")] if at_once and parts else [*chunks, chunk("", finish="stop")]
    )
    out = drain(completions.stream_filter(restore, asked()), chunks)
    assert said(out) == "".join(parts).replace(S, SECRET)
    assert out[-1]["choices"][0]["finish_reason"] == "stop"
    for one in out:
        Completion.model_validate(
            {**one, "choices": [{**c, "finish_reason": c["finish_reason"] or "stop"} for c in one["choices"]]}
        )


def test_logprobs_wait_for_their_text() -> None:
    def tokens(*names: str) -> dict[str, Any]:
        return {
            "tokens": list(names),
            "text_offset": [0],
            "token_logprobs": [-1.0],
            "top_logprobs": [dict.fromkeys(names, -1.0)],
        }

    filter = completions.stream_filter(restore, asked())
    out = drain(
        filter, [chunk("PE", logprobs=tokens("PE")), chunk("A ", logprobs=tokens("A ")), chunk("", finish="stop")]
    )
    found = [c["logprobs"] for o in out for c in o["choices"] if c.get("logprobs")]
    assert [f["tokens"] for f in found] == [["PE", "A "]]
    filter = completions.stream_filter(restore, asked())
    out = drain(filter, [chunk(S, logprobs=tokens(S)), chunk("", finish="stop")])
    assert said(out) == SECRET and not any(c.get("logprobs") for o in out for c in o["choices"])


def test_a_block_ends_one_prompt() -> None:
    filter = completions.stream_filter(lambda c: Refuse(), asked(n=2))
    out = drain(filter, [chunk("FORBIDDEN", 0), chunk("ok", 1), chunk("", 1, "stop")])
    ends = [(c["index"], c["finish_reason"]) for o in out for c in o["choices"] if c["finish_reason"]]
    assert ends == [(0, "content_filter"), (1, "stop")] and said(out, 0) == "" and said(out, 1) == "ok"
