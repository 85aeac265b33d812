"""Assigning surrogates within a request: no two forms alike, none that the texts already contain."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from guard.errors import CheckUnavailable
from sanitizers.cast import Cast, Name
from sanitizers.detect.fold import fold
from sanitizers.detect.recogniser import Budget
from sanitizers.draw import Draw
from sanitizers.encodings import encode
from sanitizers.options import Policy, SanitizerOptions
from sanitizers.search import Searcher, lower
from sanitizers.surrogates import DATES, Maker, normalise, offset, placeholder

_TRIES = 200


class Assigner:
    """Hands out surrogates for one request.

    `names` and `moments`: the persons' names and the dates of the request, which are decided together. `texts`: the
    folded texts that go out, which no surrogate may already stand in. `originals`: a searcher over the values being
    hidden; none may occur inside a surrogate. `start` shifts all attempts, to start over after a clash that only the
    whole showed. `earlier`: surrogates of exchanges before and what they stand for, both in lower case.
    """

    def __init__(
        self,
        key: bytes,
        names: Sequence[Name],
        moments: Sequence[str],
        texts: Sequence[str],
        originals: Searcher,
        options: SanitizerOptions,
        budget: Budget,
        start: int = 0,
        earlier: Mapping[str, str] | None = None,
    ) -> None:
        self._key = key
        self._texts = _Texts(lower("\x00".join(texts)))
        self._originals = originals
        self._budget = budget
        self._options = options
        self._start = start
        self._taken: set[str] = set()  # surrogates handed out
        self._earlier = earlier or {}
        self.cast = Cast(key, names, self.present, offset=start, earlier=self._earlier)
        free = (lambda text: not self.present(text) and not originals.any(text)) if moments else _never
        self._maker = Maker(key, self.cast, offset(moments, key, free) if moments else 0)

    def present(self, text: str) -> bool:
        """Whether a text that goes out contains `text` already, whatever the case."""
        self._budget.spend()
        return lower(text) in self._texts

    def assign(self, type_: str, form: str, canonical: str, encoding: str, part: bool, title: bool) -> tuple[str, bool]:
        """The text that replaces the written form `form` of value `canonical`, and whether it is to be restored.

        Raises `CheckUnavailable("sanitize", "surrogates")` when no free surrogate was found.
        """
        policy = self._options.policy(type_)
        if policy is Policy.MASK:
            return "*" * min(max(len(form), 3), 16), False
        flat = fold(form).text
        for attempt in range(_TRIES):
            if (
                policy is Policy.PLACEHOLDER
                or attempt >= _TRIES // 2
                or (encoding == "base64" and not _whole(flat, canonical))
            ):
                # Some kinds run out of surrogates; a placeholder is always to be had.
                value = flat if encoding == "base64" else canonical
                # A text may hold the label itself as a value: "IBAN", say.
                label = type_ if attempt < _TRIES * 3 // 4 else "X"
                made = placeholder(label, Draw(self._key, type_, normalise(type_, value), self._start + attempt))
                made = encode(made, encoding) if policy is Policy.PLACEHOLDER and encoding != "base64" else made
            else:
                made = self._make(type_, flat, canonical, encoding, part, title, attempt)
            free = made not in self._taken and self._earlier.get(made.casefold(), flat.casefold()) == flat.casefold()
            if free and not self.present(made) and not self._originals.any(made):
                self._taken.add(made)
                return made, policy is not Policy.ONE_WAY
        raise CheckUnavailable("sanitize", "surrogates")

    def _make(self, type_: str, flat: str, canonical: str, encoding: str, part: bool, title: bool, attempt: int) -> str:
        shown = flat if part or encoding in ("plain", "spaced") else unquote(flat) if encoding == "url" else canonical
        if type_ == "PERSON":
            made = self.cast.name(shown, title, attempt)
        else:
            made = self._maker.make(type_, shown, self._start + attempt if attempt or type_ not in DATES else 0)
        if encoding == "loose":
            between = re.search(r"[^\w]+|_", flat)
            return (between.group() if between else "").join(made.split())
        return encode(made, encoding)


def _never(text: str) -> bool:
    return False


def _whole(flat: str, canonical: str) -> bool:
    """Whether a base64 text is that of the value and nothing else."""
    return flat.rstrip("=") == encode(canonical, "base64").rstrip("=")


_GRAM = 6
_LONG = 16_384


class _Texts:
    """Whether something stands in a long text, without looking through it for every surrogate anew.

    Every second run of `_GRAM` characters of the text is remembered: what stands in it consists of such runs, from
    its first or from its second character on.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._grams = (
            frozenset(text[i : i + _GRAM] for i in range(0, len(text), 2)) if len(text) > _LONG else frozenset[str]()
        )

    def __contains__(self, wanted: str) -> bool:
        if self._grams and len(wanted) > _GRAM and not (self._may_hold(wanted, 0) or self._may_hold(wanted, 1)):
            return False
        return wanted in self._text

    def _may_hold(self, wanted: str, first: int) -> bool:
        return all(wanted[i : i + _GRAM] in self._grams for i in range(first, len(wanted) - _GRAM + 1, 2))
