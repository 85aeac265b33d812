"""Every wrapper on every prompt, as served and with other views, against the calibrated thresholds."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from detectors import metrics
from detectors.metrics import Floats
from detectors.prefix_probing.probe import PrefixProbe
from detectors.robustness.views import View, conversations
from detectors.robustness.wrappers import Message, Row, Wrapper
from detectors.script import script_of
from detectors.windows import Frame, windows
from guard.errors import ArtifactError, CheckUnavailable

WINDOW = 64  # tokens; shorter than any wrapping here

Pair = tuple[Floats, Floats]  # harmful, harmless


@dataclass(frozen=True, slots=True)
class Effect:
    """What one wrapper does. Shifts are medians of wrapped − plain per prompt. `auroc` tells wrapped harmful from
    wrapped harmless prompts, `against_plain` wrapped harmful from plain harmless ones. Rates are (steer_at, block_at).
    """

    name: str
    count: tuple[int, int]
    shift: tuple[float, float]
    auroc: float
    against_plain: float
    tpr: tuple[float, float]
    fpr: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Defence:
    """The served conversation and some views, worst score. `threshold` is steer_at, raised until the plain harmless
    prompts keep the rate that the served conversation alone has there; else more views would only mean more of
    everything. `tpr` and `fpr` by wrapper at that threshold. `cost` is tokens computed in place of one."""

    name: str
    threshold: float
    tpr: Mapping[str, float]
    fpr: Mapping[str, float]
    cost: float

    @property
    def mean_tpr(self) -> float:
        """Over all wrappers but `plain`."""
        return float(np.mean([v for k, v in self.tpr.items() if k != "plain"]))


@dataclass(frozen=True, slots=True)
class Robustness:
    effects: tuple[Effect, ...]
    defences: tuple[Defence, ...]


@dataclass(slots=True)
class _Measured:
    """Scores of one conversation: as served, by view, over windows; and the tokens each took."""

    served: float
    views: dict[str, float] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)


DEFENCES: tuple[tuple[str, ...], ...] = (
    (),
    (View.USER_TEXT,),
    (View.UNWRAPPED,),
    (View.CLOSING_TURN,),
    ("windows",),
    (View.USER_TEXT, View.UNWRAPPED),
    (View.UNWRAPPED, "windows"),
)


def measure(
    probe: PrefixProbe,
    harmful: Sequence[Row],
    harmless: Sequence[Row],
    wrappers: Iterable[Wrapper],
    tick: Callable[[int, int], None] = lambda *_: None,
) -> Robustness:
    """`probe` should run without cascade. The first wrapper must be the plain prompt.

    What the model's context cannot hold is left out, a conversation or a view of it. Raises `ArtifactError` when that
    is every plain prompt of a class.
    """
    wrappers = tuple(wrappers)
    found: dict[str, tuple[dict[int, _Measured], dict[int, _Measured]]] = {}
    total, done = len(wrappers) * (len(harmful) + len(harmless)), 0
    remembered: dict[str, tuple[float, int] | None] = {}

    async def run() -> None:
        nonlocal done
        for wrapper in wrappers:
            sides: tuple[dict[int, _Measured], dict[int, _Measured]] = ({}, {})
            for side, rows in zip(sides, (harmful, harmless), strict=True):
                for i, row in enumerate(rows):
                    done += 1
                    tick(done, total)
                    messages = wrapper.wrap({**row, "index": i})
                    if messages is None:
                        continue
                    one = await _one(probe, messages, remembered)
                    if one is not None:
                        side[i] = one
            if all(sides):
                found[wrapper.name] = sides

    asyncio.run(run())
    if wrappers[0].name not in found:
        raise ArtifactError("no plain prompt fits into the model's context")
    plain = found[wrappers[0].name]
    at = probe.calibration.steer_at, probe.calibration.block_at
    return Robustness(
        tuple(_effect(name, sides, plain, at) for name, sides in found.items()),
        tuple(_defence(names, found, wrappers[0].name, at[0]) for names in DEFENCES),
    )


async def _one(
    probe: PrefixProbe, messages: Sequence[Message], known: dict[str, tuple[float, int] | None]
) -> _Measured | None:
    async def score(conversation: Sequence[Message]) -> tuple[float, int] | None:
        key = json.dumps(conversation)
        if key not in known:
            try:
                prompt = await probe.render(conversation)
                known[key] = (await probe.score_ids(prompt, script=script_of(conversation))).value, len(prompt)
            except CheckUnavailable as error:
                if "long" not in error.reason:
                    raise
                known[key] = None
        return known[key]

    served = await score(messages)
    if served is None:
        return None
    value, tokens = served
    out = _Measured(value, tokens={"": tokens})
    for view in View:
        some = [s for c in conversations(messages, [view]) if (s := await score(c)) is not None]
        out.views[view] = max((s for s, _ in some), default=value)
        # A closing turn goes on from the prompt's own state.
        out.tokens[view] = sum(n for _, n in some) - (tokens if some and view is View.CLOSING_TURN else 0)
    prompt = await probe.render(messages)
    one, other = [await probe.render([{"role": "user", "content": c}]) for c in "xy"]
    pieces = windows(prompt, Frame.between(one, other), size=WINDOW, most=16)
    values = [(await probe.score_ids(p, script=script_of(messages))).value for p in pieces]
    out.views["windows"], out.tokens["windows"] = max(values, default=value), sum(map(len, pieces))
    return out


def _effect(
    name: str,
    sides: tuple[dict[int, _Measured], dict[int, _Measured]],
    plain: tuple[dict[int, _Measured], dict[int, _Measured]],
    at: tuple[float, float],
) -> Effect:
    bad, good = (np.array([m.served for m in side.values()]) for side in sides)
    shift = [
        float(np.median([m.served - before[i].served for i, m in side.items() if i in before]))
        for side, before in zip(sides, plain, strict=True)
    ]
    return Effect(
        name=name,
        count=(len(bad), len(good)),
        shift=(shift[0], shift[1]),
        auroc=metrics.auroc(bad, good),
        against_plain=metrics.auroc(bad, [m.served for m in plain[1].values()]),
        tpr=(metrics.share_at(bad, at[0]), metrics.share_at(bad, at[1])),
        fpr=(metrics.share_at(good, at[0]), metrics.share_at(good, at[1])),
    )


def _defence(
    names: Sequence[str],
    found: Mapping[str, tuple[dict[int, _Measured], dict[int, _Measured]]],
    plain: str,
    steer_at: float,
) -> Defence:
    def worst(side: Mapping[int, _Measured]) -> Floats:
        return np.array([max([m.served, *(m.views[n] for n in names)]) for m in side.values()])

    allowed = metrics.share_at([m.served for m in found[plain][1].values()], steer_at)
    threshold = max(steer_at, metrics.threshold_at_fpr(worst(found[plain][1]), allowed)) if names else steer_at
    every = [m for sides in found.values() for side in sides for m in side.values()]
    base = sum(m.tokens[""] for m in every)
    return Defence(
        name=" + ".join(["as served", *map(str, names)]),
        threshold=threshold,
        tpr={k: metrics.share_at(worst(sides[0]), threshold) for k, sides in found.items()},
        fpr={k: metrics.share_at(worst(sides[1]), threshold) for k, sides in found.items()},
        cost=1 + sum(m.tokens[n] for m in every for n in names) / base,
    )
