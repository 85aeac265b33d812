"""Writes records down, and knows when it cannot."""

from __future__ import annotations

import logging
from collections.abc import Callable

import orjson

from guard.audit.complaint import Complaint
from guard.audit.record import AuditRecord
from guard.audit.sinks import Sink


class Audit:
    """One line a record into `sink`; None: no audit. `on_failure` is called for every line that was lost.

    `write` never raises: a request does not die of its books. Whether the next one may begin is for `failing` to tell.
    """

    def __init__(self, sink: Sink | None, *, on_failure: Callable[[], None] = lambda: None) -> None:
        self._sink = sink
        self._on_failure = on_failure
        self._complaint = Complaint("audit line lost", logging.ERROR)
        self.failing = False
        """The last line was lost."""

    def write(self, record: AuditRecord) -> None:
        """Append one line."""
        if self._sink is None:
            return
        try:
            self._sink.write(orjson.dumps(record.to_dict()))
            self.failing = False
        except Exception as error:
            self.failing = True
            self._lost(error)

    def adopt(self) -> None:
        """This log is the one in force from now on."""
        if self._sink is not None:
            self._sink.adopt()

    def reopen(self) -> None:
        """Open the file again, after it was moved away. If that fails, the old one stays in use."""
        if self._sink is None:
            return
        try:
            self._sink.reopen()
        except OSError as error:
            self._lost(error)

    def close(self) -> None:
        """Write out what waits, and close. Writing opens it again."""
        if self._sink is not None:
            self._sink.close()

    def _lost(self, error: Exception) -> None:
        self._on_failure()
        self._complaint.about(error)
