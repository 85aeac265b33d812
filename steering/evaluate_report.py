"""A sweep as a table, as curves in a PNG, and as one HTML page that needs nothing from outside."""

from __future__ import annotations

import importlib
import io
from collections.abc import Sequence
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

from guard.errors import ArtifactError
from guard.files import write_atomically
from steering.evaluate_controls import Kind
from steering.evaluate_sweep import Advice, Limits, Point, Setting, Sweep

_COLOURS = ("#c0392b", "#2471a3", "#7d3c98", "#1e8449", "#b9770e", "#566573")
_APART = 0.04  # of the width of a plot: closer ticks would be written over one another
_DASHES = {Kind.STEERED: "", Kind.RANDOM: "2,4", Kind.SHUFFLED: "8,4", Kind.ADDITIVE: "8,3,2,3"}
_WIDTH, _HEIGHT, _MARGIN = 640, 300, 44
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;max-width:75em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse}td,th{padding:.2em .7em;text-align:right;border-bottom:1px solid #ddd}"
    "svg{max-width:45em;display:block}.key span{margin-right:1.2em}"
)


def columns(found: Sweep) -> list[str]:
    names = [name for s in found.sets for name in ((s.name, f"{s.name}: fresh") if s.harmful else (s.name,))]
    return ["kind", "strength", *names, "kept", "repetition", "perplexity", "KL"]


def rows(found: Sweep, setting: Setting) -> list[list[str]]:
    """The plain model first, then every kind by strength. Of each set: refused of all its prompts; `fresh`: refused of
    the harmful ones that the plain model answers."""
    points = [found.plain, *(p for kind in Kind for p in found.of(kind, setting))]
    return [_row(found, p) for p in points]


def rule(limits: Limits) -> str:
    """How `recommend` chooses, in words."""
    return (
        "max_strength: the most refusals of harmful prompts that the plain model answers, where no harmless set is "
        f"refused more than {100 * limits.refusals:g} points oftener, repetition rises by at most "
        f"{100 * limits.repetition:g} points, the perplexity ratio stays within {limits.perplexity:g}, and a random or "
        "shuffled direction at the same angle does less; min_strength: the weakest with half of that."
    )


def patch(advice: Advice, policy: str, model: str) -> str:
    """The strengths as guard.yaml wants them: min_strength at `steer_at`, max_strength at `block_at`."""
    from ruamel.yaml import YAML

    text = StringIO()
    steer = {"min_strength": advice.low.strength, "max_strength": advice.high.strength}
    YAML().dump({"policies": {policy: {"steer": steer}}}, text)
    head = (
        f"# Strengths for {model} ({advice.high.setting}).\n"
        "# The strength grows linearly from min_strength at the probe's steer_at to max_strength at its block_at.\n"
    )
    return head + text.getvalue()


def require_matplotlib() -> Any:
    """Its `pyplot`, drawing without a screen. Raises `ArtifactError`."""
    try:
        importlib.import_module("matplotlib").use("Agg")
        return importlib.import_module("matplotlib.pyplot")
    except ImportError:
        raise ArtifactError("a PNG needs matplotlib: pip install 'guardchain[plot]'") from None


def plot(found: Sweep, path: Path) -> None:
    """Curves as a PNG. Raises `ArtifactError` without matplotlib, or when the file cannot be written."""
    pyplot = require_matplotlib()
    settings = found.settings()
    figure, grid = pyplot.subplots(len(settings), 1, figsize=(9, 4.5 * len(settings)), squeeze=False)
    for setting, axes in zip(settings, grid[:, 0], strict=True):
        curves = _curves(found, setting)
        for _, kind, colour, line in curves:
            thin = kind is not Kind.STEERED
            axes.plot(*zip(*line, strict=True), color=colour, linestyle=_line(kind), linewidth=1 if thin else 2)
        # roots of strengths: what one would choose among stands at the weak end
        axes.set_xscale("function", functions=(_root, _square))
        axes.set_xlim(0, 1.05 * max(p.strength for p in found.of(Kind.STEERED, setting)))
        ticks = [0.0]
        for point in found.of(Kind.STEERED, setting):
            if _root(point.strength) - _root(ticks[-1]) > _APART:
                ticks.append(point.strength)
        axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks], fontsize=8)
        axes.set(xlabel="strength (root scale)", ylabel="% refused", ylim=(-2, 102), title=str(setting))
        axes.grid(alpha=0.3)
        colours = {name: colour for name, _, colour, _ in curves}
        keys = [axes.plot([], [], color=colour, linewidth=2, label=name)[0] for name, colour in colours.items()]
        kinds = dict.fromkeys(kind for _, kind, _, _ in curves)
        keys += [axes.plot([], [], color="0.4", linestyle=_line(k), label=k.value)[0] for k in kinds]
        axes.legend(handles=keys, fontsize=8, handlelength=4, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.tight_layout()
    picture = io.BytesIO()
    figure.savefig(picture, dpi=130, format="png")
    pyplot.close(figure)
    write_atomically(path, picture.getvalue())


def _line(kind: Kind) -> Any:
    dash = _DASHES[kind]
    return (0, tuple(map(int, dash.split(",")))) if dash else "-"


def _root(x: Any) -> Any:
    return abs(x) ** 0.5


def _square(x: Any) -> Any:
    return x**2


def page(found: Sweep, title: str, advice: Advice | None, limits: Limits) -> str:
    """One HTML page: advice, curves and the table of each setting. It holds no text of any prompt."""
    parts = [f"<h1>{escape(title)}</h1>", f"<p>{escape(summary(found))}</p>", f"<p>{escape(said(advice))}</p>"]
    parts.append(f"<p><small>Rule. {escape(rule(limits))}</small></p>")
    for setting in found.settings():
        parts += [f"<h2>{escape(str(setting))}</h2>", _svg(found, setting), _key(found)]
        parts += [_table(columns(found), rows(found, setting))]
    body = "\n".join(parts)
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{body}</body></html>\n"
    )


