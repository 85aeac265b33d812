"""From a model and two prompt sets to a probe set: search, select, calibrate, each on prompts of its own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from detectors.calibrate import calibrate
from detectors.prefix_probing.artifact import Prefix, ProbeSet
from detectors.prefix_probing.data import Prompts, script, split
from detectors.prefix_probing.score import Floats, aggregate, length_normalised
from detectors.prefix_probing.search import Candidate, SearchOptions, search
from detectors.prefix_probing.select import SelectOptions, select
from detectors.scorers.local import LocalScorer

Progress = Callable[[str, int, int], None]  # (stage, steps done, steps in all)
_ENOUGH = 16  # prompts per class that a script needs for a search of its own
_AT_ONCE = 128  # probes per forward pass while the whole pool is scored


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """`prompts` bounds the construction prompts per class and script; the FPR targets are those of `calibrate`."""

    search: SearchOptions = field(default_factory=SearchOptions)
    select: SelectOptions = field(default_factory=SelectOptions)
    prompts: int = 64
    block_fpr: float = 0.01
    steer_fpr: float = 0.05
    seed: int = 0


def build(
    scorer: LocalScorer, prompts: Prompts, options: BuildOptions | None = None, progress: Progress | None = None
) -> ProbeSet:
    """Build a probe set for the scorer's model; deterministic for a seed.

    Raises `ArtifactError` when there are too few prompts or the model does not tell the classes apart.
    """
    options = options or BuildOptions()
    tell = progress or (lambda *_: None)
    parts = split(prompts, options.seed)
    pool = _pool(scorer, parts["construction"], options, tell)

    def both(stage: str, probes: Sequence[Sequence[int]]) -> tuple[Floats, Floats]:
        bad, good = parts[stage].harmful, parts[stage].harmless
        total = len(bad) + len(good)
        return (
            measure(scorer, bad, probes, lambda n: tell(stage, n, total)),
            measure(scorer, good, probes, lambda n: tell(stage, len(bad) + n, total)),
        )

    part = parts["selection"]
    scripts = [script(t) for t in part.harmful], [script(t) for t in part.harmless]
    how, chosen = select(pool, *both("selection", [c.tokens for c in pool]), options.select, scripts)
    kept = [pool[c.index] for c in chosen]
    signs, deltas = [c.sign for c in kept], [c.delta for c in kept]
    values = both("calibration", [c.tokens for c in kept])
    harmful, harmless = (aggregate(v, signs, deltas, how) for v in values)
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
        search=_search_facts(options, len(pool)),
        data={name: part.part() for name, part in parts.items()},
        calibration=calibrate(
            harmful, harmless, block_fpr=options.block_fpr, steer_fpr=options.steer_fpr, seed=options.seed
        ),
    )


def _pool(scorer: LocalScorer, prompts: Prompts, options: BuildOptions, tell: Progress) -> list[Candidate]:
    """The search in every script that has enough prompts of both classes, or over all prompts when none has.

    Mixed, the prompts' language would decide the log-probability of an opening more than their harmfulness does.
    """
    scripts = Counter(map(script, prompts.harmful)) & Counter(map(script, prompts.harmless))
    found: dict[tuple[int, ...], Candidate] = {}
    for name in sorted(k for k, n in scripts.items() if n >= _ENOUGH) or [""]:
        bad, good = ([t for t in side if not name or script(t) == name] for side in (prompts.harmful, prompts.harmless))
        for c in search(
            scorer.model,
            rendered(scorer, bad[: options.prompts]),
            rendered(scorer, good[: options.prompts]),
            forbidden=forbidden(scorer),
            options=options.search,
            progress=partial(tell, f"search {name}".strip()),
        ):
            if c.tokens not in found or abs(c.delta) > abs(found[c.tokens].delta):
                found[c.tokens] = replace(c, script=name)
    return list(found.values())


def rendered(scorer: LocalScorer, texts: Sequence[str]) -> list[list[int]]:
    """Each text as a conversation of one user message."""
    return [scorer.render([{"role": "user", "content": t}]) for t in texts]


def measure(
    scorer: LocalScorer,
    texts: Sequence[str],
    probes: Sequence[Sequence[int]],
    tick: Callable[[int], None] | None = None,
) -> Floats:
    """l(s|x) for every text and probe: [texts, probes]. Raises ValueError when the model's numbers are garbage."""
    out = np.empty((len(texts), len(probes)))
    for i, prompt in enumerate(rendered(scorer, texts)):
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


def _search_facts(options: BuildOptions, pool: int) -> dict[str, int | float | str]:
    facts = {**asdict(options.search), **asdict(options.select), "prompts": options.prompts, "seed": options.seed}
    del facts["batch"]  # how, not what
    facts["aggregation"] = str(options.select.aggregation or "best")
    return {**facts, "pool": pool}
