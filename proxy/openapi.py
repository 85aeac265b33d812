"""The API as an OpenAPI document, from the field tables that requests are checked by: `guard config openapi`.

Held against the running proxy by tests; not served.
"""

from __future__ import annotations

from typing import Any

import guard
from proxy.paths import Route
from proxy.wire.ledger import TABLES
from proxy.wire.tables import MODEL, TOKEN_IDS
from proxy.wire.trees import Control

_ERROR = {"$ref": "#/components/responses/Error"}
_TEXT = {"type": ["string", "null"]}
_SUMMARIES = {
    Route.CHAT: "Chat",
    Route.COMPLETIONS: "Text completions",
    Route.EMBEDDINGS: "Embeddings",
    Route.RESPONSES: "Responses",
    Route.MODERATIONS: "Judge texts by the policy's checks",
}
_STREAMS = frozenset((Route.CHAT, Route.COMPLETIONS, Route.RESPONSES))


def document() -> dict[str, Any]:
    """OpenAPI 3.1. Bodies say what is accepted under a policy without `opaque_fields` and `allow_references`."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Guardchain",
            "version": guard.__version__,
            "description": "What of OpenAI's API is guarded. A field that stands nowhere here is refused with a 400 "
            "that names it. Answers are the upstream's, restored; headers `x-guardchain-*` say what was done.",
        },
        "security": [{"key": []}, {}],
        "paths": {
            **{str(Route(path)): {"post": _post(Route(path))} for path in TABLES},
            "/v1/responses/{response}": {
                "delete": {**_get("Forget an answer, here and at its upstream", "object"), "parameters": [_RESPONSE]}
            },
            "/v1/models": {"get": _get("The models that routes lead to", "object")},
            "/v1/models/{model}": {"get": {**_get("One of them", "object"), "parameters": [_MODEL]}},
            "/healthz": {"get": {**_get("Liveness: the process answers", "object"), "security": []}},
            "/readyz": {"get": {**_get("Readiness: what can be served", "object", 503), "security": []}},
            "/metrics": {"get": {**_get("Prometheus metrics", "string", kind="text/plain"), "security": []}},
        },
        "components": {
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
            "schemas": {**{_name(path): _body(path) for path in TABLES}, **_OPTIONS, "Error": _ERROR_BODY},
            "responses": {
                "Error": {
                    "description": "OpenAI's error envelope. 400 with `x-should-retry: false` and code "
                    "`content_policy_violation` is a decision of the policy.",
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
                }
            },
        },
    }


# Nested options of any depth, the one with bounded numbers.
_OPTIONS = Control("").component() | TOKEN_IDS.component()
_MODEL = {"name": "model", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
_RESPONSE = {
    "name": "response",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,256}$"},
}
_ERROR_BODY = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {"message": {"type": "string"}, "type": {"type": "string"}, "param": _TEXT, "code": _TEXT},
        }
    },
}


def _name(path: str) -> str:
    return "".join(part.capitalize() for part in path.removeprefix("/v1/").split("/")) + "Request"


def _body(path: str) -> dict[str, Any]:
    schema = TABLES[path].schema()
    if path != Route.MODERATIONS:  # which takes OpenAI's default
        schema["properties"]["model"] = MODEL.schema()
        schema["required"] = [*schema.get("required", ()), "model"]
    return schema


def _post(route: Route) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": {"type": "object"}}}
    if route in _STREAMS:
        content["text/event-stream"] = {"schema": {"type": "object", "required": ["data"]}}
    body = {"application/json": {"schema": {"$ref": f"#/components/schemas/{_name(route)}"}}}
    return {
        "summary": _SUMMARIES[route],
        "requestBody": {"required": True, "content": body},
        "responses": {"200": {"description": "The answer", "content": content}, "default": _ERROR},
    }


def _get(summary: str, type_: str, *more: int, kind: str = "application/json") -> dict[str, Any]:
    answer = {"description": summary, "content": {kind: {"schema": {"type": type_}}}}
    return {
        "summary": summary,
        "responses": {"200": answer, **{str(status): answer for status in more}, "default": _ERROR},
    }
