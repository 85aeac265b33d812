"""Our OpenAPI document against the running proxy: what it allows is served, what it forbids is a clear 4xx, and every
answer has the form it says."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis import Case
from schemathesis.core.failures import FailureGroup
from schemathesis.openapi.checks import RejectedPositiveData

from proxy.openapi import document
from tests.guard.test_cli import run
from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream

API = schemathesis.openapi.from_dict(document())
EXAMPLES = os.environ.get("GUARD_FUZZ_EXAMPLES")  # so many for each operation, and other ones each time
# What the document does not tell: a rule between two fields, and which responses there have been.
UNTOLD = ({"code": "invalid_value", "param": "stream_options"}, {"code": "previous_response_not_found"})


@pytest.fixture(scope="module")
def proxy() -> Iterator[Proxy]:
    with FaultyUpstream() as upstream, Proxy.running(_settings(upstream.url)) as running:
        yield running


def _settings(url: str) -> dict[str, Any]:
    return {
        "upstreams": {"cloud": {"kind": "openai", "base_url": url, "api_key": "sk-upstream"}},
        "policies": {"default": {"sanitize": {}}},
        "routes": [{"upstream": "cloud"}],
        "limits": {"checks_per_minute": None},
        "surrogate_key": "for tests only, sixteen",
    }


@API.parametrize()
@settings(
    max_examples=int(EXAMPLES or 20), derandomize=not EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck)
)
def test_document(case: Case, proxy: Proxy) -> None:
    response = case.call(base_url=proxy.root, timeout=30)
    try:
        case.validate_response(response)
    except FailureGroup as failed:
        rejected = all(isinstance(one, RejectedPositiveData) for one in failed.exceptions)
        said = json.loads(response.content)["error"].items() if rejected else ()
        if not any(rule.items() <= said for rule in UNTOLD if rejected):
            raise


def test_the_document_is_printed() -> None:
    assert json.loads(run("config", "openapi")) == document()
