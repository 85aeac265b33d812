"""What a client's mistakes and tricks get: an OpenAI-shaped error, a counted metric, and a proxy that lives on."""

from __future__ import annotations

import json
import socket
import time

import httpx2
import pytest

from tests.support.proxy import Proxy
from tests.support.raw import chunked, request
from tests.support.upstream import FaultyUpstream

SECRET = "maria.lopez@corp-internal.org"
HI = [{"role": "user", "content": "hi"}]
LIMIT = 64 * 1024


@pytest.fixture(scope="module")
def upstream():
    with FaultyUpstream() as up:
        up.stall = 5.0
        yield up


@pytest.fixture(scope="module")
def proxy(upstream):
    with Proxy.in_front_of(upstream, sanitize=True, server={"max_body_bytes": LIMIT, "max_json_depth": 32}) as running:
        yield running


def deep(depth: int) -> bytes:
    return b'{"model": "echo", "messages": ' + b"[" * depth + b"]" * depth + b"}"


def chat(**fields: object) -> bytes:
    return json.dumps({"model": "echo", "messages": HI, **fields}).encode()


def says(content: object) -> bytes:
    return chat(messages=[{"role": "user", "content": content}])


BODIES = [
    ("empty", b"", 400),
    ("not json", b"hello", 400),
    ("cut json", b'{"model": "echo", "messages": [', 400),
    ("trailing junk", chat() + b"}", 400),
    ("array", b"[]", 400),
    ("string", b'"echo"', 400),
    ("null", b"null", 400),
    ("invalid utf-8", b'{"model": "echo", "messages": [{"role": "user", "content": "\xff\xfe"}]}', 400),
    ("lone surrogate", b'{"model": "echo", "messages": [{"role": "user", "content": "\\ud800"}]}', 400),
    ("nan", b'{"model": "echo", "messages": [], "temperature": NaN}', 400),
    ("infinity", b'{"model": "echo", "messages": [], "temperature": 1e999}', 400),
    ("nested 40", deep(40), 400),
    ("nested 5000", deep(5000), 400),
    ("no model", json.dumps({"messages": HI}).encode(), 400),
    ("model is a number", chat(model=7), 400),
    ("model is null", chat(model=None), 400),
    ("no messages", b'{"model": "echo"}', 400),
    ("messages is a string", chat(messages="hi"), 400),
    ("messages is an object", chat(messages={"role": "user"}), 400),
    ("message is a string", chat(messages=["hi"]), 400),
    ("message without role", chat(messages=[{"content": "hi"}]), 400),
    ("unknown role", chat(messages=[{"role": "wizard", "content": "hi"}]), 400),
    ("content is a number", says(7), 400),
    ("content is an object", says({"text": "hi"}), 400),
    ("content part is a string", says(["hi"]), 400),
    ("content part of unknown type", says([{"type": "smell", "smell": "hi"}]), 400),
    ("text part without text", says([{"type": "text"}]), 400),
    ("stream is a string", chat(stream="yes"), 400),
    ("n is a string", chat(n="2"), 400),
    ("tools is an object", chat(tools={}), 400),
    ("unknown field", chat(frobnicate=1), 400),
    ("unknown field in a message", chat(messages=[{"role": "user", "content": "hi", "secret_channel": SECRET}]), 400),
    ("escaped key is the same key", b'{"model": "echo", "\\u006dessages": 7}', 400),
    ("body over the limit", chat(messages=[{"role": "user", "content": "x" * LIMIT}]), 413),
]


def post(proxy: Proxy, body: bytes, path: str = "/chat/completions", **headers: str) -> httpx2.Response:
    headers = {"content-type": "application/json", **headers}
    return httpx2.post(f"{proxy.url}{path}", content=body, headers=headers, timeout=20)


def assert_error(answer: httpx2.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) >= {"message", "type", "param", "code"}
    assert isinstance(error["message"], str)
    assert answer.headers["x-request-id"]
    assert SECRET not in answer.text


@pytest.mark.parametrize(("body", "status"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES])
def test_body(proxy, upstream, body, status):
    sent, counted = len(upstream.requests), proxy.metric("guardchain_rejections_total")
    assert_error(post(proxy, body), status)
    assert len(upstream.requests) == sent, "a refused request must not reach the upstream"
    assert proxy.metric("guardchain_rejections_total") == counted + 1
    assert post(proxy, chat()).status_code == 200


PATHS = [
    ("GET", "/chat/completions", 405),
    ("DELETE", "/embeddings", 405),
    ("POST", "/models", 405),
    ("POST", "//chat/completions", 404),
    ("POST", "/chat//completions", 404),
    ("POST", "/chat%2Fcompletions", 404),
    ("POST", "/Chat/Completions", 404),
    ("POST", "/chat/completions/", 404),
    ("POST", "/./chat/completions", 404),
    ("POST", "/../v1/chat/completions", 404),
    ("POST", "/chat/completions;x=1", 404),
    ("POST", "/messages", 404),
    ("POST", "/audio/speech", 404),
    ("GET", "/files", 404),
    ("POST", "/responses/resp_1/cancel", 404),
    ("GET", "/responses/resp_1", 404),
    ("POST", "/unheard/of", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), PATHS, ids=[f"{m} {p}" for m, p, _ in PATHS])
