"""What a killed build leaves behind is whole, its own, and enough to go on from."""

from __future__ import annotations

import errno
from contextlib import closing

import numpy as np
import pytest

from detectors.prefix_probing.checkpoint import Checkpoint, remove
from guard.errors import ArtifactError


def test_values_come_back_exactly(tmp_path):
    path = tmp_path / "deep" / "x.state"
    first = Checkpoint(path, "k")
    assert first.get("a", []) == []
    value = [0.1 + 0.2, -1e-17, [1, 2]]
    first.put("a", value)
    assert Checkpoint(path, "k").get("a", None) == value
    remove(path)
    assert not path.exists()
    remove(path)


def rows(path, key="k", n=3):
    return Checkpoint(path, key).rows("part", means=(np.float64, 2), first=(np.float32, n))


def test_rows_come_back_exactly_and_grow(tmp_path):
    path = tmp_path / "deep" / "x.state"
    for n in range(4):
        with closing(rows(path)) as found:
            assert len(found) == n
            found.append(means=np.array([0.1 + n, -1e-17]), first=np.array([n, 0.5, -np.inf], np.float32))
    with closing(rows(path)) as found:
        assert found.column("means").tolist() == [[0.1 + n, -1e-17] for n in range(4)]
        assert found.column("first").tolist() == [[n, 0.5, -np.inf] for n in range(4)]
        assert found.column("means").dtype == np.float64
    other = tmp_path / "deep" / "x.state.json"
    other.touch()
    remove(path)
    assert list(path.parent.iterdir()) == [other]


@pytest.mark.parametrize(
    ("damage", "left"),
    [
        (lambda b: b[:-1], 2),
        (lambda b: b[:-40], 1),
        (lambda b: b + b"half a row", 3),
        (lambda b: b[:-3] + b"\0\0\0", 2),
        (lambda b: b[:33] + b"\xff" + b[34:], 0),  # in the first row: nothing behind it is believed
        (lambda b: b"\0" * len(b), 0),
        (lambda b: b[:10], 0),
        (lambda b: b"", 0),
    ],
)
def test_damaged_rows_are_cut_off(tmp_path, damage, left):
    path = tmp_path / "x.state"
    with closing(rows(path)) as found:
        for n in range(3):
            found.append(means=np.full(2, n), first=np.full(3, n))
    file = tmp_path / "x.state.part.rows"
    file.write_bytes(damage(file.read_bytes()))
    with closing(rows(path)) as found:
        assert len(found) == left
        found.append(means=np.full(2, 9), first=np.full(3, 9))
    with closing(rows(path)) as found:
        assert found.column("means")[:, 0].tolist() == [*range(left), 9]


@pytest.mark.parametrize("other", [{"key": "another"}, {"n": 4}])
def test_rows_of_another_build_are_not_used(tmp_path, other):
    with closing(rows(tmp_path / "x.state")) as found:
        found.append(means=np.zeros(2), first=np.zeros(3))
    with closing(rows(tmp_path / "x.state", **other)) as found:
        assert len(found) == 0


@pytest.mark.parametrize("content", ["", "{", "[]", '{"key": "k"}', '{"key": "other", "results": {"a": 1}}', "\x00"])
def test_foreign_files_are_ignored(tmp_path, content):
    path = tmp_path / "x.state"
    path.write_text(content)
    assert Checkpoint(path, "k").get("a", "fresh") == "fresh"


def test_without_a_path_nothing_is_kept():
    checkpoint = Checkpoint(None, "k")
    checkpoint.put("a", 1)
    assert checkpoint.get("a", None) == 1
    with closing(rows(None)) as found:
        found.append(means=np.ones(2), first=np.ones(3))
        assert found.column("first").tolist() == [[1, 1, 1]]


def test_rows_that_cannot_be_written_are_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ArtifactError, match=r"cannot write .*file/x.state.part.rows: "):
        rows(tmp_path / "file" / "x.state")

    class Full:
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    with closing(rows(tmp_path / "x.state")) as found:
        file, found._file = found._file, Full()
        with pytest.raises(ArtifactError, match=r"cannot write .*x.state.part.rows: No space left"):
            found.append(means=np.ones(2), first=np.ones(3))
        found._file = file
