"""Assigning surrogates within a request: no two forms alike, none that the texts already contain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from guard.errors import CheckUnavailable
from sanitizers.detect.fold import fold
from sanitizers.detect.recogniser import Budget
from sanitizers.draw import Draw
from sanitizers.options import Policy, SanitizerOptions
from sanitizers.persons import ZH_TITLES, Part, draw_part, split, stands_alone
from sanitizers.search import Searcher, encode, lower
from sanitizers.surrogates import normalise, placeholder, surrogate

_TRIES = 200


class Assigner:
    """Hands out surrogates for one request.

    `texts`: the folded texts that go out, which no surrogate may already stand in. `originals`: a searcher over the
    values being hidden; none may occur inside a surrogate. `offset` shifts all attempts, to start over after a clash
    that only the whole showed.
    """

    def __init__(
        self,
        key: bytes,
        texts: Sequence[str],
        originals: Searcher,
        options: SanitizerOptions,
        budget: Budget,
        offset: int = 0,
    ) -> None:
        self._key = key
        self._texts = _Texts(lower("\x00".join(texts)))
        self._originals = originals
        self._budget = budget
        self._options = options
        self._offset = offset
        self._taken: set[str] = set()  # surrogates handed out
        self._names: set[str] = set()  # parts of surrogate names handed out, lower case
        self._parts: dict[str, str] = {}  # a part of a name, lower case -> its surrogate, as first written

    def present(self, text: str) -> bool:
        """Whether a text that goes out contains `text` already, whatever the case."""
        self._budget.spend()
        return lower(text) in self._texts

    def persons(self, names: Iterable[tuple[str, bool]]) -> None:
        """Fix the surrogates of all name parts, full names first so that a part alone joins its person."""
        for form, title in sorted(set(names), key=lambda n: (-len(split(n[0])), n)):
            for part in split(form, title=title):
                word = part.text.casefold()
                if part.kind == "fixed" or word in self._parts:
                    continue
                if part.kind == "initial":
                    self._parts[word] = draw_part(part, self._key, 0)
                    continue
                self._parts[word] = self._fresh_part(part)

    def _fresh_part(self, part: Part) -> str:
        for attempt in range(self._offset, self._offset + _TRIES):
            made = draw_part(part, self._key, attempt)
            # One Chinese character stands in half of all texts; the full name is what must be new.
            short = len(made) == 1 or (len(made) == 2 and not made.isascii())
            if lower(made) not in self._names and (short or not self.present(made)):
                self._names.add(lower(made))
                return made
        return draw_part(part, self._key, self._offset)  # the lists ran dry: the full name decides

    def assign(self, type_: str, form: str, canonical: str, encoding: str, part: bool, title: bool) -> tuple[str, bool]:
        """The text that replaces the written form `form` of value `canonical`, and whether it is to be restored.

        Raises `CheckUnavailable("sanitize", "surrogates")` when no free surrogate was found.
        """
        policy = self._options.policy(type_)
        if policy is Policy.MASK:
            return "*" * min(max(len(form), 3), 16), False
        flat = fold(form).text
        norm = normalise(type_, canonical)
        for attempt in range(self._offset, self._offset + _TRIES):
            draw = Draw(self._key, type_, norm, attempt)
            if policy is Policy.PLACEHOLDER:
                made = placeholder(type_, draw)
                if encoding != "plain":
                    made = encode(made, encoding)
            elif type_ == "PERSON" and attempt < self._offset + 8:
                made = self._person(flat if part or encoding == "plain" else canonical, title, attempt - self._offset)
                made = encode(made, encoding)
            elif type_ == "PERSON":
                made = placeholder(type_, draw)
            elif encoding == "plain":
                made = surrogate(type_, flat, draw)
            else:
                made = encode(surrogate(type_, canonical, draw), encoding)
            if made not in self._taken and not self.present(made) and not self._originals.any(made):
                self._taken.add(made)
                return made, policy is not Policy.ONE_WAY
        raise CheckUnavailable("sanitize", "surrogates")

    def _person(self, form: str, title: bool, attempt: int) -> str:
        made = []
        for part in split(form, title=title):
            fresh = self._parts.get(part.text.casefold())
            if part.kind == "fixed":
                made.append(part.text)
            elif fresh is None or attempt:
                made.append(draw_part(part, self._key, self._offset + attempt + (0 if fresh is None else 1)))
            else:
                made.append(_cased(part.text, fresh))
        return "".join(made)

    def person_variants(self, forms: Sequence[str]) -> Iterator[tuple[str, str, bool]]:
        """Further names for the persons: parts alone, and surname with title in Chinese. (text, original, bounded)"""
        for form in forms:
            parts = split(fold(form).text)
            words = [p for p in parts if p.kind in ("given", "family")]
            if len(words) < 2:
                continue
            for part in words:
                fresh = self._parts.get(part.text.casefold())
                if fresh is None:
                    continue
                if not part.text.isascii() and part.kind == "family" and len(form) <= 4:
                    for title in ZH_TITLES:
                        yield fresh + title, part.text + title, False
                elif fresh.isascii() and len(fresh) > 4 and (stands_alone(part) or part.text[:1].isupper()):
                    yield _cased(part.text, fresh), part.text, True
                    yield fresh.upper(), part.text.upper(), True


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


def _cased(original: str, fresh: str) -> str:
    if not fresh.isascii():
        return fresh
    if original.isupper() and len(original) > 1:
        return fresh.upper()
    return fresh.lower() if original.islower() else fresh[:1].upper() + fresh[1:]
