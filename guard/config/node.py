"""What every mapping in guard.yaml is made of, strict and frozen."""

from __future__ import annotations

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from guard.config.document import Reference, plain
from guard.verdict import Mode, OnError

# Strict in Python mode would refuse "enforce" for an enum and a list for a tuple, which is all that YAML has.
ModeField = Annotated[Mode, Field(strict=False)]
OnErrorField = Annotated[OnError, Field(strict=False)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Seconds = Annotated[float, Field(gt=0, le=86400)]
Unit = Annotated[float, Field(ge=0, le=1)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Hidden:
    """Marks a field whose values `guard config show` does not print although they are plain strings."""


class Node(BaseModel):
    """A mapping in guard.yaml: unknown keys are errors, nothing is coerced, nothing changes after loading."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    @model_validator(mode="before")
    @classmethod
    def _read_references(cls, data: Any) -> Any:
        """`port: ${PORT}` is text out of the environment; give it the type that YAML would have given it."""
        if not isinstance(data, dict) or not any(isinstance(v, Reference) for v in data.values()):
            return data
        return {k: plain(v) if isinstance(v, Reference) and not _takes_text(cls, k) else v for k, v in data.items()}


def _takes_text(cls: type[BaseModel], key: str) -> bool:
    info = cls.model_fields.get(key)
    return info is None or not set(_plain_types(info.annotation)) <= {int, float, bool, NoneType}


def _plain_types(annotation: Any) -> Iterator[Any]:
    """`int` and `NoneType` of `Annotated[int, …] | None`."""
    if get_origin(annotation) is Annotated:
        yield from _plain_types(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for one in get_args(annotation):
            yield from _plain_types(one)
    else:
        yield annotation
