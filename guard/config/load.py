"""Files to configs: read, validate, cross-check, and say everything that is wrong at once."""

from __future__ import annotations

import difflib
import logging
import os
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from guard.config import document as yaml
from guard.config.crosscheck import crosscheck
from guard.config.document import Document, KeyPath, dotted
from guard.config.model import Config, Source
from guard.config.policy import Match, Policy, Route
from guard.config.problems import InvalidConfig, Problem
from guard.config.server import Server
from guard.config.upstreams import Embedded, OpenAI, Vllm
from guard.verdict import Mode

log = logging.getLogger("guard.config")

_KINDS: dict[str, type[BaseModel]] = {"embedded": Embedded, "openai": OpenAI, "vllm": Vllm}
_TYPES = {dict: "a mapping", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}


def load(path: str | os.PathLike[str], *, environment: Mapping[str, str] | None = None) -> Config:
    """Read a config file. Raises `ConfigError` (an `InvalidConfig`) naming every problem with key and line.

    `environment` stands in for the process's own. Warnings go to the log.
    """
    name = os.fspath(path)
    try:
        with Path(path).open("rb") as file:
            raw = file.read(yaml.MAX_BYTES + 1)
    except OSError as error:
        raise InvalidConfig(name, [Problem(f"cannot be read: {error.strerror or type(error).__name__}")]) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InvalidConfig(name, [Problem("not valid UTF-8", line=line)]) from None
    return loads(text, name=name, environment=environment)


def loads(text: str, *, name: str = "guard.yaml", environment: Mapping[str, str] | None = None) -> Config:
    """`load` for text that is already in memory; `name` is what errors call it."""
    doc = yaml.read(text, os.environ if environment is None else environment)
    if doc.data is None and not doc.problems:
        # Not the defaults: a file that is just being written, or a mount that failed, would open the proxy to all.
        doc.problems.append(Problem("the file is empty; write {} to take every default"))
    if any(p.fatal for p in doc.problems) or (doc.problems and doc.data is None):
        raise InvalidConfig(name, doc.problems)
    config = _validate(doc, name)
    if config is None:
        raise InvalidConfig(name, doc.problems)
    for warning in warnings(config):
        log.warning("%s: %s", name, warning)
    return config


def default() -> Config:
    """The built-in config: the bundled model on 127.0.0.1:8080, every check enforced.

    For `guard demo` it also explains itself to this machine, and serves the model under a second name with every
    check in monitor mode. A config file has neither unless it says so.
    """
    plain = Config()
    checks = {name: {"mode": Mode.MONITOR} for name in ("sanitize", "probe", "steer")}
    return Config(
        server=Server(explain=True),
        policies={**plain.policies, "monitor": Policy.model_validate(checks)},
        routes=(
            Route(match=Match(model="tiny-chat-monitor"), upstream="local", policy="monitor", model="tiny-chat"),
            *plain.routes,
        ),
    )


def warnings(config: Config) -> list[Problem]:
    """What is odd about a valid config."""
    return [p for p in crosscheck(config) if p.warning]


def _validate(doc: Document, name: str) -> Config | None:
    data = doc.data
    try:
        config = Config.model_validate(data)
    except ValidationError as error:
        found: dict[KeyPath, list[ErrorDetails]] = {}
        for details in error.errors(include_url=False, include_input=True):
            found.setdefault(_in_file(details["loc"], data), []).append(details)
        for path, several in found.items():
            follows = several[0]["type"] == "too_short" and any(p[: len(path)] == path and p != path for p in found)
            if path not in doc.unset and not follows:
                doc.problems.append(_problem(several, path, doc))
        return None
    if doc.problems:
        return None
    config._source = Source(name, doc.lines, doc.references)
    wrong = [p for p in crosscheck(config) if not p.warning]
    doc.problems.extend(wrong)
    return None if wrong else config


def _in_file(loc: tuple[str | int, ...], data: Any) -> KeyPath:
    """A pydantic location without the steps that are not in the file: the tag of a union, `[key]` of a mapping."""
    out: list[str | int] = []
    for step in loc:
        if isinstance(data, dict):
            if step not in data and (step == "[key]" or step == data.get("kind")):
                continue
            data = data.get(str(step))
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        elif data is not None:
            continue  # deeper than the file goes: the branch of a union of scalars
        out.append(step)
    return tuple(out)


