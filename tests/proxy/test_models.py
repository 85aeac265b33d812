"""`GET /v1/models`: what routes lead to, from upstreams that answer. And the names on record."""

from __future__ import annotations

import httpx2 as httpx
import openai
import orjson
import pytest

from guard.errors import UpstreamError
from proxy.upstream.base import Call, Reply
from tests.proxy.serving import Echo, assembly, guarded, serve
from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream, Received, Writer, send_json


class Dead(Echo):
    async def send(self, call: Call) -> Reply:
        raise UpstreamError("gone", reason="connect")


def test_lists_upstream_models_and_aliases() -> None:
    routes = [
        {"match": {"model": "alias"}, "upstream": "echo"},
        {"match": {"model": "gpt-*"}, "upstream": "dead"},
        {"match": {"model": "echo"}, "upstream": "echo"},
    ]
    echo, dead = Echo(), Dead("dead")
    with serve(lambda: assembly([guarded(echo), guarded(dead), guarded(echo)], {"routes": routes})) as serving:
        client = openai.OpenAI(base_url=f"{serving.url}/v1", api_key="x", max_retries=0)
        assert sorted(m.id for m in client.models.list()) == ["alias", "echo"]
        assert client.models.retrieve("alias").object == "model"
        with pytest.raises(openai.NotFoundError) as error:
            client.models.retrieve("gpt-4")
        assert error.value.code == "model_not_found"
        assert serving.records[0].status == 200


def test_models_without_a_route_are_not_listed() -> None:
    routes = [{"match": {"model": "other*"}, "upstream": "echo"}]
    with serve(lambda: assembly([guarded(Echo())], {"routes": routes})) as serving:
        assert httpx.get(f"{serving.url}/v1/models").json() == {"object": "list", "data": []}


def test_no_upstream_answers() -> None:
    with serve(lambda: assembly([guarded(Dead("dead"))])) as serving:
        response = httpx.get(f"{serving.url}/v1/models")
        assert (response.status_code, response.json()["error"]["code"]) == (502, "connect")


class Lister(FaultyUpstream):
    """Lists what it is told to, whole or not."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.body = body

    async def _answer(self, request: Received, writer: Writer) -> None:
        if request.path.endswith("/models"):
            await send_json(writer, self.body)
        else:
            await super()._answer(request, writer)


def listing(*names: object) -> bytes:
    return orjson.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})


def wildcard(upstream: FaultyUpstream) -> dict[str, object]:
    return {
        "upstreams": {"cloud": {"kind": "openai", "base_url": upstream.url, "breaker": {"failures": None}}},
        "policies": {"default": {}},
        "routes": [{"upstream": "cloud"}],
        "surrogate_key": "for tests only, sixteen",
    }


def models_on_record(proxy: Proxy, *names: str) -> list[str]:
    """What the audit log calls these models."""
    for name in names:
        body = {"model": name, "messages": [{"role": "user", "content": "hi"}]}
        assert httpx.post(f"{proxy.url}/chat/completions", json=body).status_code == 200
    assert proxy.settled("guardchain_inflight", 0)
    lines = [orjson.loads(line) for line in proxy.audit.read_bytes().splitlines()]
    return [line["model"] for line in lines if line["endpoint"] == "/v1/chat/completions"][-len(names) :]


def test_a_wildcard_routes_models_have_names_on_record_once_readiness_was_asked() -> None:
    with Lister(listing("gpt-9", 7)) as upstream, Proxy.running(wildcard(upstream), watched=True) as proxy:
        assert models_on_record(proxy, "gpt-9") == ["other"]
        assert httpx.get(f"{proxy.root}/readyz").status_code == 200
        assert models_on_record(proxy, "gpt-9", "maria-lopez") == ["gpt-9", "other"]
        proxy.reload(old_surrogate_keys=["the key of the year before"])
        assert models_on_record(proxy, "gpt-9", "maria-lopez") == ["gpt-9", "other"]


OVERSIZE = listing("gpt-9", "x" * (5 << 20))


@pytest.mark.parametrize("body", [b"[]", b'{"data": 7}', b'{"data": [7]}', listing("gpt-9")[:-1], OVERSIZE])
def test_readiness_asks_for_no_list(body: bytes) -> None:
    with Lister(body) as upstream, Proxy.running(wildcard(upstream)) as proxy:
        assert httpx.get(f"{proxy.root}/readyz").status_code == 200
        assert models_on_record(proxy, "gpt-9") == ["other"]


def test_names_are_bounded() -> None:
    names = [f"m{number}" for number in range(2000)]
    with Lister(listing("x" * 5000, *names)) as upstream, Proxy.running(wildcard(upstream)) as proxy:
        for _ in range(2):
            assert httpx.get(f"{proxy.root}/readyz").status_code == 200
        assert models_on_record(proxy, "m0", "m999", "m1000") == ["m0", "m999", "other"]
