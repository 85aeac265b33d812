"""`guard calibrate` end to end: labelled prompts on a tiny random model, and a score log with labels."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from detectors.prefix_probing.artifact import FirstToken, Linear, ProbeSet
from detectors.prefix_probing.data import Prompts
from detectors.scorers.local import LocalScorer
from guard import config
from guard.cli import app
from guard.errors import ArtifactError
from tests.detectors import support


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    root = tmp_path_factory.mktemp("calibrate")
    support.model().save_pretrained(root / "model")
    support.tokenizer().save_pretrained(root / "model")
    identity = LocalScorer.load(root / "model").identity
    support.probe_set(identity=identity).save(root / "probes.json")
    rows = [{"prompt": p, "harmful": True} for p in support.HARMFUL]
    rows += [{"messages": [{"role": "user", "content": p}], "harmful": False} for p in support.HARMLESS]
    (root / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    lines = [
        {
            "request_id": f"req_{n}",
            "policy": "default",
            "findings": [{"check": "probe", "score": n / 10, "detail": {"stage": "first_token" if n % 2 else "full"}}],
        }
        for n in range(100)
    ]
    (root / "audit.jsonl").write_text("\n".join(map(json.dumps, lines)))
    (root / "labels.csv").write_text("request_id,harmful\n" + "\n".join(f"req_{n},true" for n in range(80, 100)))
    return root


def run(*arguments):
    return CliRunner().invoke(app, ["calibrate", *map(str, arguments)], env={"COLUMNS": "100"})


@pytest.fixture(scope="module")
def calibrated(files):
    out = {name: files / f"new.{name}" for name in ("json", "yaml", "html")}
    result = run(
        "--probes", files / "probes.json", "--model", files / "model", "--data", files / "rows.jsonl",
        "--probability", "isotonic", "--out", out["json"], "--patch", out["yaml"], "--html", out["html"],
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    return result, out


def test_prompts(files, calibrated):
    result, out = calibrated
    for words in ("40 harmful and 40 harmless", "block_at", "Sweep", "Drift", "Brier", "warning:"):
        assert words in result.output
    old, new = ProbeSet.load(files / "probes.json"), ProbeSet.load(out["json"])
    assert new.calibration.harmful == 40 and new.calibration != old.calibration
    assert new.calibration.probability.kind == "isotonic"
    assert new.scored_by() == old.scored_by() and new.prefixes == old.prefixes
    assert (new.data["calibration"].harmful, new.data["calibration"].harmless) == (40, 40)
    page = out["html"].read_text()
    assert "rows.jsonl:1" in page
    assert not any(p in page for p in (*support.HARMFUL, *support.HARMLESS))


def test_tells_that_prompts_chose_the_openings(files, tmp_path):
    probes = ProbeSet.load(files / "probes.json")
    part = Prompts(tuple(support.HARMFUL[:7]), tuple(support.HARMLESS[:3])).part()
    common = ("--model", files / "model", "--data", files / "rows.jsonl")
    for name, warned in (("construction", True), ("selection", True), ("calibration", False)):
        probes.model_copy(update={"data": {name: part}}).save(tmp_path / "p.json")
        result = run("--probes", tmp_path / "p.json", *common)
        assert result.exit_code == 0
        assert ("by 10 of 80 prompts the openings were chosen" in result.output) is warned


def test_patch_merges_into_a_config(tmp_path, calibrated):
    """What the patch says is what a config with it says, and no prompt is lost or gained by the rounding."""
    _, out = calibrated
    (tmp_path / "guard.yaml").write_text(out["yaml"].read_text())
    probe = config.load(tmp_path / "guard.yaml").policies["default"].probe
    fitted = ProbeSet.load(out["json"]).calibration
    assert fitted.steer_at <= probe.steer_at <= fitted.steer_at + 2e-6
    assert fitted.block_at <= probe.block_at <= fitted.block_at + 3e-6 and probe.block_at > probe.steer_at


@pytest.mark.parametrize("detector", ["prefix_probe", "first_token_lr"])
def test_patch_names_the_detector_whose_thresholds_it_holds(files, tmp_path, detector):
    probes = ProbeSet.load(files / "probes.json")
    first = FirstToken(model=Linear(tokens=(7,), weights=(0.5,), bias=0.1), calibration=probes.calibration)
    probes.model_copy(update={"first_token": first}).save(tmp_path / "both.json")
    log = ["--log", files / "audit.jsonl", "--labels", files / "labels.csv", "--rest-harmless"]
    out = ["--detector", detector, "--patch", tmp_path / "p.yaml", "--out", tmp_path / "new.json"]
    result = run("--probes", tmp_path / "both.json", *log, *out)
    assert result.exit_code == 0, result.output
    patched = config.load(tmp_path / "p.yaml").policies["default"].probe
    assert patched.detector == detector
    assert patched.steer_at == pytest.approx(ProbeSet.load(tmp_path / "new.json").calibration_of(detector).steer_at)


def test_log(files, tmp_path):
    result = run(
        "--probes", files / "probes.json", "--log", files / "audit.jsonl", "--labels", files / "labels.csv",
        "--rest-harmless", "--patch", tmp_path / "p.yaml",
    )  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "20 harmful and 80 harmless" in result.output
    assert "50 of 100 scores are the first token's prediction" in result.output
    probe = config.load(tmp_path / "p.yaml").policies["default"].probe
    assert (probe.steer_at, probe.block_at) == (7.500001, 7.900001)


@pytest.fixture(scope="module")
def chinese(files):
    """A log with two scripts as the proxy writes it: cjk scores aligned by the probe set in use (+ 10), their own
    beside them."""
    probes = support.with_script(ProbeSet.load(files / "probes.json"), "cjk", scores=(0.0,), values=(10.0,))
    probes.save(files / "two.json")
    lines, labels = [], ["request_id,harmful"]
    for n in range(200):
        cjk, harmful = n >= 100, n % 2
        raw = (n % 100) / (100 if cjk else 10) + harmful * (0.3 if cjk else 3)
        detail = {"script": "cjk", "raw": raw} if cjk else {"script": "latin"}
        finding = {"check": "probe", "score": raw + 10 if cjk else raw, "detail": detail}
        lines.append(json.dumps({"request_id": f"r{n}", "policy": "default", "findings": [finding]}))
        labels.append(f"r{n},{'true' if harmful else 'false'}")
    (files / "two.jsonl").write_text("\n".join(lines))
    (files / "two.csv").write_text("\n".join(labels))
    return ["--log", files / "two.jsonl", "--labels", files / "two.csv", "--probes"]


def test_without_per_script_the_stored_scale_stays(files, chinese, tmp_path):
    result = run(*chinese, files / "two.json", "--steer-fpr", "0.3", "--out", tmp_path / "new.json")
    assert result.exit_code == 0, result.output
    words = " ".join(result.output.split())
    assert "By writing system" in words
    assert "cjk: steer_at takes 60.0% of its harmless and" in words
    assert "on the stored scale" not in words
    assert "latin: steer_at takes 0.0% of its harmless and" in words
    old, new = ProbeSet.load(files / "two.json"), ProbeSet.load(tmp_path / "new.json")
    assert new.calibration.scripts == old.calibration.scripts
    assert new.calibration.steer_at > 10  # where Chinese scores lie on the stored scale


def test_per_script(files, chinese, tmp_path):
    out = ["--out", tmp_path / "new.json", "--html", tmp_path / "r", "--patch", tmp_path / "p.yaml"]
    result = run(*chinese, files / "two.json", "--per-script", *out)
    assert result.exit_code == 0, result.output
    assert "on the stored scale" in " ".join(result.output.split()) and "on the stored scale" in out[3].read_text()
    patched = config.load(tmp_path / "p.yaml").policies["default"].probe
    assert patched.artifact == str(tmp_path / "new.json") and patched.steer_at == pytest.approx(9, abs=1)
    new = ProbeSet.load(tmp_path / "new.json").calibration
    assert set(new.scripts) == {"latin", "cjk"}
    assert 9 < new.steer_at < 10  # the scale is latin's own
    assert new.alignment("cjk").of(new.scripts["cjk"].own.steer_at) == pytest.approx(new.steer_at, abs=0.3)
    assert "By writing system" in (tmp_path / "r").read_text()
    assert "takes" not in result.output


def test_per_script_needs_two_scripts(files, tmp_path):
    rows = ["--model", files / "model", "--data", files / "rows.jsonl"]
    result = run("--probes", files / "probes.json", *rows, "--per-script", "--out", tmp_path / "x.json")
    assert isinstance(result.exception, ArtifactError)
    assert "latin 40 harmful and 40 harmless" in str(result.exception)
    assert not (tmp_path / "x.json").exists()


def test_what_to_label(files):
    result = run("--probes", files / "probes.json", "--log", files / "audit.jsonl", "--to-label", 6)
    rows = result.output.splitlines()
    assert rows[0] == "request_id,digest,score,harmful"
    assert [r.split(",")[0] for r in rows[1:]] == [f"req_{n}" for n in (99, 98, 97, 10, 9, 0)]


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        ["--data", "a", "--log", "b"],
        ["--data", "a"],
        ["--log", "{root}/audit.jsonl"],
        ["--data", "a", "--model", "m", "--block-fpr", "0.5"],
        ["--data", "a", "--model", "m", "--probability", "spline"],
        ["--data", "a", "--model", "m", "--prevalence", "1"],
        ["--data", "a", "--model", "m", "--detector", "other"],
        ["--data", "a", "--model", "m", "--scope", "other"],
        ["--data", "a", "--model", "m", "--to-label", "3"],
        ["--data", "a", "--model", "m", "--per-script"],
    ],
)
def test_bad_options(files, wrong):
    assert run("--probes", files / "probes.json", *(w.format(root=files) for w in wrong)).exit_code == 2


def test_probe_set_without_the_regression(files):
    log = ["--log", files / "audit.jsonl", "--labels", files / "labels.csv"]
    result = run("--probes", files / "probes.json", *log, "--detector", "first_token_lr")
    assert isinstance(result.exception, ArtifactError)
