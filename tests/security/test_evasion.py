"""Tricks with JSON, paths and headers: what one reader sees and another does not must not slip past a guard."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.support.proxy import Proxy
from tests.support.raw import _exchange, request
from tests.support.upstream import FaultyUpstream

SECRET = "maria.lopez@corp-internal.org"


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as up:
        yield up


@pytest.fixture(scope="module")
def proxy(upstream: FaultyUpstream) -> Iterator[Proxy]:
    with Proxy.in_front_of(upstream, policy={"sanitize": {"ner": []}}) as running:
        yield running


def says(text: str) -> str:
    return json.dumps([{"role": "user", "content": text}])


TEXT = f"write to {SECRET}"
ESCAPED = "".join(f"\\u{ord(c):04x}" for c in SECRET)
GOOD = '{"model": "all", "messages": ' + says("hi")
BODIES = {
    "escaped key": '{"model": "all", "\\u006d\\u0065ssages": ' + says(TEXT) + "}",
    "escaped value": '{"model": "all", "messages": [{"role": "user", "content": "' + ESCAPED + '"}]}',
    "key twice": '{"model": "all", "messages": ' + says("hi") + ', "messages": ' + says(TEXT) + "}",
    "key twice, once escaped": '{"model": "all", "messages": ' + says(TEXT) + ', "\\u006dessages": ' + says(TEXT) + "}",
    "inner key twice": '{"model": "all", "messages": [{"role": "user", "content": "hi", "content": "' + TEXT + '"}]}',
    "role twice": '{"model": "all", "messages": [{"role": "x", "role": "user", "content": "' + TEXT + '"}]}',
    "part type twice": '{"model": "all", "messages": [{"role": "user", "content": '
    '[{"type": "image_url", "type": "text", "text": "' + TEXT + '"}]}]}',
    "key with a NUL": GOOD + ', "user\\u0000": "' + SECRET + '"}',
    "key in capitals": GOOD + ', "Messages": ' + says(TEXT) + "}",
    "key in wide letters": GOOD + ', "ｍessages": ' + says(TEXT) + "}",
    "key with a space": GOOD + ', "messages ": ' + says(TEXT) + "}",
    "key with a soft hyphen": GOOD + ', "mess\u00adages": ' + says(TEXT) + "}",
    "proto": GOOD + ', "__proto__": {"messages": ' + says(TEXT) + "}}",
    "byte order mark": "\ufeff" + '{"model": "all", "messages": ' + says(TEXT) + "}",
    "comment": '{"model": "all", /* x */ "messages": ' + says(TEXT) + "}",
    "two bodies": GOOD + "}" + '{"messages": ' + says(TEXT) + "}",
    "text in a control field": GOOD + ', "service_tier": "' + SECRET + '"}',
    "text in a key": GOOD + ', "metadata": {"' + SECRET + '": "x"}}',
    "text in a key of arguments": '{"model": "all", "messages": [{"role": "assistant", "tool_calls": [{"id": "c", '
    '"type": "function", "function": {"name": "f", "arguments": "{\\"' + SECRET + '\\": 1}"}}]}]}',
    "arguments escaped twice": '{"model": "all", "messages": [{"role": "assistant", "tool_calls": [{"id": "c", "type": '
    '"function", "function": {"name": "f", "arguments": "{\\"a\\": \\"' + ESCAPED.replace("\\", "\\\\") + '\\"}"}}]}]}',
    "zero width in the value": '{"model": "all", "messages": ' + says(TEXT.replace("@", "@\u200b")) + "}",
}  # fmt: skip


def plain(body: bytes) -> str:
    """What any reader could make of the bytes: escapes resolved, also those inside strings."""
    text = body.decode("utf-8", "replace")
    for _ in range(3):
        text = text.replace("\\\\", "\\")
        text = text.encode("latin-1", "backslashreplace").decode("unicode_escape", "replace")
    return text.replace("\u200b", "")


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_json(proxy: Proxy, upstream: FaultyUpstream, body: str) -> None:
    """Refused, or sent on without the value; never sent on with it."""
    sent = len(upstream.requests)
    status, _, answer = request(proxy.address, "POST", "/v1/chat/completions", body.encode())
    assert status in (200, 400), answer
    for one in upstream.requests[sent:]:
        assert SECRET not in plain(one.body)
        assert one.body.count(b'"messages"') == 1
    if status == 400:
        assert len(upstream.requests) == sent and SECRET.encode() not in answer


LINES = [
    "POST http://127.0.0.1:9/v1/chat/completions HTTP/1.1",
    "POST /v1/chat/completions%00 HTTP/1.1",
    "POST /v1/chat/completions%20 HTTP/1.1",
    "POST /v1/chat/completions%0d%0aX:y HTTP/1.1",
    "POST /v1\\chat\\completions HTTP/1.1",
    "POST /v1/%63hat/completions HTTP/1.1",
    "POST /v1/x/../chat/completions HTTP/1.1",
    "POST /v1/x/%2e%2e/chat/completions HTTP/1.1",
    "POST /v1/chat/completions# HTTP/1.1",
    "POST /V1/chat/completions HTTP/1.1",
    "POST //v1/chat/completions HTTP/1.1",
    "POST /v1/models HTTP/1.1",
    "PATCH /v1/chat/completions HTTP/1.1",
    "post /v1/chat/completions HTTP/1.1",
    "POST /v1/chat/completions?path=/v1/files HTTP/1.1",
    "POST /v1/chat/completions?_method=GET HTTP/1.1",
]


@pytest.mark.parametrize("line", LINES)
def test_request_lines(proxy: Proxy, upstream: FaultyUpstream, line: str) -> None:
    sent = len(upstream.requests)
    body = ('{"model": "all", "messages": ' + says(TEXT) + "}").encode()
    head = f"{line}\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    status, _, _ = _exchange(proxy.address, head.encode() + b"\r\n\r\n" + body)
    assert status in (200, 400, 404, 405)
    for one in upstream.requests[sent:]:
        assert status == 200 and SECRET.encode() not in one.body
        assert one.path == "/v1/chat/completions" and one.method == "POST"


HEADERS = {
    "method override": "x-http-method-override: DELETE\r\nx-method-override: GET",
    "forwarded": "x-forwarded-for: 127.0.0.1\r\nforwarded: for=127.0.0.1\r\nx-real-ip: 127.0.0.1",
    "rewritten url": "x-original-url: /v1/files\r\nx-rewrite-url: /admin",
    "two content types": "content-type: application/json\r\ncontent-type: text/plain",
    "two keys": "authorization: Bearer one\r\nauthorization: Bearer two",
    "hop by hop": "connection: close, authorization\r\nproxy-authorization: Basic eA==",
    "our own": "x-guardchain-explain: 1\r\nx-guardchain-decision: allow\r\nx-guardchain-policy: none",
    "steering": "x-data-parallel-rank: 3\r\nx-request-id: \x01\x02",
    "encoding": "content-encoding: gzip",
    "expect": "expect: 100-continue",
    "upgrade": "upgrade: websocket\r\nconnection: upgrade",
    "folded": "x-long: a\r\n b",
    "space before the colon": "transfer-encoding : chunked",
    "te twice": "transfer-encoding: identity\r\ntransfer-encoding: chunked",
    "underscores": "content_length: 5\r\ntransfer_encoding: chunked",
    "length with a sign": "content-length: +10",
    "length in hex": "content-length: 0x10",
    "length with a list": "content-length: 10, 10",
}


@pytest.mark.parametrize("more", HEADERS.values(), ids=HEADERS.keys())
def test_headers(proxy: Proxy, upstream: FaultyUpstream, more: str) -> None:
    """Refused, or served by the same guard; what was sent on is one request with one meaning."""
    sent = len(upstream.requests)
    body = ('{"model": "all", "messages": ' + says(TEXT) + "}").encode()
    length = "" if "content-length" in more else f"content-length: {len(body)}\r\n"
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{length}{more}\r\n\r\n"
    status, _, _ = _exchange(proxy.address, head.encode() + body)
    status = 200 if status == 100 else status  # told to go on, then served
    assert status in (200, 400, 401, 415, 417, 501), status
    got = upstream.requests[sent:]
    assert len(got) == (1 if status == 200 else 0)
    for one in got:
        assert SECRET.encode() not in one.body and one.json["messages"]
        assert one.headers["authorization"] == "Bearer sk-upstream"
        assert not {"x-forwarded-for", "x-original-url", "x-guardchain-policy", "x-data-parallel-rank",
                    "proxy-authorization", "x-http-method-override", "upgrade"} & set(one.headers)  # fmt: skip
        assert "transfer-encoding" not in one.headers or "content-length" not in one.headers
