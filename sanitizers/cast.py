"""The cast of a request: which fictional person each name, part of a name and e-mail address leads to."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from sanitizers.names_list import EN_FAMILY, EN_GIVEN
from sanitizers.persons import Part, called, cased, draw_part, gender_of, split, stands_alone
from sanitizers.pinyin import latin, romanised

_TRIES = 200


@dataclass(frozen=True, slots=True)
class Name:
    """A written name (folded). `title`: it stood behind Mr, Dr or the like; `gender`: what titles say, or empty."""

    form: str
    title: bool = False
    gender: str = ""


class Cast:
    """Surrogates of name parts, each drawn from its own part alone, so that they hold across requests.

    `names` come in the order in which they appear, so that a name that is new in the latest turn gives way to the
    earlier ones. `present` says whether a text that goes out contains something already; `earlier`: surrogates of
    exchanges before and what they stand for, both in lower case.
    """

    def __init__(
        self,
        key: bytes,
        names: Sequence[Name],
        present: Callable[[str], bool],
        *,
        offset: int = 0,
        earlier: Mapping[str, str] | None = None,
    ) -> None:
        self._key = key
        self._earlier = earlier or {}
        self._present = present
        self._offset = offset
        self._fresh: dict[str, str] = {}  # a part of a name, lower case -> its surrogate
        self._used: set[str] = set()
        self._people: list[tuple[str, str]] = []  # given and family name, lower case
        self._meet([(name, split(name.form, title=name.title)) for name in dict.fromkeys(names)])
        # Looked up once for every name and address: searching all persons each time would be quadratic.
        self._plain = {_plain(word): word for word in self._fresh}  # obrien for O'Brien, muller for Müller
        self._by_initial: dict[tuple[str, str], str] = {}
        for given, family in self._people:
            self._by_initial.setdefault((family, given[0]), given)

    def _meet(self, names: list[tuple[Name, list[Part]]]) -> None:
        genders: dict[str, str] = {}
        for name, parts in names:
            gender = gender_of(parts) or name.gender
            for part in parts:
                if part.own and gender:
                    word = part.text.casefold()
                    genders[word] = gender if genders.get(word, gender) == gender else "?"
        # Full names first, so that a part alone joins its person.
        for _, parts in sorted(names, key=lambda n: sum(p.own for p in n[1]) < 2):
            own = [p for p in parts if p.own or p.kind.startswith("foreign")]
            said = "".join({genders.get(p.text.casefold(), "") for p in own} - {"", "?"})
            for part in own:
                word = part.text.casefold()
                if word not in self._fresh:
                    self._fresh[word] = self._new(part, said if len(said) == 1 else "")
            given = [p.text.casefold() for p in own if p.kind == "given"]
            family = [p.text.casefold() for p in own if p.kind == "family"]
            if given and family:
                self._people.append((given[0], family[-1]))

    def _new(self, part: Part, gender: str) -> str:
        word = part.text.casefold()
        for attempt in range(self._offset, self._offset + _TRIES):
            made = draw_part(part, self._key, attempt, gender)
            # One Chinese character stands in half of all texts; the full name is what must be new.
            short = len(made) <= 2 and not made.isascii()
            free = made.casefold() not in self._used and self._earlier.get(made.casefold(), word) == word
            if free and (short or not self._present(made)):
                self._used.add(made.casefold())
                return made
        return draw_part(part, self._key, self._offset)  # the lists ran dry: the full name decides

    def name(self, form: str, title: bool, attempt: int) -> str:
        """The surrogate of a written name; from `attempt` 1 on its parts are drawn anew, after a collision."""
        parts = split(form, title=title)
        made = []
        for part in parts:
            word = part.text.casefold()
            fresh = self._fresh.get(word)
            if fresh is None and word.endswith("s") and word[:-1] in self._fresh:  # the Johnsons
                fresh = self._fresh[word[:-1]] + "s"
            if part.kind == "initial" and not attempt:
                made.append(self._initial(part, parts))
            elif part.kind == "fixed":
                made.append(part.text)
            elif fresh is None or attempt:
                made.append(draw_part(part, self._key, self._offset + attempt + (0 if fresh is None else 1)))
            else:
                made.append(cased(part.text, fresh))
        return "".join(made)

    def _initial(self, part: Part, parts: Sequence[Part]) -> str:
        """The initial of the person's surrogate, where the request names the person: J. Smith beside John Smith."""
        family = next((p.text.casefold() for p in parts if p.kind == "family"), None)
        letter = part.text[0].casefold()
        given = self._by_initial.get((family, letter)) if family else None
        if given is None or len(part.text) > 2:
            return draw_part(part, self._key, self._offset)
        return cased(part.text[0] * 2, self._fresh[given][0]) + part.text[1:]

    def variants(self, form: str) -> Iterator[tuple[str, str, bool]]:
        """Other ways to name the surrogate of `form`, with the original likewise and whether it ends at word edges:
        parts alone, `J. Smith`, `Smith, John`, 张总, 小张."""
        parts = [p for p in split(form) if p.own]
        if len(parts) < 2 or any(p.text.casefold() not in self._fresh for p in parts):
            return
        pairs = [(self._fresh[p.text.casefold()], p) for p in parts]
        family, given = (next(((f, p.text) for f, p in pairs if p.kind == kind), None) for kind in ("family", "given"))
        for fresh, part in pairs:
            if not part.text.isascii() and not fresh.isascii():
                if part.kind == "given" and len(fresh) > 1:
                    yield fresh, part.text, False
            elif fresh.isascii() and len(fresh) > 4 and (stands_alone(part) or part.text[:1].isupper()):
                yield cased(part.text, fresh), part.text, True
                yield fresh.upper(), part.text.upper(), True
                yield fresh.lower(), part.text.lower(), True
                if part.kind == "family":
                    yield cased(part.text, fresh) + "s", part.text + "s", True
        if family is None or given is None:
            return
        if not family[0].isascii():
            for before, behind in called(family[1]):
                yield before + family[0] + behind, before + family[1] + behind, False
            yield from romanised((family[0], given[0]), (family[1], given[1]))
            return
        yield f"{given[0][0]}. {family[0]}", f"{given[1][0]}. {family[1]}", True
        yield f"{family[0]}, {given[0]}", f"{family[1]}, {given[1]}", True

    # E-mail addresses

    def local(self, local: str) -> str | None:
        """The local part of an address built from a name, with the fictional person's; None for any other."""
        written = re.findall(r"[a-z]+", local.casefold())
        if not written or len(written) > 3 or not local.isascii():
            return None
        words = [self._plain.get(word, word) for word in written]
        made = self._glued(words[0]) if len(words) == 1 else self._spaced(words)
        if made is None:
            return None
        fresh = iter(made)
        return re.sub(r"[A-Za-z]+", lambda m: _like(m.group(), next(fresh)), local)

    def _spaced(self, words: list[str]) -> list[str] | None:
        """`alice.johnson`, `j.smith`, `wei.zhang`: the order is given, family unless the request or the lists know
        better."""
        known = self._syllables
        found = [w for w in words if w in self._fresh or w in known]
        named = [w for w in words if w.capitalize() in EN_GIVEN or w.capitalize() in EN_FAMILY]
        if not found and not named:
            return None
        made = []
        for index, word in enumerate(words):
            if len(word) == 1:
                family_word = next((w for w in words if len(w) > 1), "")
                made.append(self._initial(Part(word, "initial"), [Part(family_word, "family")]))
            elif word in self._fresh:
                made.append(self._fresh[word])
            elif word in known:
                made.append(known[word])
            else:
                made.append(self._listed(word, "family" if index == len(words) - 1 else "given"))
        return made

    def _glued(self, word: str) -> list[str] | None:
        """`alicejohnson`, `johnsona`, `ajohnson`, `zhangwei`, `alice`."""
        if word in self._ways:
            return [self._ways[word]]
        if word in self._fresh and self._fresh[word].isascii():
            return [self._fresh[word]]
        if word.capitalize() in EN_GIVEN:
            return [self._listed(word, "given")]
        if word.capitalize() in EN_FAMILY:
            return [self._listed(word, "family")]
        for cut in range(3, len(word) - 2):
            if word[:cut].capitalize() in EN_GIVEN and word[cut:].capitalize() in EN_FAMILY:
                return [self._listed(word[:cut], "given") + self._listed(word[cut:], "family")]
        if len(word) > 5 and word[1:].capitalize() in EN_FAMILY:
            initial = draw_part(Part(word[0], "initial"), self._key, self._offset)
            return [initial + self._listed(word[1:], "family")]
        return None

    @cached_property
    def _ways(self) -> dict[str, str]:
        """Both names of every person run together or shortened, as addresses have them, with the surrogate's."""
        ways: dict[str, str] = {}
        for given, family, fresh_given, fresh_family in (*self._known(), *self._pinyin):
            ways.setdefault(given + family, fresh_given + fresh_family)
            ways.setdefault(family + given, fresh_family + fresh_given)
            ways.setdefault(given[0] + family, fresh_given[0] + fresh_family)
            ways.setdefault(family + given[0], fresh_family + fresh_given[0])
            ways.setdefault(given + family[0], fresh_given + fresh_family[0])
        return ways

    @cached_property
    def _syllables(self) -> dict[str, str]:
        """Given and family names of the Chinese persons in pinyin, with the surrogate's."""
        known: dict[str, str] = {}
        for given, family, fresh_given, fresh_family in self._pinyin:
            known.setdefault(given, fresh_given)
            known.setdefault(family, fresh_family)
        return known

    def _known(self) -> list[tuple[str, str, str, str]]:
        return [
            (_plain(g), _plain(f), self._fresh[g].casefold(), self._fresh[f].casefold())
            for g, f in self._people
            if _plain(g) and _plain(f)
        ]

    def _listed(self, word: str, kind: str) -> str:
        """As if the name stood in the request by itself, so that it is the same person when it does."""
        return self._fresh.get(word) or draw_part(Part(word.capitalize(), kind), self._key, self._offset)

    @cached_property
    def _pinyin(self) -> list[tuple[str, str, str, str]]:
        """The Chinese persons as their addresses spell them: given, family, and both of the surrogate."""
        han = [(g, f) for g, f in self._people if not g.isascii() and not f.isascii()]
        return [
            (latin(g), latin(f, family=True), latin(self._fresh[g]), latin(self._fresh[f], family=True))
            for g, f in dict.fromkeys(han)
        ]


def _plain(word: str) -> str:
    """A name as addresses spell it: letters without marks, nothing else."""
    return re.sub(r"[^a-z]", "", unicodedata.normalize("NFKD", word.casefold()))


def _like(was: str, made: str) -> str:
    return made.upper() if was.isupper() and len(was) > 1 else made.lower() if was.islower() else made.capitalize()
