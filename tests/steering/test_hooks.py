from __future__ import annotations

import threading
from typing import Any

import pytest
import torch
from transformers import DynamicCache

from guard.errors import ArtifactError
from steering.artifact import Gate, Subspace, Target
from steering.hooks import Steerer, decoder_layers
from tests.steering.models import ARCHITECTURES, VOCABULARY, small_model, small_subspace

ROWS, TOKENS = 3, 7
IDS = torch.randint(3, VOCABULARY, (ROWS, TOKENS), generator=torch.Generator().manual_seed(3))


def logits(model: Any, ids: torch.Tensor, **kwargs: Any) -> torch.Tensor:
    with torch.no_grad():
        found: torch.Tensor = model(input_ids=ids, **kwargs).logits
    return found


class _Rotated(torch.nn.Module):
    """A decoder layer with the rotation written behind it by hand, token by token, in float64."""

    def __init__(self, layer: torch.nn.Module, v: torch.Tensor, strength: torch.Tensor) -> None:
        super().__init__()
        self.layer, self.v, self.strength = layer, v.double(), strength.double()

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("layer"), name)

    def forward(self, *args: Any, **kwargs: Any) -> torch.Tensor:
        hidden = self.layer(*args, **kwargs)
        out = hidden.clone()
        for row in range(hidden.shape[0]):
            for token in range(hidden.shape[1]):
                alpha = self.strength[row, token]
                h = hidden[row, token].double()
                theta = torch.acos(h @ self.v / h.norm())
                a = torch.sin((1 - alpha) * theta) / torch.sin(theta)
                b = h.norm() * torch.sin(alpha * theta) / torch.sin(theta)
                out[row, token] = (a * h + b * self.v).float()
        return out


def by_hand(architecture: str, subspace: Subspace, strength: torch.Tensor) -> torch.Tensor:
    model: Any = small_model(architecture)
    layers = decoder_layers(model)
    for i, layer in subspace.layers.items():
        v = (layer.centroid @ layer.basis.T) @ layer.basis
        layers[i] = _Rotated(layers[i], v / v.norm(), strength)
    return logits(model, IDS)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_architecture_equals_the_rotation_by_hand(architecture: str) -> None:
    subspace = small_subspace((0, 2, 3))
    model = small_model(architecture)
    strength = torch.tensor([0.0, 0.2, 0.9])
    start = torch.tensor([0, 3, TOKENS - 1])
    per_token = torch.where(torch.arange(TOKENS) >= start.unsqueeze(-1), strength.unsqueeze(-1), 0.0)
    plain = logits(model, IDS)
    steerer = Steerer(model, subspace).install()
    with steerer.strengths(strength, start):
        steered = logits(model, IDS)
    expected = torch.log_softmax(by_hand(architecture, subspace, per_token), -1)
    assert torch.allclose(torch.log_softmax(steered, -1), expected, atol=1e-4)
    assert torch.equal(steered[0], plain[0]), "a row at strength 0 is bit-identical"
    assert torch.equal(steered[1, :3], plain[1, :3]), "so is everything before the start"
    assert torch.equal(steered[2, : TOKENS - 1], plain[2, : TOKENS - 1])
    for row, at in ((1, 3), (2, TOKENS - 1)):
        assert (steered[row, at:] - plain[row, at:]).abs().amax(-1).min() > 1e-3, "and the rest is not"
    steerer.remove()
    assert torch.equal(logits(model, IDS), plain)


@pytest.mark.parametrize("target", list(Target))
@pytest.mark.parametrize("gate", [None, Gate(kappa=1.0, beta=-0.99)])
@pytest.mark.parametrize("explicit", [False, True])
def test_decoding_with_a_cache_equals_one_pass(target: Target, gate: Gate | None, explicit: bool) -> None:
    """Positions count from the start of the text, not of the chunk; the prompt's KV before `start` is unsteered."""
    model = small_model()
    steerer = Steerer(model, small_subspace(target=target, gate=gate)).install()
    values, start = torch.tensor([0.5, 0.0, 0.3]), 4
    with steerer.strengths(values, start):
        whole = logits(model, IDS)
    plain = DynamicCache()
    logits(model, IDS[:, :start], past_key_values=plain)  # outside of the block: shared, unsteered
    parts, cached = [], start
    for chunk in IDS[:, start:].split([2, 1], dim=1):
        with steerer.strengths(values, start, offset=cached if explicit else None):
            parts.append(logits(model, chunk, past_key_values=plain))
        cached += chunk.shape[1]
    assert torch.allclose(torch.cat(parts, 1), whole[:, start:], atol=1e-5)


def test_left_padding_counts_from_the_first_real_token() -> None:
    model = small_model()
    steerer = Steerer(model, small_subspace()).install()
    short = IDS[:1, 3:]
    with steerer.strengths(torch.tensor([0.4]), 2):
        alone = logits(model, short)
    mask = torch.ones(2, TOKENS, dtype=torch.long)
    mask[0, :3] = 0
    positions = (mask.cumsum(-1) - 1).clamp_min(0)
    ids = torch.stack([torch.cat([torch.zeros(3, dtype=torch.long), short[0]]), IDS[1]])
    with steerer.strengths(torch.tensor([0.4, 0.0]), 2):
        padded = logits(model, ids, attention_mask=mask, position_ids=positions)
    assert torch.allclose(padded[0, 3:], alone[0], atol=1e-4)


