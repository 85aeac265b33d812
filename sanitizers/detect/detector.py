"""The detector: folds a text, asks every recogniser, judges scores, merges, and remembers by digest."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from sanitizers.detect.address import STREETS, Addresses
from sanitizers.detect.cards import CARDS
from sanitizers.detect.china import CHINA
from sanitizers.detect.credentials import CREDENTIALS
from sanitizers.detect.email import EMAILS, narrowed
from sanitizers.detect.fold import fold
from sanitizers.detect.glued import Glued
from sanitizers.detect.handles import HANDLES
from sanitizers.detect.identifiers import IDENTIFIERS, Ibans, books
from sanitizers.detect.library import load
from sanitizers.detect.names import Names
from sanitizers.detect.national import National
from sanitizers.detect.ner import NER_TYPES, Model, Ner
from sanitizers.detect.phone import PHONE_SCORE, Phones
from sanitizers.detect.presidio import PresidioPatterns, gates
from sanitizers.detect.recogniser import Budget, Recogniser, Rules, forget, near, words
from sanitizers.detect.secrets import JSON_WEB_TOKENS, PrivateKeys, Tokens
from sanitizers.detect.span import Span, merge
from sanitizers.detect.surroundings import FIRM_SCORE, Surroundings
from sanitizers.detect.telephone import TELEPHONES
from sanitizers.detect.times import TIMES

# Presidio gives a phone number that its library calls valid 0.4; a threshold above that would switch phones off.
DEFAULT_MIN_SCORES: Mapping[str, float] = {"PHONE_NUMBER": 0.4}
# Off unless asked for: public addresses mostly; ten digits of which every eleventh has the right check digit; dates,
# ages and amounts, which tell of nobody by themselves and without which many a question makes no sense.
DEFAULT_OFF = frozenset(("URL", "UK_NHS", "DATE_TIME", "AGE", "MONEY"))


def own_recognisers() -> tuple[Recogniser, ...]:
    """What the detector runs besides Presidio's recognisers."""
    return (
        Tokens(),
        JSON_WEB_TOKENS,
        CREDENTIALS,
        PrivateKeys(),
        CHINA,
        Glued(),
        Ibans(),
        IDENTIFIERS,
        National(),
        Addresses(),
        STREETS,
        TIMES,
        EMAILS,
        HANDLES,
        CARDS,
        TELEPHONES,
        Names(),
    )


@cache
def known_types() -> frozenset[str]:
    """Every type some recogniser can return, CUSTOM (the deny list) included."""
    own = (recogniser.types for recogniser in own_recognisers())
    return frozenset(gate.type for gate in gates()).union(("PHONE_NUMBER", "CUSTOM"), NER_TYPES, *own)


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """`types`: those to look for, None for all but `DEFAULT_OFF`. `min_score` holds where `min_scores` has no entry.

    `allow`: values never reported (whole find, ignoring case). `deny`: values always reported, as CUSTOM, where they
    stand as whole words. `seconds`: time one text may take. `remember`: texts whose finds are kept by digest.
    `ner`: models that find named entities (`sanitizers.detect.ner`), none of which is loaded before a text needs it.
    `further`: recognisers of the operator's own; of their types, those in `types` are looked for.
    """

    types: frozenset[str] | None = None
    min_score: float = 0.5
    min_scores: Mapping[str, float] = field(default_factory=dict)
    allow: Sequence[str] = ()
    deny: Sequence[str] = ()
    seconds: float = 10.0
    remember: int = 16_384
    ner: Sequence[str | Model] = ()
    further: Sequence[Recogniser] = ()


