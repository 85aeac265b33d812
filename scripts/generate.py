"""Rewrite what is generated from the code. Tests fail when it is out of date.

python scripts/generate.py
"""

from __future__ import annotations

import json
from pathlib import Path

from guard.config import reference
from guard.metrics import Metrics
from proxy.wire import answer_ledger, ledger
from sanitizers import kinds
from tests.support.answer_types import tables

ROOT = Path(__file__).resolve().parent.parent
CHART_SCHEMA = ROOT / "helm/guardchain/values.schema.json"


def main() -> None:
    reference.SCHEMA_PATH.write_text(reference.schema_text(), "utf-8")
    insert(ROOT / "docs/configuration.md", reference.table())
    insert(ROOT / "docs/metrics.md", Metrics().table())
    insert(ROOT / "docs/coverage.md", coverage())
    insert(ROOT / "docs/sanitise.md", kinds.table())
    CHART_SCHEMA.write_text(chart_schema(CHART_SCHEMA.read_text("utf-8")), "utf-8")


def coverage() -> str:
    """The ledger of what clients send and of what comes back."""
    return f"## Requests\n\n{ledger.markdown()}\n## Answers\n\n{answer_ledger.markdown(tables())}"


def chart_schema(written: str) -> str:
    """The schema of the chart's values, with guard.yaml's in it as `Config`: the definitions with a capital letter."""
    config = json.loads(reference.schema_text())
    del config["$schema"]
    definitions = {**config.pop("$defs"), "Config": config}
    schema = json.loads(written)
    own = {name: one for name, one in schema["$defs"].items() if name[0].islower()}
    return json.dumps({**schema, "$defs": own | definitions}, indent=2, ensure_ascii=False) + "\n"


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
