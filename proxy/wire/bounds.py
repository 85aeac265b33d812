"""What a body must be before any table looks at it: an object of bounded depth with clean strings and numbers."""

from __future__ import annotations

from math import isfinite
from typing import Any

from guard.errors import RequestError
from proxy.wire.fields import wrong_type


def checked(body: object, max_depth: int) -> dict[str, Any]:
    """The body as an object. Raises `RequestError` for other types, nesting past `max_depth`, lone surrogates
    (they have no UTF-8 form), integers past 64 bits and numbers JSON does not have."""
    if not isinstance(body, dict):
        raise RequestError("The request body must be a JSON object.", code="invalid_type")
    level: list[Any] = [body]
    depth = 0
    while level:
        depth += 1
        if depth > max_depth:
            raise RequestError(f"The request body is nested deeper than {max_depth} levels.", code="too_deep")
        deeper: list[Any] = []
        for container in level:
            if isinstance(container, dict):
                for key in container:
                    _string(key)
                values: Any = container.values()
            else:
                values = container
            for value in values:
                kind = type(value)
                if kind is str:
                    _string(value)
                elif kind is dict or kind is list:
                    deeper.append(value)
                elif kind is float:
                    if not isfinite(value):
                        raise RequestError("The request body holds NaN or an infinite number.", code="invalid_json")
                elif kind is int and not -(2**63) <= value < 2**64:
                    raise RequestError("The request body holds an integer of more than 64 bits.", code="invalid_json")
        level = deeper
    return body


def _string(value: object) -> None:
    if not isinstance(value, str):
        raise wrong_type("", "a string key", value)
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise RequestError(
                "The request body holds a lone surrogate, which is no text.", code="invalid_json"
            ) from None
