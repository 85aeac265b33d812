"""Hide: one map from values to surrogates over all texts of a request, consistent, injective, verified."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from guard.errors import CheckUnavailable
from guard.surface import ChannelKind, Role
from sanitizers.assign import Assigner
from sanitizers.detect.fold import fold
from sanitizers.detect.recogniser import Budget
from sanitizers.detect.span import Span, merge
from sanitizers.options import Policy, SanitizerOptions
from sanitizers.persons import split, stands_alone
from sanitizers.restore import Restorer, Table, Variant, joins
from sanitizers.search import Needle, Searcher, encode, needles
from sanitizers.surrogates import normalise

_TITLE = re.compile(r"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|MR|MRS|MS|DR|PROF)\.?\s{1,2}$")
_QUIET = frozenset((Role.SYSTEM, Role.DEFINITION))
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Piece:
    """A text and who wrote it."""

    text: str
    role: Role = Role.USER


@dataclass(slots=True)
class Value:
    """A sensitive value of the request, in its first written form (folded)."""

    type: str
    form: str
    span: Span
    title: bool = False
    loud: bool = False  # stood somewhere outside of system prompts and definitions


@dataclass(frozen=True, slots=True)
class Place:
    """`text[start:end]` of piece `piece` is written form `form` (as it stands) of `value`."""

    piece: int
    start: int
    end: int
    form: str
    value: Value
    encoding: str = "plain"
    part: bool = False


@dataclass(slots=True)
class _Written:
    """One written form and what replaces it."""

    surrogate: str
    restorable: bool
    left: bool = True
    right: bool = True
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Replacement:
    """`pieces[piece].text[start:end]`, a value of `type`, went and `text` stands in its place."""

    piece: int
    start: int
    end: int
    type: str
    text: str


@dataclass(frozen=True, slots=True)
class Hiding:
    """The outcome: outgoing texts, counts by type, the table that restores, and what was replaced, in text order.

    `blocked` and `local` count the finds whose policy refuses the request or wants a local upstream; in both cases
    nothing is to leave for the provider, and `texts` are the originals.
    """

    texts: Sequence[str]
    entities: Mapping[str, int]
    blocked: Mapping[str, int] = field(default_factory=dict)
    local: Mapping[str, int] = field(default_factory=dict)
    table: Table = field(default_factory=lambda: Table(()))
    replaced: Sequence[Replacement] = ()

    @property
    def touched(self) -> bool:
        return bool(self.entities)


def hide(
    pieces: Sequence[Piece],
    spans: Sequence[Sequence[Span]],
    key: bytes,
    options: SanitizerOptions,
    budget: Budget | None = None,
) -> Hiding:
    """Replace every find in every piece, and every other occurrence of a found value.

    `spans[i]` are the finds in `pieces[i]`. Raises `CheckUnavailable("sanitize", ...)`: "leak" when an original is
    still there afterwards, "roundtrip" when the outgoing texts would not restore to the originals, "budget" when
    that takes too long.
    """
    budget = budget or Budget(options.seconds)
    values = _values(pieces, spans)
    if not values:
        return Hiding([p.text for p in pieces], {})
    wanted = [needle for value in values.values() for needle in needles(value.type, value.form)]
    parts = _parts(values)
    searcher = Searcher((*wanted, *parts))
    places = [_places(i, piece, spans[i], values, searcher, budget) for i, piece in enumerate(pieces)]
    entities = Counter(place.value.type for row in places for place in row)
    blocked = {t: n for t, n in entities.items() if options.policy(t) is Policy.BLOCK}
    local = {t: n for t, n in entities.items() if options.policy(t) is Policy.ROUTE_LOCAL}
    if blocked or local:
        return Hiding([p.text for p in pieces], dict(entities), blocked, local)
    verifier = Searcher(wanted)
    flat = [fold(p.text).text for p in pieces]
    for turn in range(_ROUNDS):
        budget.spend()
        assigner = Assigner(key, flat, verifier, options, budget, offset=turn * 16)
        written = _write(places, assigner)
        texts, expected = _compose(pieces, places, written)
        if any(verifier.any(text) for text in texts):
            reason = "leak"
            continue
        everything = Table(_variants(written, assigner, quiet=True))
        if not all(_restores(t, e, everything) for t, e in zip(texts, expected, strict=True)):
            reason = "roundtrip"
            continue
        table = everything
        if not options.restore_system and any(not w.loud for w in written.values()):
            table = Table(_variants(written, assigner, quiet=False))
        replaced = [
            Replacement(p.piece, p.start, p.end, p.value.type, written[p.value.type, p.form].surrogate)
            for row in places
            for p in row
        ]
        return Hiding(texts, dict(entities), table=table, replaced=replaced)
    raise CheckUnavailable("sanitize", reason)


def _values(pieces: Sequence[Piece], spans: Sequence[Sequence[Span]]) -> dict[tuple[str, str], Value]:
    values: dict[tuple[str, str], Value] = {}
    for piece, found in zip(pieces, spans, strict=True):
        for span in found:
            form = fold(piece.text[span.start : span.end]).text
            norm = normalise(span.type, form)
            value = values.get((span.type, norm))
            if value is None:
                title = (
                    span.type == "PERSON" and _TITLE.search(piece.text[max(0, span.start - 8) : span.start]) is not None
                )
                value = values[span.type, norm] = Value(span.type, form, span, title)
            value.loud |= piece.role not in _QUIET
    return values


def _parts(values: Mapping[tuple[str, str], Value]) -> list[Needle]:
    """Given and family names of full names, to be replaced where they stand alone."""
    made = []
    for value in values.values():
        if value.type != "PERSON" or " " not in value.form:
            continue
        for part in split(value.form):
            if stands_alone(part):
                word = part.text if not part.text.islower() else part.text.capitalize()
                made.append(Needle("PERSON", value.form, word, "plain", part=True, bounded=True, exact=True))
    return made


def _places(
    index: int,
    piece: Piece,
    found: Sequence[Span],
    values: dict[tuple[str, str], Value],
    searcher: Searcher,
    budget: Budget,
) -> list[Place]:
    """Finds and further occurrences in one piece, disjoint, in order."""
    by_span: dict[tuple[int, int, str], tuple[Value, str, bool]] = {}
    candidates: list[Span] = []
    for span in found:
        form = fold(piece.text[span.start : span.end]).text
        value = values[span.type, normalise(span.type, form)]
        by_span[span.start, span.end, span.type] = (value, "plain", False)
        candidates.append(span)
    for hit in searcher.hits(piece.text):
        budget.spend()
        needle = hit.needle
        if (hit.start, hit.end, needle.type) in by_span:
            continue
        value = values[needle.type, normalise(needle.type, needle.form)]
        # In a row of equal numbers the separators' absence makes further ones appear across their borders.
        if needle.spaced and any(
            by_span[c.start, c.end, c.type][0] is value and c.start < hit.end and hit.start < c.end for c in candidates
        ):
            continue
        by_span[hit.start, hit.end, needle.type] = (value, needle.encoding, needle.part)
        # A further occurrence is as good as the find it repeats; a part of a name yields to everything.
        score, certain = (0.0, False) if needle.part else (value.span.score, value.span.certain)
        candidates.append(Span(hit.start, hit.end, needle.type, score, certain))
    row = []
    for span in merge(candidates, piece.text):
        known = by_span.get((span.start, span.end, span.type))
        if known is None:  # what is left of a find beside a stronger one
            if span.score <= 0:
                continue
            form = fold(piece.text[span.start : span.end]).text
            made = values.setdefault((span.type, normalise(span.type, form)), Value(span.type, form, span))
            known = (made, "plain", False)
        value, encoding, part = known
        row.append(Place(index, span.start, span.end, piece.text[span.start : span.end], value, encoding, part))
        if piece.role not in _QUIET:
            value.loud = True
    return row


def _write(places: Sequence[Sequence[Place]], assigner: Assigner) -> dict[tuple[str, str], _Written]:
    """A surrogate for every written form, full forms before parts and encodings that derive from them."""
    written: dict[tuple[str, str], _Written] = {}
    flat = [place for row in places for place in row]
    assigner.persons([(p.value.form, p.value.title) for p in flat if p.value.type == "PERSON"])
    for place in sorted(flat, key=lambda p: (p.encoding != "plain", p.part)):
        entry = written.get((place.value.type, place.form))
        if entry is None:
            text, restorable = assigner.assign(
                place.value.type, place.form, place.value.form, place.encoding, place.part, place.value.title
            )
            entry = written[place.value.type, place.form] = _Written(text, restorable)
        entry.loud |= place.value.loud
    return written


def _compose(
    pieces: Sequence[Piece], places: Sequence[Sequence[Place]], written: Mapping[tuple[str, str], _Written]
) -> tuple[list[str], list[str]]:
    """Outgoing texts, and what restoring them must give (masks stay). Notes where a surrogate touches a word."""
    texts, expected = [], []
    for piece, row in zip(pieces, places, strict=True):
        out: list[str] = []
        back: list[str] = []
        at = 0
        marks: list[tuple[int, int, _Written]] = []
        length = 0
        for place in row:
            entry = written[place.value.type, place.form]
            between = piece.text[at : place.start]
            out += (between, entry.surrogate)
            back += (between, place.form if entry.restorable else entry.surrogate)
            length += len(between)
            marks.append((length, length + len(entry.surrogate), entry))
            length += len(entry.surrogate)
            at = place.end
        out.append(piece.text[at:])
        back.append(piece.text[at:])
        text = "".join(out)
        for start, end, entry in marks:
            if start and joins(text[start - 1], text[start]):
                entry.left = False
            if end < len(text) and joins(text[end - 1], text[end]):
                entry.right = False
        texts.append(text)
        expected.append("".join(back))
    return texts, expected


def _variants(written: Mapping[tuple[str, str], _Written], assigner: Assigner, *, quiet: bool) -> list[Variant]:
    """Every way a surrogate may come back. What the request itself contains comes first and wins."""
    chosen = {k: w for k, w in written.items() if w.restorable and (quiet or w.loud)}
    table: dict[str, Variant | None] = {
        w.surrogate: Variant(w.surrogate, form, w.left, w.right) for (_, form), w in chosen.items()
    }
    # Surrogates that must not be restored may not be reached through a variant of another either.
    closed = {w.surrogate for w in written.values()} - set(table)
    further: dict[str, Variant | None] = {}

    def add(text: str, original: str, *, bounded: bool = True) -> None:
        if len(text) < 2 or text in table or text in closed or assigner.present(text):
            return
        if text in further:
            known = further[text]
            if known is not None and known.original != original:
                further[text] = None  # two readings: neither is safe
            return
        further[text] = Variant(text, original, bounded, bounded)

    for (type_, form), entry in chosen.items():
        made = entry.surrogate
        for change in (str.lower, str.upper):
            if type_ in ("PERSON", "EMAIL_ADDRESS", "URL", "MAC_ADDRESS"):
                add(change(made), change(form))
        if type_ == "PERSON":
            add(made.title(), form)
        add(encode(made, "url"), encode(form, "url"))
        if sum(c.isdecimal() for c in made) >= 8 and type_ != "IP_ADDRESS":
            add(encode(made, "compact"), encode(form, "compact"))
    for text, original, bounded in assigner.person_variants([form for (t, form), _ in chosen.items() if t == "PERSON"]):
        add(text, original, bounded=bounded)
    return [v for v in (*table.values(), *further.values()) if v is not None]


def _restores(text: str, expected: str, table: Table) -> bool:
    restorer = Restorer(table, ChannelKind.CONTENT)
    return restorer.feed(text) + restorer.close() == expected
