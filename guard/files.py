"""Files: read with errors that say what to do, replaced whole or not at all."""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import stat
from pathlib import Path
from typing import Any

from guard.errors import ArtifactError


def write_atomically(path: Path | str, content: str | bytes) -> None:
    """Replace `path` by a complete new file; readers see the old one or the new one, whatever happens between.

    Its permissions stay, a link stays a link, and what is no regular file (a pipe, a device) is written as it is.
    Raises `ArtifactError` naming the file.
    """
    data = content.encode() if isinstance(content, str) else content
    named = Path(path)
    try:
        if named.exists() and not named.is_file():
            named.write_bytes(data)
            return
        target = Path(os.path.realpath(named))
        target.parent.mkdir(parents=True, exist_ok=True)
        twin = beside(target)
        try:
            twin.write_bytes(data)
            with contextlib.suppress(FileNotFoundError):
                twin.chmod(stat.S_IMODE(target.stat().st_mode))
            twin.replace(target)
        finally:
            with contextlib.suppress(OSError):
                twin.unlink(missing_ok=True)
    except OSError as error:
        kept = "; the file that was there is as it was" if named.is_file() else ""
        raise ArtifactError(f"cannot write {path}: {error.strerror or type(error).__name__}{kept}") from None


def beside(file: Path) -> Path:
    """Where the new content of `file` is written before it takes the old one's place."""
    return file.with_name(f".{file.name}.{os.getpid()}.tmp")


def read_text(path: Path | str) -> str:
    """A UTF-8 file's text, without a byte order mark. Raises `ArtifactError` that names the file and what to do."""
    try:
        raw = Path(path).read_bytes()
    except IsADirectoryError:
        raise ArtifactError(f"cannot read {path}: it is a directory; name a file") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        why = getattr(error, "strerror", None) or type(error).__name__
        raise ArtifactError(f"cannot read {path}: {why}") from None
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise ArtifactError(f"cannot read {path}: it is UTF-16; convert it first, as in iconv -f UTF-16 -t UTF-8")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ArtifactError(
            f"cannot read {path}: line {line} is not UTF-8; convert the file first, as in iconv -f LATIN1 -t UTF-8"
        ) from None


def parse_json(text: str, where: str) -> Any:
    """Raises `ArtifactError` with `where` and the column; never quotes the text."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ArtifactError(f"{where}: nested too deeply") from None
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}" if "\n" in text.strip() else f"column {error.colno}"
        raise ArtifactError(f"{where}: not JSON ({at})") from None
    except ValueError:  # a number of thousands of digits
        raise ArtifactError(f"{where}: not JSON that can be read (a number is too long)") from None


def require_whole(text: str, where: str) -> None:
    """JSON can name one half of a surrogate pair, which no tokenizer takes. Raises `ArtifactError`."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ArtifactError(f"{where}: holds half a character (a lone surrogate, as in \\ud83d)") from None
