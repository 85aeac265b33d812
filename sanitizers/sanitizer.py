"""The sanitizer: detection and hiding behind one object, for the guard check and for use as a library."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

from guard.surface import ChannelKind, Role
from sanitizers.borders import mended
from sanitizers.detect import Budget, Detector, Recogniser, Span
from sanitizers.detect.public_names import private
from sanitizers.draw import tenant_key
from sanitizers.hide import Hiding, Piece, hide
from sanitizers.obfuscate import Obfuscator, obfuscated
from sanitizers.options import PublicNames, SanitizerOptions
from sanitizers.restore import Restorer, Variant

Messages = list[dict[str, Any]]

# Something for every recogniser that loads data: names in both languages, phones, an address with a Chinese name.
_WARM = "Alice Johnson, +1 415 555 2671, alice@example.org. 联系人张伟，住在北京，电话13812345678，zhangwei@qq.com"
_WARM_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Found:
    """A find in a hidden text: where (characters of the original, with values that crossed into another part moved), of
    what type, how sure. Never the value."""

    piece: int
    start: int
    end: int
    type: str
    score: float


@dataclass(frozen=True, slots=True)
class Hidden:
    """A hidden text or conversation. `findings` lists the finds, `entities` counts what was replaced, by type."""

    hiding: Hiding
    findings: Sequence[Found]
    _messages: Messages | None = None

    @property
    def text(self) -> str:
        """The outgoing text; for conversations all their texts, line by line."""
        return "\n".join(self.hiding.texts)

    @property
    def messages(self) -> Messages:
        """The outgoing conversation; a text alone counts as one user message."""
        if self._messages is None:
            return [{"role": "user", "content": self.text}]
        return self._messages

    @property
    def entities(self) -> Mapping[str, int]:
        return self.hiding.entities

    def restore(self, answer: str, kind: ChannelKind = ChannelKind.CONTENT) -> str:
        """Put the originals back into a whole answer."""
        restorer = self.restorer(kind)
        return restorer.feed(answer) + restorer.close()

    def restorer(self, kind: ChannelKind = ChannelKind.CONTENT) -> Restorer:
        """A streaming restorer: `feed(chunk)` for every chunk, then `close()`. One per channel of the answer."""
        return Restorer(self.hiding.table, kind)


class Sanitizer:
    """Hides sensitive values and restores them. Thread-safe; one serves a whole process.

    `key`: the master key of the surrogates; the same key gives the same surrogates everywhere. Without one a random
    key is drawn, so surrogates hold for this object's life only. `old_keys`: earlier master keys, whose surrogates are
    restored but no longer handed out. `recognisers`: further ones, besides the built-in;
    `waits` says whether one of them asks somebody, so that hiding must not run on an event loop. `obfuscator`: draws
    the low-risk words of users' texts anew; what it changes does not come back in answers.
    """

    def __init__(
        self,
        options: SanitizerOptions | None = None,
        *,
        key: bytes | str | None = None,
        old_keys: Sequence[bytes | str] = (),
        recognisers: Iterable[Recogniser] = (),
        obfuscator: Obfuscator | None = None,
    ) -> None:
        self.options = options or SanitizerOptions()
        further = tuple(recognisers)
        self.detector = Detector(self.options.detector(), further)
        self.obfuscator = obfuscator
        self.waits = any(getattr(recogniser, "waits", False) for recogniser in further)
        self._master = _bytes(key) if key else secrets.token_bytes(32)
        self._old = tuple(_bytes(old) for old in old_keys if old)

    @overload
    def hide(self, content: str, *, tenant: str = "") -> Hidden: ...
    @overload
    def hide(self, content: Sequence[Mapping[str, Any]], *, tenant: str = "") -> Hidden: ...

    def hide(self, content: str | Sequence[Mapping[str, Any]], *, tenant: str = "") -> Hidden:
        """Hide a text or a conversation (dicts with `role` and `content`, text parts and tool calls included).

        Raises `CheckUnavailable("sanitize", reason)`: "budget", "leak", "roundtrip" or "surrogates".
        """
        if isinstance(content, str):
            hiding, findings = self.hide_pieces([Piece(content)], tenant=tenant)
            return Hidden(hiding, findings)
        messages: Messages = copy.deepcopy([dict(message) for message in content])
        slots = [slot for message in messages for slot in _slots(message)]
        hiding, findings = self.hide_pieces([piece for piece, _ in slots], tenant=tenant)
        for (_, write), text in zip(slots, hiding.texts, strict=True):
            write(text)
        return Hidden(hiding, findings, messages)

    def hide_pieces(
        self,
        pieces: Sequence[Piece],
        *,
        tenant: str = "",
        budget: Budget | None = None,
        earlier: Sequence[Variant] = (),
    ) -> tuple[Hiding, Sequence[Found]]:
        """Hide texts that belong to one request, with one map for all of them. Raises as `hide`.

        `earlier`: what exchanges before have replaced, where the other side remembers them and we are not shown them.
        `budget`: what all of it may take, `options.seconds` by default; cancelling it from elsewhere stops the work.
        """
        budget = budget or Budget(self.options.seconds)
        pieces = mended(pieces, lambda text: self.detector.detect(text, budget))
        spans: list[Sequence[Span]] = [self.detector.detect(piece.text, budget) for piece in pieces]
        if self.options.public_names is PublicNames.KEEP:
            spans = [private(row, piece.text) if row else row for row, piece in zip(spans, pieces, strict=True)]
        key = tenant_key(self._master, tenant)
        old_keys = [tenant_key(old, tenant) for old in self._old]
        hiding = hide(pieces, spans, key, self.options, budget, old_keys, earlier)
        if self.obfuscator is not None and not hiding.blocked and not hiding.local:
            hiding = obfuscated(self.obfuscator, pieces, hiding, key, budget)
        findings = [Found(i, s.start, s.end, s.type, s.score) for i, row in enumerate(spans) for s in row]
        return replace(hiding, pieces=pieces), findings

    def warm(self) -> None:
        """Load what recognisers and the cast load at the first text that needs it, which takes a second or two.

        Asks none of the further recognisers, some of which ask a model.
        """
        budget = Budget(_WARM_SECONDS)  # of its own: the one of requests may be shorter than loading takes
        spans = [Detector(self.options.detector()).detect(_WARM, budget)]
        hide([Piece(_WARM)], spans, tenant_key(self._master, ""), self.options, budget)

    def fresh(self, texts: Iterable[str]) -> int:
        """Characters of those texts whose detection is not remembered: what `hide_pieces` will have to work on."""
        return sum(len(text) for text in texts if not self.detector.remembers(text))


def _bytes(key: bytes | str) -> bytes:
    return key.encode() if isinstance(key, str) else key


_ROLES = {
    "system": Role.SYSTEM,
    "developer": Role.SYSTEM,
    "assistant": Role.ASSISTANT,
    "tool": Role.TOOL,
    "function": Role.TOOL,
}
_TEXT_KEYS = frozenset(("content", "text", "refusal", "reasoning_content", "arguments"))


def _slots(message: dict[str, Any]) -> Iterator[tuple[Piece, Callable[[str], None]]]:
    """The texts of a message with the way to write each back. Images, ids and names of functions are left alone."""
    role = _ROLES.get(str(message.get("role", "user")), Role.USER)
    stack: list[Any] = [message]
    following: set[int] = set()  # text parts that stand right behind another
    while stack:
        node = stack.pop()
        below = []
        children = enumerate(node) if isinstance(node, list) else node.items()
        for name, value in children:
            if isinstance(value, str):
                if name in _TEXT_KEYS:
                    yield Piece(value, role, follows=name == "text" and id(node) in following), _writer(node, name)
            elif isinstance(value, dict | list):
                below.append(value)
                if name == "content" and isinstance(value, list):
                    texts = [isinstance(part, dict) and isinstance(part.get("text"), str) for part in value]
                    following.update(id(part) for i, part in enumerate(value) if i and texts[i - 1] and texts[i])
        stack += reversed(below)


def _writer(node: Any, name: Any) -> Callable[[str], None]:
    def write(text: str) -> None:
        node[name] = text

    return write
