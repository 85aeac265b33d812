"""Stop strings: however text is cut into pieces, the same is released, and never a stop string."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.upstream.embedded.stops import StopScanner

texts = st.text(alphabet="abc", max_size=40)
stops = st.lists(st.text(alphabet="abc", min_size=1, max_size=4), max_size=3)


def released(pieces: list[str], stops: list[str]) -> tuple[str, bool]:
    scanner = StopScanner(stops)
    out = "".join(scanner.feed(p) for p in pieces)
    return out + scanner.close(), scanner.stopped


@pytest.mark.parametrize(
    ("pieces", "stops", "text", "stopped"),
    [
        (["hello"], [], "hello", False),
        (["hello"], ["ll"], "he", True),
        (["hel", "lo"], ["ll"], "he", True),
        (["hel", "p"], ["ll"], "help", False),
        (["a", "a", "b"], ["aab"], "", True),
        (["a", "a", "a", "b"], ["aab"], "a", True),
        (["abcd"], ["abcd", "bc"], "a", True),
        (["ab", "cd"], ["abcd", "bc"], "a", True),
        (["x", ""], [""], "x", False),
    ],
)
def test_table(pieces: list[str], stops: list[str], text: str, stopped: bool) -> None:
    assert released(pieces, stops) == (text, stopped)


@given(texts, stops, st.data())
def test_cutting_changes_nothing(text: str, stops: list[str], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    out, stopped = released(pieces, stops)
    assert (out, stopped) == released(list(text), stops)
    assert stopped == any(s in text for s in stops)
    assert text.startswith(out)
    assert not any(s in out for s in stops)


@given(texts, stops)
def test_nothing_is_held_that_cannot_become_a_stop(text: str, stops: list[str]) -> None:
    scanner = StopScanner(stops)
    shown = ""
    for end, char in enumerate(text, 1):
        shown += scanner.feed(char)
        if scanner.stopped:
            break
        held = text[len(shown) : end]
        assert not held or any(s.startswith(held) and s != held for s in stops)
