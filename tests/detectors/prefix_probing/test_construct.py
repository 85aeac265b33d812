"""A whole build on a tiny random model, and what is measured with the result."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from detectors import PrefixProbe, metrics
from detectors.evaluate import evaluate
from detectors.prefix_probing.artifact import ProbeSet
from detectors.prefix_probing.construct import BuildOptions, build, forbidden, measure
from detectors.prefix_probing.data import Prompts, split
from detectors.prefix_probing.score import Aggregation, Sign, aggregate
from detectors.prefix_probing.search import SearchOptions
from detectors.prefix_probing.select import SelectOptions
from detectors.scorers.local import LocalScorer
from guard.errors import ArtifactError
from tests.detectors import support
from tests.detectors.scorers.test_forward import plain

PROMPTS = Prompts(tuple(support.HARMFUL), tuple(support.HARMLESS))
CYRILLIC = str.maketrans("abcdefghijklmnopqrstuvwxyz", "абцдефгхийклмнопярстужвьыз")
OPTIONS = BuildOptions(
    search=SearchOptions(width=4, top_k=8, depth=3),
    select=SelectOptions(keep=2),
    prompts=8,
    block_fpr=0.1,
    steer_fpr=0.3,
)


def scorer():
    return LocalScorer(support.model(), support.tokenizer(), support.IDENTITY)


@pytest.fixture(scope="module")
def probes():
    return build(scorer(), PROMPTS, OPTIONS)


def test_probe_set_is_complete(probes, tmp_path):
    signs = [p.sign for p in probes.prefixes]
    assert 1 <= signs.count(Sign.AGREEMENT) <= 2
    assert 1 <= signs.count(Sign.REFUSAL) <= 2
    for p in probes.prefixes:
        assert not set(p.tokens) & forbidden(scorer())
        assert p.text == support.tokenizer().decode(list(p.tokens))
        assert set(p.adds) == {"auroc", "tpr_at_1_percent_fpr"}
    assert probes.identity == support.IDENTITY
    assert probes.dtype == "float32"
    assert probes.data == {name: part.part() for name, part in split(PROMPTS).items()}
    assert {p.script for p in probes.prefixes} == {""}  # too few prompts for a search per script
    assert probes.search["width"] == 4
    assert probes.calibration.block.target_fpr == 0.1
    assert probes.witness is not None
    assert sum(map(len, probes.witness.probes)) >= 20
    said = [plain(support.model(), list(probes.witness.prompt), list(p)) for p in probes.witness.probes]
    for row, exact in zip(probes.witness.logprobs, said, strict=True):
        assert row == pytest.approx(exact, abs=2e-4)
    probes.save(tmp_path / "p.json")
    assert ProbeSet.load(tmp_path / "p.json") == probes


def test_deterministic(probes):
    seen = []
    assert build(scorer(), PROMPTS, OPTIONS, lambda *step: seen.append(step)) == probes
    assert list(dict.fromkeys(stage for stage, _, _ in seen)) == ["search", "selection", "calibration"]
    for stage in ("search", "selection", "calibration"):
        last = [s for s in seen if s[0] == stage][-1]
        assert last[1] == last[2]


class _Killed(Exception):
    pass


class Counted(LocalScorer):
    """Counts the tokens that its model computes."""

    def __init__(self):
        super().__init__(support.model(), support.tokenizer(), support.IDENTITY)
        self.tokens = 0
        self._hook = self.model.register_forward_pre_hook(self._count, with_kwargs=True)

    def _count(self, _, args, kwargs):
        self.tokens += kwargs["input_ids"].numel()

    def __exit__(self, *_):
        self._hook.remove()

    def __enter__(self):
        return self


@pytest.mark.parametrize(
    ("stage", "step", "again"),
    [
        ("search", 1, True),
        ("search", 4, True),
        ("selection", 1, False),
        ("selection", 5, False),
        ("calibration", 1, False),
        ("calibration", 30, False),
    ],
)
def test_killed_and_resumed_gives_the_identical_file(probes, tmp_path, stage, step, again):
    """Whatever was found is not computed again, but for the state of a search that was cut short."""
    state = tmp_path / "x.state"

    def kill(at, done, _):
        if (at, done) == (stage, step):
            raise _Killed

    with Counted() as whole:
        build(whole, PROMPTS, OPTIONS)
    with Counted() as killed, pytest.raises(_Killed):
        build(killed, PROMPTS, OPTIONS, kill, state)
    with Counted() as resumed:
        found = build(resumed, PROMPTS, OPTIONS, None, state)
    probes.save(tmp_path / "whole.json")
    found.save(tmp_path / "resumed.json")
    assert (tmp_path / "resumed.json").read_bytes() == (tmp_path / "whole.json").read_bytes()
    assert killed.tokens + resumed.tokens == whole.tokens + again * killed.tokens


def test_a_finished_search_is_not_run_again(monkeypatch, tmp_path):
    monkeypatch.setattr("detectors.prefix_probing.construct._ENOUGH", 6)
    both = Prompts(
        *[(*side, *[t.lower().translate(CYRILLIC) for t in side]) for side in (PROMPTS.harmful, PROMPTS.harmless)]
    )
    options = replace(OPTIONS, search=SearchOptions(width=2, top_k=4, depth=2))

    def kill(at, *_):
        if at == "search latin":
            raise _Killed

    with pytest.raises(_Killed):
        build(scorer(), both, options, kill, tmp_path / "x.state")
    stages = set()
    found = build(scorer(), both, options, lambda stage, *_: stages.add(stage), tmp_path / "x.state")
    assert stages == {"search latin", "selection", "calibration"}
    assert found == build(scorer(), both, options)


def test_state_of_another_build_is_not_used(probes, tmp_path):
    state = tmp_path / "x.state"
    build(scorer(), PROMPTS, replace(OPTIONS, search=SearchOptions(width=2, top_k=4, depth=1)), None, state)
    assert state.exists()
    assert build(scorer(), PROMPTS, OPTIONS, None, state) == probes


def test_gate_and_first_token_are_calibrated(probes):
    assert probes.first_token is not None
    assert 1 <= len(probes.first_token.model.tokens) <= 128
    assert probes.first_token.calibration.auroc > 0.5
    assert build(scorer(), PROMPTS, replace(OPTIONS, gate_outside=0.0)).gate is None


def test_one_search_per_script(monkeypatch):
    monkeypatch.setattr("detectors.prefix_probing.construct._ENOUGH", 6)
    both = Prompts(
        *[(*side, *[t.lower().translate(CYRILLIC) for t in side]) for side in (PROMPTS.harmful, PROMPTS.harmless)]
    )
    seen = set()
    options = replace(OPTIONS, select=SelectOptions(keep=2), search=SearchOptions(width=2, top_k=4, depth=2))
    found = build(scorer(), both, options, lambda stage, *_: seen.add(stage))
    assert {"search cyrillic", "search latin"} <= seen
    assert {p.script for p in found.prefixes} == {"cyrillic", "latin"}
    mixed = build(scorer(), both, replace(options, per_script=False))
    assert {p.script for p in mixed.prefixes} == {""}
    assert not mixed.calibration.scripts
    result = evaluate(scorer(), found, both)
    assert [s.script for s in result.scripts] == ["cyrillic", "latin"]
    assert [s.count for s in result.scripts] == [(40, 40), (40, 40)]


def test_scripts_are_calibrated_each(monkeypatch):
    """The stored calibrations, the evaluation and the probe itself bring scores onto one scale in one way."""
    monkeypatch.setattr("detectors.prefix_probing.construct._ENOUGH", 6)
    monkeypatch.setattr("detectors.calibrate.scripts.ENOUGH", 10)
    texts = [[t, t.lower().translate(CYRILLIC)] for side in (PROMPTS.harmful, PROMPTS.harmless) for t in side]
    half = len(PROMPTS.harmful)
    both = Prompts(*(tuple(t for pair in side for t in pair) for side in (texts[:half], texts[half:])))
    options = replace(OPTIONS, select=SelectOptions(keep=2), search=SearchOptions(width=2, top_k=4, depth=2))
    probes = build(scorer(), both, options)
    assert set(probes.calibration.scripts) == {"cyrillic", "latin"}
    assert sum(bool(s.alignment.scores) for s in probes.calibration.scripts.values()) == 1
    probe = PrefixProbe(probes, scorer(), cascade=False)
    scores = {t: asyncio.run(probe.score([{"role": "user", "content": t}])).value for side in texts for t in side}
    rows = {r.name: r for r in evaluate(scorer(), probes, both).rows}
    bad, good = ([scores[t] for t in side] for side in (both.harmful, both.harmless))
    name = f"prefix probe, {probes.aggregation}"
    assert rows[name].auroc == pytest.approx(metrics.auroc(bad, good), abs=1e-3)
    raw = [
        [asyncio.run(probe.score([{"role": "user", "content": t}])).raw for t in side]
        for side in (both.harmful, both.harmless)
    ]
    unaligned = rows[f"{name}, unaligned"]
    assert unaligned.auroc == pytest.approx(metrics.auroc(*raw), abs=1e-3)
    assert (rows[name].aligned, rows[name].own_threshold) == (True, True)
    assert (unaligned.aligned, unaligned.own_threshold) == (False, False)
    aligned = [n for n, r in rows.items() if r.aligned]
    assert [f"{n}, unaligned" for n in aligned] == [n for n in rows if n.endswith("unaligned")]
    assert not any(rows[n].aligned for n in ("one-token refusal odds", "random openings (control)"))


def test_calibration_is_what_the_probe_sees(probes):
    """The library's scores of the calibration prompts reach exactly the rates that were stored."""
    probe = PrefixProbe(probes, scorer(), cascade=False)
    part = split(PROMPTS)["calibration"]

    async def values(texts):
        return [(await probe.score([{"role": "user", "content": t}])).value for t in texts]

    bad, good = asyncio.run(values(part.harmful)), asyncio.run(values(part.harmless))
    c = probes.calibration
    # The scores come from another order of calls, so a score at the threshold may round to its other side.
    assert metrics.share_at(good, c.block_at + 1e-6) <= c.block.fpr
    assert metrics.share_at(good, c.steer_at + 1e-6) <= c.steer.fpr
    assert metrics.auroc(bad, good) == pytest.approx(c.auroc, abs=0.01)


