"""Probe sets on disk: round trip, strictness, and the model they belong to."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from detectors import PrefixProbe
from detectors.prefix_probing.artifact import ProbeSet
from guard.errors import ArtifactError
from tests.detectors.support import IDENTITY, FixedScorer, probe_set


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


def edit(path, change):
    data = json.loads(path.read_text())
    change(data)
    path.write_text(json.dumps(data))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda d: d.update(format="other"), "format"),
        (lambda d: d.update(version=2), "version"),
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
