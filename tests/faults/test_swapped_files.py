"""A model and its probe set that are replaced on disk, under their names, while a proxy serves: both go live together,
one without the other changes nothing, and no score is ever read from the wrong one."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from detectors.scorers.local import LocalScorer
from tests.detectors import support
from tests.detectors.scorers.test_vllm_stock import Server
from tests.faults.test_scorer_faults import PREFIXES, Scorer
from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream

OLD, NEW = 0, 9


def put_model(root: Path, seed: int) -> None:
    support.model(seed=seed).save_pretrained(root / "model")
    support.tokenizer().save_pretrained(root / "model")


def put_probes(root: Path, seed: int) -> None:
    identity = LocalScorer.load(root / f"seed-{seed}" / "model").identity
    support.probe_set(PREFIXES, identity=identity, steer_at=90.0, block_at=100.0).save(root / "probes.json")


@dataclass
class Running:
    root: Path
    proxy: Proxy
    server: Server

    def score(self) -> float:
        body = {"model": "any", "messages": [{"role": "user", "content": "hello"}]}
        answer = httpx2.post(f"{self.proxy.url}/chat/completions", json=body, timeout=30)
        assert answer.status_code == 200, answer.text
        return float(answer.headers["x-guardchain-score"])

    def reload(self, *, taken: bool) -> None:
        names = ("guardchain_config_generation", "guardchain_config_reload_failures_total")
        before = [self.proxy.metric(name) for name in names]
        config = json.loads(self.proxy.config.read_text())
        config["routes"][0]["model"] += "x"  # something else must change for the file to be one that is read
        self.proxy.config.write_text(json.dumps(config))
        assert self.proxy.settled(names[0 if taken else 1], before[0 if taken else 1] + 1, 30)
        assert self.proxy.metric(names[taken]) == before[taken]


@pytest.fixture(params=["local", "far"])
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Running]:
    for seed in (OLD, NEW):
        put_model(tmp_path / f"seed-{seed}", seed)
    put_model(tmp_path, OLD)
    put_probes(tmp_path, OLD)
    model = str(tmp_path / "model")
    scorer = Scorer()
    with FaultyUpstream() as up, scorer.serving():
        scoring = {"model": model, "served_name": "tiny", "runner": "v2"}
        upstreams: dict[str, Any] = {
            "cloud": {"kind": "openai", "base_url": up.url, "api_key": "k"},
            "local": {"kind": "embedded", "model": model},
            "far": {"kind": "openai", "base_url": scorer.url, "scoring": scoring},
        }
        del upstreams["far" if request.param == "local" else "local"]
        probe = {"scorer": request.param, "artifact": str(tmp_path / "probes.json")}
        settings = {
            "upstreams": upstreams,
            "policies": {"default": {"probe": probe}},
            "routes": [{"upstream": "cloud", "model": "x"}],
            "surrogate_key": "for tests only, and long",
        }
        with Proxy.running(settings, watched=True) as proxy:
            yield Running(tmp_path, proxy, scorer)


def test_a_model_and_its_probes_go_live_together(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    old = running.score()
    running.reload(taken=True)
    with caplog.at_level(logging.ERROR):
        put_probes(running.root, NEW)
        running.reload(taken=False)
    assert "different weights (made for" in caplog.text
    assert running.score() == pytest.approx(old, abs=1e-3)

    put_model(running.root, NEW)
    running.server.model = support.model(seed=NEW)
    running.reload(taken=True)
    new = running.score()
    assert abs(new - old) > 0.01

    put_model(running.root, OLD)
    running.reload(taken=False)
    assert running.score() == pytest.approx(new, abs=1e-3)

    put_probes(running.root, OLD)
    running.server.model = support.model(seed=OLD)
    running.reload(taken=True)
    assert running.score() == pytest.approx(old, abs=1e-3)
