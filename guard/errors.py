"""The error tree. Callers catch by layer; messages name types and keys, never user text.

GuardError
├── Blocked            a policy decision, not a failure
├── CheckUnavailable   a check could not run (error, deadline, missing model)
├── UpstreamError      the model behind us failed or refused
├── ConfigError        guard.yaml is wrong: says key, line and what to do
├── ArtifactError      a probe set, subspace or model does not fit
└── RequestError       the client's request is wrong: becomes an OpenAI-shaped 4xx
"""

from __future__ import annotations

import errno


class GuardError(Exception):
    """Root of all errors this project raises."""


class Blocked(GuardError):
    """The policy refused the exchange. `check` is the one that decided."""

    def __init__(self, check: str, message: str) -> None:
        super().__init__(message)
        self.check = check


class CheckUnavailable(GuardError):
    """A check could not give a verdict. `reason` is a short label, fit for a metric."""

    def __init__(self, check: str, reason: str) -> None:
        super().__init__(f"check {check!r} is unavailable: {reason}")
        self.check = check
        self.reason = reason


class UpstreamError(GuardError):
    """The upstream refused, broke or timed out. `reason` is a label fit for a metric."""

    def __init__(self, message: str, *, reason: str, status: int = 502, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.status = status
        self.retry_after = retry_after


class ConfigError(GuardError):
    """The configuration is wrong; the message names the key, its line and the nearest valid choice."""


class ArtifactError(GuardError):
    """An artefact is missing, corrupt or made for another model; the message says which digest differs."""


class RequestError(GuardError):
    """The request cannot be served as written.

    `param` is the JSON path, `code` an OpenAI-style code, `status` the HTTP status (4xx).
    """

    def __init__(self, message: str, *, status: int = 400, param: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.param = param
        self.code = code


def cause(error: BaseException) -> str:
    """What went wrong, fit for a log: `ENOSPC` where the system says why, else the type's name. Never the message,
    which may quote."""
    number = error.errno if isinstance(error, OSError) else None
    # Types of libraries (TLS, name resolution) have numbers of their own, and say more by their names.
    foreign = type(error).__module__ != "builtins"
    return type(error).__name__ if foreign or number is None else errno.errorcode.get(number, type(error).__name__)
