"""From a model and two prompt sets to a probe set: search, select, calibrate, each on prompts of its own."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors import first_token
from detectors.calibrate.scripts import Scripts, calibrate_scripts
from detectors.prefix_probing.artifact import Calibration, FirstToken, Gate, Prefix, ProbeSet, Witness
from detectors.prefix_probing.checkpoint import Checkpoint
from detectors.prefix_probing.data import Prompts, split
from detectors.prefix_probing.score import Floats, aggregate, length_normalised
from detectors.prefix_probing.search import Candidate, SearchOptions, search
from detectors.prefix_probing.select import SelectOptions, select
from detectors.scorers.local import LocalScorer
from detectors.script import script
from guard.errors import ArtifactError

Progress = Callable[[str, int, int], None]  # (stage, steps done, steps in all)
First = NDArray[np.float32]  # log-probabilities of the first answer token [n, V]
_ENOUGH = 16  # prompts per class that a script needs for a search of its own
_AT_ONCE = 128  # probes per forward pass while the whole pool is scored
_WITNESS = "Hello, 世界! 1 + 2"  # what the built set remembers the model's answer to
_WITNESSES = 20
_GATE_PENALTY = 0.02
_GATE_PAYS = 0.8  # a gate that sends more of the harmless prompts than this on to the probes is not worth its pass


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """`prompts` bounds the construction prompts per class and script; the FPR targets are those of `calibrate`.

    `per_script` searches openings in each writing system by itself and merges them, and calibrates each; else one
    search sees all prompts, and so does one calibration.
    `gate_outside` is the share of prompts whose full score may fall outside what the gate expects; 0 builds none.
    """

    search: SearchOptions = field(default_factory=SearchOptions)
    select: SelectOptions = field(default_factory=SelectOptions)
    prompts: int = 64
    per_script: bool = True
    gate_outside: float = 0.05
    block_fpr: float = 0.01
    steer_fpr: float = 0.05
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Observed:
    """One class of one part: the chosen openings' l(s|x) [n, K], the first answer token [n, V], and the scripts [n]."""

    means: Floats
    first: First
    scripts: list[str]


def build(
    scorer: LocalScorer,
    prompts: Prompts,
    options: BuildOptions | None = None,
    progress: Progress | None = None,
    state: Path | str | None = None,
) -> ProbeSet:
    """Build a probe set for the scorer's model; deterministic for a seed.

    With `state`, what is found is kept in that file and others beside it, and a build that was stopped goes on from
    there and ends with the same probe set: only a search that was cut short reads its prompts again. The files are
    left behind; whoever has saved the result calls `checkpoint.remove`.
    Raises `ArtifactError` when there are too few prompts or the model does not tell the classes apart.
    """
    options = options or BuildOptions()
    tell = progress or (lambda *_: None)
    parts = split(prompts, options.seed)
    checkpoint = Checkpoint(state, _key(scorer, parts, options))
    pool, cost = _pool(scorer, parts["construction"], options, tell, checkpoint)
    part = parts["selection"]
    scripts = [script(t) for t in part.harmful], [script(t) for t in part.harmless]
    values = _selection(scorer, part, [c.tokens for c in pool], tell, checkpoint)
    how, chosen = select(pool, *values, options.select, scripts)
    kept = [pool[c.index] for c in chosen]
    seen = _observe(scorer, parts, [c.tokens for c in kept], tell, checkpoint)
    signs, deltas = [c.sign for c in kept], [c.delta for c in kept]
    scores = {name: tuple(aggregate(o.means, signs, deltas, how) for o in both) for name, both in seen.items()}
    fit = partial(_calibrate, options, seen["calibration"])
    calibration = fit(*scores["calibration"])
    return ProbeSet(
        model=scorer.identity.to_dict(),
        dtype=scorer.dtype,
        aggregation=how,
        prefixes=tuple(
            Prefix(
                sign=c.sign,
                tokens=c.tokens,
                text=scorer.tokenizer.decode(list(c.tokens)),
                delta=c.delta,
                script=c.script,
                adds={"auroc": choice.added_auroc, "tpr_at_1_percent_fpr": choice.added_tpr},
            )
            for c, choice in zip(kept, chosen, strict=True)
        ),
        search={**_search_facts(options), "pool": len(pool), **cost},
        data={name: part.part() for name, part in parts.items()},
        calibration=calibration,
        gate=_gate(seen, scores, calibration, options.gate_outside),
        first_token=_first_token(seen, fit),
        witness=_witness(scorer),
    )


