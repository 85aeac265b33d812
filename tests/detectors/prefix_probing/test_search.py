"""The beam search against brute force, and the promises it makes."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from detectors.prefix_probing.construct import forbidden
from detectors.prefix_probing.score import Aggregation, Sign, aggregate
from detectors.prefix_probing.search import SearchOptions, search
from detectors.scorers.local import LocalScorer
from guard.errors import ArtifactError
from tests.detectors import support
from tests.detectors.scorers.test_forward import plain

OPTIONS = SearchOptions(width=3, top_k=8, depth=3, min_p=0.0, batch=4)


def scorer(family="Qwen2"):
    return LocalScorer(support.model(family), support.tokenizer(), support.IDENTITY)


def prompts(texts):
    return [scorer().render([{"role": "user", "content": t}]) for t in texts]


H, S = prompts(support.HARMFUL[:7]), prompts(support.HARMLESS[:5])


def run(family="Qwen2", options=OPTIONS, harmful=H, harmless=S, **more):
    return found_by(family, options, harmful, harmless, **more).candidates


def found_by(family="Qwen2", options=OPTIONS, harmful=H, harmless=S, **more):
    return search(
        support.model(family), harmful, harmless, forbidden=forbidden(scorer(family)), options=options, **more
    )


def mean_logprob(family, prompt, tokens):
    row = plain(support.model(family), prompt, list(tokens))
    return sum(row) / len(row)


@pytest.mark.parametrize("family", ["Qwen2", "Llama", "Gemma2"])
def test_delta_is_the_gap_of_means(family):
    for c in run(family):
        good = np.mean([mean_logprob(family, p, c.tokens) for p in S])
        bad = np.mean([mean_logprob(family, p, c.tokens) for p in H])
        assert c.delta == pytest.approx(good - bad, abs=1e-4)


def test_both_signs_at_every_depth_and_no_special_token():
    found = run()
    for depth in (1, 2, 3):
        signs = [c.sign for c in found if len(c.tokens) == depth]
        assert 1 <= signs.count(Sign.AGREEMENT) <= 3
        assert 1 <= signs.count(Sign.REFUSAL) <= 3
    banned = forbidden(scorer())
    assert {0, 1, 2} <= banned
    assert not banned & set(itertools.chain(*[c.tokens for c in found]))
    assert len({c.tokens for c in found}) == len(found)


@pytest.mark.parametrize(("family", "per_depth"), [("Qwen2", (1, 1)), ("Gemma2", (1, 2))])
def test_cost_grows_with_candidates_not_with_prompt_length(family, per_depth):
    """An opening costs a token per prompt and depth (with a sliding window: as many as it has), whatever P is."""
    long = [[*p[:1], *p * 4] for p in H], [[*p[:1], *p * 4] for p in S]
    for harmful, harmless in ((H, S), long):
        found = found_by(family, harmful=harmful, harmless=harmless)
        width = [sum(len(c.tokens) == d for c in found.candidates) for d in (1, 2)]
        prompts = len(harmful) + len(harmless)
        assert found.prompt_tokens == sum(map(len, [*harmful, *harmless]))
        assert found.candidate_tokens == prompts * sum(w * n for w, n in zip(width, per_depth, strict=True))
        assert found.tokens_without_kv == found.prompt_tokens + sum(
            w * (found.prompt_tokens + prompts * d) for d, w in enumerate(width, 1)
        )


@pytest.mark.parametrize("family", ["Qwen2", "Gemma2"])
@pytest.mark.parametrize("depth", [1, 2, 3])
def test_goes_on_behind_what_is_known(family, depth):
    saved = []
    whole = found_by(family, save=lambda found: saved.append(list(found)))
    assert [max(len(c.tokens) for c in s) for s in saved] == [1, 2, 3]
    assert found_by(family, known=saved[depth - 1]) == whole


def test_first_depth_is_exhaustive():
    """With every token looked at, depth 1 holds the true extremes."""
    found = run(options=SearchOptions(width=2, top_k=1000, depth=1, min_p=0.0, batch=3))
    firsts = [np.mean([scorer().first_token(tuple(p)) for p in which], axis=0) for which in (S, H)]
    gaps = {t: firsts[0][t] - firsts[1][t] for t in set(range(len(support.tokenizer()))) - forbidden(scorer())}
    ranked = sorted(gaps, key=gaps.get)
    assert [c.tokens[0] for c in found] == [ranked[-1], ranked[-2], ranked[0], ranked[1]]


def test_unlikely_tokens_are_left_out_unless_a_sign_would_starve():
    def likeliest(tokens):
        return max(np.mean([np.exp(plain(support.model(), p, list(tokens))[-1]) for p in which]) for which in (H, S))

    strict = run(options=SearchOptions(width=3, top_k=8, depth=1, min_p=0.02, batch=4))
    for sign in Sign:
        kept = [c for c in strict if c.sign is sign]
        assert kept
        assert all(likeliest(c.tokens) >= 0.02 for c in kept) or len(kept) <= 3
    assert {c.sign for c in run(options=SearchOptions(width=3, top_k=8, depth=2, min_p=1.0, batch=4))} == set(Sign)


def test_deterministic_and_free_of_order_and_batch():
    found = run()
    assert found == run()
    for other in (
        run(harmful=H[::-1], harmless=S[::-1]),
        run(options=SearchOptions(width=3, top_k=8, depth=3, min_p=0.0, batch=1)),
    ):
        assert [c.tokens for c in other] == [c.tokens for c in found]
        assert [c.delta for c in other] == pytest.approx([c.delta for c in found], abs=1e-5)


def test_expected_gap_of_the_mean_score():
    """E_H[score] − E_S[score] = mean |Δ| over A + mean |Δ| over R, on the construction prompts."""
    found = run()
    signs, deltas = [c.sign for c in found], [c.delta for c in found]
    bad, good = (np.array([[mean_logprob("Qwen2", p, c.tokens) for c in found] for p in which]) for which in (H, S))
    gap = (
        aggregate(bad, signs, deltas, Aggregation.MEAN).mean() - aggregate(good, signs, deltas, Aggregation.MEAN).mean()
    )
    size = {s: np.mean([abs(c.delta) for c in found if c.sign is s]) for s in Sign}
    assert gap == pytest.approx(size[Sign.AGREEMENT] + size[Sign.REFUSAL], abs=1e-4)
    assert gap > 0


def test_progress_ends_complete():
    seen = []
    run(progress=lambda done, steps: seen.append((done, steps)))
    assert seen[-1][0] == seen[-1][1] == len(seen) == 3 * (2 + 2)


def test_refuses():
    with pytest.raises(ArtifactError, match="both"):
        run(harmful=[])
    with pytest.raises(ArtifactError, match="does not tell"):
        run(harmful=S)
    with pytest.raises(ArtifactError, match="forbidden"):
        search(support.model(), H, S, forbidden=range(1000), options=OPTIONS)
    with pytest.raises(ValueError, match="at least 1"):
        SearchOptions(width=0)
