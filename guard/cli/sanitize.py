"""`guard sanitize`: what would leave, side by side with what was there; and the way back."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from guard.cli.documents import Document, read
from guard.errors import CheckUnavailable, ConfigError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from sanitizers import Sanitizer, SanitizerOptions
    from sanitizers.hide import Hiding, Replacement

FOUND = 3
"""Exit status of `--check` when there is something to hide, and of a find whose policy is `block` or `route_local`."""

_MAP = "guardchain-map-1"
_SECONDS = 600.0
_LONG = 256 * 1024  # characters from which on progress is shown
_CONTEXT = 2  # unchanged lines shown around changed ones


class Form(StrEnum):
    AUTO = "auto"
    TEXT = "text"
    JSON = "json"
    JSONL = "jsonl"


def sanitize(
    files: Annotated[list[Path] | None, typer.Argument(help="UTF-8 files; none, or -, reads stdin.")] = None,
    key: Annotated[
        str | None,
        typer.Option(envvar="GUARD_SURROGATE_KEY", help="Key of the surrogates; without one they differ every time."),
    ] = None,
    tenant: Annotated[str, typer.Option(help="Whose surrogates: the name of a tenant in guard.yaml.")] = "",
    config: Annotated[Path | None, typer.Option(help="A guard.yaml to take the rules from.")] = None,
    policy: Annotated[str, typer.Option(help="The policy in it.")] = "default",
    entity: Annotated[
        list[str] | None,
        typer.Option(metavar="TYPE=POLICY", help="What becomes of a type, as in URL=mask; repeatable."),
    ] = None,
    form: Annotated[
        Form, typer.Option("--format", help="How to read the input; auto goes by the file's name.")
    ] = Form.AUTO,
    plain: Annotated[bool, typer.Option("--plain", help="Print the hidden text alone, for pipes.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print a JSON line a file: hidden text, finds, counts.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Print counts alone; exit 3 when there is something.")] = False,
    output: Annotated[Path | None, typer.Option(help="Write the hidden files there, under their names.")] = None,
    map_file: Annotated[
        Path | None, typer.Option("--map", help="Write what --restore needs; holds the originals in clear text.")
    ] = None,
    restore: Annotated[
        Path | None, typer.Option(help="A map written by --map: put the originals back into the input.")
    ] = None,
) -> None:
    """Hide sensitive text of files or of stdin, side by side with the original.

    Several files share one map: the same value gets the same surrogate in all of them. In JSON every string value is
    hidden, keys stay. Exit status 1: an error; 3: see --check.
    """
    if sum((plain, as_json, check, restore is not None)) > 1:
        raise ConfigError("--plain, --json, --check and --restore exclude each other")
    if plain and len(files or ()) > 1 and output is None:
        raise ConfigError("--plain prints one file: name one, or write several with --output DIR")
    documents = [read(file, form.value) for file in (files or [Path("-")])]
    if restore is not None:
        if map_file is not None or output is not None:
            raise ConfigError("--restore prints to stdout and makes no map: leave out --map and --output")
        _restore(documents, restore)
        return
    sanitizer = _sanitizer(config, policy, entity or [], key)
    _refuse_existing([map_file, *([] if output is None else [output / Path(d.name).name for d in documents])])
    hiding, scores = _hide(sanitizer, documents, tenant)
    if stopped := {**hiding.blocked, **hiding.local}:
        typer.echo(f"guard: nothing leaves: {_counts(stopped)} (policy block or route_local)", err=True)
        raise typer.Exit(FOUND)
    parts = list(_parts(documents, hiding))
    if map_file is not None:
        _write_map(map_file, hiding)
    if output is not None:
        _write(output, parts)
    if check:
        typer.echo(f"found: {_counts(hiding.entities)}")
        raise typer.Exit(FOUND if hiding.touched else 0)
    if as_json:
        for part in parts:
            typer.echo(json.dumps(_report(part, scores), ensure_ascii=False))
    elif plain:
        for _, text, _ in parts:
            typer.echo(text, nl=False)
    elif output is None:
        _show(parts, hiding)
    else:
        typer.echo(f"hidden: {_counts(hiding.entities)}")


Part = tuple[Document, str, "list[tuple[int, Replacement]]"]
"""A document, its hidden text, and its replacements, each with the number of its piece in the document."""


def _sanitizer(config: Path | None, policy: str, entities: Sequence[str], key: str | None) -> Sanitizer:
    from sanitizers import Sanitizer

    return Sanitizer(_options(config, policy, entities), key=key or None)


def _options(config: Path | None, policy: str, entities: Sequence[str]) -> SanitizerOptions:
    """The rules of a policy, with those of the command line on top. Raises `ConfigError`."""
    from sanitizers import SanitizerOptions

    rules: dict[str, Any] = {}
    if config is not None:
        from guard import config as schema

        policies = schema.load(config).policies
        if policy not in policies:
            raise ConfigError(f"{config} has no policy {policy!r}; it has: {', '.join(sorted(policies))}")
        section = policies[policy].sanitize
        rules = section.model_dump(mode="json", include=set(SanitizerOptions.__dataclass_fields__), exclude_none=True)
        for name in ("local_model", "obfuscate"):
            if getattr(section, name) is not None:
                typer.echo(f"guard: note: '{name}' of that policy is not used here", err=True)
    for wish in entities:
        name, sign, value = wish.partition("=")
        if not sign:
            raise ConfigError(f"--entity {wish}: write TYPE=POLICY, as in EMAIL_ADDRESS=mask")
        rules.setdefault("entities", {})[name.strip()] = value.strip()
    return SanitizerOptions.parse({**rules, "seconds": _SECONDS})


def _hide(sanitizer: Sanitizer, documents: Sequence[Document], tenant: str) -> tuple[Hiding, Mapping[Any, float]]:
    """Everything in one go, so that all files share one map; detection first, piece by piece, with a bar."""
    from sanitizers import Piece
    from sanitizers.detect import Budget

    pieces = [Piece(text) for document in documents for text in document.pieces]
    budget = Budget(_SECONDS)
    for piece in _progress(pieces):
        sanitizer.detector.detect(piece.text, budget)
    try:
        hiding, found = sanitizer.hide_pieces(pieces, tenant=tenant, budget=budget)
    except CheckUnavailable as error:
        raise ConfigError(f"the input cannot be hidden safely ({error.reason}), so nothing is shown") from None
    return hiding, {(f.piece, f.start, f.end): f.score for f in found}


def _progress(pieces: Sequence[Any]) -> Iterator[Any]:
    total = sum(len(piece.text) for piece in pieces)
    if total < _LONG or not sys.stderr.isatty():
        yield from pieces
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("looking for sensitive text", total=total)
        for piece in pieces:
            yield piece
            progress.advance(task, len(piece.text))


def _parts(documents: Sequence[Document], hiding: Hiding) -> Iterator[Part]:
    at = 0
    for document in documents:
        end = at + len(document.pieces)
        inside = [(r.piece - at, r) for r in hiding.replaced if at <= r.piece < end]
        yield document, document.build(hiding.texts[at:end]), inside
        at = end


def _report(part: Part, scores: Mapping[Any, float]) -> dict[str, Any]:
    """A file as JSON: offsets count characters of the original (in JSON, of the string at `path`). No original text."""
    document, text, replaced = part
    starts = [0]
    for piece in document.pieces:
        starts.append(starts[-1] + (len(piece) if document.lines else 0))
    finds = []
    counts: dict[str, int] = {}
    for index, r in replaced:
        shift = starts[index]
        find: dict[str, Any] = {"type": r.type, "start": r.start + shift, "end": r.end + shift}
        if not document.lines:
            find["path"] = document.places[index]
        if (score := scores.get((r.piece, r.start, r.end))) is not None:
            find["score"] = round(score, 4)
        finds.append({**find, "replaced_by": r.text})
        counts[r.type] = counts.get(r.type, 0) + 1
    return {"file": document.name, "text": text, "entities": counts, "findings": finds}


# The screen


def _show(parts: Sequence[Part], hiding: Hiding) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    for document, _, replaced in parts:
        table = Table("", "before", "after", expand=True, title=document.name if len(parts) > 1 else None)
        for place, before, after in rows(document, replaced):
            table.add_row(place, before, after)
        if table.row_count:
            console.print(table)
    _sum_up(console, hiding)


def _sum_up(console: Console, hiding: Hiding) -> None:
    def say(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    say(f"hidden: {_counts(hiding.entities)}")
    coming_back = {v.text for v in hiding.table.variants if v.original != v.text}
    if any(r.text not in coming_back for r in hiding.replaced):
        say("note: some of it is hidden for good and would not come back in an answer")


def rows(document: Document, replaced: Sequence[tuple[int, Replacement]]) -> Iterator[tuple[str, Text, Text]]:
    """Place, before and after as `rich.text.Text` with what differs marked: changed lines with a little context.

    A short text without any change is shown in full; in JSON only strings that changed.
    """
    from rich.text import Text

    by_piece: dict[int, list[Replacement]] = {}
    for index, r in replaced:
        by_piece.setdefault(index, []).append(r)
    if not document.lines:
        for index, finds in by_piece.items():
            yield document.places[index], *_marked(document.pieces[index], finds)
        return
    before, after = Text(), Text()
    for index, piece in enumerate(document.pieces):
        left, right = _marked(piece, by_piece.get(index, []))
        before.append_text(left)
        after.append_text(right)
    pairs = list(zip(before.split("\n", allow_blank=True), after.split("\n", allow_blank=True), strict=True))
    changed = {i for i, (left, right) in enumerate(pairs) if left.plain != right.plain}
    near = {j for i in changed for j in range(i - _CONTEXT, i + _CONTEXT + 1)}
    everything = len(pairs) <= 2 * _CONTEXT + 1
    skipped = False
    for i, (left, right) in enumerate(pairs):
        if everything or i in near:
            if skipped:
                yield "⋯", Text(), Text()
            yield str(i + 1), left, right
        skipped = not (everything or i in near)


def _marked(text: str, finds: Sequence[Replacement]) -> tuple[Text, Text]:
    from rich.text import Text

    before, after = Text(), Text()
    at = 0
    for find in finds:
        for side in (before, after):
            side.append(text[at : find.start])
        value = text[find.start : find.end]
        missing = value.count("\n") - find.text.count("\n")
        before.append(value + "\n" * -missing, style="bold red")
        after.append(find.text + "\n" * missing, style="bold green")  # so that what follows stays side by side
        at = find.end
    for side in (before, after):
        side.append(text[at:])
    return before, after


def _counts(entities: Mapping[str, int]) -> str:
    return ", ".join(f"{kind} {count}" for kind, count in sorted(entities.items())) or "nothing"


# Files


def _refuse_existing(files: Sequence[Path | None]) -> None:
    seen: set[Path] = set()
    for file in files:
        if file is None:
            continue
        if file.exists() or file in seen:
            raise ConfigError(f"{file} is there already: remove it or name another place")
        seen.add(file)


def _write(folder: Path, parts: Sequence[Part]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for document, text, _ in parts:
            with (folder / Path(document.name).name).open("x", encoding="utf-8", newline="") as stream:
                stream.write(text)
    except OSError as error:
        raise ConfigError(f"{folder} cannot be written: {error.strerror}") from None


def _write_map(file: Path, hiding: Hiding) -> None:
    """Everything that restores, for the owner's eyes only. Never overwrites."""
    variants = [[v.text, v.original, v.left, v.right] for v in hiding.table.variants]
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            json.dump({"format": _MAP, "variants": variants}, stream, ensure_ascii=False)
    except OSError as error:
        raise ConfigError(f"{file} cannot be written: {error.strerror}") from None
    typer.echo(
        f"guard: {file} holds the originals in clear text: keep it where they may be, delete it after use", err=True
    )


def _restore(documents: Sequence[Document], file: Path) -> None:
    from guard.surface import ChannelKind
    from sanitizers.restore import Restorer, Table, Variant

    try:
        if os.name == "posix" and stat.S_IMODE(file.stat().st_mode) & 0o077:
            typer.echo(f"guard: warning: others can read {file}, which holds originals: chmod 600 {file}", err=True)
        found = json.loads(file.read_text("utf-8"))
        if found["format"] != _MAP:
            raise ValueError(found["format"])
        table = Table(Variant(str(t), str(o), bool(a), bool(b)) for t, o, a, b in found["variants"])
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise ConfigError(f"{file} is no map: write one with guard sanitize --map {file}") from None
    for document in documents:
        restorer = Restorer(table, ChannelKind.CONTENT)
        texts = []
        for piece in document.pieces:
            if not document.lines:
                restorer = Restorer(table, ChannelKind.CONTENT)
            texts.append(restorer.feed(piece) + ("" if document.lines else restorer.close()))
        if document.lines:
            texts[-1] += restorer.close()
        typer.echo(document.build(texts), nl=False)
