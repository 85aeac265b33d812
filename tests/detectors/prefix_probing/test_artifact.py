"""Probe sets on disk: round trip, strictness, and the model they belong to."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from detectors import PrefixProbe
from detectors.prefix_probing.artifact import FirstToken, Gate, Linear, Part, ProbeSet
from guard.errors import ArtifactError
from tests.detectors.support import IDENTITY, FixedScorer, probe_set, with_script


def test_round_trip(tmp_path):
    path = tmp_path / "deep" / "probes.json"
    probe_set().save(path)
    assert ProbeSet.load(path, IDENTITY) == probe_set()
    assert PrefixProbe.load(path, FixedScorer()).calibration.block_at == 1.0


@pytest.mark.parametrize("field", ["weights", "tokenizer", "template"])
def test_other_model(tmp_path, field):
    path = tmp_path / "probes.json"
    probe_set().save(path)
    ProbeSet.load(path, replace(IDENTITY, name="renamed"))
    with pytest.raises(ArtifactError, match=f"different {field} \\(") as error:
        ProbeSet.load(path, replace(IDENTITY, **{field: "0" * 16}))
    assert [f for f in ("weights", "tokenizer", "template") if f"{f} (" in str(error.value)] == [field]


def test_version_1_loads(tmp_path):
    """As an earlier release wrote it: one calibration for all scripts, which then changes no score."""
    path = tmp_path / "probes.json"
    probe_set().save(path)
    edit(path, lambda d: (d.update(version=1), d["calibration"].pop("scripts")))
    old = ProbeSet.load(path, IDENTITY)
    assert old.version == 1 and old.calibration == probe_set().calibration
    assert old.calibration.alignment("cjk").of(1.5) == 1.5
    assert old.recalibrated("prefix_probe", old.calibration).version == 2


def full_set():
    linear = Linear(tokens=(7, 9), weights=(0.5, -1.0), bias=0.1)
    gate = Gate(model=linear, low=-1.0, high=1.0, outside=0.05, full={"harmful": 0.9, "harmless": 0.1}, wrong=0.0)
    first = FirstToken(model=linear, calibration=probe_set().calibration)
    made = probe_set(gate=gate, first_token=first)
    return made.model_copy(update={"data": {**made.data, "calibration": part(1)}})


def part(n):
    return Part(harmful=n, harmless=n, sha256=f"{n:064x}")


@pytest.mark.parametrize(
    ("anew", "data", "shares"),
    [
        ({"prefix_probe": part(2)}, {"calibration": part(2), "first_token": part(1)}, False),
        ({"first_token_lr": part(2)}, {"calibration": part(1), "first_token": part(2)}, True),
        (
            {"prefix_probe": part(2), "first_token_lr": part(3)},
            {"calibration": part(2), "first_token": part(3)},
            False,
        ),
        ({"prefix_probe": None}, {"first_token": part(1)}, False),
    ],
)
def test_a_recalibrated_set_says_what_its_thresholds_come_from(tmp_path, anew, data, shares):
    """And nothing any more of those of the build; a score log still knows it."""
    old = new = full_set()
    for detector, fitted_on in anew.items():
        fitted = new.calibration_of(detector).model_copy(update={"harmful": 99})
        new = new.recalibrated(detector, fitted, fitted_on)
        assert new.calibration_of(detector) == fitted
    new.save(tmp_path / "new.json")
    loaded = ProbeSet.load(tmp_path / "new.json")
    assert loaded == new and loaded.data == {"construction": old.data["construction"], **data}
    assert (loaded.gate == old.gate) is shares and (loaded.gate.full is not None) is shares
    assert (loaded.gate.model, loaded.gate.low, loaded.gate.high) == (old.gate.model, old.gate.low, old.gate.high)
    assert all(loaded.fingerprint(d) == old.fingerprint(d) for d in ("prefix_probe", "first_token_lr"))


def test_scripts_round_trip(tmp_path):
    probes = with_script(probe_set(), "cjk", scores=(0.0, 1.0), values=(2.0, 5.0))
    probes.save(tmp_path / "probes.json")
    loaded = ProbeSet.load(tmp_path / "probes.json")
    assert loaded == probes and loaded.scored_by() == probe_set().scored_by()
    assert loaded.calibration.aligned([0.5, 0.5], ["cjk", "latin"]).tolist() == [3.5, 0.5]


def edit(path, change):
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(format="other"), "format"),
        (lambda d: d.update(version=3), "version"),
        (lambda d: d.update(surprise=1), "surprise"),
        (lambda d: d.pop("calibration"), "calibration"),
        (lambda d: d["model"].pop("weights"), "weights"),
        (lambda d: d["prefixes"].clear(), "prefixes"),
        (lambda d: d["prefixes"][0].update(tokens=[]), "tokens"),
        (lambda d: d["prefixes"][0].update(tokens=[-1]), "tokens"),
        (lambda d: d["prefixes"][0].update(tokens=["7"] * 2), "tokens"),
        (lambda d: d["prefixes"][0].update(tokens=[7.5]), "tokens"),
        (lambda d: d["prefixes"][0].update(delta=-1.0), "sign"),
        (lambda d: d["prefixes"][0].update(delta=float("nan")), "delta"),
        (lambda d: d["prefixes"][0].update(sign="maybe"), "sign"),
        (lambda d: d["prefixes"].append(d["prefixes"][0]), "twice"),
        (lambda d: d.update(prefixes=d["prefixes"][:2]), "both signs"),
        (lambda d: d.update(aggregation="median"), "aggregation"),
        (lambda d: d["calibration"]["block"].update(value=-1.0), "block_at"),
        (lambda d: d["calibration"].update(auroc=1.5), "auroc"),
        (lambda d: d["calibration"].update(scripts={"cjk": {"alignment": {}}}), "scripts.cjk.own"),
        (lambda d: d["data"]["construction"].update(sha256="x"), "sha256"),
    ],
)
def test_strict(tmp_path, change, says):
    path = tmp_path / "probes.json"
    probe_set().save(path)
    edit(path, change)
    with pytest.raises(ArtifactError, match=says):
        ProbeSet.load(path, IDENTITY)


@pytest.mark.parametrize("content", [b"", b"not json", b"\xff\xfe", b"[]", b"{}", b" " * ((1 << 20) + 1)])
def test_not_a_probe_set(tmp_path, content):
    path = tmp_path / "probes.json"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"probes\.json"):
        ProbeSet.load(path)
    with pytest.raises(ArtifactError, match="cannot read"):
        ProbeSet.load(tmp_path / "missing.json")
