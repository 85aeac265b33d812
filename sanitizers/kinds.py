"""What becomes of each type, as a table for the manual: found by what, replaced by what, and why that is nobody's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sanitizers.detect import DEFAULT_OFF, known_types
from sanitizers.detect.detector import own_recognisers
from sanitizers.detect.names import Names
from sanitizers.detect.national import National
from sanitizers.detect.ner import NER_TYPES
from sanitizers.detect.presidio import gates
from sanitizers.numbers import NUMBERS
from sanitizers.surrogates import ADDRESSES, AMOUNTS, DATES, ORGANISATIONS, PLACES, SECRETS, TITLES

_OTHERS = {
    "PERSON": "A fictional person: script, case, gender where it can be told, and number of Chinese characters kept.",
    "EMAIL_ADDRESS": "The fictional person's address on a domain of RFC 2606 (`example.com`, ...).",
    "HANDLE": "`@silverpine_4271`: an invented word and four digits.",
    "URL": "The same host as in e-mail addresses (RFC 2606), another path.",
    "CRYPTO": "Same prefix and alphabet; the checksum is wrong but for one in four thousand million.",
    "PRIVATE_KEY": "A key block of the same label that holds no key.",
    "CUSTOM": "A placeholder: `[CUSTOM-4KX7QZ]`.",
}
_GROUPS = (
    (ORGANISATIONS, "A fictional name; what says the kind (Inc, GmbH, 有限公司, 大学, 医院), and the trade stay."),
    (PLACES, "Another place of the same level; little known, but real. Provinces and states become other ones."),
    (ADDRESSES, "The same structure with other street, numbers, town; invented streets."),
    (
        DATES,
        "Moved by the tenant's number of whole weeks; the format stays. Times of day and `yesterday` stay as they are.",
    ),
    (AMOUNTS, "Scaled by the tenant's factor (0.55 to 1.81); format and currency stay."),
    (TITLES, "Another, rare job."),
    (SECRETS, "The known prefix kept, `EXAMPLE` behind it, then random characters."),
)
_SHAPE = "Letters and digits drawn anew in the same shape: it may be somebody's. Under seven of them: a placeholder."


def rows() -> list[tuple[str, str, str]]:
    """(types, found by, stand-in), types with the same answers together."""
    together: dict[tuple[str, str], list[str]] = {}
    for type_ in sorted(known_types()):
        name = f"`{type_}`" + (" (off)" if type_ in DEFAULT_OFF else "")
        together.setdefault((", ".join(_found_by(type_)), _stand_in(type_)), []).append(name)
    return [(", ".join(types), found, stand_in) for (found, stand_in), types in together.items()]


def table() -> str:
    """The rows as Markdown."""
    lines = ["| types | found by | stand-in |", "|---|---|---|"]
    return "\n".join(lines + [f"| {types} | {found} | {stand_in} |" for types, found, stand_in in rows()]) + "\n"


def _stand_in(type_: str) -> str:
    number = NUMBERS.get(type_)
    if number is not None:
        return _first(number)
    return _OTHERS.get(type_) or next((text for types, text in _GROUPS if type_ in types), _SHAPE)


def _first(function: Callable[..., Any]) -> str:
    return " ".join((function.__doc__ or "").split())


def _found_by(type_: str) -> list[str]:
    if type_ == "CUSTOM":
        return ["your `deny` list and patterns"]
    if type_ == "PHONE_NUMBER":
        return ["libphonenumber, as Presidio asks it", "own rules"]
    found = []
    if any(gate.type == type_ for gate in gates()):
        found.append("Presidio's pattern")
    for recogniser in own_recognisers():
        if type_ in recogniser.types:
            said = "names in context" if isinstance(recogniser, Names) else "own rules"
            said = "Presidio's pattern" if isinstance(recogniser, National) else said
            if said not in found:
                found.append(said)
    if type_ in NER_TYPES:
        found.append("named entities")
    return found or ["a recogniser of yours"]
