"""Two models are told apart by what is in their files, whatever the directory is called."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from guard import ArtifactError
from guard.model_identity import ModelIdentity


def write_model(root: Path) -> Path:
    root.mkdir()
    (root / "config.json").write_text(json.dumps({"hidden_size": 8, "transformers_version": "1", "use_cache": True}))
    header = json.dumps({"w": {"dtype": "F32", "shape": [64, 1024], "data_offsets": [0, 262144]}}).encode()
    data = bytes(range(256)) * 1024
    (root / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data)
    (root / "tokenizer.json").write_text('{"model": 1}')
    (root / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }}"}')
    return root


def edit_json(name: str, **values: object) -> Callable[[Path], object]:
    def edit(root: Path) -> None:
        path = root / name
        path.write_text(json.dumps(json.loads(path.read_text()) | values))

    return edit


def patch_weights(offset: int) -> Callable[[Path], object]:
    def edit(root: Path) -> None:
        raw = bytearray((root / "model.safetensors").read_bytes())
        raw[offset] ^= 1
        (root / "model.safetensors").write_bytes(raw)

    return edit


@pytest.mark.parametrize(
    ("edit", "differs"),
    [
        (lambda root: None, set()),
        (lambda root: (root / "README.md").write_text("hello"), set()),
        (edit_json("config.json", transformers_version="2", dtype="float32", use_cache=False), set()),
        (edit_json("config.json", hidden_size=9), {"weights"}),
        (patch_weights(12), {"weights"}),
        (patch_weights(-1), {"weights"}),
        (lambda root: (root / "tokenizer.json").write_text("{}"), {"tokenizer"}),
        (lambda root: (root / "vocab.json").write_text("{}"), {"tokenizer"}),
        (edit_json("tokenizer_config.json", chat_template="other"), {"template"}),
        (lambda root: (root / "chat_template.jinja").write_text("other"), {"template"}),
        (lambda root: (root / "chat_template.jinja").write_text("{{ messages }}"), set()),
        (lambda root: (root / "tokenizer_config.json").unlink(), {"template"}),
    ],
)
def test_digests(tmp_path: Path, edit: Callable[[Path], object], differs: set[str]) -> None:
    a = ModelIdentity.of(write_model(tmp_path / "a"))
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    edit(tmp_path / "b")
    b = ModelIdentity.of(tmp_path / "b", name="a")
    assert {k for k, v in a.to_dict().items() if v != getattr(b, k)} == differs
    if differs:
        with pytest.raises(
            ArtifactError, match=f"the probe set was made for another model 'a': different {differs.pop()}"
        ):
            a.require(b, "the probe set")
    else:
        a.require(b, "the probe set")


@pytest.mark.parametrize(("name", "whose"), [("a", "another model 'a'"), ("b", "model 'a', not for 'b'")])
def test_both_digests_are_named(name: str, whose: str) -> None:
    made, other = ModelIdentity("a", "1" * 16, "t", "c"), ModelIdentity(name, "2" * 16, "t", "c")
    with pytest.raises(ArtifactError) as raised:
        made.require(other, "x")
    assert str(raised.value).startswith(f"x was made for {whose}: different weights (made for {'1' * 16}, this is ")


def test_round_trip_and_names(tmp_path: Path) -> None:
    identity = ModelIdentity.of(write_model(tmp_path / "tiny"))
    assert identity.name == "tiny"
    assert ModelIdentity.from_dict(json.loads(json.dumps(identity.to_dict()))) == identity
    identity.require(ModelIdentity.of(tmp_path / "tiny", name="renamed"), "x")


def test_bad_input(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"config\.json is missing"):
        ModelIdentity.of(tmp_path)
    with pytest.raises(ArtifactError, match="'weights' is missing"):
        ModelIdentity.from_dict({"name": "a", "tokenizer": "", "template": ""})
