"""Upstreams of kind `vllm`: what is checked before anything is asked of the server."""

from __future__ import annotations

import pytest

from guard.config import InvalidConfig, Vllm, loads, warnings

GOOD = """
upstreams:
  local: {kind: embedded, steering: "bundled:tiny-chat"}
  gpu: {kind: vllm, base_url: "http://gpu:8000", secret: "a-secret-of-sixteen-or-more"}
policies:
  default: {probe: {scorer: gpu}, steer: {}}
routes:
  - {upstream: gpu}
"""


def test_good() -> None:
    config = loads(GOOD)
    assert isinstance(config.upstreams["gpu"], Vllm)
    assert config.upstreams["gpu"].cache_salt == "none"
    assert not warnings(config)
    assert "sixteen" not in repr(config.upstreams["gpu"])


@pytest.mark.parametrize("url", ["http://gpu:8000/v1", "https://gpu/v1/", "http://gpu:8000/"])
def test_addresses(url: str) -> None:
    loads(GOOD.replace("http://gpu:8000", url))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('secret: "a-secret-of-sixteen-or-more"', 'secret: "short"', "upstreams.gpu.secret"),
        (', secret: "a-secret-of-sixteen-or-more"', "", "upstreams.gpu.secret"),
        ("http://gpu:8000", "http://gpu:8000/api/v1", "upstreams.gpu.base_url"),
        ("http://gpu:8000", "gpu:8000", "upstreams.gpu.base_url"),
        ("- {upstream: gpu}", "- {upstream: local}", "set steer_at and block_at"),
        ("scorer: gpu", "scorer: cpu", "no upstream named 'cpu'"),
    ],
)
def test_refused(old: str, new: str, says: str) -> None:
    with pytest.raises(InvalidConfig, match=says):
        loads(GOOD.replace(old, new))


def test_another_upstream_by_its_scores() -> None:
    text = GOOD.replace("- {upstream: gpu}", "- {upstream: local}")
    loads(text.replace("scorer: gpu", "scorer: gpu, steer_at: 1.0, block_at: 2.0"))
