"""A second pass may mend what was derived from stand-ins, and may bring in nothing else."""

from __future__ import annotations

import asyncio

import pytest

from guard.surface import Role
from sanitizers import Piece, Sanitizer
from sanitizers.recover import Recoverer, verified

USER = "Write to Alice Johnson (alice.johnson@corp.com, card 4111 1111 1111 1111). She pays 12 a week for 4 weeks."
SYSTEM = "Escalate to bob.manager@corp.com only."


@pytest.fixture(scope="module")
def hidden():
    pieces = [Piece(SYSTEM, Role.SYSTEM), Piece(USER)]
    return pieces, Sanitizer(key="k").hide_pieces(pieces)[0]


def ask(answer):
    """A model that gives this answer and keeps what it was asked."""
    asked = []

    async def one(question, seconds):
        asked.append((question, seconds))
        if isinstance(answer, Exception):
            raise answer
        return answer(question) if callable(answer) else answer

    return one, asked


def recover(hidden, answer, sent: str, restored: str, **options):
    one, asked = ask(answer)
    return asyncio.run(Recoverer(one, **options).recover(*hidden, sent, restored)), asked


PLAIN = "Alice Johnson owes you 36 in all, since she pays 12 a week."
MENDED = "Alice Johnson owes you 48 in all, since she pays 12 a week."


@pytest.mark.parametrize(
    ("answer", "result", "text"),
    [
        (MENDED, "revised", MENDED),
        (f"<think>12 * 4 = 48</think>\n{MENDED}\n", "revised", MENDED),
        (f"  {PLAIN}", "unchanged", PLAIN),
        ("", "rejected", PLAIN),
        ("Something else entirely, about the weather in spring and how nice it will be.", "rejected", PLAIN),
        (PLAIN + " Her card is 4111 1111 1111 1111.", "rejected", PLAIN),
        (PLAIN + " Her card is 4111111111111111.", "rejected", PLAIN),
        (PLAIN + " Ask bob.manager@corp.com.", "rejected", PLAIN),
        (PLAIN + " " + "Furthermore, it rains. " * 9, "rejected", PLAIN),
        (TimeoutError(), "unavailable", PLAIN),
        (OSError("text"), "unavailable", PLAIN),
    ],
)
def test_what_becomes_of_a_correction(hidden, answer, result: str, text: str) -> None:
    revision, _ = recover(hidden, answer, "Mary owes you 36", PLAIN)
    assert (revision.result, revision.text) == (result, text)


def test_no_stand_in_comes_back(hidden) -> None:
    pieces, hiding = hidden
    for replaced in hiding.replaced:
        assert not verified(f"{PLAIN} {replaced.text}", PLAIN, pieces, hiding)
        assert not verified(f"{PLAIN} {replaced.text.upper()}", PLAIN, pieces, hiding)
    assert verified(MENDED, PLAIN, pieces, hiding)


@pytest.mark.parametrize(
    ("answer", "fits"),
    [('{"sum": 48, "who": "Alice"}', True), ('{"sum": 48}', False), ("The sum is 48", False), ("[48]", False)],
)
def test_json_stays_json_of_its_shape(hidden, answer: str, fits: bool) -> None:
    assert verified(answer, '{"sum": 36, "who": "Alice"}', *hidden) is fits


@pytest.mark.parametrize(
    ("sent", "restored", "options", "result"),
    [
        ("Hello there.", "Hello there.", {}, "unneeded"),
        ("In 3 weeks.", "In 3 weeks.", {}, "unchanged"),
        ("三周后。", "三周后。", {}, "unchanged"),
        ("Hello Mary.", "Hello Alice.", {}, "unchanged"),
        ("x", "3" * 300, {"max_tokens": 100}, "too_long"),
    ],
)
def test_when_it_is_asked(hidden, sent: str, restored: str, options, result: str) -> None:
    revision, asked = recover(hidden, restored, sent, restored, **options)
    assert revision.result == result
    assert bool(asked) == (result == "unchanged")


def test_what_it_is_shown(hidden) -> None:
    """The user's text and the pairs, the restored answer; nothing of system prompts."""
    _, ((question, seconds),) = recover(hidden, MENDED, "x 1", PLAIN, seconds=7.0, max_tokens=321)
    shown = question.messages[-1]["content"]
    assert USER in shown and PLAIN in shown and " stood for Alice Johnson" in shown
    assert SYSTEM not in shown and "bob.manager" not in shown
    assert (seconds, question.max_tokens, question.schema) == (7.0, 321, None)
