from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from guard.cli.steering import WRAPPINGS, _wrapped, app
from guard.errors import ArtifactError
from steering.artifact import Subspace, Target
from tests.steering.conftest import ANSWERED, LEAKED, REFUSED, Chat, prompts


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prompts") / "labelled.jsonl"
    rows = [{"prompt": p, "harmful": True} for p in prompts((*REFUSED, *LEAKED))]
    rows += [{"prompt": p, "harmful": False} for p in prompts(ANSWERED)]
    path.write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return path


def guard_steering(*args: Any) -> Any:
    return CliRunner().invoke(app, [str(a) for a in args], env={"COLUMNS": "200"})


def test_fit_show(chat: Chat, labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "cee.safetensors"
    both = ("--harmful", labelled, "--harmless", labelled)
    fitted = guard_steering(
        "fit", "--model", chat.directory, "--out", out, *both, "--layers", "1-2", "--rank", 2, "--window", 1
    )
    assert fitted.exit_code == 0, fitted.output
    found = Subspace.load(out)
    assert found.window == 1
    assert sorted(found.layers) == [1, 2]
    assert found.fitted["prompts"] == {"safe": 50, "benign": 50, "opposite": 20}

    shown = guard_steering("show", out)
    assert shown.exit_code == 0
    assert "chat" in shown.output and "rank 2, target projection" in shown.output
    bundled = guard_steering("show", "bundled:tiny-chat")
    assert bundled.exit_code == 0 and "AUROC" in bundled.output


def test_eval_reports_everything_it_was_asked_for(chat: Chat, labelled: Path, robot: Path, tmp_path: Path) -> None:
    artefact = tmp_path / "cee.safetensors"
    both = ("--harmful", labelled, "--harmless", labelled)
    guard_steering(
        *("fit", "--model", chat.directory, "--out", artefact, *both, "--layers", "1-2"),
        *("--rank", 2, "--target", "centroid"),
    )
    page, patch, narrowed, picture = (tmp_path / n for n in ("a.html", "a.yaml", "a.safetensors", "a.png"))
    drawn = importlib.util.find_spec("matplotlib") is not None
    measured = guard_steering(
        *("eval", "--model", chat.directory, "--steering", artefact, *both, "--data", robot, "--no-wrapped"),
        *(
            "--strengths",
            "0.3,0.5",
            "--tokens",
            10,
            "--layers",
            "1",
            "--layers",
            "1-2",
            "--windows",
            "1,0",
            "--limit",
            8,
        ),
        *(
            "--html",
            page,
            "--patch",
            patch,
            "--out",
            narrowed,
            "--policy",
            "strict",
            "--rise",
            1,
            "--perplexity",
            1e9,
            "--repetition",
            1,
        ),
        *(("--plot", picture) if drawn else ()),
    )
    assert measured.exit_code == 0, measured.output
    assert "8 harmful prompts" in measured.output and "robot unsafe: 5 harmful prompts, 5 answered" in measured.output
    for kind in ("steered", "random", "shuffled", "additive"):
        assert measured.output.count(kind) >= 8  # 2 strengths in 4 settings
    written = YAML(typ="safe").load(patch)
    assert 0 < written["policies"]["strict"]["steer"]["min_strength"] <= 0.8
    assert Subspace.load(narrowed).layers.keys() <= {1, 2}
    html = page.read_text("utf-8")
    assert html.count("<svg") == 4 and "src=" not in html and "forge" not in html
    assert picture.exists() is drawn


@pytest.fixture
def robot(tmp_path: Path) -> Path:
    """A directory as SafeAgentBench lays it out."""
    directory = tmp_path / "robot"
    directory.mkdir()
    for name, words in (("unsafe_a", LEAKED[:1]), ("safe_a", ANSWERED[:1])):
        rows = [json.dumps({"instruction": p, "scene_name": "x"}) for p in prompts(words)]
        (directory / f"{name}.jsonl").write_text("\n".join(rows), "utf-8")
    return directory


def test_jailbreak_wrapping_keeps_every_prompt() -> None:
    asked = [f"ask {i}" for i in range(len(WRAPPINGS))]
    made = _wrapped(asked, None)
    assert len(set(made)) == len(asked) and not set(made) & set(asked)


def test_fit_on_the_bank(chat: Chat, tmp_path: Path) -> None:
    """Mechanics only: the words of the bank are unknown to this model, so all states coincide but for length."""
    out = tmp_path / "cee.safetensors"
    fitted = guard_steering(
        *("fit", "--model", chat.directory, "--out", out, "--languages", "en", "--rank", 1),
        *("--target", "centroid", "--gate", "10,0.1", "--scale", 0.5, "--variant", "uncentred"),
    )
    assert fitted.exit_code == 0, fitted.output
    found = Subspace.load(out)
    assert (found.target, found.scale, found.rank) == (Target.CENTROID, 0.5, 1)
    assert found.gate is not None and (found.gate.kappa, found.gate.beta) == (10, 0.1)


@pytest.mark.parametrize(
    "args",
    [
        ("fit", "--layers", "x"),
        ("fit", "--layers", "3-1"),
        ("fit", "--variant", "other"),
        ("fit", "--target", "other"),
        ("fit", "--gate", "1"),
        ("fit", "--harmful", "p.txt"),
        ("eval", "--strengths", "0.1,2"),
        ("eval", "--strengths", "nan"),
        ("eval", "--strengths", "a"),
        ("eval", "--windows", "-1"),
        ("eval", "--layers", "x"),
    ],
)
def test_wrong_options_are_usage_errors_before_any_model_is_loaded(args: tuple[str, ...], tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    rest = {
        "fit": ("--model", nowhere, "--out", nowhere),
        "eval": ("--model", nowhere, "--steering", nowhere, "--harmful", nowhere, "--harmless", nowhere),
    }[args[0]]
    result = guard_steering(*args, *rest)
    assert result.exit_code == 2, result.output


def test_eval_without_prompts_is_a_usage_error() -> None:
    assert guard_steering("eval", "--model", "x", "--steering", "x").exit_code == 2
    assert guard_steering("eval", "--model", "x", "--steering", "x", "--harmful", "x").exit_code == 2


def test_a_directory_without_the_files_of_an_evaluation_set(tmp_path: Path) -> None:
    result = guard_steering("eval", "--model", "x", "--steering", "x", "--data", tmp_path)
    assert isinstance(result.exception, ArtifactError) and "unsafe*.jsonl" in str(result.exception)


def test_an_artefact_of_another_model_is_refused(chat: Chat, labelled: Path, tmp_path: Path) -> None:
    from tests.steering.models import small_subspace

    path = tmp_path / "other.safetensors"
    small_subspace().save(path)
    result = guard_steering(
        "eval", "--model", chat.directory, "--steering", path, "--harmful", labelled, "--harmless", labelled
    )
    assert isinstance(result.exception, ArtifactError)
    assert "different weights" in str(result.exception)
