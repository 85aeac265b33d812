"""Which routes can be served with which upstreams gone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from guard.config import Config
from proxy.assembly import Assembly
from proxy.auth import Authenticator
from proxy.readiness import readiness
from tests.proxy.serving import Audit, Echo

UPSTREAMS = {n: {"kind": "openai", "base_url": f"http://{n}.invalid/v1", "api_key": "k"} for n in ("a", "b", "guard")}
OWN = {"kind": "openai", "base_url": "http://own.invalid/v1", "local": True}
ASKED = {"upstream": "guard"}


def found(down: set[str], routes: list[Any], policy: dict[str, Any]) -> tuple[bool, list[str]]:
    data = {"upstreams": {**UPSTREAMS, "own": OWN}, "routes": routes, "policies": {"default": policy}}
    config = Config.model_validate(data)
    upstreams = {name: Echo(name) for name in config.upstreams}
    for name in down:
        upstreams[name].is_ready = False
    ready, body = asyncio.run(
        readiness(Assembly(config, upstreams, [], Authenticator(config), Audit("off")))  # type: ignore[arg-type]
    )
    assert body["upstreams"] == {name: name not in down for name in upstreams}
    return ready, body.get("unserved", [])


A, B = {"match": {"model": "a*"}, "upstream": "a"}, {"upstream": "b"}
SPARED = {**A, "fallback": [{"upstream": "b"}]}
FINDER = {"upstream": "own", "model": "m"}


@pytest.mark.parametrize(
    ("down", "routes", "policy", "ready", "unserved"),
    [
        (set(), [A, B], {}, True, []),
        ({"a"}, [A, B], {}, True, ["routes[0] (model a*)"]),
        ({"a", "b"}, [A, B], {}, False, ["routes[0] (model a*)", "routes[1] (model *)"]),
        ({"a"}, [SPARED], {}, True, []),
        ({"a", "b"}, [SPARED], {}, False, ["routes[0] (model a*)"]),
        ({"guard"}, [B], {"external": ASKED}, False, ["routes[0] (model *)"]),
        ({"guard"}, [B], {"external": {**ASKED, "on_error": "allow"}}, True, []),
        ({"guard"}, [B], {"external": {**ASKED, "mode": "monitor"}}, True, []),
        ({"guard"}, [B], {}, True, []),
        ({"own"}, [B], {"sanitize": {"local_model": FINDER}}, False, ["routes[0] (model *)"]),
        ({"own"}, [B], {"sanitize": {"local_model": FINDER, "on_error": "allow"}}, True, []),
        ({"own"}, [B], {"sanitize": {}}, True, []),
    ],
)
def test_ready_while_some_route_can_be_served(
    down: set[str], routes: list[Any], policy: dict[str, Any], ready: bool, unserved: list[str]
) -> None:
    assert found(down, routes, policy) == (ready, unserved)
