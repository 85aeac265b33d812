"""The guard check named `sanitize`: hides on the way in, restores on the way out."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple
from typing import Any

from guard.check import Exchange, OutputFilter, Revision
from guard.surface import Channel, ChannelKind, Surface
from guard.verdict import Finding, Verdict
from sanitizers.detect import Budget
from sanitizers.hide import Hiding, Piece
from sanitizers.options import SanitizerOptions
from sanitizers.recover import Recoverer
from sanitizers.restore import Restorer, Table, Variant
from sanitizers.sanitizer import Sanitizer

# Characters beyond which the work would hold up the event loop for too long, even where every text is remembered: a
# long history may hold hundreds of values.
INLINE_CHARACTERS = 1024
# Threads that wait for a local model are many and idle; they must not take those that compute.
_WAITING_THREADS = 64
_EARLIER = "sanitize.earlier"  # what was hidden in exchanges that the upstream remembers
_BEFORE = "sanitize.before"  # key of an exchange's state: the texts as they were, and how they were hidden


class SanitizeCheck:
    """Hides the values in all surfaces of an exchange with one map and restores them in every channel.

    Verdict MASK when something was (or, without `apply`, would be) hidden, BLOCK when a type with policy `block` was
    found; `route_local`, and nothing rewritten, for a type with that policy; `entities` counts by type. Raises
    `CheckUnavailable("sanitize", reason)` with nothing rewritten.
    """

    name = "sanitize"

    def __init__(self, sanitizer: Sanitizer, recoverer: Recoverer | None = None) -> None:
        self.sanitizer = sanitizer
        self.recoverer = recoverer
        self._threads = ThreadPoolExecutor(_WAITING_THREADS, "sanitize") if sanitizer.waits else None
        self._turn = asyncio.Lock()

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        pieces = _pieces(exchange.surfaces)
        waits = self.sanitizer.waits and self.sanitizer.fresh(piece.text for piece in pieces) > 0
        if waits or sum(len(piece.text) for piece in pieces) > INLINE_CHARACTERS:
            budget = Budget(self.sanitizer.options.seconds)
            try:
                loop = asyncio.get_running_loop()
                hiding = await loop.run_in_executor(self._threads, self._hide, pieces, exchange, budget)
            finally:
                budget.cancel()  # after a deadline the thread would go on for nobody
        else:
            # One in each turn of the event loop: hundreds that arrive together would keep it from its sockets and
            # timers for seconds, and upstream connections that stand would count as timed out.
            async with self._turn:
                hiding = self._hide(pieces, exchange)
                await asyncio.sleep(0)
        if hiding.blocked:
            return Finding(self.name, Verdict.BLOCK, entities=dict(hiding.entities))
        if hiding.local:
            return Finding(self.name, route_local=True, entities=dict(hiding.entities))
        if apply and hiding.table:
            exchange.state[self.name] = hiding.table
        if not hiding.touched:
            return Finding(self.name)
        if apply:
            for surface, text in zip(exchange.surfaces, hiding.texts, strict=True):
                surface.write(text)
            if self.recoverer is not None and not exchange.stream:
                exchange.state[_BEFORE] = (hiding.pieces, hiding)
        detail = {"obfuscated_words": hiding.obfuscated} if hiding.obfuscated else {}
        return Finding(self.name, Verdict.MASK, entities=dict(hiding.entities), detail=detail)

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        """A restorer for the channel; None when nothing restorable was hidden."""
        table: Table | None = exchange.state.get(self.name)
        return Restorer(table, channel.kind, guess=channel.kind is ChannelKind.CONTENT) if table else None

    def revises(self, exchange: Exchange) -> bool:
        """Whether something restorable was hidden and a recoverer is there."""
        return _BEFORE in exchange.state and bool(exchange.state.get(self.name))

    async def revise(self, exchange: Exchange, sent: str, filtered: str) -> Revision:
        """What the recoverer makes of a restored text."""
        assert self.recoverer is not None
        pieces, hiding = exchange.state[_BEFORE]
        return await self.recoverer.recover(pieces, hiding, sent, filtered)

    def remembered(self, exchange: Exchange) -> list[list[Any]] | None:
        """What restores answers to requests that build on this one: originals among it, so to be kept under seal."""
        table: Table | None = exchange.state.get(self.name)
        return [list(astuple(variant)) for variant in table.variants] if table else None

    def recall(self, exchange: Exchange, memory: Any) -> None:
        exchange.state[_EARLIER] = [Variant(*fields) for fields in memory]

    def _hide(self, pieces: list[Piece], exchange: Exchange, budget: Budget | None = None) -> Hiding:
        earlier = exchange.state.get(_EARLIER, ())
        return self.sanitizer.hide_pieces(pieces, tenant=exchange.tenant, budget=budget, earlier=earlier)[0]


_PART = re.compile(r"(?P<list>.*\bcontent)\[(?P<index>[0-9]+)\]\.text")


def _pieces(surfaces: Sequence[Surface]) -> list[Piece]:
    """The surfaces as pieces; a text part right behind another of the same message follows it."""
    pieces: list[Piece] = []
    last: tuple[str, int] | None = None
    for surface in surfaces:
        part = _PART.fullmatch(surface.path)
        here = (part["list"], int(part["index"])) if part else None
        follows = here is not None and last is not None and here == (last[0], last[1] + 1)
        pieces.append(Piece(surface.text, surface.role, follows))
        last = here
    return pieces


def build(options: Mapping[str, Any], *, key: bytes | str | None = None) -> SanitizeCheck:
    """The check from the `sanitize` section of a policy and the surrogate key. Raises `ConfigError`."""
    return SanitizeCheck(Sanitizer(SanitizerOptions.parse(options), key=key))
