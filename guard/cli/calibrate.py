"""`guard calibrate`: thresholds from labelled prompts, or from the proxy's own score log and labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from guard.cli import outputs
from guard.cli.probing import MAX_SEED, choice, load, progress, require_device
from guard.errors import ArtifactError
from guard.files import write_atomically

if TYPE_CHECKING:
    from detectors.calibrate.sample import Sample
    from detectors.prefix_probing.artifact import Calibration, ProbeSet
    from detectors.prefix_probing.probe import Detector


def calibrate(
    probes: Annotated[str, typer.Option(help="The probe set in use: a file, or bundled:<name>.")],
    data: Annotated[
        list[Path] | None,
        typer.Option(help="Labelled prompts, JSONL: `harmful`, and `prompt` or `messages`. May be given again."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="With --data: model directory, hub id or bundled:<name> that scores them.")
    ] = None,
    log: Annotated[
        list[Path] | None, typer.Option(help="In place of --data: audit files of the proxy. May be given again.")
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="With --log: JSONL or CSV with `request_id` (or the log's `digest`) and `harmful`."),
    ] = None,
    rest_harmless: Annotated[
        bool, typer.Option("--rest-harmless", help="With --log: take what nobody labelled for harmless.")
    ] = False,
    to_label: Annotated[
        int, typer.Option(min=0, help="With --log: print this many request ids worth labelling, and do nothing else.")
    ] = 0,
    steer_fpr: Annotated[float, typer.Option(min=0, max=1, help="False-positive rate that steer_at may cost.")] = 0.05,
    block_fpr: Annotated[float, typer.Option(min=0, max=1, help="The same for block_at.")] = 0.01,
    per_script: Annotated[
        bool,
        typer.Option(
            "--per-script",
            help="Also fit how the scores of each writing system come onto the one scale; needs --out, for thresholds "
            "then belong to the new probe set.",
        ),
    ] = False,
    probability: Annotated[
        str, typer.Option(help="Map scores to probabilities: none, platt (few prompts) or isotonic (hundreds).")
    ] = "none",
    prevalence: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="Share of harmful prompts in your traffic; by default the sample's."),
    ] = None,
    detector: Annotated[str, typer.Option(help="prefix_probe or first_token_lr, as in the policy.")] = "prefix_probe",
    scope: Annotated[
        str, typer.Option(help="With --data: latest_turn, all or windows, as in the policy.")
    ] = "latest_turn",
    window_tokens: Annotated[int, typer.Option(min=32, help="With --scope windows: as in the policy.")] = 512,
    max_windows: Annotated[int, typer.Option(min=2, max=1000, help="With --scope windows: as in the policy.")] = 16,
    policy: Annotated[
        str, typer.Option(help="Policy that --patch is for, and whose lines of the log count.")
    ] = "default",
    patch: Annotated[Path | None, typer.Option(help="Write the thresholds as YAML, to merge into guard.yaml.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the probe set with the new calibration.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a report: one page that needs nothing from outside.")] = None,
    worst: Annotated[int, typer.Option(min=0, help="Errors listed, at most, of each kind.")] = 20,
    show_text: Annotated[
        bool, typer.Option("--show-text", help="Show prompts in the report, not their digests alone.")
    ] = False,
    limit: Annotated[int, typer.Option(min=0, help="Prompts of --data, spread evenly; 0 takes all.")] = 0,
    dtype: Annotated[
        str, typer.Option(help="float32, bfloat16 or float16: the one the model is served in.")
    ] = "float32",
    device: Annotated[str, typer.Option(help="cpu, cuda, cuda:1, mps.")] = "cpu",
    threads: Annotated[int, typer.Option(min=0, help="CPU threads for torch; 0 leaves its default.")] = 0,
    seed: Annotated[int, typer.Option(min=0, max=MAX_SEED, help="Of the bootstrap.")] = 0,
) -> None:
    """Fit `steer_at` and `block_at` at target false-positive rates, and say what they are worth."""
    from rich.console import Console

    from detectors.calibrate import calibrate as fit_thresholds
    from detectors.check import Scope
    from detectors.prefix_probing.artifact import ProbeSet
    from detectors.prefix_probing.probe import Detector
    from detectors.report import page, summarise, terminal
    from guard.assets import resolve

    if bool(data) == bool(log):
        raise typer.BadParameter("give either labelled prompts or a log", param_hint="--data, --log")
    if block_fpr > steer_fpr:
        raise typer.BadParameter("must not be above --steer-fpr", param_hint="--block-fpr")
    if probability not in ("none", "platt", "isotonic"):
        raise typer.BadParameter("must be none, platt or isotonic", param_hint="--probability")
    if prevalence is not None and not 0 < prevalence < 1:
        raise typer.BadParameter("must lie between 0 and 1", param_hint="--prevalence")
    if per_script and out is None:
        raise typer.BadParameter("needs --out: thresholds then belong to the new probe set", param_hint="--per-script")
    chosen = cast("Detector", choice(Detector, detector, "--detector"))
    within = cast("Scope", choice(Scope, scope, "--scope"))
    if to_label and not log:
        raise typer.BadParameter("needs --log", param_hint="--to-label")
    if data and model is None:
        raise typer.BadParameter("needed with --data", param_hint="--model")
    if log and not to_label and labels is None:
        raise typer.BadParameter("needed with --log; --to-label says what is worth labelling", param_hint="--labels")
    outputs.require({"--out": out, "--patch": patch, "--html": html}, [*(data or []), *(log or []), labels])
    if data:
        require_device(dtype, device)
    loaded = ProbeSet.load(resolve(probes, "probes"))
    stored = loaded.calibration_of(chosen)
    if log and to_label:
        _print_worth_labelling(log, policy, loaded.fingerprint(chosen), stored, to_label)
        return
    if data and model is not None:
        pieces = {"scope": within, "window_tokens": window_tokens, "max_windows": max_windows}
        sample = _score(data, model, loaded, chosen, pieces, limit, (dtype, device, threads))
        source = ", ".join(p.name for p in data)
    else:
        assert labels is not None
        sample = _join(log or [], labels, policy, loaded.fingerprint(chosen), rest_harmless)
        source = ", ".join(p.name for p in log or [])
    if per_script:
        fitted = _fit_scripts(sample, block_fpr, steer_fpr, seed)
    else:
        sample = sample.on(stored)
        fitted = fit_thresholds(sample.harmful, sample.harmless, block_fpr=block_fpr, steer_fpr=steer_fpr, seed=seed)
        fitted = fitted.model_copy(update={"scripts": stored.scripts})
    sample = sample.on(fitted)
    held_out = None
    if probability != "none":
        from detectors.calibrate.probability import fit
        from detectors.calibrate.probability import held_out as cross_fit

        kind = cast("Literal['platt', 'isotonic']", probability)
        found = fit(sample.harmful, sample.harmless, kind, prevalence)
        fitted = fitted.model_copy(update={"probability": found})
        held_out = cross_fit(sample.harmful, sample.harmless, kind)
    facts = {"model": loaded.identity.name, "weights": loaded.identity.weights, "detector": detector, "from": source}
    summary = summarise(sample, fitted, stored=stored, held_out=held_out, worst=worst, facts=facts)
    # All files before the first word: whoever reads the words may stop reading.
    if out is not None:
        loaded.recalibrated(chosen, fitted, sample.part).save(out)
    if patch is not None:
        artifact = str(out) if per_script else None
        write_atomically(patch, _patch(policy, chosen, fitted, loaded.identity.name, artifact))
    if html is not None:
        page.write(html, summary, title=f"Calibration of {loaded.identity.name}", show_text=show_text)
    terminal.show(Console(), summary, show_text=show_text)
    if patch is not None:
        typer.echo(f"wrote {patch}; merge it into guard.yaml, then: guard config check guard.yaml")
    for written in (out, html):
        if written is not None:
            typer.echo(f"wrote {written}")


def _fit_scripts(sample: Sample, block_fpr: float, steer_fpr: float, seed: int) -> Calibration:
    from collections import Counter

    from detectors.calibrate.scripts import ENOUGH, calibrate_scripts

    fitted = calibrate_scripts(*sample.unaligned, sample.scripts, block_fpr=block_fpr, steer_fpr=steer_fpr, seed=seed)
    if not fitted.scripts:
        bad, good = map(Counter, sample.scripts)
        has = ", ".join(f"{k or 'none'} {bad[k]} harmful and {good[k]} harmless" for k in sorted(bad | good))
        raise ArtifactError(
            f"--per-script needs two writing systems with {ENOUGH} prompts or more of each class; the sample has: {has}"
        )
    return fitted


def _score(
    data: list[Path],
    model: str,
    probes: ProbeSet,
    detector: Detector,
    pieces: Mapping[str, Any],
    limit: int,
    where: tuple[str, str, int],
) -> Sample:
    """Always with all probes: thresholds are to be fitted on scores, not on the first token's guess at them."""
    from detectors.calibrate.sample import read, score
    from detectors.prefix_probing.data import overlap
    from detectors.prefix_probing.probe import PrefixProbe

    found = [row for path in data for row in read(path)]
    if limit and len(found) > limit:
        found = [found[i * len(found) // limit] for i in range(limit)]
    if not 0 < (bad := sum(row.harmful for row in found)) < len(found):
        raise ArtifactError(
            f"calibration needs both classes: {', '.join(map(str, data))} holds {bad} harmful and {len(found) - bad} "
            "harmless prompts"
        )
    chose = [part for name, part in probes.data.items() if name in ("construction", "selection")]
    if known := sum(overlap(part, [row.text for row in found]) for part in chose):
        typer.echo(
            f"warning: by {known} of {len(found)} prompts the openings were chosen: they score too well, and so "
            "thresholds look better than they are; take others",
            err=True,
        )
    probe = PrefixProbe(probes, load(model, *where), detector=detector, cascade=False)
    with progress() as bar:
        task = bar.add_task("prompts", total=len(found))
        return score(probe, found, **pieces, tick=lambda n: bar.update(task, completed=n))


def _join(log: list[Path], labels: Path, policy: str, probes: str, rest_harmless: bool) -> Sample:
    from detectors.calibrate.score_log import read_labels, read_log

    found = read_log(log, policy=policy).require(probes)
    guessed = sum(e.stage == "first_token" for e in found.entries)
    if guessed:
        typer.echo(
            f"{guessed} of {len(found.entries)} scores are the first token's prediction; with `cascade: false` in the "
            "policy while you collect, all are exact",
            err=True,
        )
    return found.judged(read_labels(labels), rest_harmless=rest_harmless)


def _print_worth_labelling(log: list[Path], policy: str, probes: str, stored: Calibration, count: int) -> None:
    from detectors.calibrate.score_log import read_log

    found = read_log(log, policy=policy).require(probes)
    typer.echo("request_id,digest,score,harmful")
    for e in found.worth_labelling((stored.steer_at, stored.block_at), count):
        typer.echo(f"{e.request_id},{e.digest},{e.score:.6f},")


def _patch(policy: str, detector: Detector, fitted: Calibration, model: str, artifact: str | None) -> str:
    """The thresholds as guard.yaml wants them, rounded away from a false alarm; block_at above steer_at. With what they
    belong to: the detector, and the probe set where they are not on the scale of the one in use."""
    from io import StringIO
    from math import ceil

    from ruamel.yaml import YAML

    steer_at, block_at = (ceil(t.value * 1e6) / 1e6 for t in (fitted.steer, fitted.block))
    thresholds = {
        "detector": str(detector),
        "steer_at": steer_at,
        "block_at": max(block_at, round(steer_at + 1e-6, 6)),
    }
    probe = thresholds if artifact is None else {"artifact": artifact, **thresholds}
    text = StringIO()
    yaml = YAML()
    yaml.dump({"policies": {policy: {"probe": probe}}}, text)
    head = (
        f"# {model}: {fitted.harmful} harmful and {fitted.harmless} harmless prompts, AUROC {fitted.auroc:.3f}\n"
        + "".join(
            f"# {name}: false positives {t.fpr:.2%} (target {t.target_fpr:.2%}), true positives {t.tpr:.1%}\n"
            for name, t in (("steer_at", fitted.steer), ("block_at", fitted.block))
        )
    )
    return head + text.getvalue()
