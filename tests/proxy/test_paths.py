"""Request lines: what each names, and that no spelling of a path gets around the guard."""

from __future__ import annotations

import httpx2 as httpx
import pytest

from guard.errors import RequestError
from proxy.paths import Route, may_pass, resolve
from tests.proxy.serving import Echo, assembly, guarded, serve


def scope(method: str, raw: str) -> dict[str, object]:
    from urllib.parse import unquote

    return {"method": method, "raw_path": raw.encode(), "path": unquote(raw.partition("?")[0])}


@pytest.mark.parametrize(
    ("method", "path", "route", "model"),
    [
        ("POST", "/v1/chat/completions", Route.CHAT, None),
        ("POST", "/v1/chat/completions?api-version=1", Route.CHAT, None),
        ("POST", "/v1/completions", Route.COMPLETIONS, None),
        ("POST", "/v1/embeddings", Route.EMBEDDINGS, None),
        ("POST", "/v1/responses", Route.RESPONSES, None),
        ("POST", "/v1/moderations", Route.MODERATIONS, None),
        ("GET", "/v1/models", Route.MODELS, None),
        ("HEAD", "/v1/models", Route.MODELS, None),
        ("GET", "/v1/models/tiny-chat", Route.MODELS, "tiny-chat"),
        ("GET", "/v1/models/Qwen%2FQwen3-0.6B", Route.MODELS, "Qwen/Qwen3-0.6B"),
        ("GET", "/v1/models/Qwen/Qwen3-0.6B", Route.MODELS, "Qwen/Qwen3-0.6B"),
        ("GET", "/v1/files", Route.OTHER, None),
        ("GET", "/v1/responses/resp_1", Route.OTHER, None),
    ],
)
def test_resolves(method: str, path: str, route: Route, model: str | None) -> None:
    target = resolve(scope(method, path))
    assert (target.route, target.model) == (route, model)


TRICKS = [
    "//v1/chat/completions",
    "/v1//chat/completions",
    "/v1/chat%2Fcompletions",
    "/v1%2Fchat/completions",
    "/v1/%63hat/completions",
    "/v1/chat/completions/",
    "/v1/chat/completions%00",
    "/v1/chat/completions%20",
    "/v1/./chat/completions",
    "/v1/x/../chat/completions",
    "/v1/x/%2e%2e/chat/completions",
    "/v1\\chat\\completions",
    "/v1/chat;a=b/completions",
    "/v1/models/../chat/completions",
    "/v1/models//x",
    "/v1/models/%2e%2e/chat",
]
DELETED = [
    ("DELETE", "/v1/responses/resp_1", "resp_1"),
    ("DELETE", "/v1/responses/resp-1?x=1", "resp-1"),
    ("GET", "/v1/responses/resp_1", None),
    ("POST", "/v1/responses/resp_1", None),
    ("DELETE", "/v1/responses/resp_1/cancel", None),
    ("DELETE", "/v1/responses/resp.1", None),
    ("DELETE", f"/v1/responses/{'x' * 257}", None),
]


@pytest.mark.parametrize(("method", "path", "response"), DELETED)
def test_a_response_to_delete(method: str, path: str, response: str | None) -> None:
    target = resolve(scope(method, path))
    assert (target.route is Route.RESPONSES, target.response) == (response is not None, response)
    assert response or not may_pass(target)


@pytest.mark.parametrize("path", TRICKS)
def test_tricks_are_unknown(path: str) -> None:
    with pytest.raises(RequestError) as error:
        resolve(scope("POST" if "models" not in path else "GET", path))
    assert error.value.status == 404


@pytest.mark.parametrize(
    ("path", "passes"),
    [
        ("/v1/files", True),
        ("/v1/audio/speech", True),
        ("/v1/chat/completions/x", False),
        ("/V1/Chat/Completions", False),
        ("/v1/Completions", False),
        ("/v1/messages", False),
        ("/v1/responses/resp_1", False),
        ("/v1/completions/render", False),
        ("/collective_rpc", False),
        ("/inference/v1/generate", False),
        ("/tokenize", False),
    ],
)
def test_what_may_pass(path: str, passes: bool) -> None:
    assert may_pass(resolve(scope("POST", path))) is passes


@pytest.mark.parametrize("passing", [False, True])
@pytest.mark.parametrize("path", [*TRICKS, "/V1/chat/completions", "/v1/chat/completions/x", "/v1/messages", "/x"])
def test_nothing_reaches_the_upstream_unguarded(path: str, passing: bool) -> None:
    import http.client

    echo = Echo()
    with serve(lambda: assembly([guarded(echo, passes_unknown=passing)])) as serving:
        connection = http.client.HTTPConnection(serving.url.removeprefix("http://"))
        body = '{"model": "echo", "messages": [{"role": "user", "content": "a secret"}]}'
        connection.request("POST", path, body=body)
        response = connection.getresponse()
        assert response.status in (404, 405)
        assert b'"error"' in response.read()
        assert response.headers["x-request-id"]
        assert not echo.calls


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/v1/chat/completions", 405, "POST"),
        ("DELETE", "/v1/responses", 405, "POST"),
        ("POST", "/v1/models", 405, "GET"),
        ("GET", "/v1/responses/resp_1/input_items", 404, None),
        ("POST", "/healthz", 404, None),
        ("GET", "/", 404, None),
        ("OPTIONS", "/v1/chat/completions", 405, "POST"),
        ("PURGE", "/v1/chat/completions", 405, "POST"),
    ],
)
def test_wrong_methods(method: str, path: str, status: int, allow: str | None) -> None:
    with serve(lambda: assembly([guarded(Echo())])) as serving:
        response = httpx.request(method, serving.url + path)
        assert (response.status_code, response.headers.get("allow")) == (status, allow)
        assert set(response.json()["error"]) == {"message", "type", "param", "code"}


def test_a_policy_can_pass_unknown_paths() -> None:
    echo = Echo()
    with serve(lambda: assembly([guarded(echo, passes_unknown=True)])) as serving:
        body = {"messages": [{"role": "user", "content": "a secret"}], "model": "m"}
        assert httpx.post(f"{serving.url}/v1/rerankings?x=1", json=body).status_code == 200
        (call,) = echo.calls
        assert (call.endpoint, call.body) == ("/v1/rerankings?x=1", body)
        for bad in ({"content": b"x=1", "headers": {"content-type": "text/plain"}}, {"content": b"{"}):
            assert httpx.post(f"{serving.url}/v1/files", **bad).status_code in (400, 415)  # type: ignore[arg-type]
        assert httpx.put(f"{serving.url}/v1/files", json={}).status_code == 405
        assert len(echo.calls) == 1
