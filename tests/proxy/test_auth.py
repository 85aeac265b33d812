"""API keys at the door."""

from __future__ import annotations

import httpx2 as httpx
import pytest

from guard.keys import digest
from tests.proxy.serving import Echo, assembly, guarded, serve

TENANTS = [
    {"name": "acme", "key_sha256": [digest("gc-acme"), digest("gc-acme-new")]},
    {"name": "globex", "key_sha256": [digest("gc-globex")]},
]


@pytest.mark.parametrize(
    ("authorization", "status", "tenant", "code"),
    [
        ("Bearer gc-acme", 200, "acme", None),
        ("bearer  gc-acme-new", 200, "acme", None),
        ("Bearer gc-globex", 200, "globex", None),
        ("Bearer wrong", 401, "", "invalid_api_key"),
        ("Bearer " + "x" * 600, 401, "", None),
        ("Basic gc-acme", 401, "", None),
        ("gc-acme", 401, "", None),
        ("Bearer", 401, "", None),
        (None, 401, "", None),
    ],
)
def test_keys(authorization: str | None, status: int, tenant: str, code: str | None) -> None:
    echo = Echo()
    with serve(lambda: assembly([guarded(echo)], {"tenants": TENANTS})) as serving:
        headers = {"authorization": authorization} if authorization is not None else {}
        body = {"model": "echo", "messages": [{"role": "user", "content": "hi"}]}
        response = httpx.post(f"{serving.url}/v1/chat/completions", json=body, headers=headers)
        assert response.status_code == status
        assert serving.records[0].tenant == tenant
        if status == 401:
            assert response.json()["error"]["code"] == code
            assert not echo.calls and "gc-" not in response.text
        else:
            assert echo.calls[0].tenant == tenant
            assert "authorization" not in echo.calls[0].headers
        assert httpx.get(f"{serving.url}/v1/models", headers=headers).status_code == status


def test_routes_choose_by_tenant_and_header() -> None:
    first, second, third = Echo("first"), Echo("second"), Echo("third")
    routes = [
        {"match": {"tenant": "acme", "headers": {"X-Team": "r*"}}, "upstream": "first"},
        {"match": {"tenant": "acme"}, "upstream": "second"},
        {"upstream": "third"},
    ]
    guards = [guarded(u) for u in (first, second, third)]
    with serve(lambda: assembly(guards, {"tenants": TENANTS, "routes": routes})) as serving:
        body = {"model": "echo", "messages": [{"role": "user", "content": "hi"}]}
        for key, team, reached in (("acme", "red", first), ("acme", "blue", second), ("globex", "red", third)):
            headers = {"authorization": f"Bearer gc-{key}", "x-team": team}
            assert httpx.post(f"{serving.url}/v1/chat/completions", json=body, headers=headers).status_code == 200
            assert len(reached.calls) == 1
