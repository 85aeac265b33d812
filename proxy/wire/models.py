"""`/v1/models` and `/v1/models/{id}`: the names clients may use."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from guard.errors import RequestError

PATH = "/v1/models"
_STARTED = int(time.time())


def model(name: str, *, created: int = _STARTED, owner: str = "guardchain") -> dict[str, Any]:
    """One model object; `created` in Unix seconds."""
    return {"id": name, "object": "model", "created": created, "owned_by": owner}


def listing(names: Iterable[str]) -> dict[str, Any]:
    """The list of models, each once, in the order given."""
    return {"object": "list", "data": [model(name) for name in dict.fromkeys(names)]}


def lookup(names: Iterable[str], wanted: str) -> dict[str, Any]:
    """One model of `names`. Raises `RequestError` 404 `model_not_found`."""
    if wanted not in set(names):
        raise RequestError("The model does not exist.", status=404, param="model", code="model_not_found")
    return model(wanted)
