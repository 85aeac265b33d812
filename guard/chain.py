"""The chain: runs checks in order with modes, deadlines and `on_error`, and folds their findings."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from guard.check import Check, Exchange, OutputFilter, Remembering, Revising
from guard.errors import ArtifactError, CheckUnavailable, ConfigError
from guard.surface import Channel
from guard.verdict import Decision, Finding, Mode, OnError, Verdict

log = logging.getLogger("guard.chain")


@dataclass(frozen=True, slots=True)
class Link:
    """A check with the policy's orders for it. `deadline` in seconds; None waits for ever (tests only). `upstream`: the
    one it asks, where it asks any."""

    check: Check
    mode: Mode = Mode.ENFORCE
    on_error: OnError = OnError.BLOCK
    deadline: float | None = 5.0
    upstream: str = ""


class Chain:
    """An ordered list of links; immutable, so a reload swaps whole chains."""

    def __init__(self, links: Sequence[Link]) -> None:
        self.links = tuple(link for link in links if link.mode is not Mode.OFF)

    def only(self, names: Collection[str]) -> Chain:
        """The links of these checks."""
        return Chain([link for link in self.links if link.check.name in names])

    async def inspect(self, exchange: Exchange) -> Decision:
        """Run every check in order. Stops at the first enforced block, so nothing after it sees the text, and where
        the request is sent to the local upstream, whose own chain goes on with it."""
        for link in self.links:
            finding = await self._run(link, exchange)
            exchange.findings.append(finding)
            if finding.mode is Mode.ENFORCE and (finding.verdict is Verdict.BLOCK or finding.route_local):
                break
        return Decision(tuple(exchange.findings))

    def output(self, exchange: Exchange, channel: Channel) -> OutputFilter | None:
        """The filters of all enforcing checks for a channel, the last check's first (it saw the text last)."""
        filters = [
            f
            for link in reversed(self.links)
            if link.mode is Mode.ENFORCE and (f := link.check.output(exchange, channel)) is not None
        ]
        if len(filters) < 2:
            return filters[0] if filters else None
        return _Stack(filters)

    def revisers(self, exchange: Exchange) -> list[Revising]:
        """The enforcing checks that want to look at the whole answer once more, in the order of the output filters."""
        return [
            link.check
            for link in reversed(self.links)
            if link.mode is Mode.ENFORCE and isinstance(link.check, Revising) and link.check.revises(exchange)
        ]

    def remembered(self, exchange: Exchange) -> dict[str, Any]:
        """What the enforcing checks need to know again in requests that build on this answer, by name."""
        found = {
            link.check.name: link.check.remembered(exchange)
            for link in self.links
            if link.mode is Mode.ENFORCE and isinstance(link.check, Remembering)
        }
        return {name: memory for name, memory in found.items() if memory is not None}

    def recall(self, exchange: Exchange, memory: Mapping[str, Any]) -> None:
        """Tell the checks what `remembered` gave."""
        for link in self.links:
            if link.check.name in memory and isinstance(link.check, Remembering):
                link.check.recall(exchange, memory[link.check.name])

    async def _run(self, link: Link, exchange: Exchange) -> Finding:
        started = time.perf_counter()
        try:
            async with asyncio.timeout(link.deadline):
                finding = await link.check.inspect(exchange, apply=link.mode is Mode.ENFORCE)
        except TimeoutError:
            finding = _failed(link, "deadline")
        except CheckUnavailable as error:
            finding = _failed(link, error.reason)
        except (ArtifactError, ConfigError) as error:
            # Our own words, which tell the operator what does not fit.
            log.error("check %s failed: %s", link.check.name, error)
            finding = _failed(link, type(error).__name__)
        except Exception as error:
            # The type alone: the text of a foreign exception may quote what it choked on.
            log.error("check %s failed: %s", link.check.name, type(error).__name__)
            finding = _failed(link, type(error).__name__)
        seconds = time.perf_counter() - started
        return replace(finding, mode=link.mode, upstream=link.upstream, seconds=seconds, started=started)


class _Stack:
    """Filters one behind the other."""

    def __init__(self, filters: Sequence[OutputFilter]) -> None:
        self._filters = filters

    @property
    def held(self) -> int:
        return sum(f.held for f in self._filters)

    def feed(self, text: str) -> str:
        for f in self._filters:
            text = f.feed(text)
        return text

    def close(self) -> str:
        text = ""
        for f in self._filters:
            text = f.feed(text) + f.close()
        return text


def _failed(link: Link, reason: str) -> Finding:
    verdict = Verdict.BLOCK if link.on_error is OnError.BLOCK else Verdict.ALLOW
    return Finding(check=link.check.name, verdict=verdict, error=reason)
