"""What is said about the log when something is wrong with it: each line of it runs into the same."""

from __future__ import annotations

import logging
import time

from guard.errors import cause

log = logging.getLogger("guard.audit")

_EVERY = 60.0  # seconds


class Complaint:
    """Says `text` and the error's name, at most once a minute."""

    def __init__(self, text: str, level: int = logging.WARNING) -> None:
        self._text = text
        self._level = level
        self._last = float("-inf")

    def about(self, error: Exception) -> None:
        """Say it, unless it was said a moment ago."""
        now = time.monotonic()
        if now - self._last >= _EVERY:
            self._last = now
            log.log(self._level, "%s: %s", self._text, cause(error))
