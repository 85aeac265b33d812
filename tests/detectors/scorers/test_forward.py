"""Probe scoring over a shared KV against the plain forward of the joined sequence."""

from __future__ import annotations

import pytest
import torch
from transformers import DynamicCache

from detectors.scorers import forward
from detectors.scorers.forward import fork, prefill, probe_logprobs, probe_tokens
from tests.detectors import support

PROBES = [[7], [9, 11], [9, 11, 13, 200, 5, 17, 42], [9, 12], [9, 11], [301, 302, 303]]


def plain(model, prompt, probe):
    """The reference: one uncached forward of prompt + probe."""
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([[*prompt, *probe]])).logits[0].float()
    rows = torch.log_softmax(logits, -1)[len(prompt) - 1 : -1]
    return rows.gather(-1, torch.tensor(probe).unsqueeze(-1)).squeeze(-1).tolist()


def ids(n, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(3, 400, (n,), generator=generator).tolist()


@pytest.mark.parametrize("family", sorted(support.FAMILIES))
@pytest.mark.parametrize("length", [1, 2, 15, 16, 17, 500])
@pytest.mark.parametrize("tree", [True, False])
def test_equals_plain_forward(family, length, tree, monkeypatch):
    if not tree:
        monkeypatch.setattr(forward, "takes_a_tree", lambda *_: False)
    model, prompt = support.model(family), ids(length)
    cache, last = prefill(model, prompt)
    kept = [(layer.keys.clone(), layer.values.clone()) for layer in cache.layers]
    for _ in range(2):  # the second round would show what the first left behind
        got = probe_logprobs(model, cache, last, PROBES)
        for row, probe in zip(got, PROBES, strict=True):
            assert row == pytest.approx(plain(model, prompt, probe), abs=1e-4)
    assert cache.get_seq_length() == length
    for layer, (keys, values) in zip(cache.layers, kept, strict=True):
        assert torch.equal(layer.keys, keys)
        assert torch.equal(layer.values, values)


def test_prefill_continues_a_cache():
    model, prompt = support.model(), ids(40)
    cache, _ = prefill(model, prompt[:17])
    view = fork(cache)
    view, last = prefill(model, prompt[17:], view)
    assert (view.get_seq_length(), cache.get_seq_length()) == (40, 17)
    for row, probe in zip(probe_logprobs(model, view, last, PROBES), PROBES, strict=True):
        assert row == pytest.approx(plain(model, prompt, probe), abs=1e-4)


def test_cropped_fork_leaves_the_original():
    model, prompt = support.model(), ids(40)
    cache, _ = prefill(model, prompt)
    view = fork(cache)
    view.crop(-10)
    assert (view.get_seq_length(), cache.get_seq_length()) == (30, 40)
    view, last = prefill(model, prompt[30:], view)
    assert probe_logprobs(model, view, last, [[9, 11]])[0] == pytest.approx(plain(model, prompt, [9, 11]), abs=1e-4)


def test_order_of_probes_does_not_matter():
    model = support.model()
    cache, last = prefill(model, ids(20))
    forward = probe_logprobs(model, cache, last, PROBES)
    backward = probe_logprobs(model, cache, last, PROBES[::-1])
    for a, b in zip(forward, backward[::-1], strict=True):
        assert a == pytest.approx(b, abs=1e-5)


def test_generation_after_probing_is_unchanged():
    model, prompt = support.model(), ids(20)
    cache, last = prefill(model, prompt)
    probe_logprobs(model, cache, last, PROBES)
    _, after = prefill(model, [33], cache)
    _, fresh = prefill(model, [*prompt, 33])
    assert torch.allclose(after, fresh, atol=1e-4)


@pytest.mark.parametrize(
    ("probes", "tokens"),
    [([], 0), ([[5]], 0), ([[5, 6]], 1), ([[5, 6], [5, 7]], 1), ([[5, 6, 7], [5, 7]], 2), ([[5, 6, 7], [6, 7]], 3)],
)
def test_tokens_counted(probes, tokens):
    assert probe_tokens(probes) == tokens


def test_bad_input():
    model = support.model()
    with pytest.raises(ValueError, match="prompt"):
        prefill(model, [])
    cache, last = prefill(model, [5])
    assert probe_logprobs(model, cache, last, []) == []
    with pytest.raises(ValueError, match="probe"):
        probe_logprobs(model, cache, last, [[5], []])


@pytest.mark.parametrize(
    ("family", "attention", "tree"),
    [
        ("Qwen2", "sdpa", True),
        ("Qwen2", "eager", True),
        ("Llama", "eager", True),
        ("Gemma", "sdpa", True),
        ("Mistral", "sdpa", False),
        ("Mistral", "eager", False),
        ("Gemma2", "eager", False),
    ],
)
def test_which_models_take_a_tree(family, attention, tree):
    model, prompt = support.model(family, attention=attention), ids(100)  # longer than the windows
    for start in (None, DynamicCache()):  # the second knows nothing of windows, yet the masks do
        cache, last = prefill(model, prompt, start)
        assert forward.takes_a_tree(model, cache) is tree
        for row, probe in zip(probe_logprobs(model, cache, last, PROBES), PROBES, strict=True):
            assert row == pytest.approx(plain(model, prompt, probe), abs=1e-4)
