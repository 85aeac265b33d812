"""From a body and a field table to a `WireRequest`: what all endpoints share."""

from __future__ import annotations

from typing import Any

from guard.errors import RequestError
from guard.surface import Role
from proxy.wire.bounds import checked
from proxy.wire.fields import Object, Walk
from proxy.wire.request import ModerationAsk, Options, WireRequest


def walked(table: Object, body: object, options: Options) -> tuple[dict[str, Any], Walk]:
    """The checked body and what the walk over it found. Raises `RequestError`."""
    fields = checked(body, options.max_depth)
    walk = Walk(options)
    table.inside(walk, fields, "", Role.USER, -1)
    return fields, walk


def build(endpoint: str, body: dict[str, Any], walk: Walk) -> WireRequest:
    """The request, less its `moderation` object, which is ours to answer (M7)."""
    model = body.get("model")
    if not isinstance(model, str):
        raise RequestError("Missing required parameter: 'model'.", param="model", code="missing_required_parameter")
    stream_options = body.get("stream_options") or {}
    return WireRequest(
        endpoint=endpoint,
        body=body,
        surfaces=walk.surfaces,
        model=model,
        stream=body.get("stream") is True,
        n=int(body.get("n") or 1),
        include_usage=stream_options.get("include_usage") is True,
        stripped=tuple(walk.stripped),
        moderation=moderation_ask(body.pop("moderation", None)),
        _commits=walk.commits,
    )


def moderation_ask(value: Any) -> ModerationAsk | None:
    """The request's `moderation` object, already walked."""
    if value is None:
        return None
    policy = value.get("policy") or {}
    modes = {f"{side}_mode": (policy.get(side) or {}).get("mode") for side in ("input", "output")}
    return ModerationAsk(model=value["model"], **modes)
