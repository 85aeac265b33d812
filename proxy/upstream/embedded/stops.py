"""Stop strings in a text that arrives in pieces."""

from __future__ import annotations

from collections.abc import Sequence


class StopScanner:
    """Releases text up to the first stop string; however the text is cut into pieces, the result is the same.

    Held back is only the longest suffix that may still become a stop string. Of overlapping matches, the one
    that is complete first wins, as it would if the text came character by character.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = [s for s in stops if s]
        self._held = ""
        self.stopped = False

    def feed(self, text: str) -> str:
        """The text that may be shown now. After a match `stopped` is true and nothing more is released."""
        if self.stopped:
            return ""
        if not self._stops:
            return text
        text = self._held + text
        matches = [(at + len(s), at) for s in self._stops if (at := text.find(s)) >= 0]
        if matches:
            self.stopped = True
            self._held = ""
            end = min(matches)[0]
            return text[: min(at for stop_end, at in matches if stop_end == end)]
        keep = max(_overlap(text, s) for s in self._stops)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]

    def close(self) -> str:
        """The rest, when no more text will come."""
        rest, self._held = self._held, ""
        return rest


def _overlap(text: str, stop: str) -> int:
    """Length of the longest suffix of `text` that is a proper prefix of `stop`."""
    return next((n for n in range(min(len(stop) - 1, len(text)), 0, -1) if text.endswith(stop[:n])), 0)