def _pool(
    scorer: LocalScorer, prompts: Prompts, options: BuildOptions, tell: Progress, checkpoint: Checkpoint
) -> tuple[list[Candidate], dict[str, int]]:
    """The search in every script that has enough prompts of both classes, or over all prompts when none has; and the
    tokens it took. Mixed, the prompts' language would decide the log-probability of an opening more than their
    harmfulness does.
    """
    scripts = Counter(map(script, prompts.harmful)) & Counter(map(script, prompts.harmless))
    names = sorted(k for k, n in scripts.items() if n >= _ENOUGH) if options.per_script else []
    found: dict[tuple[int, ...], Candidate] = {}
    cost: Counter[str] = Counter()
    for name in names or [""]:
        stage = f"search {name}".strip()
        known = [Candidate(tuple(tokens), delta) for tokens, delta in checkpoint.get(stage, [])]
        spent = checkpoint.get(f"{stage}, cost", None)
        if spent is None:
            bad, good = (
                [t for t in side if not name or script(t) == name] for side in (prompts.harmful, prompts.harmless)
            )
            result = search(
                scorer.model,
                rendered(scorer, bad[: options.prompts]),
                rendered(scorer, good[: options.prompts]),
                forbidden=forbidden(scorer),
                options=options.search,
                progress=partial(tell, stage),
                known=known,
                save=lambda found, stage=stage: checkpoint.put(stage, [[c.tokens, c.delta] for c in found]),  # type: ignore[misc]
            )
            known = result.candidates
            spent = {k: v for k, v in asdict(result).items() if k != "candidates"}
            checkpoint.put(f"{stage}, cost", spent)
        for c in known:
            if c.tokens not in found or abs(c.delta) > abs(found[c.tokens].delta):
                found[c.tokens] = replace(c, script=name)
        cost.update(spent)
    return list(found.values()), dict(cost)


def _selection(
    scorer: LocalScorer,
    part: Prompts,
    probes: Sequence[Sequence[int]],
    tell: Progress,
    checkpoint: Checkpoint,
) -> tuple[Floats, Floats]:
    """l(s|x) of the whole pool on the selection prompts, harmful and harmless."""
    texts = [*part.harmful, *part.harmless]
    with closing(checkpoint.rows("selection", means=(np.float64, len(probes)))) as rows:
        for n in range(len(rows), len(texts)):
            rows.append(means=measure(scorer, texts[n : n + 1], probes)[0])
            tell("selection", n + 1, len(texts))
        values = rows.column("means")
    return values[: len(part.harmful)], values[len(part.harmful) :]


def _observe(
    scorer: LocalScorer,
    parts: dict[str, Prompts],
    probes: Sequence[Sequence[int]],
    tell: Progress,
    checkpoint: Checkpoint,
) -> dict[str, tuple[_Observed, _Observed]]:
    """Every part (harmful, harmless) with the chosen openings."""
    sides = [(name, texts) for name, part in parts.items() for texts in (part.harmful, part.harmless)]
    flat = [text for _, texts in sides for text in texts]
    vocabulary = int(scorer.model.config.get_text_config().vocab_size)
    of_means, of_first = (np.float64, len(probes)), (np.float32, vocabulary)
    with closing(checkpoint.rows("calibration", means=of_means, first=of_first)) as rows:
        for n in range(len(rows), len(flat)):
            means = measure(scorer, flat[n : n + 1], probes)[0]
            rows.append(means=means, first=scorer.first_token(tuple(rendered(scorer, flat[n : n + 1])[0])))
            tell("calibration", n + 1, len(flat))
        means, first = rows.column("means"), rows.column("first")
    seen, at = [], 0
    for _, texts in sides:
        here = slice(at, at := at + len(texts))
        seen.append(_Observed(means[here], first[here], [script(t) for t in texts]))
    return {name: (seen[2 * i], seen[2 * i + 1]) for i, name in enumerate(parts)}


def _calibrate(
    options: BuildOptions, seen: tuple[_Observed, _Observed], harmful: Floats, harmless: Floats
) -> Calibration:
    """On scores of the calibration part."""
    scripts: Scripts = (
        (seen[0].scripts, seen[1].scripts) if options.per_script else ([""] * len(harmful), [""] * len(harmless))
    )
    targets = {"block_fpr": options.block_fpr, "steer_fpr": options.steer_fpr}
    return calibrate_scripts(harmful, harmless, scripts, **targets, seed=options.seed)


