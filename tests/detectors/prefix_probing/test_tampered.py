"""Hand-edited probe sets: refused with the field's name, or scoring to a finite number."""

from __future__ import annotations

import asyncio
import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors import PrefixProbe
from detectors.calibrate.drift import drift
from detectors.prefix_probing.artifact import FirstToken, Gate, Linear, ProbeSet, Witness
from detectors.probability import Probability
from guard.errors import ArtifactError, CheckUnavailable
from tests.detectors.support import FixedScorer, probe_set, with_script

MESSAGES = [{"role": "user", "content": "hello"}]
VOCABULARY = 420
SCORES = np.array([0.5, 2.0, 1.0]), np.array([-1.0, 0.0, -2.0])  # harmful, harmless


def rows(prompt, probes):
    return [[-1.0 - (t % 7) / 3 for t in p] for p in probes]


def scorer():
    it = FixedScorer(rows)
    it.vocabulary_size = VOCABULARY
    return it


@cache
def whole():
    """A valid set with every optional part, as plain data."""
    linear = Linear(tokens=(7, 9), weights=(0.5, -1.0), bias=0.1)
    probes = with_script(probe_set(), "hiragana", scores=(0.0, 1.0), values=(2.0, 5.0))
    probability = Probability(kind="isotonic", prevalence=0.5, scores=(0.0, 1.0), values=(0.1, 0.9))
    calibration = probes.calibration.model_copy(update={"probability": probability})
    gate = Gate(model=linear, low=-1.0, high=1.0, outside=0.05, full={"harmful": 0.9, "harmless": 0.1}, wrong=0.0)
    first = FirstToken(model=linear, calibration=probe_set().calibration)
    said = Witness(prompt=(3, 4), probes=((7,), (8, 9)), logprobs=((-1.0,), (-2.0, 0.0)))
    full = probes.model_copy(update={"calibration": calibration, "gate": gate, "first_token": first, "witness": said})
    return json.dumps(full.model_dump(mode="json"))


def load(path, data):
    path.write_text(json.dumps(data))
    return PrefixProbe.load(path, scorer())


def edited(field, value):
    data = json.loads(whole())
    *way, last = [int(k) if k.isdigit() else k for k in field.split("/")]
    at = data
    for key in way:
        at = at[key]
    at[last] = value
    return data


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("calibration/quantiles", {}, "calibration.quantiles"),
        ("calibration/quantiles", {"harmful": {"0.5": 1.0}}, "calibration.quantiles"),
        ("calibration/quantiles/other", {"0.5": 1.0}, "calibration.quantiles"),
        ("calibration/quantiles/harmful", {}, "calibration.quantiles.harmful"),
        ("calibration/quantiles/harmful", {"half": 1.0}, "quantiles.harmful.*no number"),
        ("calibration/quantiles/harmful", {"1.5": 1.0}, "between 0 and 1"),
        ("calibration/quantiles/harmful", {"nan": 1.0}, "between 0 and 1"),
        ("calibration/quantiles/harmful", {"0.5": 1.0, "0.50": 1.0}, "rise"),
        ("calibration/quantiles/harmful", {"0.5": 1.0, "0.6": 0.0}, "rise"),
        ("calibration/quantiles/harmful", {"0.5": float("inf")}, "quantiles.harmful"),
        ("calibration/harmful", 10**400, "calibration.harmful"),
        ("calibration/harmless", 0, "calibration.harmless"),
        ("calibration/steer/value", 1e300, "calibration.steer.value"),
        ("calibration/steer/value", 2.0, "block_at is below"),
        ("calibration/steer/interval", [1.0, 0.0], "interval"),
        ("calibration/scripts/hiragana/alignment/values", [5.0, 2.0], "monotone"),
        ("calibration/scripts/hiragana/alignment/values", [5.0], "not one value"),
        ("calibration/scripts/hiragana/own/scripts", {"latin": {}}, "scripts"),
        ("calibration/probability/values", [0.9, 0.1], "monotone"),
        ("calibration/probability/values/1", 1.5, "probability.values"),
        ("prefixes/0/delta", 1e300, "prefixes.0.delta"),
        ("prefixes/0/tokens", [], "prefixes.0.tokens"),
        ("prefixes/1/tokens", [VOCABULARY], "prefixes.1.tokens"),
        ("prefixes/1/tokens", [10**30], "prefixes.1.tokens"),
        ("prefixes", [], "prefixes"),
        ("gate/model/tokens", [7, VOCABULARY], "gate.model.tokens"),
        ("gate/model/weights", [1.0], "not one weight"),
        ("gate/model", {"tokens": [], "weights": [], "bias": 1.0}, "gate.model: .*no tokens"),
        ("gate/low", 0.5, "gate.low"),
        ("gate/full", {"harmful": 0.1}, "gate.full"),
        ("first_token/model/tokens", [VOCABULARY, 7], "first_token.model.tokens"),
        ("first_token/model/weights", [1e300, 0.0], "first_token.model.weights"),
        ("witness/prompt", [], "witness.prompt"),
        ("witness/prompt", [VOCABULARY], "witness.prompt"),
        ("witness/probes/0", [VOCABULARY], "witness.probes.0"),
        ("witness/probes/1", [], "witness.probes.1"),
        ("witness/logprobs", [], "witness: .*not one log-probability"),
        ("witness/logprobs/0", [-1.0] * 99, "witness: .*not one log-probability"),
        ("witness/logprobs/0/0", 0.5, "witness.logprobs.0.0"),
        ("witness/logprobs/0/0", float("nan"), "witness.logprobs.0.0"),
        ("model", {"name": "x"}, "model: .*weights"),
    ],
)
def test_refused_by_name(tmp_path, field, value, says):
    with pytest.raises(ArtifactError, match=says):
        load(tmp_path / "probes.json", edited(field, value))


