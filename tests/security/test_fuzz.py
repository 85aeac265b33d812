"""Whatever bytes, bodies and texts come: parsers refuse with their own error, and nothing is lost or invented.

`GUARD_FUZZ_EXAMPLES=5000 pytest tests/security/test_fuzz.py` tries so many examples of each in place of a hundred.
"""

from __future__ import annotations

import os
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.errors import RequestError, UpstreamError
from guard.surface import ChannelKind, Role
from proxy.client import parse_json
from proxy.upstream.base import Event
from proxy.upstream.sse import SSEParser, encode
from proxy.wire import chat, completions, embeddings, moderations, responses
from sanitizers import Sanitizer, SanitizerOptions
from sanitizers.detect import Detector, DetectorOptions
from sanitizers.hide import Piece
from sanitizers.restore import Restorer
from tests.proxy.wire import bodies

EXAMPLES = int(os.environ.get("GUARD_FUZZ_EXAMPLES", "100"))
fuzz = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))

VALUES = ["maria@lopez.org", "4111 1111 1111 1111", "415-209-3456", "张伟 13812345678", "sk-proj-" + "a1B2" * 12]
ODD = [" ", "\n", "\\u0041", "\u200b", "\u202e", "@", "ſ", "Ⅷ", "👩‍👩‍👧", "\x00"]
texts = st.one_of(st.text(max_size=200), st.lists(st.sampled_from([*VALUES, *ODD]), max_size=20).map("".join))
KNOWN = ["messages", "role", "content", "type", "text", "tools", "input", "model", "stream"]
names = st.one_of(st.sampled_from(KNOWN), texts)
trees: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(names, inner, max_size=4)),
    max_leaves=20,
)

ENDPOINTS: list[tuple[Any, Any]] = [
    (chat, bodies.chat),
    (completions, bodies.completions),
    (embeddings, bodies.embeddings),
    (moderations, bodies.moderations),
    (responses, bodies.responses),
]


def spots(value: Any) -> list[tuple[Any, Any]]:
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else []
    )
    return [(value, key) for key, _ in items] + [spot for _, inner in items for spot in spots(inner)]


@pytest.mark.parametrize(("endpoint", "body"), ENDPOINTS, ids=lambda v: getattr(v, "__name__", "").split(".")[-1])
@fuzz
@given(st.data())
def test_request_parsers(endpoint: Any, body: Any, data: st.DataObject) -> None:
    """A good body with junk somewhere, or junk alone: a request whose every surface is a text, or a 400."""
    wish = body() if data.draw(st.integers(0, 9)) else data.draw(trees)
    for _ in range(data.draw(st.integers(0, 3))):
        places = spots(wish)
        if places:
            holder, key = data.draw(st.sampled_from(places))
            holder[key] = data.draw(trees)
    try:
        request = endpoint.parse(wish)
    except RequestError as error:
        assert 400 <= error.status < 500
        return
    for surface in request.surfaces:
        assert isinstance(surface.text, str)
        surface.write(surface.text + "!")
    request.commit()
    orjson.dumps(request.body)
    request.messages()
    request.tools()
    request.prompts()


@fuzz
@given(st.one_of(st.binary(max_size=400), trees.map(orjson.dumps)))
def test_bodies(raw: bytes) -> None:
    try:
        body = parse_json(raw, max_depth=16)
    except RequestError as error:
        assert error.status == 400 and not any(v in str(error) for v in VALUES)
    else:
        assert isinstance(body, dict)


lines = st.one_of(
    st.sampled_from([b"data: ", b"data:", b"event: x", b": ping", b"\n", b"\r", b"\r\n", b"id: 1", b"[DONE]", b"{}"]),
    st.binary(max_size=30),
)


@fuzz
@given(st.lists(lines, max_size=40).map(b"".join), st.data())
def test_event_streams(raw: bytes, data: st.DataObject) -> None:
    """The same events wherever the reads are split; what is written again reads the same."""
    whole = SSEParser(max_event_bytes=4096)
    want = [*whole.feed(raw), *whole.close()]
    parser, got = SSEParser(max_event_bytes=4096), []
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True):
        got += parser.feed(raw[start:end])
    assert got + parser.close() == want
    again = SSEParser()
    events = [e for e in want if e.data and b"\r" not in e.data and e.event is None]
    assert [e.data for e in again.feed(b"".join(encode(Event(e.data)) for e in events))] == [e.data for e in events]


@fuzz
@given(st.lists(st.binary(min_size=1, max_size=60), max_size=10))
def test_streamed_answers(pieces: list[bytes]) -> None:
    """Event data of any kind ends a stream in good order, or is refused as malformed."""
    for endpoint in (chat, completions, responses):
        wish = {"model": "m", "stream": True, **({"messages": []} if endpoint is chat else {})}
        wish |= {"prompt": "x"} if endpoint is completions else {"input": "x"} if endpoint is responses else {}
        stream = endpoint.stream_filter(lambda channel: None, endpoint.parse(wish))
        error = None
        try:
            for piece in pieces:
                stream.feed(Event(piece))
        except UpstreamError as caught:
            error = caught
        stream.close(error)
        assert stream.close() == [] and stream.held == 0


DETECTOR = Detector(DetectorOptions(ner=(), remember=0))
SANITIZER = Sanitizer(SanitizerOptions(ner=()), key="for the fuzzer only")


@fuzz
@given(texts)
def test_recognisers(text: str) -> None:
    """Finds lie within the text, in order, without overlap, and hold more than nothing."""
    spans = DETECTOR.detect(text)
    assert all(0 <= s.start < s.end <= len(text) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))


@fuzz
@given(texts, st.data())
def test_hide_and_restore(text: str, data: st.DataObject) -> None:
    """What was hidden comes back exactly, however the answer is cut; a text with nothing in it is untouched."""
    hiding, _ = SANITIZER.hide_pieces([Piece(text, Role.USER)], tenant="")
    sent = hiding.texts[0]
    restorer = Restorer(hiding.table, ChannelKind.CONTENT)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=6)))
    out = [restorer.feed(sent[a:b]) for a, b in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    assert "".join(out) + restorer.close() == text
    assert restorer.held == 0
