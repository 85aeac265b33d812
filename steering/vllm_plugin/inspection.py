"""What can be told of a running server from outside: its status, and that nothing passes the guard by."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import guard
from steering.vllm_plugin import wire

_SECONDS = 10.0
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "plugin": (),
    "vllm": (),
    "runner": (),
    "compiled": (),
    "model": ("name", "weights"),
    "dtype": (),
    "probes": ("sha256",),
    "subspace": ("sha256", "layers", "window"),
    "canary": (),
    "open": (),
}
"""What a status says beside its protocol; of fields that are objects and not null, what stands in them."""

_PASSING = ("/v1/responses", "/v1/messages", "/inference/v1/generate", "/generative_scoring", "/invocations")


@dataclass(frozen=True, slots=True)
class Report:
    """status: what the server says of itself, empty without a whole answer. problems: why it must not be used."""

    status: dict[str, Any]
    problems: tuple[str, ...]


def inspect(url: str, secret: str) -> Report:
    """Ask a running server. Never raises for what the server does; `ConfigError` is for the caller to give."""
    base = url.rstrip("/").removesuffix("/v1")
    code, body = _ask(base + wire.STATUS, {wire.SECRET: secret})
    if code != 200:
        return Report({}, (refused(code),))
    found = wrong(body)
    status = body if isinstance(body, dict) else {}
    if lacking(status):  # nothing more can be told from half a status
        return Report({}, found)
    opened = status["open"]
    for path in _PASSING:
        closed, answer = _ask(base + path, {"content-type": "application/json"}, b"{}")
        error = answer.get("error") if isinstance(answer, dict) else None
        if path not in opened and not (
            closed == 404 and isinstance(error, dict) and error.get("code") == "unknown_url"
        ):
            found = (*found, f"{path} is open: it passes the guard by")
    code, _ = _ask(base + wire.STATUS, {wire.SECRET: secret + "x"})
    if code != 401:
        found = (*found, "the status is shown to callers with a wrong secret")
    return Report(status, found)


def refused(code: int) -> str:
    """What an answer to the status question says about the server."""
    match code:
        case 0:
            return "the server cannot be reached"
        case 401:
            return "the server knows another secret"
        case 404:
            return "this vLLM runs without the guard: it has no status to show"
        case _:
            return f"the server answers {code} when asked for its status"


def wrong(status: Any) -> tuple[str, ...]:
    """What in a status says that the server must not be used."""
    if not isinstance(status, Mapping) or status.get("protocol") != wire.PROTOCOL:
        return ("the server's plugin speaks another protocol than this release",)
    missing = lacking(status)
    if missing:
        plugin = status.get("plugin", "version unknown")
        return (
            f"the server's status lacks {', '.join(missing)}: its guardchain ({plugin}) is another than this one "
            f"({guard.__version__}); install the same there",
        )
    if status.get("subspace") is not None and not status.get("canary"):
        return ("the server says it steers, but has not proved it",)
    return ()


def lacking(status: Mapping[str, Any]) -> list[str]:
    """Fields that a status of this release would have, such as `probes.sha256`."""
    missing = [name for name in _FIELDS if name not in status]
    for name, inner in _FIELDS.items():
        found = status.get(name)
        if inner and found is not None:
            there: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
            missing += [f"{name}.{part}" for part in inner if part not in there]
    return missing


def _ask(url: str, headers: Mapping[str, str], body: bytes | None = None) -> tuple[int, Any]:
    """(status, JSON or None); status 0: no answer."""
    request = urllib.request.Request(url, data=body, headers=dict(headers))  # noqa: S310 - the operator's own address
    try:
        with urllib.request.urlopen(request, timeout=_SECONDS) as answer:  # noqa: S310
            return answer.status, _json(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, _json(error.read())
    except (OSError, ValueError):
        return 0, None


def _json(data: bytes) -> Any:
    try:
        return json.loads(data)
    except ValueError:
        return None