def test_swapped_signs_give_the_complement(probes):
    tokens, deltas = [p.tokens for p in probes.prefixes], [p.delta for p in probes.prefixes]
    signs = [p.sign for p in probes.prefixes]
    swapped = [Sign.AGREEMENT if s is Sign.REFUSAL else Sign.REFUSAL for s in signs]
    bad, good = (measure(scorer(), texts, tokens) for texts in (PROMPTS.harmful, PROMPTS.harmless))
    for how in Aggregation:
        one, other = (metrics.auroc(*[aggregate(v, s, deltas, how) for v in (bad, good)]) for s in (signs, swapped))
        assert one == pytest.approx(1 - other)


def test_evaluation(probes):
    ticks = []
    result = evaluate(scorer(), probes, PROMPTS, train=PROMPTS, tick=lambda *t: ticks.append(t))
    names = [r.name for r in result.rows]
    assert names.count("prefix probe, mean") == 1
    assert not any(r.aligned or "unaligned" in r.name for r in result.rows)
    assert names[0] == ("cascade" if probes.gate else "prefix probe, mean")
    assert len(names) == len(set(names)) == 9 + bool(probes.gate)
    assert (result.harmful, result.harmless) == (40, 40)
    assert ticks[-1] == (80, 80)
    for row in result.rows:
        assert row.auroc_interval[0] <= row.auroc <= row.auroc_interval[1]
        assert 0 <= row.tpr_1 <= row.tpr_5 <= 1
    by_name = dict(zip(names, result.rows, strict=True))
    assert by_name["first-token regression"].auroc > 0.95  # measured on what it learned
    assert by_name["first-token regression"].tokens == 0 < by_name["prefix probe, mean"].tokens
    assert by_name["prefix probe, mean"].own_threshold
    assert not by_name["one-token refusal odds"].own_threshold
    assert result.prefill_milliseconds > 0
    for row in result.rows:
        assert row.f1_interval[0] <= row.f1 <= row.f1_interval[1]
    assert [p.name for p in result.points] == ["steer_at", "block_at"]
    assert result.points[0].tpr >= result.points[1].tpr
    crossed = evaluate(scorer(), probes, PROMPTS)
    assert any("cross-fitted" in r.name for r in crossed.rows)


