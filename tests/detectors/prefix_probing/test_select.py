"""Choosing openings on planted values: quality first, nothing twice, what each adds reported."""

from __future__ import annotations

import numpy as np
import pytest

from detectors import metrics
from detectors.prefix_probing.score import Aggregation, Sign, aggregate
from detectors.prefix_probing.search import Candidate
from detectors.prefix_probing.select import SelectOptions, select
from guard.errors import ArtifactError

N = 300


def values(strengths, seed=0):
    """Independent noise plus, for harmful prompts, `strengths`; refusal openings rise, agreement openings fall."""
    rng = np.random.default_rng(seed)
    return rng.normal(-2, 1, (N, len(strengths))) + strengths, rng.normal(-2, 1, (N, len(strengths)))


POOL = [
    Candidate((5,), -1.0),
    Candidate((6, 7), -1.0),
    Candidate((6, 7, 8), -1.0),
    Candidate((9,), -0.1),
    Candidate((10,), 1.0),
    Candidate((11,), 1.0),
]
STRENGTHS = np.array([1.0, 1.2, 1.1, -3.0, -1.0, -0.5])


def test_grows_while_it_helps():
    harmful, harmless = values(STRENGTHS)
    _, chosen = select(POOL, harmful, harmless, SelectOptions(keep=3, aggregation=Aggregation.MEAN))
    kept = [c.index for c in chosen]
    assert kept[:2] == [1, 4]  # the best pair
    assert set(kept) == {0, 1, 4, 5}  # 2 begins like 1; 3 would make it worse
    assert [c.auroc for c in chosen[1:]] == sorted(c.auroc for c in chosen[1:])
    assert chosen[0].auroc == pytest.approx(0.5 + chosen[0].added_auroc)
    assert sum(c.added_auroc for c in chosen) == pytest.approx(chosen[-1].auroc - 0.5)
    signs, deltas = [POOL[i].sign for i in kept], [POOL[i].delta for i in kept]
    scores = [aggregate(v[:, kept], signs, deltas, Aggregation.MEAN) for v in (harmful, harmless)]
    assert chosen[-1].auroc == pytest.approx(metrics.auroc(*scores), abs=1e-6)


@pytest.mark.parametrize("how", Aggregation)
def test_keep_bounds_each_sign(how):
    used, chosen = select(POOL, *values(STRENGTHS), SelectOptions(keep=1, aggregation=how))
    assert used is how
    assert sorted(POOL[c.index].sign for c in chosen) == [Sign.AGREEMENT, Sign.REFUSAL]


def test_twins_are_not_kept_together():
    harmful, harmless = values(STRENGTHS)
    for v in (harmful, harmless):
        v[:, 0] = v[:, 1] + np.random.default_rng(1).normal(0, 0.01, N)
    assert len({c.index for c in select(POOL, harmful, harmless)[1]} & {0, 1}) == 1


def test_every_script_gets_a_pair_judged_on_its_own_prompts():
    """Latin prompts move 0 and 1 only, han prompts 2 and 3; on the other's prompts the values are wild."""
    rng = np.random.default_rng(0)
    kinds = ["latin"] * N + ["cjk"] * N
    sides = []
    for shift in (np.array([2.0, -2.0, 2.0, -2.0]), 0.0):
        v = rng.normal(-2, 1, (2 * N, 4)) + shift
        v[:N, 2:], v[N:, :2] = rng.normal(-12, 1, (N, 2)), rng.normal(-12, 1, (N, 2))
        sides.append(v)
    pool = [
        Candidate((t,), d, s) for t, d, s in ((1, -1.0, "latin"), (2, 1.0, "latin"), (3, -1.0, "cjk"), (4, 1.0, "cjk"))
    ]
    how, chosen = select(pool, *sides, SelectOptions(keep=1), (kinds, kinds))
    assert {c.index for c in chosen} == {0, 1, 2, 3}
    assert chosen[-1].auroc > 0.97
    every = [select(pool, *sides, SelectOptions(aggregation=a), (kinds, kinds))[1][-1].auroc for a in Aggregation]
    assert chosen[-1].auroc == max(every)
    assert isinstance(how, Aggregation)


def test_deterministic():
    assert select(POOL, *values(STRENGTHS)) == select(POOL, *values(STRENGTHS))


def test_refuses():
    with pytest.raises(ArtifactError, match="both signs"):
        select(POOL[:4], *values(STRENGTHS[:4]))
    with pytest.raises(ArtifactError, match="prompts"):
        select(POOL, values(STRENGTHS)[0], np.empty((0, 6)))
    with pytest.raises(ValueError, match="keep"):
        SelectOptions(keep=0)
