"""Server-sent events: the same events wherever the bytes were split."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import UpstreamError
from proxy.upstream.base import Event
from proxy.upstream.sse import DONE, SSEParser, encode


def parse(*chunks: bytes, limit: int = 1 << 20) -> list[Event]:
    parser = SSEParser(max_event_bytes=limit)
    return [event for chunk in chunks for event in parser.feed(chunk)] + parser.close()


CASES: list[tuple[bytes, list[Event]]] = [
    (b"data: a\n\n", [Event(b"a")]),
    (b"data:a\n\n", [Event(b"a")]),
    (b"data:  a\n\n", [Event(b" a")]),
    (b"data: a\r\n\r\ndata: b\r\n\r\n", [Event(b"a"), Event(b"b")]),
    (b"data: a\r\rdata: b\r\r", [Event(b"a"), Event(b"b")]),
    (b"data: a\ndata: b\ndata\n\n", [Event(b"a\nb\n")]),
    (b"event: x\ndata: a\n\ndata: b\n\n", [Event(b"a", "x"), Event(b"b")]),
    (b"id: 5\nretry: 10\nunknown: z\ndata: a\n\n", [Event(b"a")]),
    (b"event: only\n\ndata: a\n\n", [Event(b"a")]),
    (b": ping\n\ndata: a\n\n", [Event(comment=b"ping"), Event(b"a")]),
    (b"data: a\n: mid\ndata: b\n\n", [Event(comment=b"mid"), Event(b"a\nb")]),
    (b":\n\n", [Event(comment=b"")]),
    (b"\xef\xbb\xbfdata: a\n\n", [Event(b"a")]),
    (b"data: a\n\ndata: [DONE]", [Event(b"a"), DONE]),
    (b"data: [DONE]\n", [DONE]),
    (b"\n\n\n", []),
    (b"", []),
    ("data: é漢\n\n".encode(), [Event("é漢".encode())]),
]


@pytest.mark.parametrize(("raw", "expected"), CASES)
def test_parsing(raw: bytes, expected: list[Event]) -> None:
    assert parse(raw) == expected


@pytest.mark.parametrize(("raw", "expected"), CASES)
def test_byte_by_byte(raw: bytes, expected: list[Event]) -> None:
    assert parse(*(raw[i : i + 1] for i in range(len(raw)))) == expected


LINES = st.lists(st.sampled_from([b"data: x", b"data: {}", b"event: e", b": c", b"", b"", "data: 漢".encode(), b"odd"]))
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])


@given(LINES, ENDS, st.lists(st.integers(0, 300)))
def test_chunking_never_matters(lines: list[bytes], end: bytes, cuts: list[int]) -> None:
    raw = end.join(lines)
    at = [0, *sorted(c % (len(raw) + 1) for c in cuts), len(raw)]
    assert parse(*(raw[a:b] for a, b in itertools.pairwise(at))) == parse(raw)


@given(
    st.lists(
        st.builds(
            Event,
            st.binary(min_size=1).filter(lambda b: b"\r" not in b),
            st.none() | st.from_regex(r"[a-z.]{1,12}", fullmatch=True),
        )
        | st.builds(Event, comment=st.binary().filter(lambda b: b"\r" not in b and b"\n" not in b))
    )
)
def test_what_is_encoded_is_read_back(events: list[Event]) -> None:
    assert parse(b"".join(map(encode, events))) == events


@pytest.mark.parametrize("chunks", [(b"data: " + b"x" * 100,), (b"data: x\n",) * 20, (b"d", b"x" * 40, b"x" * 40)])
def test_an_event_has_a_bound(chunks: tuple[bytes, ...]) -> None:
    with pytest.raises(UpstreamError) as caught:
        parse(*chunks, limit=64)
    assert caught.value.reason == "oversize"


def test_many_small_events_and_comments_are_no_large_one() -> None:
    assert len(parse(b"data: x\n\n" * 1000 + b": c\n" * 1000, limit=64)) == 2000
