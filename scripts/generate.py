"""Rewrite what is generated from the code. Tests fail when it is out of date.

python scripts/generate.py
"""

from __future__ import annotations

from pathlib import Path

from guard.config import reference
from guard.metrics import Metrics
from proxy.wire.ledger import markdown
from sanitizers import kinds

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    reference.SCHEMA_PATH.write_text(reference.schema_text(), "utf-8")
    insert(ROOT / "docs/configuration.md", reference.table())
    insert(ROOT / "docs/metrics.md", Metrics().table())
    insert(ROOT / "docs/coverage.md", markdown())
    insert(ROOT / "docs/sanitise.md", kinds.table())


def insert(path: Path, generated: str) -> None:
    """Put `generated` between the markers of a page."""
    begin, end = "<!-- generated: make generate -->\n", "<!-- end of generated -->\n"
    head, _, rest = path.read_text("utf-8").partition(begin)
    _, found, tail = rest.partition(end)
    if not found:
        raise SystemExit(f"{path} has no markers for generated text")
    path.write_text(f"{head}{begin}\n{generated}\n{end}{tail}", "utf-8")


if __name__ == "__main__":
    main()
