"""`guard probes` end to end on a tiny random model saved to disk."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from detectors.prefix_probing.artifact import Gate, Linear, ProbeSet
from guard.cli.probes import app
from guard.errors import ArtifactError, ConfigError
from tests.detectors import support

FAST = ["--width", "3", "--top-k", "6", "--depth", "2", "--keep", "2", "--prompts", "6", "--steer-fpr", "0.2"]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    root = tmp_path_factory.mktemp("cli")
    support.model().save_pretrained(root / "model")
    support.tokenizer().save_pretrained(root / "model")
    rows = [{"prompt": p, "harmful": True} for p in support.HARMFUL]
    rows += [{"prompt": p, "harmful": False} for p in support.HARMLESS]
    (root / "both.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (root / "bad.txt").write_text("\n".join(support.HARMFUL))
    (root / "good.csv").write_text("prompt\n" + "\n".join(support.HARMLESS))
    return root


def run(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments], env={"COLUMNS": "200"})


def data(root):
    return ["--harmful", root / "both.jsonl", "--harmless", root / "both.jsonl"]


@pytest.fixture(scope="module")
def built(files):
    out = files / "probes.json"
    result = run("build", "--model", files / "model", *data(files), "--out", out, *FAST)
    assert result.exit_code == 0, result.output
    assert "block_at" in result.output
    return out


def test_build_twice_gives_the_same_file(files, built):
    again = files / "again.json"
    arguments = ["--harmful", files / "bad.txt", "--harmless", files / "good.csv", "--out", again, *FAST]
    assert run("build", "--model", files / "model", *arguments).exit_code == 0
    assert again.read_bytes() == built.read_bytes()


def test_prompts_beyond_the_context_are_left_out_and_counted(files, built):
    """One that the model cannot take would be scored from garbage, or end a long build with a traceback."""
    for name, lines in (("bad", support.HARMFUL), ("good", support.HARMLESS)):
        (files / f"long_{name}.txt").write_text("\n".join([lines[0], f"{name} " * 1000, *lines[1:]]))
    long = ["--harmful", files / "long_bad.txt", "--harmless", files / "long_good.txt"]
    out = files / "long.json"
    result = run("build", "--model", files / "model", *long, "--out", out, *FAST)
    assert result.exit_code == 0, result.output
    assert "left out 1 harmful and 1 harmless prompts" in result.output
    assert out.read_bytes() == built.read_bytes()
    result = run("eval", "--model", files / "model", "--probes", built, *long)
    assert "left out 1 harmful and 1 harmless prompts" in result.output
    assert "40 harmful and 40 harmless" in result.output
    (files / "only_long.txt").write_text("long " * 1000)
    only = ["--harmful", files / "only_long.txt", "--harmless", files / "long_good.txt"]
    result = run("eval", "--model", files / "model", "--probes", built, *only)
    assert isinstance(result.exception, ArtifactError)
    assert "longer than the model's context" in str(result.exception)


def test_show(built):
    result = run("show", built)
    assert result.exit_code == 0
    for words in ("refusal", "agreement", "steer_at", "AUROC", "construction: "):
        assert words in result.output


def test_show_says_what_an_old_set_lacks(built, tmp_path):
    old = json.loads(built.read_text())
    assert old.pop("witness") and "no witness" not in run("show", built).output
    (tmp_path / "old.json").write_text(json.dumps(old))
    assert "no witness: a stock vLLM server" in run("show", tmp_path / "old.json").output


def test_show_of_a_set_that_was_calibrated_anew(built, tmp_path):
    """Its gate no longer says what it spared with the thresholds of the build."""
    probes = ProbeSet.load(built)
    gate = Gate(
        model=Linear(tokens=(7,), weights=(0.5,), bias=0.1), low=-1.0, high=1.0, outside=0.05,
        full={"harmful": 0.9, "harmless": 0.1}, wrong=0.0,
    )  # fmt: skip
    old = probes.model_copy(update={"gate": gate})
    old.save(tmp_path / "old.json")
    old.recalibrated("prefix_probe", old.calibration).save(tmp_path / "new.json")
    before, after = (" ".join(run("show", tmp_path / f"{name}.json").output.split()) for name in ("old", "new"))
    assert "all probes run for 10.0% of harmless and 90.0% of harmful prompts, 0.0% other verdicts" in before
    assert "what it spares is not known" in after and "calibration: " in before and "calibration: " not in after


def test_eval(files, built):
    result = run("eval", "--model", files / "model", "--probes", built, *data(files), "--limit", 12)
    assert result.exit_code == 0, result.output
    for words in (
        "12 harmful and 12 harmless",
        "prefix probe, mean",
        "one-token",
        "cross-fitted",
        "control",
        "block_at",
    ):
        assert words in result.output


def test_eval_tells_who_measures_with_what_was_learnt_from(files, built):
    for name, mark in (("new_bad", "harmful"), ("new_good", "harmless")):
        (files / f"{name}.txt").write_text("\n".join(f"{mark} number {n}, please" for n in "abcdef"))
    new = ["--harmful", files / "new_bad.txt", "--harmless", files / "new_good.txt"]
    measure = ["eval", "--model", files / "model", "--probes", built]
    assert "are among those" not in run(*measure, *new).output
    mixed = ["--harmful", files / "bad.txt", "--harmless", files / "new_good.txt"]
    assert (
        f"{len(support.HARMFUL)} of {len(support.HARMFUL) + 6} prompts are among those" in run(*measure, *mixed).output
    )
    learn = ["--train-harmful", files / "new_bad.txt", "--train-harmless", files / "good.csv"]
    result = run(*measure, *new, *learn)
    assert isinstance(result.exception, ArtifactError)
    assert "6 prompts stand both among those to learn on" in str(result.exception)


@pytest.mark.parametrize(
    ("change", "error", "says"),
    [
        ({"--model": "bundled:nothing"}, ConfigError, "no bundled model"),
        ({"--model": "/does/not/exist"}, ArtifactError, "no model at"),
        ({"--harmful": "missing.txt"}, ArtifactError, "cannot read missing.txt"),
        ({"--harmless": "{root}/bad.txt"}, ArtifactError, "stand in both"),
    ],
)
def test_errors_are_ours(files, change, error, says):
    values = {
        "--model": files / "model",
        "--harmful": files / "both.jsonl",
        "--harmless": files / "both.jsonl",
        "--out": files / "x.json",
        **{k: v.format(root=files) for k, v in change.items()},
    }
    result = run("build", *[x for pair in values.items() for x in pair])
    assert isinstance(result.exception, error)
    assert says in str(result.exception)
    assert not (files / "x.json").exists()


@pytest.mark.parametrize(
    "wrong", [["--aggregation", "median"], ["--block-fpr", "0.5"], ["--width", "0"], ["--dtype", "int8"]]
)
def test_bad_options(files, wrong):
    result = run("build", "--model", files / "model", *data(files), "--out", files / "x.json", *wrong)
    assert result.exit_code == 2
