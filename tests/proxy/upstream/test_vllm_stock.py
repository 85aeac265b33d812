"""A stock vLLM server as upstream and as scorer: what is an error at the start, and what can wait."""

from __future__ import annotations

import asyncio

import pytest

import guard.config
from detectors import PrefixProbe
from detectors.scorers.local import LocalScorer
from detectors.scorers.vllm_stock import VllmStockScorer
from guard.check import Exchange
from guard.errors import ArtifactError, ConfigError
from guard.metrics import Metrics
from guard.verdict import Verdict
from proxy.assemble import assemble
from proxy.upstream.vllm_stock import StockVllmUpstream
from tests.detectors import support
from tests.detectors.scorers.test_forward import PROBES, ids, plain
from tests.detectors.scorers.test_vllm_stock import Server


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    root = tmp_path_factory.mktemp("model")
    support.model().save_pretrained(root)
    support.tokenizer().save_pretrained(root)
    return root


def upstream(url, directory, name="tiny", **options):
    return StockVllmUpstream("far", lambda: VllmStockScorer(url, name, directory, **options), base_url=url)


def test_scores_and_closes(directory):
    async def run():
        server = Server()
        async with server.running() as url:
            it = upstream(url, directory, runner="v2")
            await it.start()
            scored = await it.scorer.score(ids(20), PROBES)
            assert scored.logprobs[2] == pytest.approx(plain(support.model(), ids(20), PROBES[2]), abs=1e-4)
            assert await it.ready()
            await it.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("runner", "name", "error"),
    [("v1", "tiny", ConfigError), ("v2", "huge", ConfigError), ("other", "tiny", ArtifactError)],
)
def test_what_does_not_fit_is_an_error_at_the_start(directory, runner, name, error):
    async def run():
        server = Server(runner)
        if runner == "other":
            server.tokenize = server.models
        async with server.running() as url:
            it = upstream(url, directory, name)
            with pytest.raises(error):
                await it.start()
            await it.close()

    asyncio.run(run())


def test_a_server_that_is_not_there_yet_can_come_later(directory, caplog):
    async def run():
        it = upstream("http://127.0.0.1:9/v1", directory)
        await it.start()
        assert it.scorer is not None
        await it.close()

    asyncio.run(run())
    assert "cannot score yet: unreachable" in caplog.text


def test_by_config(directory, tmp_path):
    """A policy whose scorer is a stock vLLM server scores over HTTP."""
    local = LocalScorer.load(directory)
    prefixes = [((7, 8), 1.0), ((9,), 0.5), ((11, 12, 13), -1.0), ((14, 15), -2.0)]
    artefact = support.probe_set(prefixes, identity=local.identity)
    artefact.save(tmp_path / "probes.json")

    async def run():
        async with Server().running() as url:
            config = guard.config.loads(
                f"""
upstreams:
  far: {{kind: openai, base_url: "{url}", scoring: {{model: "{directory}", served_name: tiny, runner: v2}}}}
policies:
  default: {{probe: {{scorer: far, artifact: "{tmp_path}/probes.json", steer_at: -100, block_at: -90}}}}
routes: [{{upstream: far}}]
audit: {{sink: "off"}}
"""
            )
            assembly = await assemble(config, surrogate_key=b"k" * 32, metrics=Metrics())
            exchange = Exchange("chat", "m", "", "r", [], messages=lambda: [{"role": "user", "content": "hello"}])
            decision = await assembly.guards[0].chain.inspect(exchange)
            for upstream in assembly.upstreams.values():
                await upstream.close()
            return decision.finding("probe")

    finding = asyncio.run(run())
    expected = asyncio.run(PrefixProbe(artefact, local).score([{"role": "user", "content": "hello"}]))
    assert finding.error is None
    assert finding.score == pytest.approx(expected.value, abs=1e-4)
    assert finding.verdict is Verdict.BLOCK


def test_a_scorer_that_cannot_score_is_an_error():
    text = 'upstreams: {far: {kind: openai, base_url: "https://x/v1"}}\n'
    text += "policies: {default: {probe: {scorer: far}}}\nroutes: [{upstream: far}]\n"
    with pytest.raises(ConfigError, match="scoring"):
        guard.config.loads(text)
