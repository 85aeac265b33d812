"""What is noted beside a chained log, for when the log itself begins anew: the digest of the line that was last."""

from __future__ import annotations

import os
import re
from pathlib import Path

from guard.audit.complaint import Complaint

OFF = "off"
"""Stands there when the chain was switched off."""
_LENGTH = 65  # bytes, always: a digest and a line break


class Mark:
    """`PATH.chain`, read and written under the log's lock. It is one for all who write the log, and stays where it is
    when the log is turned over, moved or deleted.

    Where it cannot be kept, the chain goes on by what each process knows, and the log complains.
    """

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}.chain")
        self._complaint = Complaint("the chain's last digest cannot be noted beside the audit file")

    def read(self) -> str | None:
        """A digest or `OFF`; None when there is neither, or it could not be kept up to date."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return None
        try:
            found = os.pread(fd, _LENGTH, 0).rstrip()
        except OSError:
            return None
        finally:
            os.close(fd)
        return found.decode() if re.fullmatch(rb"[0-9a-f]{64}|off", found) else None

    def write(self, noted: str) -> None:
        """Note a digest, or `OFF`."""
        try:
            fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.pwrite(fd, f"{noted:<{_LENGTH - 1}}\n".encode(), 0)  # at once and in place: never half of two
            finally:
                os.close(fd)
        except OSError as error:
            self._complaint.about(error)
