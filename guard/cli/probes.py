"""`guard probes`: build, show and measure probe sets."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guard.cli import outputs
from guard.cli.probing import MAX_SEED, choice, fitting, load, progress, require_device, spread
from guard.cli.robustness import robustness
from guard.errors import ArtifactError

if TYPE_CHECKING:
    from detectors.evaluate import Evaluation, Measured
    from detectors.external import Endpoint
    from detectors.prefix_probing.artifact import Calibration, Gate, ProbeSet
    from detectors.prefix_probing.data import Prompts

app = typer.Typer(help="Build, show and measure probe sets.", no_args_is_help=True)
app.command()(robustness)

Model = Annotated[str, typer.Option(help="Model directory, hub id or bundled:<name>.")]
Harmful = Annotated[Path, typer.Option(help="Harmful prompts: .jsonl, .json, .csv, .tsv or .txt (one a line).")]
Harmless = Annotated[Path, typer.Option(help="Harmless prompts; may be the same file if its rows say `harmful`.")]
Column = Annotated[str | None, typer.Option(help="Field that holds the text; by default prompt, text, question, ...")]
Dtype = Annotated[str, typer.Option(help="float32, bfloat16 or float16: the one the model is served in.")]
Device = Annotated[str, typer.Option(help="cpu, cuda, cuda:1, mps.")]
Threads = Annotated[int, typer.Option(min=0, help="CPU threads for torch; 0 leaves its default.")]


@app.command()
def build(
    model: Model,
    harmful: Harmful,
    harmless: Harmless,
    out: Annotated[Path, typer.Option(help="Where to write the probe set (.json).")],
    width: Annotated[int, typer.Option(min=1, help="Openings of each sign that survive a depth.")] = 8,
    top_k: Annotated[int, typer.Option(min=1, help="Next tokens tried per opening and prompt set.")] = 8,
    depth: Annotated[int, typer.Option(min=1, help="Longest opening, in tokens.")] = 6,
    min_p: Annotated[float, typer.Option(min=0, max=1, help="Mean probability a next token needs.")] = 0.01,
    keep: Annotated[int, typer.Option(min=1, help="Openings kept per sign, at most.")] = 4,
    slack: Annotated[float, typer.Option(min=0, help="AUROC that adding openings may cost in selection.")] = 0.0,
    prompts: Annotated[int, typer.Option(min=1, help="Prompts per class and script in the search.")] = 64,
    aggregation: Annotated[str, typer.Option(help="mean, logsumexp, max, weighted, or best of them.")] = "best",
    block_fpr: Annotated[float, typer.Option(min=0, max=1, help="False-positive rate that block_at may cost.")] = 0.01,
    steer_fpr: Annotated[float, typer.Option(min=0, max=1, help="The same for steer_at.")] = 0.05,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Shifts the split into parts.")] = 0,
    batch: Annotated[int, typer.Option(min=1, help="Prompts per forward pass in the search.")] = 16,
    per_script: Annotated[
        bool,
        typer.Option(
            "--per-script/--mixed", help="Search and calibrate every writing system by itself, or all prompts together."
        ),
    ] = True,
    gate_outside: Annotated[
        float,
        typer.Option(min=0, max=0.5, help="Share of prompts the gate's bounds may miss; 0: no gate."),
    ] = 0.05,
    state: Annotated[
        Path | None, typer.Option(help="Where a stopped build keeps what it found; by default OUT.state.")
    ] = None,
    column: Column = None,
    dtype: Dtype = "float32",
    device: Device = "cpu",
    threads: Threads = 0,
) -> None:
    """Search answer openings that tell harmful from harmless prompts, choose a few, calibrate thresholds.

    A build that was stopped goes on where it was when it is started again with the same options.
    """
    from detectors.prefix_probing import data
    from detectors.prefix_probing.checkpoint import remove
    from detectors.prefix_probing.construct import BuildOptions
    from detectors.prefix_probing.construct import build as run
    from detectors.prefix_probing.score import Aggregation
    from detectors.prefix_probing.search import SearchOptions
    from detectors.prefix_probing.select import SelectOptions

    how = None if aggregation == "best" else choice(Aggregation, aggregation, "--aggregation", "best")
    if block_fpr > steer_fpr:
        raise typer.BadParameter("must not be above --steer-fpr", param_hint="--block-fpr")
    kept = state or out.with_name(out.name + ".state")
    outputs.require({"--out": out, "--state": kept}, [harmful, harmless])
    require_device(dtype, device)
    found = data.load(harmful, harmless, column=column)
    data.split(found, seed)  # raises for too few prompts, before the model is loaded
    options = BuildOptions(
        search=SearchOptions(width=width, top_k=top_k, depth=depth, min_p=min_p, batch=batch),
        select=SelectOptions(keep=keep, aggregation=how, slack=slack),
        prompts=prompts,
        per_script=per_script,
        gate_outside=gate_outside,
        block_fpr=block_fpr,
        steer_fpr=steer_fpr,
        seed=seed,
    )
    scorer = load(model, dtype, device, threads)
    found = fitting(scorer, found, depth)
    with _resumable(kept), progress() as bar:
        tasks: dict[str, Any] = {}

        def tell(stage: str, done: int, steps: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=steps)
            bar.update(tasks[stage], completed=done)

        probes = run(scorer, found, options, tell, kept)
    probes.save(out)
    remove(kept)
    _print(probes)
    typer.echo(f"wrote {out}")


@contextlib.contextmanager
def _resumable(state: Path) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        if state.exists():
            typer.echo(f"guard: stopped; the same command goes on from {state}", err=True)
        raise


@app.command()
def show(file: Annotated[Path, typer.Argument(help="A probe set, or bundled:<name>.")]) -> None:
    """Print what a probe set holds: model, openings, what each adds, thresholds."""
    from detectors.prefix_probing.artifact import ProbeSet
    from guard.assets import resolve

    _print(ProbeSet.load(resolve(str(file), "probes")))


@app.command("eval")
def evaluate(
    model: Model,
    probes: Annotated[str, typer.Option(help="A probe set, or bundled:<name>.")],
    harmful: Harmful,
    harmless: Harmless,
    train_harmful: Annotated[Path | None, typer.Option(help="Harmful prompts the regression learns on.")] = None,
    train_harmless: Annotated[Path | None, typer.Option(help="Their harmless counterpart.")] = None,
    column: Column = None,
    limit: Annotated[int, typer.Option(min=0, help="Prompts per class, spread evenly; 0 takes all.")] = 0,
    guard: Annotated[
        list[str] | None,
        typer.Option(
            help="An external guard to compare with: NAME=URL, where the URL ends in /chat/completions?model=… or in "
            "/moderations; its key stands in GUARD_KEY_<NAME>. May be given again."
        ),
    ] = None,
    dtype: Dtype = "float32",
    device: Device = "cpu",
    threads: Threads = 0,
) -> None:
    """Measure a probe set on prompts from other sources, side by side with first-token baselines."""
    from detectors.evaluate import evaluate as run
    from detectors.external import Endpoint
    from detectors.prefix_probing import data
    from detectors.prefix_probing.artifact import ProbeSet
    from guard.assets import resolve

    require_device(dtype, device)
    endpoints = [Endpoint.parse(text) for text in guard or []]
    if (train_harmful is None) != (train_harmless is None):
        raise typer.BadParameter("--train-harmful and --train-harmless go together")
    train = None
    if train_harmful is not None and train_harmless is not None:
        train = data.load(train_harmful, train_harmless, column=column)
    found = data.load(harmful, harmless, column=column)
    loaded = ProbeSet.load(resolve(probes, "probes"))
    scorer = load(model, dtype, device, threads)
    longest = max(len(p.tokens) for p in loaded.prefixes)
    found = fitting(scorer, found, longest)
    if limit:
        found = data.Prompts(spread(found.harmful, limit), spread(found.harmless, limit))
    everything = [*found.harmful, *found.harmless]
    if known := sum(data.overlap(part, everything) for part in loaded.data.values()):
        typer.echo(
            f"warning: {known} of {len(everything)} prompts are among those that the probe set was built from: the "
            "figures are too good; measure on others",
            err=True,
        )
    if train is not None and (both := data.digests(everything) & data.digests((*train.harmful, *train.harmless))):
        raise ArtifactError(f"{len(both)} prompts stand both among those to learn on and among those to measure with")
    if train is None and min(len(found.harmful), len(found.harmless)) < 2:
        raise ArtifactError("needs two harmful and two harmless prompts, or --train-harmful and --train-harmless")
    if train is not None:
        train = fitting(scorer, train, longest)
    failed: dict[str, str] = {}
    with progress() as bar:
        others = [_outside(bar, endpoint, found, failed) for endpoint in endpoints]
        task = bar.add_task("prompts", total=None)
        result = run(
            scorer,
            loaded,
            found,
            train=train,
            others=[m for m in others if m is not None],
            tick=lambda done, all_: bar.update(task, completed=done, total=all_),
        )
    _print_evaluation(result, failed)
    for name, why in failed.items():
        typer.echo(f"warning: {name} is not compared: {why}", err=True)


def _outside(bar: Any, endpoint: Endpoint, prompts: Prompts, failed: dict[str, str]) -> Measured | None:
    """An external guard's judgements. Its milliseconds are those of a request of its own, network and all. A guard that
    did not judge every prompt cannot stand beside those that did: why is put into `failed`."""
    import numpy as np

    from detectors.evaluate import Measured

    n = len(prompts.harmful)
    texts = [*prompts.harmful, *prompts.harmless]
    task = bar.add_task(endpoint.name, total=len(texts))
    judged = endpoint.judge(texts, lambda done: bar.update(task, completed=done))
    if judged.failures:
        asked = len(judged.judgements) + judged.failures.total()
        why = ", ".join(f"{reason} ({n})" for reason, n in judged.failures.most_common())
        end = "" if asked == len(texts) else f"; given up, {len(texts) - asked} prompts not asked"
        failed[endpoint.name] = f"{judged.failures.total()} of {asked} requests failed: {why}{end}"
        return None
    scores = np.array([j.score for j in judged.judgements])
    tokens = float(np.mean([j.tokens for j in judged.judgements]))
    took = float(np.median(judged.milliseconds))
    return Measured(endpoint.name, (scores[:n], scores[n:]), tokens, took, threshold=0.5)


def _print(probes: ProbeSet) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    model = probes.identity
    console.print(
        f"model {escape(model.name)}  weights {model.weights}  tokenizer {model.tokenizer}  template {model.template}  "
        f"{probes.dtype}  score = {probes.aggregation} of refusal − {probes.aggregation} of agreement openings",
        soft_wrap=True,
    )
    table = Table("sign", "script", "opening", "tokens", "Δ", "adds AUROC", "adds TPR@1%FPR")
    for p in probes.prefixes:
        adds = [f"{p.adds[k]:+.4f}" if k in p.adds else "" for k in ("auroc", "tpr_at_1_percent_fpr")]
        table.add_row(p.sign, p.script, escape(repr(p.text)), " ".join(map(str, p.tokens)), f"{p.delta:+.3f}", *adds)
    console.print(table)
    for name, part in probes.data.items():
        console.print(f"{name}: {part.harmful} harmful, {part.harmless} harmless, sha256 {part.sha256[:16]}…")
    facts = probes.search
    if {"prompt_tokens", "candidate_tokens", "tokens_without_kv"} <= facts.keys():
        console.print(
            f"search: {facts['prompt_tokens']} prompt tokens once and {facts['candidate_tokens']} for the openings; "
            f"{facts['tokens_without_kv']} without keeping the prompts' state"
        )
    if probes.witness is None:
        console.print("no witness: a stock vLLM server that starts with other weights is not noticed; build it again")
    _print_calibration(console, "all probes", probes.calibration)
    if probes.gate is not None:
        g = probes.gate
        console.print(
            f"gate: {len(g.model.tokens)} first-token entries, full score within {g.low:+.3f} … {g.high:+.3f} of the "
            "prediction; " + _of_gate(g)
        )
    if probes.first_token is not None:
        words = f"first_token_lr, {len(probes.first_token.model.tokens)} entries"
        _print_calibration(console, words, probes.first_token.calibration)


def _of_gate(g: Gate) -> str:
    if g.full is None or g.wrong is None:
        return "what it spares is not known: the set was calibrated anew"
    return (
        f"all probes run for {g.full['harmless']:.1%} of harmless and {g.full['harmful']:.1%} of harmful prompts, "
        f"{g.wrong:.1%} other verdicts"
    )


def _print_calibration(console: Any, name: str, c: Calibration) -> None:
    console.print(f"{name}: calibrated on {c.harmful} harmful and {c.harmless} harmless prompts")
    for at, t in (("steer_at", c.steer), ("block_at", c.block)):
        console.print(
            f"  {at} {t.value:.4f} (95 % {t.interval[0]:.4f} … {t.interval[1]:.4f}): target FPR {t.target_fpr:.1%}, "
            f"reached {t.fpr:.1%}, TPR {t.tpr:.1%}"
        )
    for name, found in c.scripts.items():
        own = found.own
        maps = "" if found.alignment.scores else " (the common scale is its own)"
        console.print(
            f"  {name}: {own.harmful} harmful, {own.harmless} harmless, AUROC {own.auroc:.4f}; before they come onto "
            f"the common scale, steer_at {own.steer_at:.4f} (TPR {own.steer.tpr:.1%}), block_at {own.block_at:.4f} "
            f"(TPR {own.block.tpr:.1%}){maps}"
        )
    low, high = c.auroc_interval
    console.print(f"  AUROC {c.auroc:.4f} (95 % {low:.4f} … {high:.4f}), best F1 {c.f1:.4f} at {c.f1_at:.4f}")


def _print_evaluation(result: Evaluation, failed: Mapping[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    console.print(f"{result.harmful} harmful and {result.harmless} harmless prompts")
    columns = ("detector", "AUROC", "95 %", "AUPRC", "TPR@1%FPR", "TPR@5%FPR", "F1", "95 %", "+tokens", "+ms")
    table = Table(*columns)
    for row in result.rows:
        low, high = row.auroc_interval
        table.add_row(
            row.name + ("†" if row.aligned else ""),
            f"{row.auroc:.4f}",
            f"{low:.3f}–{high:.3f}",
            *(f"{v:.4f}" for v in (row.auprc, row.tpr_1, row.tpr_5)),
            f"{row.f1:.4f}" + ("" if row.own_threshold else "*"),
            f"{row.f1_interval[0]:.3f}–{row.f1_interval[1]:.3f}",
            f"{row.tokens:.1f}",
            f"{row.milliseconds:.1f}",
        )
    for name in failed:
        table.add_row(name, "failed", style="dim")
    console.print(table)
    if any(row.aligned for row in result.rows):
        console.print(
            "† aligned: the calibration brings the scores of every writing system onto one scale. Baselines and other "
            "guards have none; over prompts in several, compare them with the unaligned rows."
        )
    console.print(
        "F1 at the threshold found in calibration; * at the best of these very prompts. +tokens is the mean and +ms "
        f"the median on top of the prompt's own prefill, which takes {result.prefill_milliseconds:.1f} ms."
    )
    if result.full != (1.0, 1.0):
        console.print(
            f"all probes ran for {result.full[0]:.1%} of harmful and {result.full[1]:.1%} of harmless prompts"
        )
    for p in result.points:
        console.print(
            f"{p.name} {p.threshold:.4f}: TPR {p.tpr:.1%}, FPR {p.fpr:.1%}, "
            f"F1 {p.f1:.4f} (95 % {p.f1_interval[0]:.4f} … {p.f1_interval[1]:.4f})"
        )
    if len(result.scripts) > 1:
        scripts = Table("script", "harmful", "harmless", "AUROC", *_RATES, title="as served, share of prompts")
        for of in result.scripts:
            shares = (of.blocked[0], of.steered[0], of.blocked[1], of.steered[1])
            scripts.add_row(of.script, *map(str, of.count), f"{of.auroc:.4f}", *(f"{v:.1%}" for v in shares))
        console.print(scripts)


_RATES = ("harmful blocked", "steered or blocked", "harmless blocked", "steered or blocked")