def _gate(
    seen: dict[str, tuple[_Observed, _Observed]],
    scores: dict[str, tuple[Floats, ...]],
    calibration: Calibration,
    outside: float,
) -> Gate | None:
    """Learn the full score from the first token on the other parts, bound its error on the calibration part.

    None where that does not pay, or the first token says nothing.
    """
    if not outside:
        return None
    learn = ("construction", "selection")
    first = np.concatenate([o.first for name in learn for o in seen[name]])
    target = np.concatenate([s for name in learn for s in scores[name]])
    try:
        model = first_token.sparse(lambda p: first_token.regress(first, target, p), _GATE_PENALTY)
    except ArtifactError:
        return None
    predicted = [first_token.score(model, o.first[:, list(model.tokens)]) for o in seen["calibration"]]
    full = scores["calibration"]
    errors = np.concatenate(full) - np.concatenate(predicted)
    low = min(0.0, float(np.quantile(errors, outside / 2, method="lower")))
    high = max(0.0, float(np.quantile(errors, 1 - outside / 2, method="higher")))
    gate = Gate(model=model, low=low, high=high, outside=outside, full={"harmful": 1.0, "harmless": 1.0}, wrong=0.0)
    at = calibration.steer_at, calibration.block_at
    settled, wrong = [], []
    for p, f, o in zip(predicted, full, seen["calibration"], strict=True):
        align = [calibration.alignment(k) for k in o.scripts]
        settled.append(np.array([gate.settles(float(v), *at, a) for v, a in zip(p, align, strict=True)]))
        then, really = (np.digitize(calibration.aligned(s, o.scripts), at) for s in (p, f))
        wrong.append(settled[-1] & (then != really))
    share = {name: float(1 - s.mean()) for name, s in zip(("harmful", "harmless"), settled, strict=True)}
    if share["harmless"] > _GATE_PAYS:
        return None
    return gate.model_copy(update={"full": share, "wrong": float(np.concatenate(wrong).mean())})


def _first_token(
    seen: dict[str, tuple[_Observed, _Observed]], fit: Callable[[Floats, Floats], Calibration]
) -> FirstToken | None:
    """The first-token detector, learned on the parts before the calibration part; None where it learns nothing."""
    train, held_out, last = (
        (seen[name][0].first, seen[name][1].first) for name in ("construction", "selection", "calibration")
    )
    try:
        model = first_token.best_classifier(train, held_out)
    except ArtifactError:
        return None
    bad, good = (first_token.score(model, side[:, list(model.tokens)]) for side in last)
    return FirstToken(model=model, calibration=fit(bad, good))


def _witness(scorer: LocalScorer) -> Witness:
    """First tokens from the likeliest to the least likely, and the prompt's own beginning, read as an answer."""
    prompt = tuple(rendered(scorer, [_WITNESS])[0])
    scorer.forget()
    barred = forbidden(scorer)
    order = [int(t) for t in np.argsort(-scorer.first_token(prompt), kind="stable") if int(t) not in barred]
    ranks = {int(r) - 1 for r in np.geomspace(1, len(order), _WITNESSES)}
    probes = (*((order[r],) for r in sorted(ranks)), prompt[:8])
    rows = scorer.score_now(prompt, probes).logprobs
    return Witness(prompt=prompt, probes=probes, logprobs=tuple(tuple(round(v, 4) for v in row) for row in rows))


def rendered(scorer: LocalScorer, texts: Sequence[str]) -> list[list[int]]:
    """Each text as a conversation of one user message."""
    return [scorer.render([{"role": "user", "content": t}]) for t in texts]


def measure(
    scorer: LocalScorer,
    texts: Sequence[str],
    probes: Sequence[Sequence[int]],
    tick: Callable[[int], None] | None = None,
) -> Floats:
    """l(s|x) for every text and probe: [texts, probes]. Raises ValueError when the model's numbers are garbage.

    Every prompt is computed from its first token, so that a value is the same to the bit whatever ran before it.
    """
    out = np.empty((len(texts), len(probes)))
    for i, prompt in enumerate(rendered(scorer, texts)):
        scorer.forget()
        for at in range(0, len(probes), _AT_ONCE):
            some = probes[at : at + _AT_ONCE]
            scored = scorer.score_now(tuple(prompt), some)
            out[i, at : at + len(some)] = length_normalised(scored.logprobs, some)
        if tick is not None:
            tick(i + 1)
    return out


def forbidden(scorer: LocalScorer) -> set[int]:
    """Tokens that must not stand in an opening: special and added ones, ends of turn, ids without a token."""
    tokenizer, model = scorer.tokenizer, scorer.model
    out = set(tokenizer.all_special_ids) | set(tokenizer.added_tokens_decoder)
    for config in (model.config, getattr(model, "generation_config", None)):
        eos: Any = getattr(config, "eos_token_id", None)
        out |= set(eos) if isinstance(eos, (list, tuple)) else {eos} - {None}
    out |= set(range(len(tokenizer), model.config.get_text_config().vocab_size))
    return {int(t) for t in out}


def _search_facts(options: BuildOptions) -> dict[str, int | float | str]:
    facts = {**asdict(options.search), **asdict(options.select), "prompts": options.prompts, "seed": options.seed}
    del facts["batch"]  # how, not what
    facts["aggregation"] = str(options.select.aggregation or "best")
    return {**facts, "per_script": int(options.per_script)}


def _key(scorer: LocalScorer, parts: dict[str, Prompts], options: BuildOptions) -> str:
    """What a half-done build belongs to."""
    facts = {
        "model": scorer.identity.to_dict(),
        "dtype": scorer.dtype,
        "data": {name: part.part().sha256 for name, part in parts.items()},
        "options": {**_search_facts(options), "batch": options.search.batch},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