class Detector:
    """Finds sensitive values. Thread-safe; one serves a whole process."""

    def __init__(self, options: DetectorOptions | None = None, recognisers: Iterable[Recogniser] = ()) -> None:
        self.options = options = options or DetectorOptions()
        if options.types is None:
            wanted = (known_types() - DEFAULT_OFF).union(*(r.types for r in options.further))
        else:
            wanted = options.types
        self._recognisers: tuple[Recogniser, ...] = (
            _Spaced(PresidioPatterns(wanted)),
            *(r.only(wanted) if isinstance(r, Rules) else r for r in own_recognisers() if r.types & wanted),
            *((Ner(options.ner, wanted),) if options.ner and NER_TYPES & wanted else ()),
            *(r for r in options.further if r.types & wanted),
            *recognisers,
        )
        self._wanted = wanted.union(*(r.types for r in recognisers))
        self._phones = Phones() if "PHONE_NUMBER" in wanted else None
        self._thresholds = {**DEFAULT_MIN_SCORES, **options.min_scores}
        self._allow = frozenset(fold(value).text.casefold() for value in options.allow)
        self._deny = _words(options.deny)
        self._memory = _Memory(options.remember)

    def detect(self, text: str, budget: Budget | None = None) -> Sequence[Span]:
        """Disjoint spans of `text` in order.

        Raises `CheckUnavailable("sanitize", "budget")` when `budget` (by default `options.seconds`) is spent.
        """
        if len(text) < 2:
            return ()
        known = self._memory.get(text)
        if known is None:
            try:
                known = tuple(self._detect(text, budget or Budget(self.options.seconds)))
            finally:
                forget()
            self._memory.put(text, known)
        return known

    def explain(self, text: str, budget: Budget | None = None) -> Sequence[Any]:
        """As `detect`, as Presidio's `RecognizerResult`s with an `AnalysisExplanation` each. Raises as `detect`."""
        result, explanation = load("RecognizerResult"), load("AnalysisExplanation")
        return [
            result(
                *(s.type, s.start, s.end, s.score),
                explanation("sanitizers.detect", s.score, textual_explanation=s.by),
                {result.RECOGNIZER_NAME_KEY: "sanitizers.detect"},
            )
            for s in self.detect(text, budget)
        ]

    def remembers(self, text: str) -> bool:
        """Whether `detect` would answer without work."""
        return len(text) < 2 or self._memory.get(text) is not None

    def _detect(self, text: str, budget: Budget) -> list[Span]:
        folded = fold(text)
        around = Surroundings(folded.text)
        found = [
            span
            for recogniser in self._recognisers
            for span in recogniser.find(folded.text, budget)
            if self._passes(span) and not _is_code(span, folded.text) and around.allow(span)
        ]
        found = narrowed(found, folded.text)
        if self._phones is not None:
            stronger = [span for span in merge(found) if span.certain or span.score > PHONE_SCORE]
            phones = map(_named(folded.text), self._phones.find(folded.text, budget, stronger))
            found += [s for s in phones if self._passes(s) and around.allow(s)]
        if self._allow:
            found = [s for s in found if folded.text[s.start : s.end].casefold() not in self._allow]
        if self._deny is not None:
            found += [Span(m.start(), m.end(), "CUSTOM", 1.0, certain=True) for m in self._deny.finditer(folded.text)]
        kept = merge(found, folded.text)
        if folded.offsets is None:
            return kept
        return [replace(s, start=folded.start(s.start), end=folded.end(s.end)) for s in kept]

    def _passes(self, span: Span) -> bool:
        return span.type in self._wanted and span.score >= self._thresholds.get(span.type, self.options.min_score)


_NOBODYS = frozenset(("0.0.0.0", "255.255.255.255", "::1", "::"))  # noqa: S104  nothing is bound


_ROBOTS = frozenset(("git", "hg", "svn"))
_USER = re.compile(r"://[^\s/@:]{0,64}:\Z")
_VERSION = re.compile(r"(?:(?<![A-Za-z])(?:version|ver\.?|v)|[=~<>]=) ?\Z", re.IGNORECASE)


def _is_code(span: Span, text: str) -> bool:
    """Addresses that are nobody's: loopback, unspecified, broadcast, versions, and `a::b`, a name in most languages.

    And what is taken for e-mail in a link to a map, `/place/Main+Street/@37.3362725`, in the address of a repository,
    `git@github.com`, and in a link that shows where a password goes, `https://user:pass@host.org`.
    """
    if span.type == "EMAIL_ADDRESS":
        local, _, host = text[span.start : span.end].rpartition("@")
        if host.replace(".", "").isdecimal() or local in _ROBOTS:
            return True
        return (
            text[span.start - 1 : span.start] == ":"
            and _USER.search(text, max(0, span.start - 80), span.start) is not None
        )
    if span.type != "IP_ADDRESS":
        return False
    value = text[span.start : span.end]
    if value in _NOBODYS or value.startswith("127.") or not any(c.isdecimal() for c in value):
        return True
    return _VERSION.search(text, max(0, span.start - 10), span.start) is not None


