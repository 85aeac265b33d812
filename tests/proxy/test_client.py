"""Bodies: read within bounds, parsed within bounds."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.errors import RequestError
from proxy import client as client_module
from proxy.client import Client, ClientGone, parse_json

LIMIT = 8


def read(*pieces: bytes | None, headers: dict[bytes, bytes] | None = None, limit: int = LIMIT) -> bytes:
    """The body a client makes of these pieces; None hangs up."""
    left = list(pieces)

    async def receive() -> dict[str, Any]:
        if not left:
            await asyncio.sleep(60)
        piece = left.pop(0)
        if piece is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": piece, "more_body": bool(left)}

    return asyncio.run(Client(receive, headers or {}).body(limit))


@given(st.lists(st.binary(max_size=6), min_size=1, max_size=6))
def test_a_body_is_read_whole_or_refused(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    if len(whole) <= LIMIT:
        assert read(*pieces) == whole
    else:
        with pytest.raises(RequestError) as error:
            read(*pieces)
        assert error.value.status == 413


@pytest.mark.parametrize(
    ("pieces", "headers", "status"),
    [
        ((b"",), {b"content-length": b"9"}, 413),
        ((b"",), {b"content-length": b"99999999999999999999"}, 413),
        ((b"x",), {b"content-encoding": b"br"}, 415),
    ],
)
def test_refusals_by_header(pieces: tuple[bytes, ...], headers: dict[bytes, bytes], status: int) -> None:
    with pytest.raises(RequestError) as error:
        read(*pieces, headers=headers)
    assert error.value.status == status


def test_a_client_that_stops_sending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "BODY_IDLE_SECONDS", 0.05)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        raise AssertionError

    with pytest.raises(RequestError) as error:
        asyncio.run(Client(receive, {}).body(LIMIT))
    assert error.value.status == 408


@pytest.mark.parametrize("pieces", [(None,), (b"ab", None)])
def test_a_client_that_hangs_up(pieces: tuple[bytes | None, ...]) -> None:
    with pytest.raises(ClientGone):
        read(*pieces)


def depth(value: Any) -> int:
    if not isinstance(value, (dict, list)):
        return 0
    return 1 + max((depth(v) for v in (value.values() if isinstance(value, dict) else value)), default=0)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(alphabet='ab{}[]"é', max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=2), inner, max_size=3),
    max_leaves=20,
)


@given(st.dictionaries(st.text("abc", max_size=2), VALUES, max_size=4), st.integers(1, 6))
def test_depth_is_bounded_exactly(body: dict[str, Any], limit: int) -> None:
    raw = json.dumps(body).encode()
    if depth(body) <= limit:
        assert parse_json(raw, max_depth=limit) == body
    else:
        with pytest.raises(RequestError) as error:
            parse_json(raw, max_depth=limit)
        assert error.value.code == "too_deep"


@given(st.binary(max_size=60))
def test_any_bytes_parse_or_are_refused_without_being_quoted(raw: bytes) -> None:
    try:
        assert isinstance(parse_json(raw, max_depth=8), dict)
    except RequestError as error:
        assert error.status == 400 and error.__cause__ is None


def test_parse_errors_do_not_quote() -> None:
    with pytest.raises(RequestError) as error:
        parse_json(b'{"a": maria@lopez.org}', max_depth=8)
    assert "maria" not in str(error.value)


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1}', max_depth=8) == {"a": 1}
    for raw in (b"\xef\xbb\xbf", b"\xef\xbb\xbf\xef\xbb\xbf{}", b"\xff\xfe{\0}\0"):
        with pytest.raises(RequestError) as error:
            parse_json(raw, max_depth=8)
        assert error.value.status == 400
