"""`guard steering`: fit, inspect and measure safety subspaces."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guard.errors import ArtifactError

if TYPE_CHECKING:
    from steering.evaluate import Sweep

app = typer.Typer(help="Fit, inspect and measure safety subspaces.", no_args_is_help=True, add_completion=False)

Model = Annotated[str, typer.Option(help="Model directory, hub id or bundled:<name>.")]
Threads = Annotated[int, typer.Option(help="CPU threads for torch; 0 leaves its default.")]
Harmful = Annotated[Path, typer.Option(help="Harmful prompts: .jsonl, .json or plain lines.")]
Harmless = Annotated[Path, typer.Option(help="Harmless prompts; may be the same labelled file.")]


@app.command()
def fit(
    model: Model,
    out: Annotated[Path, typer.Option(help="Where to write the artefact (.safetensors).")],
    harmful: Annotated[
        Path | None, typer.Option(help="Fit on prompts the model refuses, instead of on the bank.")
    ] = None,
    harmless: Annotated[Path | None, typer.Option(help="Their harmless counterpart; may be the same file.")] = None,
    layers: Annotated[str, typer.Option(help="auto, or layer numbers like 3,4,5 or 3-5.")] = "auto",
    rank: Annotated[int, typer.Option(help="Directions per layer.")] = 4,
    variant: Annotated[str, typer.Option(help="contrastive or uncentred.")] = "contrastive",
    target: Annotated[str, typer.Option(help="projection or centroid.")] = "projection",
    scale: Annotated[float, typer.Option(help="Share of the angle that strength 1 turns by in each layer.")] = 1.0,
    window: Annotated[int, typer.Option(help="Tokens turned, from the last prompt token on; 0 turns all.")] = 0,
    gate: Annotated[str | None, typer.Option(help="Confidence gate as KAPPA,BETA; none by default.")] = None,
    languages: Annotated[str | None, typer.Option(help="Languages of the bank, like en,zh; all by default.")] = None,
    threads: Threads = 0,
) -> None:
    """Fit a safety subspace: on the shipped bank, or on labelled prompts by what the model refuses and answers."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from steering.artifact import Gate, Target
    from steering.prompts import bank
    from steering.subspace import Variant, fit

    console = Console(stderr=True)
    if (harmful is None) != (harmless is None):
        raise typer.BadParameter("--harmful and --harmless go together")
    if languages is not None and harmful is not None:
        raise typer.BadParameter("--languages chooses from the bank, which labelled prompts replace")
    form, direction, limits = _choice(Variant, variant), _choice(Target, target), _gate(gate, Gate)
    numbers = _layers(layers)
    loaded, tokenizer, identity = _load(model, threads)
    if harmful is not None and harmless is not None:
        safe, benign, opposite = _labelled(loaded, tokenizer, harmful, harmless, console)
    else:
        safe, benign = bank().prompts(None if languages is None else languages.split(","))
        opposite = []
    with Progress(
        TextColumn("states"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    ) as bar:
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
    show(out)


@app.command()
def show(file: Annotated[Path, typer.Argument(help="A subspace artefact.")]) -> None:
    """Print what an artefact holds: its model, layers, target, and how well each layer separated the prompts."""
    from rich.console import Console
    from rich.table import Table

    from steering.artifact import Subspace

    console = Console()
    found = Subspace.load(file)
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
    steering: Annotated[Path, typer.Option(help="The subspace artefact.")],
    harmful: Harmful,
    harmless: Harmless,
    strengths: Annotated[str | None, typer.Option(help="Strengths to try, like 0.05,0.1,0.2.")] = None,
    limit: Annotated[int, typer.Option(help="Prompts per side at most; 0 takes all.")] = 0,
    tokens: Annotated[int, typer.Option(help="Tokens per answer.")] = 32,
    control: Annotated[bool, typer.Option(help="Also turn by the same angles towards a random direction.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of the random direction.")] = 0,
    plot: Annotated[Path | None, typer.Option(help="Also draw the table into this PNG (needs matplotlib).")] = None,
    threads: Threads = 0,
) -> None:
    """Sweep strengths: refusals on harmful prompts the plain model answers, and false refusals on harmless ones."""
    from rich.console import Console
    from rich.status import Status

    from steering.artifact import Subspace
    from steering.evaluate import STRENGTHS, recommend, sweep
    from steering.prompts import read_prompts
    from steering.rotation import validate_strength

    try:
        chosen = STRENGTHS if strengths is None else tuple(float(s) for s in strengths.split(","))
        for strength in chosen:
            validate_strength(strength)
    except ValueError:
        raise typer.BadParameter("strengths are numbers in [0, 1], separated by commas") from None
    wanted, unwanted = read_prompts(harmful, harmful=True), read_prompts(harmless, harmful=False)
    loaded, tokenizer, identity = _load(model, threads)
    subspace = Subspace.load(steering, identity=identity)
    with Status("plain answers", console=Console(stderr=True)) as status:
        found = sweep(
            loaded,
            tokenizer,
            subspace,
            harmful=wanted[: limit or None],
            harmless=unwanted[: limit or None],
            strengths=chosen,
            control=control,
            seed=seed,
            max_new_tokens=tokens,
            progress=lambda kind, strength: status.update(f"{kind} at {strength:g} done"),
        )
    _print(found, Console())
    advice = recommend(found)
    if advice is None:
        typer.echo("No strength helps without more false refusals or repetition.")
    else:
        typer.echo(f"Recommended:\n  steer: {{min_strength: {advice[0]:g}, max_strength: {advice[1]:g}}}")
    if plot is not None:
        _plot(found, plot)


