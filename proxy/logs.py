"""The operator's log, as a `logging` configuration. Exceptions are written without their messages: these may quote."""

from __future__ import annotations

import logging
import traceback
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import orjson

from guard.config import Log

_ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class TextFormatter(logging.Formatter):
    """One line a message; of an exception its type and where it was raised."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S%z")

    def formatException(self, ei: _ExcInfo) -> str:
        return where(ei[1])


class JsonFormatter(TextFormatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


def where(error: BaseException | None) -> str:
    """Type and frames of an exception, innermost last, without its message and those of its causes."""
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    steps = " > ".join(f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in frames)
    return f"{type(error).__name__} at {steps}"


def settings(log: Log) -> dict[str, Any]:
    """A `logging.config.dictConfig` for this process and, as it can be pickled, for every worker."""
    kind = "proxy.logs.JsonFormatter" if log.format == "json" else "proxy.logs.TextFormatter"
    level = log.level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": kind}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            **{name: {"level": level} for name in ("guard", "proxy", "sanitizers", "detectors", "steering")},
            "uvicorn": {"level": level if log.level != "info" else "WARNING"},
        },
    }
