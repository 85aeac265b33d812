"""`guard steering`: fit, inspect and measure safety subspaces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guard.cli import outputs
from guard.cli.probing import MAX_SEED, choice, loading, model_directory, progress, spread
from guard.errors import ArtifactError
from guard.files import write_atomically

if TYPE_CHECKING:
    from steering.evaluate_sweep import PromptSet

app = typer.Typer(help="Fit, inspect and measure safety subspaces.", no_args_is_help=True, add_completion=False)

Model = Annotated[str, typer.Option(help="Model directory, hub id or bundled:<name>.")]
Threads = Annotated[int, typer.Option(min=0, help="CPU threads for torch; 0 leaves its default.")]

_MOST_LAYERS = 10_000

WRAPPINGS = ("prefix injection", "refusal suppression", "role play", "many-shot text", "suffix", "payload splitting")
"""The wrappers of `detectors.robustness` that `eval` uses by default."""


@app.command()
def fit(
    model: Model,
    out: Annotated[Path, typer.Option(help="Where to write the artefact (.safetensors).")],
    harmful: Annotated[
        Path | None, typer.Option(help="Fit on prompts the model refuses, instead of on the bank.")
    ] = None,
    harmless: Annotated[Path | None, typer.Option(help="Their harmless counterpart; may be the same file.")] = None,
    layers: Annotated[str, typer.Option(help="auto, or layer numbers like 3,4,5 or 3-5.")] = "auto",
    rank: Annotated[int, typer.Option(min=1, help="Directions per layer.")] = 4,
    variant: Annotated[str, typer.Option(help="contrastive or uncentred.")] = "contrastive",
    target: Annotated[str, typer.Option(help="projection, centroid, angular-target or angular-offset.")] = "projection",
    scale: Annotated[
        float,
        typer.Option(min=0, max=1, help="Share of the angle that strength 1 turns by in each layer."),
    ] = 1.0,
    window: Annotated[int, typer.Option(min=0, help="Tokens turned, from the last prompt token on; 0 turns all.")] = 0,
    gate: Annotated[str | None, typer.Option(help="Confidence gate as KAPPA,BETA; none by default.")] = None,
    languages: Annotated[str | None, typer.Option(help="Languages of the bank, like en,zh; all by default.")] = None,
    threads: Threads = 0,
) -> None:
    """Fit a safety subspace: on the shipped bank, or on labelled prompts by what the model refuses and answers."""
    from rich.console import Console

    from steering.artifact import Gate, Target
    from steering.prompts import bank, read_prompts
    from steering.subspace import Variant, fit

    console = Console(stderr=True)
    if (harmful is None) != (harmless is None):
        raise typer.BadParameter("--harmful and --harmless go together")
    if languages is not None and harmful is not None:
        raise typer.BadParameter("--languages chooses from the bank, which labelled prompts replace")
    form, direction, limits = (
        choice(Variant, variant, "--variant"),
        choice(Target, target, "--target"),
        _gate(gate, Gate),
    )
    numbers = _layers(layers)
    if scale <= 0:
        raise typer.BadParameter("must be above 0: nothing would be turned", param_hint="--scale")
    outputs.require({"--out": out}, [harmful, harmless])
    safe, benign = bank().prompts(None if languages is None else [part.strip() for part in languages.split(",")])
    opposite: list[str] = []
    if harmful is not None and harmless is not None:
        safe, benign = read_prompts(harmful, harmful=True), read_prompts(harmless, harmful=False)
    loaded, tokenizer, identity = _load(model, threads)
    if harmful is not None:
        safe, benign, opposite = _labelled(loaded, tokenizer, safe, benign, console)
    with progress() as bar:
        task = bar.add_task("states", total=None)
        made = fit(
            loaded,
            tokenizer,
            identity=identity,
            safe=safe,
            benign=benign,
            opposite=opposite,
            layers=numbers,
            rank=rank,
            variant=form,
            target=direction,
            gate=limits,
            scale=scale,
            window=window or None,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    made.subspace.save(out)
    show(str(out))


@app.command()
def show(
    file: Annotated[str, typer.Argument(help="A subspace artefact: a .safetensors file or bundled:<name>.")],
) -> None:
    """Print what an artefact holds: its model, layers, target, and how well each layer separated the prompts."""
    from rich.console import Console
    from rich.table import Table

    from guard.assets import resolve
    from steering.artifact import Subspace

    console = Console()
    found = Subspace.load(resolve(file, "steering"))
    identity = found.identity
    console.print(f"{file}: safety subspace of [bold]{identity.name}[/bold]", highlight=False)
    console.print(f"  weights {identity.weights}, tokenizer {identity.tokenizer}, template {identity.template}")
    limits = "none" if found.gate is None else f"kappa {found.gate.kappa}, beta {found.gate.beta}"
    turned = "all tokens" if found.window is None else f"{found.window} token(s)"
    console.print(
        f"  width {found.width}, rank {found.rank}, target {found.target.value}, scale {found.scale}, "
        f"{turned} from the last of the prompt on, gate {limits}, "
        f"{found.dtype}",
        highlight=False,
    )
    console.print(f"  fitted: {found.fitted.get('variant')}, prompts {found.fitted.get('prompts')}", highlight=False)
    table = Table("layer", "steered", "AUROC", "‖centroid‖")
    separability = found.fitted.get("separability", {})
    for i in sorted({*map(int, separability), *found.layers}):
        layer = found.layers.get(i)
        length = "" if layer is None else f"{layer.centroid.norm().item():.2f}"
        table.add_row(str(i), "yes" if layer else "", str(separability.get(str(i), "")), length)
    console.print(table)


@app.command(name="eval")
def evaluate(
    model: Model,
    steering: Annotated[str, typer.Option(help="The subspace artefact: a .safetensors file or bundled:<name>.")],
    harmful: Annotated[Path | None, typer.Option(help="Harmful prompts: .jsonl, .json or plain lines.")] = None,
    harmless: Annotated[Path | None, typer.Option(help="Harmless prompts; may be the same labelled file.")] = None,
    scary: Annotated[Path | None, typer.Option(help="Harmless prompts that look harmful.")] = None,
    data: Annotated[
        list[Path] | None,
        typer.Option(
            help="Directory with unsafe*.jsonl and safe*.jsonl (SafeAgentBench), as two more sets; repeatable."
        ),
    ] = None,
    wrapped: Annotated[bool, typer.Option(help="Also wrap the harmful prompts as jailbreaks do.")] = True,
    templates: Annotated[
        Path | None, typer.Option(help="CSV of jailbreak templates (`text` or `prompt`) to wrap with instead.")
    ] = None,
    strengths: Annotated[str | None, typer.Option(help="Strengths to try, like 0.05,0.1,0.2.")] = None,
    layers: Annotated[
        list[str] | None, typer.Option(help="Layers of the artefact to steer, like 2 or 2-3; repeat to compare.")
    ] = None,
    windows: Annotated[str | None, typer.Option(help="Windows in tokens to compare, like 1,4,0; 0 is all.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Prompts per set at most, spread evenly; 0 takes all.")] = 0,
    tokens: Annotated[int, typer.Option(min=1, help="Tokens per answer.")] = 32,
    control: Annotated[
        bool, typer.Option(help="Also turn by the same angles towards what means nothing, and add.")
    ] = True,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Seed of the random and shuffled directions.")] = 0,
    rise: Annotated[
        float, typer.Option(min=0, help="Share by which false refusals of a harmless set may rise.")
    ] = 0.02,
    repetition: Annotated[float, typer.Option(min=0, help="Share by which repetition may rise.")] = 0.02,
    perplexity: Annotated[
        float, typer.Option(min=0, help="Perplexity ratio of harmless answers that is allowed.")
    ] = 1.5,
    plot: Annotated[Path | None, typer.Option(help="Draw the refusals into this PNG (needs matplotlib).")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report: one page that needs nothing from outside.")] = None,
    patch: Annotated[Path | None, typer.Option(help="Write the strengths as YAML, to merge into guard.yaml.")] = None,
    policy: Annotated[str, typer.Option(help="Policy that --patch is for.")] = "default",
    out: Annotated[Path | None, typer.Option(help="Write the artefact with the recommended layers and window.")] = None,
    threads: Threads = 0,
) -> None:
    """Sweep strength × layers × window: refusals, false refusals, drift of harmless answers, controls; recommend."""
    from rich.console import Console
    from rich.table import Table

    from guard.assets import resolve
    from steering import evaluate_report as report
    from steering.artifact import Subspace
    from steering.evaluate_controls import CONTROLS
    from steering.evaluate_sweep import STRENGTHS, Limits, Setting, recommend, sweep
    from steering.rotation import validate_strength

    try:
        chosen = STRENGTHS if strengths is None else tuple(float(s) for s in strengths.split(","))
        for strength in chosen:
            validate_strength(strength)
    except ValueError:
        raise typer.BadParameter(
            "strengths are numbers in [0, 1], separated by commas", param_hint="--strengths"
        ) from None
    lengths, numbers = _windows(windows), [_layers(text) for text in layers or ["auto"]]
    outputs.require(
        {"--out": out, "--patch": patch, "--html": html, "--plot": plot}, [harmful, harmless, scary, templates]
    )
    if plot is not None:
        report.require_matplotlib()
    sets = _sets(harmful, harmless, scary, data or [], templates, wrapped, limit)
    loaded, tokenizer, identity = _load(model, threads)
    subspace = Subspace.load(resolve(steering, "steering"), identity=identity)
    settings = [
        Setting(tuple(sorted(set(subspace.layers if n is None else n))), window)
        for n in numbers
        for window in ([subspace.window] if lengths is None else lengths)
    ]
    with progress() as bar:
        task = bar.add_task("points", total=None)
        found = sweep(
            loaded,
            tokenizer,
            subspace,
            sets,
            strengths=chosen,
            settings=settings,
            controls=CONTROLS if control else (),
            seed=seed,
            max_new_tokens=tokens,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    limits = Limits(refusals=rise, repetition=repetition, perplexity=perplexity)
    advice = recommend(found, limits)
    # All files before the first word: whoever reads the words may stop reading.
    made = [path for path in (plot, html) if path is not None]
    if plot is not None:
        report.plot(found, plot)
    if html is not None:
        write_atomically(html, report.page(found, f"Steering {identity.name}", advice, limits))
    if advice is not None and out is not None:
        advice.high.setting.of(subspace).save(out)
    if advice is not None and patch is not None:
        write_atomically(patch, report.patch(advice, policy, identity.name))
    # A table too wide for the terminal wraps; rich would cut its cells to nothing.
    console = Console(width=max(Console().width, 16 * len(report.columns(found))))
    console.print(report.summary(found), highlight=False, soft_wrap=True)
    for setting in found.settings():
        table = Table(*report.columns(found), title=str(setting))
        for row in report.rows(found, setting):
            table.add_row(*row)
        console.print(table)
    console.print(report.said(advice), report.rule(limits), sep="\n", highlight=False, soft_wrap=True)
    for path in made:
        typer.echo(f"wrote {path}")
    if advice is None and (patch is not None or out is not None):
        typer.echo("nothing to recommend: neither --patch nor --out was written", err=True)
        raise typer.Exit(1)
    if advice is not None and patch is not None:
        typer.echo(f"wrote {patch}; merge it into guard.yaml, then: guard config check guard.yaml")
    if advice is not None and out is not None:
        typer.echo(f"wrote {out}")


def _sets(
    harmful: Path | None,
    harmless: Path | None,
    scary: Path | None,
    data: list[Path],
    templates: Path | None,
    wrapped: bool,
    limit: int,
) -> list[PromptSet]:
    from steering.evaluate_sweep import PromptSet
    from steering.prompts import read_prompts

    found: list[PromptSet] = []

    def take(name: str, path: Path, bad: bool) -> PromptSet:
        prompts = tuple(read_prompts(path, harmful=bad))
        found.append(PromptSet(name, bad, spread(prompts, limit) if limit else prompts))
        return found[-1]

    if (harmful is None) != (harmless is None):
        raise typer.BadParameter("--harmful and --harmless go together")
    if harmful is None and not data:
        raise typer.BadParameter("needs prompts: --harmful and --harmless, or --data")
    if harmful is not None and harmless is not None:
        plain = take("harmful", harmful, True)
        if wrapped:
            found.append(PromptSet("wrapped", True, _wrapped(plain.prompts, templates)))
        take("harmless", harmless, False)
    if scary is not None:
        take("scary", scary, False)
    for directory in data:
        for stem, bad in (("unsafe", True), ("safe", False)):
            if not directory.is_dir():
                raise typer.BadParameter(f"{directory} is not a directory", param_hint="--data")
            files = sorted(directory.glob(f"{stem}*.jsonl"))
            if not files:
                raise ArtifactError(f"{directory} holds no {stem}*.jsonl")
            for path in files:
                take(f"{directory.name} {stem}" if len(files) == 1 else path.stem, path, bad)
    return found


def _wrapped(prompts: Sequence[str], templates: Path | None) -> list[str]:
    """Every prompt in one wrapping, taken in turn: the known ones that are one user turn in plain words."""
    from detectors.robustness.wrappers import WRAPPERS

    if templates is not None:
        from guard.cli.robustness import read_templates

        wrappers = [read_templates(templates)]
    else:
        wrappers = [w for w in WRAPPERS if w.name in WRAPPINGS]
    made = [wrappers[i % len(wrappers)].wrap({"prompt": p, "index": i}) for i, p in enumerate(prompts)]
    return [str(turns[0]["content"]) for turns in made if turns]


def _windows(text: str | None) -> list[int | None] | None:
    if text is None:
        return None
    try:
        found = [int(part) for part in text.split(",")]
    except ValueError:
        found = [-1]
    if any(n < 0 for n in found):
        raise typer.BadParameter("numbers of tokens, separated by commas; 0 is all", param_hint="--windows")
    return [n or None for n in found]


def _load(reference: str, threads: int) -> tuple[Any, Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from guard.assets import resolve
    from guard.model_identity import ModelIdentity

    if threads:
        torch.set_num_threads(threads)
    path = model_directory(resolve(reference, "model"))
    with loading(reference):
        tokenizer = AutoTokenizer.from_pretrained(path)
        model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    return model, tokenizer, ModelIdentity.of(path, name=reference.rsplit("/", 1)[-1].removeprefix("bundled:"))


def _labelled(
    model: Any, tokenizer: Any, asked: list[str], harmless_asked: list[str], console: Any
) -> tuple[list[str], list[str], list[str]]:
    """(safe, benign, opposite): harmful prompts the model refuses, harmless it answers, harmful it answers."""
    from steering.evaluate import answers

    with console.status("plain answers"):
        refused = [a.refused for a in answers(model, tokenizer, asked)]
        false = [a.refused for a in answers(model, tokenizer, harmless_asked)]
    safe = [p for p, r in zip(asked, refused, strict=True) if r]
    opposite = [p for p, r in zip(asked, refused, strict=True) if not r]
    benign = [p for p, r in zip(harmless_asked, false, strict=True) if not r]
    console.print(
        f"The model refuses {len(safe)} of {len(asked)} harmful prompts and {sum(false)} of {len(false)} harmless ones."
    )
    if len(safe) < 2 or len(benign) < 2:
        raise ArtifactError("the model refuses or answers too few of these prompts; fit on the bank instead")
    return safe, benign, opposite


def _layers(text: str) -> list[int] | None:
    if text == "auto":
        return None
    try:
        chosen: list[int] = []
        for part in text.split(","):
            first, _, last = part.partition("-")
            chosen.extend(range(int(first), min(int(last or first), _MOST_LAYERS) + 1))
    except ValueError:
        chosen = []
    if not chosen:
        raise typer.BadParameter("auto, or numbers like 3,4,5 or 3-5", param_hint="--layers")
    return chosen


def _gate(text: str | None, kind: Any) -> Any:
    if text is None:
        return None
    try:
        kappa, beta = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter("a gate is KAPPA,BETA: two numbers", param_hint="--gate") from None
    return kind(kappa=kappa, beta=beta)
