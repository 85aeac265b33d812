"""`GET /v1/models`: what routes lead to, from upstreams that answer."""

from __future__ import annotations

import httpx2 as httpx
import openai
import pytest

from guard.errors import UpstreamError
from proxy.upstream.base import Call, Reply
from tests.proxy.serving import Echo, assembly, guarded, serve


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