@pytest.mark.parametrize("explicit", [False, True])
def test_a_window_ends_the_rotation(explicit: bool) -> None:
    """Whole text and token by token: only the tokens in the window are turned, the later ones just feel it."""
    model = small_model()
    start, window = torch.tensor([2, 4, 0]), 2
    per_token = torch.zeros(ROWS, TOKENS)
    for row, first in enumerate(start.tolist()):
        per_token[row, first : first + window] = 0.6
    subspace = small_subspace((1, 2), window=window)
    expected = by_hand("qwen2", subspace, per_token)
    steerer = Steerer(model, subspace).install()
    values = torch.full((ROWS,), 0.6)
    with steerer.strengths(values, start):
        assert torch.allclose(logits(model, IDS), expected, atol=1e-4)
    cache, parts = DynamicCache(), []
    for at in range(TOKENS):
        with steerer.strengths(values, start, offset=at if explicit else None):
            parts.append(logits(model, IDS[:, at : at + 1], past_key_values=cache))
    assert torch.allclose(torch.cat(parts, 1), expected, atol=1e-4)


def test_offsets_differ_by_row() -> None:
    model = small_model()
    steerer = Steerer(model, small_subspace()).install()
    plain = logits(model, IDS)
    with steerer.strengths(torch.full((ROWS,), 0.5), 10, offset=torch.tensor([0, 6, 20])):
        out = logits(model, IDS)
    assert torch.equal(out[0], plain[0])
    assert torch.equal(out[1, :4], plain[1, :4]) and not torch.equal(out[1, 4], plain[1, 4])
    assert not torch.equal(out[2, 0], plain[2, 0])


def test_generate_is_steered() -> None:
    model: Any = small_model()
    steerer = Steerer(model, small_subspace((0, 1, 2, 3))).install()
    plain = model.generate(IDS, do_sample=False, max_new_tokens=6, pad_token_id=0)
    with steerer.strengths(torch.tensor([0.0, 0.9, 0.9]), TOKENS - 1):
        steered = model.generate(IDS, do_sample=False, max_new_tokens=6, pad_token_id=0)
    assert torch.equal(steered[0], plain[0][: steered.shape[1]])
    assert not torch.equal(steered[1:], plain[1:])


def test_hooks_are_idle_outside_of_the_block_and_in_other_threads() -> None:
    model = small_model()
    plain = logits(model, IDS)
    steerer = Steerer(model, small_subspace()).install()
    assert torch.equal(logits(model, IDS), plain)
    seen: list[torch.Tensor] = []
    with steerer.strengths(torch.full((ROWS,), 0.5)):
        other = threading.Thread(target=lambda: seen.append(logits(model, IDS)))
        other.start()
        other.join()
    assert torch.equal(seen[0], plain)
    assert torch.equal(logits(model, IDS), plain)


def test_install_and_remove_touch_only_our_hooks() -> None:
    model = small_model()
    layers = decoder_layers(model)
    layers[1].register_forward_hook(lambda *_: None)
    steerer = Steerer(model, small_subspace((1, 2)))
    steerer.install().install()
    assert [len(layers[i]._forward_hooks) for i in (1, 2)] == [2, 1]
    assert steerer.installed
    steerer.remove()
    assert [len(layers[i]._forward_hooks) for i in (1, 2)] == [1, 0]
    assert not steerer.installed


def test_an_error_inside_of_the_block_ends_steering() -> None:
    model = small_model()
    plain = logits(model, IDS)
    steerer = Steerer(model, small_subspace()).install()
    with pytest.raises(KeyError), steerer.strengths(torch.full((ROWS,), 0.5)):
        raise KeyError
    assert torch.equal(logits(model, IDS), plain)


@pytest.mark.parametrize(
    ("values", "start", "says"),
    [
        (torch.tensor([0.5, 1.5, 0.0]), 0, r"\[0, 1\]"),
        (torch.tensor([0.5, float("nan"), 0.0]), 0, r"\[0, 1\]"),
        (torch.tensor(0.5), 0, "rows"),
        (torch.full((ROWS,), 0.5), torch.tensor([0, 1]), "start"),
        (torch.full((ROWS,), 0.5), torch.tensor([0.0, 1.0, 2.0]), "whole"),
    ],
)
def test_wrong_values_are_refused(values: torch.Tensor, start: Any, says: str) -> None:
    steerer = Steerer(small_model(), small_subspace()).install()
    with pytest.raises(ValueError, match=says), steerer.strengths(values, start):
        pytest.fail("entered")


def test_nothing_runs_unsteered_in_silence() -> None:
    model = small_model()
    steerer = Steerer(model, small_subspace())
    half = torch.full((2,), 0.5)
    with pytest.raises(ValueError, match="install"), steerer.strengths(half):
        pytest.fail("entered")
    steerer.install()
    with pytest.raises(RuntimeError, match="batch of 3"), steerer.strengths(half):
        logits(model, IDS)
    with pytest.raises(RuntimeError, match="nest"), steerer.strengths(half), steerer.strengths(half):
        pytest.fail("entered")


@pytest.mark.parametrize(
    ("subspace", "says"),
    [(small_subspace((1, 9)), "layer 9"), (small_subspace(width=16), "width 16")],
)
def test_a_subspace_that_does_not_fit_is_refused(subspace: Subspace, says: str) -> None:
    with pytest.raises(ArtifactError, match=says):
        Steerer(small_model(), subspace)


def test_models_without_decoder_layers_are_refused() -> None:
    with pytest.raises(ArtifactError, match="decoder layers"):
        Steerer(torch.nn.Linear(2, 2), small_subspace())
