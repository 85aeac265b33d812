"""What the models say about themselves: JSON Schema, reference table, and the effective config without its secrets."""

from __future__ import annotations

import enum
import io
import json
import re
import types
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from guard.config.document import KeyPath
from guard.config.model import Config
from guard.config.node import Hidden

SCHEMA_PATH = Path(__file__).with_name("schema.json")
STARTER_PATH = Path(__file__).with_name("starter.yaml")
HIDDEN = "**********"

_SECRET_NAME = re.compile(r"key|secret|token|password|credential|authorization", re.IGNORECASE)
_USERINFO = re.compile(r"//[^/@\s]+@")
_REFERENCE: dict[str, Any] = {"type": "string", "pattern": r"^\$\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\}$"}


@dataclass(frozen=True, slots=True)
class Row:
    """One key of the reference. `key` has `<name>` and `[]` where names and indices stand."""

    key: str
    type: str
    default: str
    text: str


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of guard.yaml as it is written, references to the environment included."""
    out = Config.model_json_schema()
    for key, definition in out["$defs"].items():
        if "enum" in definition:
            out["$defs"][key] = _or_reference(definition)
    for definition in (out, *out["$defs"].values()):
        for name, prop in definition.get("properties", {}).items():
            definition["properties"][name] = _or_reference(prop)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **out,
        "title": "guard.yaml",
        "description": "Configuration of the Guardchain proxy.",
    }


def schema_text() -> str:
    """The schema as it is shipped in `schema.json`."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def rows(model: type[BaseModel] = Config, prefix: str = "") -> Iterator[Row]:
    """Every key, in the order of the file."""
    for name, info in model.model_fields.items():
        key = f"{prefix}{name}"
        text = " ".join((info.description or "").split())
        children = _children(info.annotation)
        if not children:
            yield Row(key, _type(info), _default(info), text)
            continue
        suffix, models = children
        if len(models) == 1 and not suffix:
            # A section: its own keys say everything but what it is for.
            yield Row(key, "mapping", "", text)
        else:
            yield Row(key, "list" if suffix == "[]" else "mapping", _default(info, brief=True), text)
        # What the kinds of a union have in common stands there once.
        yield from dict.fromkeys(row for child in models for row in rows(child, f"{key}{suffix}."))


def table() -> str:
    """The reference as a Markdown table; rows of the two kinds of upstream follow one another."""
    lines = ["| Key | Type | Default | Meaning |", "|---|---|---|---|"]
    for row in rows():
        cells = (f"`{row.key}`", row.type, f"`{row.default}`" if row.default else "", row.text)
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(lines) + "\n"


def show(config: Config) -> str:
    """The effective config as YAML. Secrets are starred out; what came from the environment shows its `${NAME}`."""
    data = _visible(config, config.source.references, ())
    out = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 4096
    yaml.dump(data, out)
    return out.getvalue()


def starter() -> str:
    """The commented guard.yaml that `guard config init` writes; it says what the built-in default says."""
    return STARTER_PATH.read_text("utf-8")


def _visible(value: Any, references: Mapping[KeyPath, str], path: KeyPath, *, hide: bool = False) -> Any:
    if path in references:
        # A default inside the reference of a secret is a secret too.
        secret = hide or isinstance(value, SecretStr)
        return re.sub(r":-[^}]+\}", f":-{HIDDEN}}}", references[path]) if secret else references[path]
    if isinstance(value, BaseModel):
        return {
            name: _visible(
                getattr(value, name), references, (*path, name), hide=any(isinstance(m, Hidden) for m in info.metadata)
            )
            for name, info in type(value).model_fields.items()
        }
    if isinstance(value, dict):
        # Plugin options have no types that could say what is secret: their names have to.
        return {
            str(k): _visible(
                v, references, (*path, str(k)), hide=hide or ("options" in path and bool(_SECRET_NAME.search(str(k))))
            )
            for k, v in value.items()
        }
    if isinstance(value, tuple | list):
        return [_visible(v, references, (*path, i), hide=hide) for i, v in enumerate(value)]
    if isinstance(value, SecretStr):
        return HIDDEN if value.get_secret_value() else ""
    if hide and value is not None and value != "":
        return HIDDEN
    if isinstance(value, enum.Enum):
        return value.value
    return _USERINFO.sub("//**********@", value) if isinstance(value, str) else value


def _or_reference(prop: dict[str, Any]) -> dict[str, Any]:
    """Numbers, booleans, choices and text of a certain form may also be `${NAME}`."""
    branches = prop.get("anyOf", [prop])
    kinds = {b.get("type") for b in branches}
    bound = any(b.keys() & {"enum", "pattern", "minLength", "maxLength"} for b in branches)
    if "const" in prop or not (bound or kinds & {"integer", "number", "boolean"}):
        return prop
    outer: dict[str, Any] = {k: prop[k] for k in ("default", "title", "description") if k in prop}
    inner = {k: v for k, v in prop.items() if k not in outer}
    return {"anyOf": [*inner.get("anyOf", [inner]), dict(_REFERENCE)], **outer}


def _children(annotation: Any) -> tuple[str, list[type[BaseModel]]] | None:
    """The models below a field and how their place is written: `""`, `.<name>` or `[]`."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "", [annotation]
    if origin is typing.Annotated:
        return _children(args[0])
    if origin in (dict, tuple):
        below = _children(args[1] if origin is dict else args[0])
        return (".<name>" if origin is dict else "[]", below[1]) if below else None
    if origin in (typing.Union, types.UnionType):
        models = [a for a in args if isinstance(a, type) and issubclass(a, BaseModel)]
        return ("", models) if models else None
    return None


def _type(info: FieldInfo) -> str:
    return _type_name(info.annotation)


def _type_name(annotation: Any) -> str:
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _type_name(args[0])
    if origin is typing.Literal:
        return " or ".join(f"`{a}`" for a in args)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type_name(a) for a in args)
    if origin is tuple:
        return f"list of {_type_name(args[0])}"
    if origin is dict:
        return f"mapping to {_type_name(args[1])}"
    if isinstance(annotation, type) and issubclass(annotation, enum.Enum):
        return " or ".join(f"`{m.value}`" for m in annotation)
    names = {str: "text", int: "integer", float: "number", bool: "boolean", SecretStr: "secret", type(None): "null"}
    return names.get(annotation, "anything")


def _default(info: FieldInfo, *, brief: bool = False) -> str:
    if info.is_required():
        return "required"
    value = info.get_default(call_default_factory=True)
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, enum.Enum):
        value = value.value
    if brief and value:
        return ""
    return json.dumps(value, ensure_ascii=False) if not isinstance(value, str) or not value else value