# What a phone library takes for somebody's number and is not. Ten bare digits from 1 on are seconds since 1970 (in
# North America no number starts with 1); four groups with dots are a version; a date with an hour behind it has the
# length of a number.
_COUNT = re.compile(
    r"1[0-9]{9}|[0-9]+(?:\.[0-9]+){3}"
    r"|[0-3]?[0-9][./][01]?[0-9][./](?:19|20)[0-9]{2}[ ,]+[0-2]?[0-9]"
)
# The largest numbers of 31 and 32 bits, which are also numbers in Dallas: phones where a word says so.
_LIMIT = re.compile(r"214748364[78]|429496729[56]")
_BARE = re.compile(r"[0-9]{7,}")
_SHORTEST = 7  # characters: what is shorter, and valid somewhere, is a postcode or a count where no word names it
_PHONE_WORDS = words(
    *("phone", "telephone", "tel", "cell", "cellphone", "mobile", "call", "fax", "whatsapp", "sms", "contact", "dial"),
    *("phone number", "电话", "手机", "传真", "联系", "致电", "拨打"),
)
_OTHER_WORDS = words(
    *("order", "invoice", "ticket", "ref", "reference", "tracking", "sku", "isbn", "id", "serial", "version", "build"),
    *("timestamp", "epoch", "uid", "pid", "bytes", "size", "count", "code", "issue", "case", "sum", "max", "min"),
    *("订单", "编号", "单号", "流水号", "订单号", "快递"),
)


def _named(text: str) -> Callable[[Span], Span]:
    """Raises the score of phone numbers beside a word for one, and makes it 0 where they are something else."""
    isbns = list(books(text))

    def judge(span: Span) -> Span:
        value = text[span.start : span.end]
        if _COUNT.fullmatch(value) or any(a < span.end and span.start < b for a, b in isbns):
            return replace(span, score=0.0)
        if value[0] in "([" and not any(c in ")]" for c in value):
            span = replace(span, start=span.start + 1)
        if near(_PHONE_WORDS, text, span.start, span.end):
            return replace(span, score=FIRM_SCORE, by=f"{span.by}, beside a word for it")
        if len(value) < _SHORTEST or _LIMIT.fullmatch(value):
            return replace(span, score=0.0)
        if _BARE.fullmatch(value) and _OTHER_WORDS.search(text, max(0, span.start - 20), span.start):
            return replace(span, score=0.0)
        return span

    return judge


# Letters of scripts that need no space next to a value; for \b they are letters like all others, and so is the
# underscore in a file name.
_GLUE = re.compile(r"[^\W\d_\u0000-\u058f]")
_GLUED = re.compile(r"[^\W\d_\u0000-\u058f][0-9A-Za-z]|[0-9A-Za-z][^\W\d_\u0000-\u058f]")
_JOINED = re.compile(r"_[0-9]|[0-9]_|[0-9]/[0-9]+\.[0-9]")
# A list of addresses, not the width of a network: 10.0.0.1/10.0.0.2.
_LISTED = re.compile(r"(?<=[0-9])/(?=[0-9]{1,3}\.[0-9]{1,3}\.)")


class _Spaced:
    """A recogniser whose patterns want word boundaries, asked once more about 卡号4111… as if there were spaces."""

    def __init__(self, inner: PresidioPatterns) -> None:
        self._inner = inner

    @property
    def types(self) -> frozenset[str]:
        return self._inner.types

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        joined = ("_" in text or "/" in text) and _JOINED.search(text) is not None
        if not joined and (text.isascii() or _GLUED.search(text) is None):
            yield from self._inner.find(text, budget)
            return
        apart = _LISTED.sub(" ", text)  # of the same length, like the next
        yield from self._inner.find(apart, budget)
        yield from self._inner.find(_GLUE.sub(" ", apart).replace("_", " "), budget)


class _Memory:
    """Finds by keyed digest of the text: what is kept says nothing about the text without the process's key."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._key = os.urandom(32)
        self._finds: OrderedDict[bytes, tuple[Span, ...]] = OrderedDict()
        self._lock = threading.Lock()

    def _digest(self, text: str) -> bytes:
        return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), key=self._key, digest_size=20).digest()

    def get(self, text: str) -> tuple[Span, ...] | None:
        digest = self._digest(text)
        with self._lock:
            found = self._finds.get(digest)
            if found is not None:
                self._finds.move_to_end(digest)
            return found

    def put(self, text: str, found: tuple[Span, ...]) -> None:
        if self._size < 1:
            return
        digest = self._digest(text)
        with self._lock:
            self._finds[digest] = found
            if len(self._finds) > self._size:
                self._finds.popitem(last=False)


def _words(values: Sequence[str]) -> re.Pattern[str] | None:
    """A pattern for the values as whole words, longest first; the edges of Chinese values are free."""
    wanted = sorted({fold(v).text.strip() for v in values if v.strip()}, key=lambda v: (-len(v), v))
    if not wanted:
        return None
    edges = [
        (r"(?<![0-9A-Za-z_])" if re.match(r"[0-9A-Za-z_]", v) else "")
        + re.escape(v)
        + (r"(?![0-9A-Za-z_])" if re.search(r"[0-9A-Za-z_]$", v) else "")
        for v in wanted
    ]
    return re.compile("|".join(edges), re.IGNORECASE)
