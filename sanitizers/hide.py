"""Hide: one map from values to surrogates over all texts of a request, consistent, injective, verified."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from guard.errors import CheckUnavailable
from guard.surface import ChannelKind, Role
from sanitizers.assign import Assigner
from sanitizers.cast import Cast, Name
from sanitizers.detect.fold import fold
from sanitizers.detect.recogniser import Budget
from sanitizers.detect.span import Span, Taken, merge
from sanitizers.options import Policy, SanitizerOptions
from sanitizers.organisations import core
from sanitizers.persons import called, split, stands_alone, stands_alone_small, title_at
from sanitizers.restore import Restorer, Table, Variant, joins
from sanitizers.search import Needle, Searcher, needles
from sanitizers.surrogates import DATES, ORGANISATIONS, PLACES, normalise, tells
from sanitizers.variants import Written, quiet_ones, variants

# What makes the name of a longer place of a shorter one.
_LONGER_PLACE = re.compile(
    "(?:维吾尔|壮族|回族|藏族|苗族|彝族|蒙古族?|朝鲜族|土家族|布依族|侗族|傣族|白族|哈尼族)*(?:自治[区州县旗]|特别行政区|省|市|地区|[区县盟旗])"
)
_ALONE = 4  # characters of an organisation's name proper that may stand for it
_QUIET = frozenset((Role.SYSTEM, Role.DEFINITION))
_ROUNDS = 4
_LINKED = frozenset(("EMAIL_ADDRESS", "PHONE_NUMBER"))


@dataclass(frozen=True, slots=True)
class Piece:
    """A text and who wrote it. `follows`: it goes on where the piece before it ends, as the next part of a message."""

    text: str
    role: Role = Role.USER
    follows: bool = False


@dataclass(slots=True)
class Value:
    """A sensitive value of the request, in its first written form (folded)."""

    type: str
    form: str
    span: Span
    title: bool = False
    gender: str = ""  # what titles say of it
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
    obfuscated: int = 0  # words that were drawn anew; they stay as they are in the answer
    pieces: Sequence[Piece] = ()  # what `replaced` is about: values that crossed a border have moved

    @property
    def touched(self) -> bool:
        return bool(self.entities) or self.obfuscated > 0


def hide(
    pieces: Sequence[Piece],
    spans: Sequence[Sequence[Span]],
    key: bytes,
    options: SanitizerOptions,
    budget: Budget | None = None,
    old_keys: Sequence[bytes] = (),
    earlier: Sequence[Variant] = (),
) -> Hiding:
    """Replace every find in every piece, and every other occurrence of a found value.

    `spans[i]` are the finds in `pieces[i]`. What a value would have been replaced by under one of `old_keys` is
    restored as well: an upstream that keeps conversations answers in those. So is what was replaced `earlier`, in
    exchanges that the upstream remembers; nothing is replaced by what stood for something else there.

    Raises `CheckUnavailable("sanitize", ...)`: "leak" when an original is still there afterwards, "roundtrip" when the
    outgoing texts would not restore to the originals, "budget" when that takes too long.
    """
    budget = budget or Budget(options.seconds)
    spans = [[s for s in row if _worth(p, s)] for p, row in zip(pieces, spans, strict=True)]
    values = _values(pieces, spans)
    if not values:
        held = "\x00".join(p.text for p in pieces)
        return Hiding([p.text for p in pieces], {}, table=Table(v for v in earlier if v.text not in held))
    taken = {v.text.casefold(): v.original.casefold() for v in earlier}
    wanted = [needle for value in values.values() for needle in needles(value.type, value.form)]
    searcher = Searcher((*wanted, *_parts(values)))
    places = [_places(i, piece, spans[i], values, searcher, budget) for i, piece in enumerate(pieces)]
    entities = Counter(place.value.type for row in places for place in row)
    blocked = {t: n for t, n in entities.items() if options.policy(t) is Policy.BLOCK}
    local = {t: n for t, n in entities.items() if options.policy(t) is Policy.ROUTE_LOCAL}
    if blocked or local:
        return Hiding([p.text for p in pieces], dict(entities), blocked, local)
    flat = [fold(p.text).text for p in pieces]
    names = [Name(v.form, v.title, v.gender) for v in values.values() if v.type == "PERSON"]
    moments = [v.form for v in values.values() if v.type in DATES]
    for turn in range(_ROUNDS):
        budget.spend()
        assigner = Assigner(key, names, moments, flat, searcher, options, budget, start=turn * 16, earlier=taken)
        written = _write(places, assigner)
        texts, expected = _compose(pieces, places, written)
        if any(searcher.any(text) for text in texts):
            reason = "leak"
            continue
        former = [_written_under(old, places, names, moments, searcher, options, budget) for old in old_keys]
        everything = _table(written, assigner, former, earlier, quiet=True)
        # Where nothing was replaced nothing can be restored: no variant stands in the texts.
        if not all(_restores(t, e, everything) for t, e, row in zip(texts, expected, places, strict=True) if row):
            reason = "roundtrip"
            continue
        table = everything
        if not options.restore_system and quiet_ones(written.values()):
            table = _table(written, assigner, former, earlier, quiet=False)
        return Hiding(texts, dict(entities), table=table, replaced=_replaced(places, written))
    raise CheckUnavailable("sanitize", reason)


def _read(text: str, span: Span) -> tuple[str, str]:
    """The value of a find (folded), and how it is encoded where it stands: links write `%2B1415…` for `+1415…`."""
    form = fold(text[span.start : span.end]).text
    if "%" in form and span.type in _LINKED:
        plain = unquote(form)
        if plain != form and "\ufffd" not in plain:
            return plain, "url"
    return form, "plain"


def _worth(piece: Piece, span: Span) -> bool:
    return span.type not in DATES or tells(span.type, fold(piece.text[span.start : span.end]).text)


def _values(pieces: Sequence[Piece], spans: Sequence[Sequence[Span]]) -> dict[tuple[str, str], Value]:
    values: dict[tuple[str, str], Value] = {}
    for piece, found in zip(pieces, spans, strict=True):
        for span in found:
            form, _ = _read(piece.text, span)
            norm = normalise(span.type, form)
            title, gender = title_at(piece.text, span.start, span.end) if span.type == "PERSON" else (False, "")
            value = values.get((span.type, norm))
            if value is None:
                value = values[span.type, norm] = Value(span.type, form, span, title)
            value.gender = value.gender or gender
            value.loud |= piece.role not in _QUIET
    return values


def _parts(values: Mapping[tuple[str, str], Value]) -> Iterator[Needle]:
    """What stands for a found name elsewhere: given and family names, 张总 and 小张, an organisation without Inc."""
    for value in values.values():
        if value.type == "PERSON":
            yield from _name_parts(value.form)
        elif value.type in ORGANISATIONS:
            name = core(value.form)
            if _ALONE <= len(name) < len(value.form) and not name.islower() and name in value.form:
                yield Needle(value.type, value.form, name, part=True, bounded=True, exact=True)


def _name_parts(form: str) -> Iterator[Needle]:
    parts = split(form)
    if sum(p.own for p in parts) < 2:
        return
    for part in parts:
        if stands_alone(part):
            word = part.text if not part.text.islower() else part.text.capitalize()
            yield Needle("PERSON", form, word, part=True, bounded=True, exact=True)
            if stands_alone_small(part):
                yield Needle("PERSON", form, word.lower(), part=True, bounded=True, exact=True)
            if part.kind == "family" and part.text.isascii():  # the Johnsons
                yield Needle("PERSON", form, word + "s", part=True, bounded=True, exact=True)
        if part.kind == "family" and not part.text.isascii() and part is parts[0]:
            for before, behind in called(part.text):
                yield Needle("PERSON", form, before + part.text + behind, part=True)


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
    taken: defaultdict[int, Taken] = defaultdict(Taken)
    for span in found:
        form, encoding = _read(piece.text, span)
        value = values[span.type, normalise(span.type, form)]
        by_span[span.start, span.end, span.type] = (value, encoding, False)
        candidates.append(span)
        taken[id(value)].claim(span.start, span.end)
    for hit in searcher.hits(piece.text):
        budget.spend()
        needle = hit.needle
        if (hit.start, hit.end, needle.type) in by_span:
            continue
        value = values[needle.type, normalise(needle.type, needle.form)]
        # In a row of equal numbers the separators' absence makes further ones appear across their borders.
        if needle.encoding in ("spaced", "loose") and taken[id(value)].touches(hit.start, hit.end):
            continue
        end = hit.end
        if needle.type in PLACES and not needle.form.isascii() and (longer := _LONGER_PLACE.match(piece.text, end)):
            end = longer.end()  # no part of a longer name alone: 新疆 in 新疆维吾尔自治区
            if (hit.start, end, needle.type) in by_span:
                continue
        by_span[hit.start, end, needle.type] = (value, needle.encoding, needle.part)
        # A further occurrence is as good as the find it repeats; a part of a name yields to everything.
        score, certain = (0.0, False) if needle.part else (value.span.score, value.span.certain)
        candidates.append(Span(hit.start, end, needle.type, score, certain))
        taken[id(value)].claim(hit.start, end)
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


def _write(places: Sequence[Sequence[Place]], assigner: Assigner) -> dict[tuple[str, str], Written]:
    """A surrogate for every written form, full forms before parts and encodings that derive from them."""
    written: dict[tuple[str, str], Written] = {}
    for place in sorted((p for row in places for p in row), key=lambda p: (p.encoding != "plain", p.part)):
        value = place.value
        entry = written.get((value.type, place.form))
        if entry is None:
            text, restorable = assigner.assign(
                value.type, place.form, value.form, place.encoding, place.part, value.title
            )
            entry = written[value.type, place.form] = Written(text, restorable)
        entry.loud |= value.loud
    return written


_Former = tuple[dict[tuple[str, str], Written], Cast]


def _written_under(
    key: bytes,
    places: Sequence[Sequence[Place]],
    names: Sequence[Name],
    moments: Sequence[str],
    originals: Searcher,
    options: SanitizerOptions,
    budget: Budget,
) -> _Former:
    """What an earlier key wrote, had nothing stood in its way."""
    assigner = Assigner(key, names, moments, (), originals, options, budget)
    return _write(places, assigner), assigner.cast


def _table(
    written: Mapping[tuple[str, str], Written],
    assigner: Assigner,
    former: Sequence[_Former],
    earlier: Sequence[Variant],
    *,
    quiet: bool,
) -> Table:
    """What restores. What of an earlier key or exchange the texts hold themselves may be meant, and stays."""
    found = variants(written, assigner.cast, assigner.present, quiet=quiet)
    taken = {variant.text for variant in found}
    for old, cast in former:
        more = [v for v in variants(old, cast, assigner.present, quiet=quiet) if v.text != v.original]
        found += [v for v in more if v.text not in taken and not assigner.present(v.text)]
        taken |= {v.text for v in more}
    found += [v for v in earlier if not assigner.present(v.text)]
    return Table(_unambiguous(found) if earlier else found)


def _unambiguous(found: Sequence[Variant]) -> Iterator[Variant]:
    """Without what would stand for two: of the surrogates' parts and writings, two exchanges may share some."""
    meant: dict[str, set[str]] = {}
    for variant in found:
        meant.setdefault(variant.text.casefold(), set()).add(variant.original.casefold())
    once = {variant.text: variant for variant in reversed(found)}
    return (variant for variant in once.values() if len(meant[variant.text.casefold()]) == 1)


def _compose(
    pieces: Sequence[Piece], places: Sequence[Sequence[Place]], written: Mapping[tuple[str, str], Written]
) -> tuple[list[str], list[str]]:
    """Outgoing texts, and what restoring them must give (masks stay). Notes where a surrogate touches a word."""
    texts, expected = [], []
    for piece, row in zip(pieces, places, strict=True):
        out: list[str] = []
        back: list[str] = []
        at = 0
        marks: list[tuple[int, int, Written]] = []
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


def _replaced(places: Sequence[Sequence[Place]], written: Mapping[tuple[str, str], Written]) -> list[Replacement]:
    return [
        Replacement(p.piece, p.start, p.end, p.value.type, written[p.value.type, p.form].surrogate)
        for row in places
        for p in row
    ]


def _restores(text: str, expected: str, table: Table) -> bool:
    restorer = Restorer(table, ChannelKind.CONTENT)
    return restorer.feed(text) + restorer.close() == expected
