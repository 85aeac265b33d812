"""Guardchain's core: surfaces, checks, verdicts and the chain. No HTTP and no model code here."""

from guard.chain import Chain, Link
from guard.check import Check, Exchange, OutputFilter
from guard.errors import (
    ArtifactError,
    Blocked,
    CheckUnavailable,
    ConfigError,
    GuardError,
    RequestError,
    UpstreamError,
)
from guard.surface import Channel, ChannelKind, Role, Surface
from guard.verdict import Decision, Finding, Mode, OnError, Verdict

__version__ = "0.1.0"

__all__ = [
    "ArtifactError",
    "Blocked",
    "Chain",
    "Channel",
    "ChannelKind",
    "Check",
    "CheckUnavailable",
    "ConfigError",
    "Decision",
    "Exchange",
    "Finding",
    "GuardError",
    "Link",
    "Mode",
    "OnError",
    "OutputFilter",
    "RequestError",
    "Role",
    "Surface",
    "UpstreamError",
    "Verdict",
]
