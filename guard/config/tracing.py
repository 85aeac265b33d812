"""Spans for those who trace."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from guard.config.node import Node, Unit


class Tracing(Node):
    """OpenTelemetry: a span for each request, check and upstream call; needs the extra `otel`. Never any text."""

    endpoint: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s@]+(/\S*)?$")] | None = None
    """Where a collector takes OTLP, such as `http://collector:4318`; null: no tracing."""
    protocol: Literal["http/protobuf", "grpc"] = "http/protobuf"
    """How it takes it: `http/protobuf` (usually port 4318), `grpc` (4317)."""
    headers: dict[str, SecretStr] = Field(default_factory=dict)
    """Headers that the collector wants to see."""
    sample: Unit = 1.0
    """Share of requests that are traced, where the caller's `traceparent` does not decide."""
    service_name: Annotated[str, StringConstraints(min_length=1, max_length=128)] = "guardchain"
    """What traces call this service."""
    guardrail_attributes: bool = False
    """Describe checks by OpenTelemetry's proposal for guardrails (`gen_ai.security.*`) too; its names may change."""
