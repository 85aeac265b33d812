"""guard.yaml: one strict file. `load` it, and everything that is wrong is said at once, with key and line."""

from guard.config.checks import Check, External, Plugin, Probe, Steer
from guard.config.limits import Limits
from guard.config.load import default, load, loads, warnings
from guard.config.model import Config
from guard.config.policy import Block, Match, Policy, Route, Tenant
from guard.config.problems import InvalidConfig, Problem
from guard.config.reference import schema, show, starter
from guard.config.sanitize import Destination, Entity, LocalModel, LocalRoute, Obfuscate, Recover, Sanitize
from guard.config.server import Audit, Log, Metrics, Server
from guard.config.store import Store
from guard.config.tracing import Tracing
from guard.config.upstreams import Breaker, Embedded, OpenAI, Remote, StockVllm, Upstream, Vllm

__all__ = [
    "Audit",
    "Block",
    "Breaker",
    "Check",
    "Config",
    "Destination",
    "Embedded",
    "Entity",
    "External",
    "InvalidConfig",
    "Limits",
    "LocalModel",
    "LocalRoute",
    "Log",
    "Match",
    "Metrics",
    "Obfuscate",
    "OpenAI",
    "Plugin",
    "Policy",
    "Probe",
    "Problem",
    "Recover",
    "Remote",
    "Route",
    "Sanitize",
    "Server",
    "Steer",
    "StockVllm",
    "Store",
    "Tenant",
    "Tracing",
    "Upstream",
    "Vllm",
    "default",
    "load",
    "loads",
    "schema",
    "show",
    "starter",
    "warnings",
]
