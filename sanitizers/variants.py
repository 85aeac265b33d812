"""Every way in which an answer may write a surrogate, with the original in the same writing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sanitizers import dates
from sanitizers.cast import Cast
from sanitizers.detect.fold import fold
from sanitizers.encodings import encode, encoded
from sanitizers.restore import Variant
from sanitizers.surrogates import DATES, ORGANISATIONS, PLACES, is_number

_CASED = frozenset(("PERSON", "EMAIL_ADDRESS", "URL", "MAC_ADDRESS", *ORGANISATIONS, *PLACES))
_LONG = 8
_LOCAL = 6


@dataclass(slots=True)
class Written:
    """One written form of a value and what replaces it. `left`, `right`: it stands between word edges everywhere;
    `loud`: it stood somewhere outside of system prompts and definitions."""

    surrogate: str
    restorable: bool
    left: bool = True
    right: bool = True
    loud: bool = False


def variants(
    written: Mapping[tuple[str, str], Written], cast: Cast, present: Callable[[str], bool], *, quiet: bool
) -> list[Variant]:
    """The table of a request. What the request itself holds comes first and wins; a variant that two values share, or
    that the texts hold anyway, is not restored. `quiet`: also what stood in system prompts and definitions alone."""
    chosen = {k: w for k, w in written.items() if w.restorable and (quiet or w.loud)}
    table = {w.surrogate: Variant(w.surrogate, form, w.left, w.right) for (_, form), w in chosen.items()}
    if not table:
        return []
    # Surrogates that must not be restored stay whole, also where a variant of another would fit a part of them.
    closed = {w.surrogate: Variant(w.surrogate, w.surrogate, w.left, w.right) for w in written.values()}
    closed = {text: variant for text, variant in closed.items() if text not in table}
    further: dict[str, Variant | None] = {}
    for (type_, form), entry in chosen.items():
        for text, original, bounded in _ways(type_, fold(form).text, form, entry.surrogate, cast):
            if len(text) < 2 or text in table or text in closed or present(text):
                continue
            known = further.get(text)
            if text not in further:
                further[text] = Variant(text, original, bounded, bounded)
            elif known is not None and known.original != original:
                further[text] = None  # two readings: neither is safe
    return [*table.values(), *closed.values(), *(v for v in further.values() if v is not None)]


def _ways(type_: str, flat: str, form: str, made: str, cast: Cast) -> Iterator[tuple[str, str, bool]]:
    """(written, original, whether it ends at word edges) for one surrogate."""
    if type_ in _CASED:
        yield made.lower(), form.lower(), True
        yield made.upper(), form.upper(), True
    if type_ == "PERSON":
        yield made.title(), form, True
        yield from cast.variants(flat)
    elif type_ == "EMAIL_ADDRESS":
        yield from _address(made, flat)
    elif type_ in DATES:
        yield from ((m, f, True) for m, f in zip(dates.ways(made), dates.ways(flat), strict=False))
    elif is_number(type_) and sum(c.isdecimal() for c in made) >= _LONG:
        yield encode(made, "compact"), encode(form, "compact"), True
        if type_ == "PHONE_NUMBER":
            yield from ((m, f, True) for m, f in zip(_american(made), _american(flat), strict=False))
    yield from ((text, encode(form, encoding), True) for encoding, text in encoded(made))


def _address(made: str, form: str) -> Iterator[tuple[str, str, bool]]:
    """The two halves of an e-mail address, where they are long enough to be nothing else."""
    at = "@" if "@" in made else "%40"
    local, _, host = made.partition(at)
    was, _, home = form.partition(at)
    if len(local) >= _LOCAL and local.casefold() != was.casefold() and home:
        yield local, was, True
    if host.count(".") > 1 and home:
        yield host, home, True


def _american(number: str) -> list[str]:
    """The usual ways to write a North American number, without the country code; none for any other number."""
    digits = "".join(c for c in number if c.isdecimal()).removeprefix("1")
    if len(digits) != 10 or digits[0] < "2" or (number.startswith("+") and not number.startswith("+1")):
        return []
    area, office, line = digits[:3], digits[3:6], digits[6:]
    return [
        f"{area}-{office}-{line}",
        f"({area}) {office}-{line}",
        f"{area}.{office}.{line}",
        f"{area} {office} {line}",
    ]


def quiet_ones(written: Iterable[Written]) -> bool:
    """Whether some value stood in system prompts and definitions alone."""
    return any(not w.loud for w in written)