def test_refuses(probes):
    other = LocalScorer(support.model("Llama"), support.tokenizer(), support.IDENTITY)
    other.identity = type(support.IDENTITY)("other", "x" * 16, "t" * 16, "c" * 16)
    with pytest.raises(ArtifactError, match="different weights"):
        evaluate(other, probes, PROMPTS)
    with pytest.raises(ArtifactError, match="too few"):
        build(scorer(), Prompts(("a",), ("b",)), OPTIONS)


def test_values_do_not_depend_on_what_ran_before():
    """A prompt whose beginning is remembered would be computed in other pieces, and round otherwise."""
    system = "You help people with their gardens, their cakes and their boats. " * 8
    texts = [system + t for t in (*support.HARMFUL[:6], *support.HARMLESS[:6])]
    whole = measure(scorer(), texts, [[5, 6, 7], [8]])
    for start in (1, 5, 11):
        assert np.array_equal(measure(scorer(), texts[start:], [[5, 6, 7], [8]]), whole[start:])


def test_garbage_from_the_model_is_refused():
    class Broken(LocalScorer):
        def score_now(self, prompt, probes):
            scored = super().score_now(prompt, probes)
            scored.logprobs[0][0] = np.nan
            return scored

    with pytest.raises(ValueError, match="log-probability"):
        measure(Broken(support.model(), support.tokenizer(), support.IDENTITY), ["a"], [[5]])
