"""Two scripts whose scores spread differently, one pair of thresholds."""

from __future__ import annotations

import numpy as np
import pytest

from detectors import metrics
from detectors.calibrate import calibrate
from detectors.calibrate.scripts import ENOUGH, alignment, calibrate_scripts

RNG = np.random.default_rng(3)
LATIN = RNG.normal(3, 1.5, 90), RNG.normal(-2, 2, 300)
CJK = RNG.normal(1, 0.4, 70), RNG.normal(-0.5, 0.4, 200)  # tells the classes apart as well, on a third of the scale
BOTH = tuple(np.concatenate(sides) for sides in zip(LATIN, CJK, strict=True))
SCRIPTS = ["latin"] * 90 + ["cjk"] * 70, ["latin"] * 300 + ["cjk"] * 200


@pytest.fixture(scope="module")
def fitted():
    return calibrate_scripts(*BOTH, SCRIPTS, block_fpr=0.01, steer_fpr=0.05)


def test_one_pair_for_both(fitted):
    """What one calibration for all misses: Chinese prompts that must be blocked."""
    together = calibrate(*BOTH)
    assert metrics.share_at(CJK[0], together.block_at) == 0.0
    for script, (bad, good) in (("latin", LATIN), ("cjk", CJK)):
        align = fitted.alignment(script)
        assert metrics.share_at(align.of(bad), fitted.block_at) > 0.5
        for at, target in ((fitted.block_at, 0.01), (fitted.steer_at, 0.05)):
            assert metrics.share_at(align.of(good), at) == pytest.approx(target, abs=0.011)
        own = fitted.scripts[script].own
        assert (own.harmful, own.harmless) == (len(bad), len(good))
        assert align.of([own.steer_at, own.block_at]) == pytest.approx([fitted.steer_at, fitted.block_at], abs=0.5)


def test_the_script_with_most_prompts_keeps_its_scores(fitted):
    assert fitted.alignment("latin").of([-7.0, 0.1, 9.0]).tolist() == [-7.0, 0.1, 9.0]
    assert fitted.alignment("thai").of(1.5) == 1.5  # one that nothing is known of
    assert fitted.alignment("cjk").of(1.5) != 1.5


def test_the_common_calibration_is_of_the_aligned_scores(fitted):
    aligned = [fitted.aligned(s, names) for s, names in zip(BOTH, SCRIPTS, strict=True)]
    assert calibrate(*aligned) == fitted.model_copy(update={"scripts": {}})


@pytest.mark.parametrize("few", [0, 1])
def test_too_few_prompts_of_a_script(few):
    sides = [list(s) for s in SCRIPTS]
    start = SCRIPTS[few].index("cjk")
    sides[few][start + ENOUGH - 1 :] = ["latin"] * (len(SCRIPTS[few]) - start - ENOUGH + 1)
    found = calibrate_scripts(*BOTH, (sides[0], sides[1]))
    assert found == calibrate(*BOTH) and not found.scripts


def test_thresholds_that_fall_together_still_map():
    """Ten harmless scores: both targets lie above them all."""
    small = calibrate([5.0] * 10, np.arange(10.0), block_fpr=0.01, steer_fpr=0.05)
    assert small.steer_at == small.block_at
    for a, b in ((small, calibrate(*LATIN)), (calibrate(*LATIN), small)):
        found = alignment(a, b)
        assert found.of(a.block_at) == pytest.approx(b.block_at)
        assert found.of(a.block_at - 1e-6) < b.block_at