def test_an_unknown_vocabulary_refuses_nothing(tmp_path):
    (tmp_path / "probes.json").write_text(json.dumps(edited("prefixes/1/tokens", [VOCABULARY])))
    assert PrefixProbe.load(tmp_path / "probes.json", FixedScorer(rows))


def paths(data, at=()):
    """Every place in a document, the document itself left out."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*at, key)
        yield from paths(value, (*at, key))


VALUES = st.one_of(
    st.sampled_from(
        [None, True, [], {}, "", "x", "0.5", [[]], 0, -1, 10**400, 1e308, -1e308, 5e-324, math.inf, math.nan]
    ),
    st.integers(-10, 500),
    st.floats(),
    st.lists(st.floats(-5, 5), max_size=3),
    st.lists(st.integers(0, 500), max_size=3),
    st.dictionaries(st.sampled_from(["harmful", "harmless", "0", "0.5", "1", "latin"]), st.floats(-2, 2), max_size=3),
)


@st.composite
def tampered(draw):
    data = json.loads(whole())
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(list(paths(data))))
        at = data
        for key in way:
            at = at[key]
        what = draw(st.sampled_from(["nudge"] * 6 + ["set", "set", "drop", "double"]))
        if what == "nudge" and not isinstance(at[last], bool) and isinstance(at[last], int | float):
            at[last] = draw(st.sampled_from([at[last] + 1, at[last] - 1, at[last] * 2, -at[last], at[last] // 3]))
        elif what == "set":
            at[last] = draw(VALUES)
        elif what == "drop":
            del at[last]
        elif what == "double" and isinstance(at, list):
            at.append(at[last])
        elif what == "double":
            at[draw(st.sampled_from(["harmful", "latin", "0.7", "surprise"]))] = at[last]
        if not data:
            break
    return data


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("tampered") / "probes.json"


@settings(max_examples=600)
@given(data=tampered(), detector=st.sampled_from(["prefix_probe", "first_token_lr"]), cascade=st.booleans())
def test_every_edit_is_refused_or_scores(file, data, detector, cascade):
    file.write_text(json.dumps(data))
    try:
        probes = ProbeSet.load(file)
        probe = PrefixProbe.load(file, scorer(), detector=detector, cascade=cascade)
    except ArtifactError:
        return
    for script in ("", "latin", "hiragana"):
        try:
            score = asyncio.run(probe.score_ids([3, 4, 5], script=script))
        except CheckUnavailable:
            continue
        assert math.isfinite(score.value)
    calibration = probe.calibration
    moved = drift(calibration, *SCORES)
    assert math.isfinite(moved.harmful.psi) and math.isfinite(moved.harmless.psi)
    if calibration.probability is not None:
        assert 0 <= calibration.probability.of(0.5) <= 1
    assert probes.identity and probes.fingerprint(detector)


def test_the_untouched_set_loads_and_scores(file):
    assert math.isfinite(asyncio.run(load(file, json.loads(whole())).score(MESSAGES)).value)
