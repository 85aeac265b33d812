"""Which endpoint a request line names. What is not known is refused: a path must never mean one thing to the guard
and another to the upstream."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from starlette.types import Scope

from guard.errors import RequestError
from proxy.errors import MethodNotAllowed


class Route(StrEnum):
    """What is served. The values are the metric's `endpoint` label."""

    CHAT = "/v1/chat/completions"
    COMPLETIONS = "/v1/completions"
    EMBEDDINGS = "/v1/embeddings"
    RESPONSES = "/v1/responses"
    MODERATIONS = "/v1/moderations"
    MODELS = "/v1/models"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Target:
    """A resolved request line. `model` is set for `/v1/models/{id}`, `response` for a Response that is to be deleted;
    `path` is what an unknown request may pass as."""

    route: Route
    path: str
    model: str | None = None
    response: str | None = None


_POSTS = {str(r): r for r in (Route.CHAT, Route.COMPLETIONS, Route.EMBEDDINGS, Route.RESPONSES, Route.MODERATIONS)}
_PLAIN = re.compile(r"(/[A-Za-z0-9_~.:@-]+)+\Z")
"""Segments that no server reads in two ways: no escapes, no empty ones, no trailing slash."""
_MODEL = re.compile(r"/v1/models/((?:[A-Za-z0-9_~.:@+-]|%2[FfBb]|%3[Aa]|/)+)\Z")

_RESPONSE = re.compile(r"/v1/responses/([A-Za-z0-9_-]{1,256})\Z")

_NEVER = frozenset(
    (
        # Guarded, or generating or scoring text, under any server we know (wire rule E5), and its admin routes.
        "v1/chat",
        "v1/completions",
        "v1/embeddings",
        "v1/responses",
        "v1/moderations",
        "v1/messages",
        "v1/score",
        "v1/rerank",
        "v1/pooling",
        "v1/realtime",
        "v1/systemone",
        "v1/conversations",
        "v1/assistants",
        "v1/threads",
        "v1/load_lora_adapter",
        "v1/unload_lora_adapter",
    )
)
"""Path prefixes that not even `unknown_paths: pass` lets through."""


def resolve(scope: Scope) -> Target:
    """The target of a request. Raises `RequestError`: 404 for an unknown path's tricks, 405 for a wrong method.

    Decided on the path *as it was sent*: a decoded one would make `/v1%2Fchat/completions` look like something else.
    """
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = raw.partition(b"?")[0].decode("latin-1")
    method: str = scope["method"]
    known = _POSTS.get(path)
    if known is not None:
        if method == "POST":
            return Target(known, path)
        raise _method(method, path, "POST")
    if path == Route.MODELS or _MODEL.match(path):
        if method not in ("GET", "HEAD"):
            raise _method(method, Route.MODELS, "GET")
        model = scope["path"][len("/v1/models/") :]
        if model and {"", ".", ".."} & set(model.split("/")):
            raise _not_found()
        return Target(Route.MODELS, Route.MODELS, model or None)
    if method == "DELETE" and (response := _RESPONSE.match(path)):
        return Target(Route.RESPONSES, path, response=response[1])
    if not _PLAIN.match(path) or {".", ".."} & set(path.split("/")):
        raise _not_found()
    return Target(Route.OTHER, path)


def refuse_unknown(method: str, target: Target) -> RequestError:
    """The error for a path that exists at OpenAI or elsewhere but is not guarded here."""
    path = target.path
    shown = path if len(path) <= 128 and path.count("/") < 4 else "this path"
    return RequestError(
        f"{_verb(method)} {shown} is not guarded by this proxy yet, so it is refused.",
        status=404,
        code="path_not_guarded",
    )


def may_pass(target: Target) -> bool:
    """Whether `unknown_paths: pass` covers this path: never anything close to a guarded or generating route."""
    path = target.path.casefold().lstrip("/")
    if not path.startswith("v1/"):
        return False
    return not any(path == never or path.startswith(never + "/") for never in _NEVER)


def _not_found() -> RequestError:
    return RequestError("Unknown request URL. Please check the path for typos.", status=404, code="unknown_url")


def _method(method: str, path: str, allowed: str) -> RequestError:
    return MethodNotAllowed(f"{_verb(method)} {path} is not guarded by this proxy, only {allowed} is.", allowed)


def _verb(method: str) -> str:
    return method if method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS") else "This method"
