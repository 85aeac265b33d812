from __future__ import annotations

from typing import Any

import pytest
import torch

from guard.errors import ArtifactError
from guard.model_identity import ModelIdentity
from steering.artifact import Target
from steering.hooks import decoder_layers
from steering.prompts import render
from steering.rotation import centroid_target, projection_target
from steering.subspace import (
    Separability,
    Variant,
    auroc,
    choose_layers,
    fit,
    last_states,
    safe_basis,
    separability,
)
from tests.steering.conftest import ANSWERED, LEAKED, REFUSED, Chat, prompts


def test_states_are_those_of_the_last_prompt_token_after_each_layer(chat: Chat) -> None:
    asked = [*prompts(REFUSED[:1]), "poison"]
    hooks = [dict(layer._forward_hooks) for layer in decoder_layers(chat.model)]
    states = last_states(chat.model, chat.tokenizer, asked, batch=4)
    assert [dict(layer._forward_hooks) for layer in decoder_layers(chat.model)] == hooks
    assert states.shape == (len(asked), 4, 48)
    for row, prompt in enumerate(asked):
        with torch.no_grad():
            out = chat.model(input_ids=torch.tensor([render(chat.tokenizer, prompt)]), output_hidden_states=True)
        for layer in range(3):  # the fourth that transformers reports has gone through the final norm
            assert torch.allclose(states[row, layer], out.hidden_states[layer + 1][0, -1], atol=1e-4)
        assert torch.allclose(chat.model.model.norm(states[row, 3]), out.hidden_states[4][0, -1], atol=1e-4)


def test_the_basis_is_orthonormal_and_faces_the_rows() -> None:
    rows = torch.randn(30, 12, generator=torch.Generator().manual_seed(0)) + 0.3
    basis = safe_basis(rows, 5)
    assert torch.allclose(basis @ basis.T, torch.eye(5), atol=1e-5)
    assert ((rows @ basis.T).sum(0) >= 0).all()
    assert torch.allclose(safe_basis(-rows, 5), -basis, atol=1e-5), "the sign follows the rows, not the SVD"
    with pytest.raises(ArtifactError, match="rank"):
        safe_basis(rows[:3], 4)
    with pytest.raises(ArtifactError, match="rank"):
        safe_basis(rows, 0)


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("rank", [1, 3])
def test_no_prompt_is_turned_towards_the_unsafe_side(chat: Chat, variant: Variant, rank: int) -> None:
    """The sign trap on real states: whatever target form, v · centroid > 0 per layer, harmful and harmless."""
    made = _fit(chat, variant=variant, rank=rank, layers=range(4)).subspace
    states = last_states(chat.model, chat.tokenizer, prompts((*REFUSED, *ANSWERED, *LEAKED)))
    for i, layer in made.layers.items():
        centroid = centroid_target(layer.basis, layer.centroid)
        assert centroid @ layer.centroid > 0
        v = projection_target(states[:, i], layer.basis)
        turned = v.norm(dim=-1) > 0
        assert (v[turned] @ centroid > 0).all()


def test_separability_names_the_layers_that_tell() -> None:
    safe, benign = torch.randn(2, 40, 3, 8, generator=torch.Generator().manual_seed(0)).unbind(0)
    safe[:, 1, 2] += 6.0
    report = separability(safe, benign)
    assert report[1].auroc > 0.99
    assert report[0].auroc < 0.8 and report[2].auroc < 0.8
    assert choose_layers(report) == [1]


@pytest.mark.parametrize(
    ("aurocs", "chosen"),
    [
        ([0.5], [0]),
        ([0.6, 0.9, 0.99, 0.98, 1.0], [2, 3]),  # the last fifth is never chosen
        ([0.7, 0.99, 0.9, 0.99, 0.99, 0.99, 0.2, 0.2, 0.99, 0.99], [1, 3, 4, 5]),
    ],
)
def test_choice_of_layers(aurocs: list[float], chosen: list[int]) -> None:
    assert choose_layers([Separability(i, a) for i, a in enumerate(aurocs)]) == chosen


def test_auroc_counts_ties_half() -> None:
    assert auroc(torch.tensor([1.0, 2.0]), torch.tensor([0.0])) == 1.0
    assert auroc(torch.tensor([1.0]), torch.tensor([1.0])) == 0.5
    assert auroc(torch.tensor([0.0, 3.0]), torch.tensor([1.0, 2.0])) == 0.5


def test_the_fit_says_how_it_was_made(chat: Chat) -> None:
    made = _fit(chat, target=Target.PROJECTION, scale=0.5, layers=[2, 1])
    subspace = made.subspace
    assert sorted(subspace.layers) == [1, 2]
    assert (subspace.rank, subspace.target, subspace.scale, subspace.dtype) == (2, Target.PROJECTION, 0.5, "float32")
    assert subspace.fitted["variant"] == "contrastive"
    assert subspace.fitted["prompts"] == {"safe": 50, "benign": 50, "opposite": 20}
    assert [s.layer for s in made.separability] == [0, 1, 2, 3]
    assert max(s.auroc for s in made.separability) > 0.9


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"layers": [9]}, "layer 9"),
        ({"layers": [-1]}, "layer -1"),
        ({"layers": []}, "does not exist"),
        ({"rank": 99}, "rank 99"),
        ({"safe": ["poison"]}, "at least two"),
        ({"benign": []}, "at least two"),
    ],
)
def test_impossible_fits_are_refused(chat: Chat, change: dict[str, Any], says: str) -> None:
    with pytest.raises(ArtifactError, match=says):
        _fit(chat, **change)


def _fit(chat: Chat, **change: Any) -> Any:
    options: dict[str, Any] = {
        "identity": ModelIdentity.of(chat.directory),
        "safe": prompts(REFUSED),
        "benign": prompts(ANSWERED),
        "opposite": prompts(LEAKED),
        "rank": 2,
    }
    return fit(chat.model, chat.tokenizer, **{**options, **change})
