"""Every kind of cache and attention: scored as a plain forward does, or refused."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from detectors.prefix_probing.search import SearchOptions, search
from detectors.scorers import forward
from detectors.scorers.examine import examine
from detectors.scorers.forward import prefill, probe_logprobs, takes_a_tree
from detectors.scorers.layers import recurrent
from detectors.scorers.local import LocalScorer
from guard.errors import ArtifactError
from tests.detectors import support
from tests.detectors.families import REFUSED, ROWS, STEPS, TREE, family
from tests.detectors.scorers.test_forward import PROBES, ids, plain

SCORED = [*TREE, *ROWS, *STEPS]
# Their layers read several tokens at once as a new text, so that a remembered beginning is of no use.
ANEW = {"mamba", "jamba"}


def scorer(name):
    return LocalScorer(family(name), support.tokenizer(), support.IDENTITY)


def tensors(cache):
    found = []
    for layer in cache.layers:
        held = [layer.keys, layer.values] if hasattr(layer, "keys") else []
        for states in (getattr(layer, "conv_states", {}), getattr(layer, "recurrent_states", {})):
            held += states.values()
        found += [t for t in held if t is not None]
    return found


def check(scored, name, prompt):
    for row, probe in zip(scored, PROBES, strict=True):
        assert row == pytest.approx(plain(family(name), prompt, probe), abs=1e-4)


@pytest.mark.parametrize("name", SCORED)
def test_way(name):
    cache, _ = prefill(family(name), ids(3))
    assert (takes_a_tree(family(name), cache), recurrent(cache)) == (name in TREE, name in STEPS)


@pytest.mark.parametrize("name", SCORED)
@pytest.mark.parametrize("length", [1, 2, 60])  # the windows are 24
def test_equals_plain_forward_and_leaves_the_cache(name, length):
    prompt = ids(length)
    cache, last = prefill(family(name), prompt)
    kept = copy.deepcopy(tensors(cache))
    for _ in range(2):
        check(probe_logprobs(family(name), cache, last, PROBES), name, prompt)
    for now, before in zip(tensors(cache), kept, strict=True):
        assert torch.equal(now, before)


@pytest.mark.parametrize("name", SCORED)
def test_remembered_beginnings(name):
    """The same, one that goes on behind it, one that turns off within it, and the first again."""
    local, base = scorer(name), ids(40)
    longer, turned = [*base, *ids(9, seed=2)], [*base[:30], 5, 6, 7]
    whole = 0 if name in ANEW else 40
    part = 30 if name in TREE or name in ("falcon", "bloom", "mpt", "gpt_neo") else 0
    for prompt, cached in ((base, 0), (base, 40), (longer, whole), (turned, part), (base, 40), (longer, 49)):
        scored = local.score_now(tuple(prompt), PROBES)
        check(scored.logprobs, name, prompt)
        assert scored.cached_tokens == cached
    local.close()


@pytest.mark.parametrize("name", SCORED)
def test_search_finds_the_gap_of_means(name):
    sets = [[ids(n, seed=seed + n) for n in (9, 14, 30)] for seed in (100, 200)]
    options = SearchOptions(width=2, top_k=4, depth=3, min_p=0.0, batch=2)
    found = search(family(name), *sets, forbidden={0, 1, 2}, options=options).candidates
    assert {len(c.tokens) for c in found} == {1, 2, 3}
    for c in found:
        bad, good = (np.mean([np.mean(plain(family(name), p, list(c.tokens))) for p in which]) for which in sets)
        assert c.delta == pytest.approx(good - bad, abs=1e-4)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_at_load(name):
    with pytest.raises(ArtifactError, match=REFUSED[name][1]) as error:
        scorer(name)
    assert "'tiny' cannot be scored" in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda m, cache, last, probes: [[v - 0.1 for v in row] for row in probe_logprobs(m, cache, last, probes)],
        lambda m, cache, last, probes: [[float("nan") for _ in p] for p in probes],
        lambda m, cache, last, probes: [][0],
    ],
)
def test_wrong_numbers_are_noticed(wrong, monkeypatch):
    monkeypatch.setattr("detectors.scorers.examine.probe_logprobs", wrong)
    with pytest.raises(ArtifactError, match="cannot be scored"):
        examine(family("llama"), "x")


def test_a_tree_that_is_not_taken_is_noticed(monkeypatch):
    """What a new architecture would do that reads positions off the mask."""
    monkeypatch.setattr(forward, "takes_a_tree", lambda *_: True)
    for name in ("falcon", "mpt"):
        with pytest.raises(ArtifactError, match="cannot be scored"):
            examine(family(name), name)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["llama", "mistral", "lfm2", "bloom"])
def test_half_precision_is_not_taken_for_wrong(name, dtype):
    examine(copy.deepcopy(family(name)).to(dtype), name)
