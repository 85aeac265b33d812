from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from guard.cli.steering import app
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


def test_fit_show_eval(chat: Chat, labelled: Path, tmp_path: Path) -> None:
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

    picture = tmp_path / "sweep.png"
    drawn = importlib.util.find_spec("matplotlib") is not None
    measured = guard_steering(
        *("eval", "--model", chat.directory, "--steering", out, *both),
        *("--strengths", "0.1,0.8", "--tokens", 10),
        *(("--plot", picture) if drawn else ()),
    )
    assert measured.exit_code == 0, measured.output
    assert "70 harmful prompts (20 answered by the plain model), 50 harmless" in measured.output
    assert measured.output.count("steered") == 2 and measured.output.count("random") == 2
    assert picture.exists() is drawn


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


def test_an_artefact_of_another_model_is_refused(chat: Chat, labelled: Path, tmp_path: Path) -> None:
    from tests.steering.models import small_subspace

    path = tmp_path / "other.safetensors"
    small_subspace().save(path)
    result = guard_steering(
        "eval", "--model", chat.directory, "--steering", path, "--harmful", labelled, "--harmless", labelled
    )
    assert isinstance(result.exception, ArtifactError)
    assert "different weights" in str(result.exception)
