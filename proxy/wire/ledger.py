"""The coverage ledger: endpoint × field → guarded, constrained, opaque, stripped or rejected (wire rule E8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from proxy.wire import chat, completions, embeddings, moderations, responses
from proxy.wire.fields import Object, Row, Status

TABLES: Mapping[str, Object] = {
    module.PATH: module.TABLE for module in (chat, completions, embeddings, moderations, responses)
}


def ledger() -> dict[str, list[Row]]:
    """Every field of every endpoint's request, in table order; what a client may send beyond is a 400."""
    return {path: list(table.rows("")) for path, table in TABLES.items()}


def coverage() -> dict[str, Counter[Status]]:
    """How many fields of each endpoint have which status."""
    return {path: Counter(row.status for row in rows) for path, rows in ledger().items()}


def markdown() -> str:
    """The ledger as Markdown tables, for the docs."""
    parts = []
    for path, rows in ledger().items():
        parts.append(f"### `POST {path}`\n\n| field | status | note |\n|---|---|---|")
        parts += [f"| `{row.path}` | {row.status} | {row.note.replace('|', '/')} |" for row in rows]
        parts.append("")
    return "\n".join(parts)