def summary(found: Sweep) -> str:
    """The sets, and how many of each the plain model answers."""
    return "; ".join(
        f"{s.name}: {len(s.prompts)} {'harmful' if s.harmful else 'harmless'} prompts, "
        f"{found.answered[s.name]} answered by the plain model"
        for s in found.sets
    )


def said(advice: Advice | None) -> str:
    if advice is None:
        return "No strength helps within the limits."
    return (
        f"Recommended: min_strength {advice.low.strength:g}, max_strength {advice.high.strength:g} "
        f"({advice.high.setting})."
    )


def _row(found: Sweep, p: Point) -> list[str]:
    shares = [
        share
        for s in found.sets
        for share in ((p.refused[s.name], p.fresh[s.name]) if s.harmful else (p.refused[s.name],))
    ]
    percent = [f"{100 * share:.1f} %" for share in (*shares, p.kept, p.repetition)]
    kind = "plain" if p.kind is None else p.kind.value
    return [kind, f"{p.strength:g}", *percent, f"{p.perplexity:.3g}", f"{p.kl:.3f}"]


def _curves(found: Sweep, setting: Setting) -> list[tuple[str, Kind, str, list[tuple[float, float]]]]:
    """(set, kind, colour, [(strength, % refused)]), the plain model at strength 0."""
    return [
        (s.name, kind, _COLOURS[i % len(_COLOURS)], [(p.strength, 100 * p.refused[s.name]) for p in line])
        for i, s in enumerate(found.sets)
        for kind in Kind
        if len(line := [found.plain, *found.of(kind, setting)]) > 1
    ]


def _svg(found: Sweep, setting: Setting) -> str:
    def x(strength: float) -> float:
        return _MARGIN + strength * (_WIDTH - 2 * _MARGIN)

    def y(percent: float) -> float:
        return _HEIGHT - _MARGIN - percent / 100 * (_HEIGHT - 2 * _MARGIN)

    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="share refused by strength">']
    for tick in range(0, 101, 25):
        parts.append(f'<line x1="{x(0)}" x2="{x(1)}" y1="{y(tick):.1f}" y2="{y(tick):.1f}" stroke="#ddd"/>')
        parts.append(f'<text x="{x(0) - 6}" y="{y(tick) + 4:.1f}" font-size="11" text-anchor="end">{tick} %</text>')
        parts.append(f'<text x="{x(tick / 100):.1f}" y="{y(0) + 18}" font-size="11">{tick / 100:g}</text>')
    for name, kind, colour, line in _curves(found, setting):
        points = " ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in line)
        dash = f' stroke-dasharray="{_DASHES[kind]}"' if _DASHES[kind] else ""
        label = escape(f"{name}, {kind.value}")
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"{dash}>')
        parts.append(f"<title>{label}</title></polyline>")
    return "".join([*parts, "</svg>"])


def _key(found: Sweep) -> str:
    sets = (
        f'<span style="color:{_COLOURS[i % len(_COLOURS)]}">&#9632; {escape(s.name)}</span>'
        for i, s in enumerate(found.sets)
    )
    return f'<p class="key">{"".join(sets)}solid: steered; dots: random; dashes: shuffled; dash and dot: additive</p>'


def _table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    cells = "".join(f"<th>{escape(c)}</th>" for c in head)
    lines = "".join("<tr>" + "".join(f"<td>{escape(c)}</td>" for c in line) + "</tr>" for line in body)
    return f"<table><tr>{cells}</tr>{lines}</table>"