def _problem(several: list[ErrorDetails], path: KeyPath, doc: Document) -> Problem:
    """One problem for one key; a union complains once for each of its branches."""
    details = several[0]
    kind = details["type"]
    line = doc.line(path)
    if kind == "extra_forbidden":
        return Problem(_unknown(path, doc.data), key=dotted(path), line=line)
    if kind == "missing":
        return Problem("this key is required", key=dotted(path), line=line)
    if kind == "union_tag_not_found":
        return Problem(f"'kind' is required: {_choices(_KINDS)}", key=dotted(path), line=line)
    if kind == "union_tag_invalid":
        path = (*path, "kind")
        near = _near(str(details["input"].get("kind", "")), _KINDS)
        return Problem(f"must be {_choices(_KINDS)}{near}", key=dotted(path), line=doc.line(path))
    return Problem(" or ".join(dict.fromkeys(map(_wrong, several))), key=dotted(path), line=line)


def _wrong(details: ErrorDetails) -> str:
    """pydantic's sentence in this file's words, without the value that was there."""
    message = details["msg"].replace("Input should be", "must be").replace("String should", "must")
    message = message.replace("Tuple should have", "must have").replace("Dictionary should have", "must have")
    message = message.replace(" after validation, not 0", "")
    found = details["input"]
    if details["type"] in ("literal_error", "enum"):
        expected = str(details.get("ctx", {}).get("expected", ""))
        return message + _near(str(found), [part.strip(" '") for part in expected.replace(" or ", ",").split(",")])
    if details["type"] in ("string_pattern_mismatch", "value_error"):
        return message
    if details["type"].endswith(("_type", "_parsing")):
        message = message.replace("a valid string", "text").replace("a valid ", "a ").replace("a integer", "an integer")
        for word in ("dictionary or instance", "dictionary"):
            if f"a {word}" in message:
                message = "must be a mapping"
        message = message.replace("a tuple", "a list")
        message += f", not {_TYPES.get(type(found), 'text' if isinstance(found, str) else 'empty')}"
        if "must be text" in message and isinstance(found, int | float):
            message += " (put it in quotes)"
    return message


def _unknown(path: KeyPath, data: Any) -> str:
    key = str(path[-1])
    here = _model_at(path[:-1], data)
    valid = sorted(here.model_fields) if here else []
    elsewhere = sorted({p for p in _all_keys() if p.rpartition(".")[2] == key})
    close = difflib.get_close_matches(key, valid, n=1, cutoff=0.85 if elsewhere else 0.6)
    if close:
        return f"unknown key; did you mean {close[0]!r}?"
    if elsewhere:
        return f"unknown key here; it belongs to {elsewhere[0]}"
    nearest = max(valid, key=lambda v: difflib.SequenceMatcher(None, key, v).ratio(), default="")
    return f"unknown key; the nearest of the valid keys ({', '.join(valid)}) is {nearest!r}"


def _model_at(path: KeyPath, data: Any) -> type[BaseModel] | None:
    annotation: Any = Config
    for step in path:
        data = data[step]
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            annotation = annotation.model_fields[str(step)].annotation
        else:
            annotation = typing.get_args(annotation)[-1 if typing.get_origin(annotation) is dict else 0]
        annotation = _unwrap(annotation, data)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _unwrap(annotation: Any, data: Any) -> Any:
    if typing.get_origin(annotation) is typing.Annotated:
        annotation = typing.get_args(annotation)[0]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType) and isinstance(data, dict):
        models = [a for a in typing.get_args(annotation) if isinstance(a, type) and issubclass(a, BaseModel)]
        return _KINDS.get(str(data.get("kind")), models[0] if len(models) == 1 else annotation)
    return annotation


def _all_keys() -> Iterator[str]:
    from guard.config.reference import rows

    return (row.key for row in rows())


def _choices(names: typing.Iterable[str]) -> str:
    return " or ".join(f"'{n}'" for n in names)


def _near(found: str, valid: typing.Iterable[str]) -> str:
    close = difflib.get_close_matches(found, list(valid), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
