"""The manual's table says of every type what becomes of it, and is up to date."""

from __future__ import annotations

from pathlib import Path

from sanitizers.detect import known_types
from sanitizers.kinds import rows, table

MANUAL = Path(__file__).parents[2] / "docs/sanitise.md"


def test_every_type_is_there_once() -> None:
    listed = [name.split("`")[1] for types, _, _ in rows() for name in types.split(", ")]
    assert sorted(listed) == sorted(known_types())
    assert all(found and stand_in for _, found, stand_in in rows())


def test_the_manual_is_up_to_date() -> None:
    assert table() in MANUAL.read_text("utf-8"), "run scripts/generate.py"