def _print(found: Sweep, console: Any) -> None:
    from rich.table import Table

    console.print(
        f"{found.harmful} harmful prompts ({found.answered} answered by the plain model), {found.harmless} harmless",
        highlight=False,
    )
    columns = ("kind", "strength", "refused", "of all harmful", "false refusals", "kept", "repetition")
    table = Table(*columns)
    for p in found.points:
        shares = (p.refused, p.refused_all, p.false_refused, p.kept, p.repetition)
        table.add_row(p.kind, f"{p.strength:g}", *(f"{100 * share:.1f} %" for share in shares))
    console.print(table)


def _plot(found: Sweep, path: Path) -> None:
    import importlib

    try:
        importlib.import_module("matplotlib").use("Agg")
        pyplot: Any = importlib.import_module("matplotlib.pyplot")
    except ImportError:
        raise ArtifactError("--plot needs matplotlib: pip install matplotlib") from None
    figure, axes = pyplot.subplots(figsize=(7, 4))
    for kind, style in (("steered", "-"), ("random", "--")):
        points = sorted([*found.of("plain"), *found.of(kind)], key=lambda p: p.strength)
        if len(points) > 1:
            x = [p.strength for p in points]
            axes.plot(x, [100 * p.refused for p in points], "C3" + style, label=f"refused, harmful ({kind})")
            axes.plot(x, [100 * p.false_refused for p in points], "C0" + style, label=f"refused, harmless ({kind})")
    axes.set(xlabel="strength", ylabel="% of prompts the plain model answers", ylim=(-2, 102))
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def _load(reference: str, threads: int) -> tuple[Any, Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from guard.assets import resolve
    from guard.model_identity import ModelIdentity

    if threads:
        torch.set_num_threads(threads)
    path = _directory(resolve(reference, "model"))
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    return model, tokenizer, ModelIdentity.of(path, name=reference.rsplit("/", 1)[-1].removeprefix("bundled:"))


def _directory(reference: str) -> str:
    """A local model directory; a hub id is fetched into the hub's cache."""
    if Path(reference).is_dir():
        return reference
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return str(snapshot_download(reference, ignore_patterns=["*.bin", "*.pt", "*.pth", "*.gguf"]))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        raise ArtifactError(f"no model at {reference!r}: {type(error).__name__}") from None


def _labelled(
    model: Any, tokenizer: Any, harmful: Path, harmless: Path, console: Any
) -> tuple[list[str], list[str], list[str]]:
    """(safe, benign, opposite): harmful prompts the model refuses, harmless it answers, harmful it answers."""
    from steering.evaluate import answers
    from steering.prompts import read_prompts

    asked, harmless_asked = read_prompts(harmful, harmful=True), read_prompts(harmless, harmful=False)
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
            chosen.extend(range(int(first), int(last or first) + 1))
    except ValueError:
        chosen = []
    if not chosen:
        raise typer.BadParameter("layers are auto, or numbers like 3,4,5 or 3-5")
    return chosen


def _choice(kind: Any, text: str) -> Any:
    try:
        return kind(text)
    except ValueError:
        raise typer.BadParameter(f"{text!r} is none of {', '.join(k.value for k in kind)}") from None


def _gate(text: str | None, kind: Any) -> Any:
    if text is None:
        return None
    try:
        kappa, beta = (float(part) for part in text.split(","))
    except ValueError:
        raise typer.BadParameter("a gate is KAPPA,BETA: two numbers") from None
    return kind(kappa=kappa, beta=beta)