def test_path(proxy, upstream, method, path, status):
    sent = len(upstream.requests)
    status_line, _, body = request(proxy.address, method, f"/v1{path}", chat())
    assert status_line == status
    assert set(json.loads(body)["error"]) >= {"message", "type", "param", "code"}
    assert len(upstream.requests) == sent


def test_method_override_headers_mean_nothing(proxy, upstream):
    sent = len(upstream.requests)
    status, _, _ = request(proxy.address, "GET", "/v1/models", b"", {"x-http-method-override": "DELETE"})
    assert status == 200
    assert [r.method for r in upstream.requests[sent:]] in ([], ["GET"])


def test_duplicate_keys_send_what_was_read(proxy, upstream):
    """JSON with a key twice: whichever the proxy reads is the only one the upstream gets."""
    first = json.dumps([{"role": "user", "content": f"first {SECRET}"}])
    second = json.dumps([{"role": "user", "content": f"second {SECRET}"}])
    answer = post(proxy, f'{{"model": "echo", "messages": {first}, "messages": {second}}}'.encode())
    if answer.status_code == 200:
        sent = upstream.requests[-1].body
        assert sent.count(b'"messages"') == 1
        assert SECRET.encode() not in sent
        assert SECRET in answer.json()["choices"][0]["message"]["content"]
    else:
        assert_error(answer, 400)


def test_chunked_body_over_the_limit(proxy):
    status, _, body = chunked(proxy.address, "/v1/chat/completions", [b"x" * 4096] * (LIMIT // 4096 + 2))
    assert status == 413
    assert json.loads(body)["error"]["code"]


def test_chunked_body_is_read(proxy):
    raw = chat()
    status, _, _ = chunked(proxy.address, "/v1/chat/completions", [raw[:5], raw[5:9], raw[9:]])
    assert status == 200


SMUGGLES = [
    ("CL and TE", {"transfer-encoding": "chunked", "content-length": "4"}, b"0\r\n\r\nGET /v1/models HTTP/1.1\r\n\r\n"),
    ("two lengths", {"content-length": "4", "Content-Length": "40"}, b"{}{}"),
    ("negative length", {"content-length": "-1"}, b"{}"),
    ("obscure encoding", {"transfer-encoding": "xchunked"}, b"{}"),
]


@pytest.mark.parametrize(("headers", "body"), [row[1:] for row in SMUGGLES], ids=[row[0] for row in SMUGGLES])
def test_smuggling(proxy, upstream, headers, body):
    sent = len(upstream.requests)
    status, _, _ = request(proxy.address, "POST", "/v1/chat/completions", body, headers, length=False)
    assert status in (400, 501)
    assert len(upstream.requests) == sent
    assert post(proxy, chat()).status_code == 200


def test_unknown_model_is_404_where_routes_do_not_cover_it(upstream):
    with Proxy.in_front_of(upstream, match={"model": "echo*"}) as running:
        assert_error(post(running, chat(model="gpt-17")), 404)
        assert post(running, chat()).status_code == 200


def test_keys(upstream):
    import hashlib

    key = "gk-" + "a" * 43
    tenants = [{"name": "acme", "key_sha256": [hashlib.sha256(key.encode()).hexdigest()]}]
    with Proxy.in_front_of(upstream, tenants=tenants) as running:
        assert_error(post(running, chat()), 401)
        assert_error(post(running, chat(), authorization="Bearer wrong"), 401)
        assert_error(post(running, chat(), authorization=f"Basic {key}"), 401)
        sent = len(upstream.requests)
        assert post(running, chat(), authorization=f"Bearer {key}").status_code == 200
        assert key.encode() not in json.dumps(upstream.requests[sent].headers).encode(), "our key is not the upstream's"


@pytest.mark.parametrize("model", ["fault-stall-before", "fault-stall-mid"])
@pytest.mark.parametrize("stream", [False, True])
def test_client_vanishes(proxy, upstream, model, stream):
    sent = len(upstream.requests)
    raw = chat(model=model, stream=stream)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: {len(raw)}\r\n\r\n".encode()
    with socket.create_connection(proxy.address, timeout=10) as sock:
        sock.sendall(head + raw)
        deadline = time.monotonic() + 10
        while len(upstream.requests) == sent and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
    assert upstream.requests[sent].hung_up.wait(4), "the upstream call must be cancelled when the client goes"
    assert post(proxy, chat()).status_code == 200
    assert proxy.settled("guardchain_inflight", 0)


def test_slow_reader_gets_everything(proxy):
    body = chat(messages=[{"role": "user", "content": "abcdefgh " * 2000}], stream=True)
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    got = b""
    with socket.create_connection(proxy.address, timeout=20) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sock.sendall(head.encode() + body)
        while piece := sock.recv(8192):
            got += piece
            if len(got) < 400_000:
                time.sleep(0.001)
    assert b"data: [DONE]" in got
