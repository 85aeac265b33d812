"""A good file takes over, a bad one leaves the old serving: real files, real signals, real symlink swaps."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from guard import ArtifactError
from guard.config import Config, load
from guard.reload import Watcher

GOOD = "log: {level: %s}\n"


class Recorder:
    """Stands where the server and the metrics do."""

    def __init__(self) -> None:
        self.levels: list[str] = []
        self.reloads: list[bool] = []
        self.hangups = 0
        self.fail = False

    async def take_over(self, config: Config) -> None:
        if self.fail:
            raise ArtifactError("made for another model")
        self.levels.append(config.log.level)

    def reload(self, ok: bool) -> None:
        self.reloads.append(ok)

    def hangup(self) -> None:
        self.hangups += 1


@contextlib.asynccontextmanager
async def watching(path: Path, recorder: Recorder) -> AsyncIterator[Watcher]:
    watcher = Watcher(path, load(path), recorder.take_over, metrics=recorder, on_hangup=recorder.hangup, settle=0.05)
    task = asyncio.create_task(watcher.run())
    await asyncio.sleep(0.1)
    try:
        yield watcher
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - waits for the file system, which sets no event
            await asyncio.sleep(0.02)


def test_file_change(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "guard.yaml"
    file.write_text(GOOD % "info")

    async def scenario() -> None:
        recorder = Recorder()
        async with watching(file, recorder) as watcher:
            file.write_text(GOOD % "debug")
            await until(lambda: recorder.levels == ["debug"])
            file.write_text("log: {levle: debug}")
            await until(lambda: recorder.reloads == [True, False])
            assert watcher.current.log.level == "debug"
            # an editor's way: a new file moved over the old one
            (tmp_path / "new").write_text(GOOD % "warning")
            (tmp_path / "new").replace(file)
            await until(lambda: recorder.levels == ["debug", "warning"])
            file.unlink()
            await until(lambda: recorder.reloads == [True, False, True, False])
            assert watcher.current.log.level == "warning"
            file.write_text(GOOD % "error")
            await until(lambda: recorder.levels[-1] == "error")
        assert recorder.hangups == 0

    with caplog.at_level(logging.INFO, "guard.reload"):
        asyncio.run(scenario())
    assert "the old config stays in use" in caplog.text
    assert "line 1: log.levle: unknown key; did you mean 'level'?" in caplog.text


def test_hangup(tmp_path: Path) -> None:
    file = tmp_path / "guard.yaml"
    file.write_text(GOOD % "info")

    async def scenario() -> None:
        recorder = Recorder()
        async with watching(file, recorder):
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: recorder.levels == ["info"])  # also without a change: artefacts may have changed
            assert (recorder.hangups, recorder.reloads) == (1, [True])
            recorder.fail = True
            os.kill(os.getpid(), signal.SIGHUP)
            await until(lambda: recorder.reloads == [True, False])
            assert recorder.hangups == 2

    before = signal.getsignal(signal.SIGHUP)
    asyncio.run(scenario())
    assert signal.getsignal(signal.SIGHUP) == before


def test_kubernetes_swaps_a_link(tmp_path: Path) -> None:
    def publish(version: str, level: str) -> None:
        (tmp_path / version).mkdir()
        (tmp_path / version / "guard.yaml").write_text(GOOD % level)
        (tmp_path / "..data_tmp").symlink_to(version)
        (tmp_path / "..data_tmp").replace(tmp_path / "..data")

    publish("..v1", "info")
    file = tmp_path / "guard.yaml"
    file.symlink_to("..data/guard.yaml")

    async def scenario() -> None:
        recorder = Recorder()
        async with watching(file, recorder):
            for number, level in enumerate(("debug", "warning"), start=2):
                publish(f"..v{number}", level)
                (tmp_path / f"..v{number - 1}" / "guard.yaml").unlink()
                (tmp_path / f"..v{number - 1}").rmdir()
                await until(lambda level=level: recorder.levels[-1:] == [level])  # type: ignore[misc]
        assert recorder.reloads == [True, True]

    asyncio.run(scenario())


def test_a_link_to_a_file_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "named").mkdir()
    real, file = tmp_path / "real" / "config.txt", tmp_path / "named" / "guard.yaml"
    real.write_text(GOOD % "info")
    file.symlink_to(real)

    async def scenario() -> None:
        recorder = Recorder()
        async with watching(file, recorder):
            real.write_text(GOOD % "debug")
            await until(lambda: recorder.levels == ["debug"])

    asyncio.run(scenario())


def test_touching_and_neighbours_are_no_change(tmp_path: Path) -> None:
    file = tmp_path / "guard.yaml"
    file.write_text(GOOD % "info")

    async def scenario() -> None:
        recorder = Recorder()
        async with watching(file, recorder):
            file.touch()
            (tmp_path / "audit.jsonl").write_text("{}")
            await asyncio.sleep(0.7)
        assert recorder.reloads == []

    asyncio.run(scenario())


def test_half_a_file_is_waited_for(tmp_path: Path) -> None:
    """The first half is valid, and has no tenants: taking it over would open the proxy to all."""
    file = tmp_path / "guard.yaml"
    file.write_text(GOOD % "info")

    async def scenario() -> None:
        recorder = Recorder()
        async with watching(file, recorder) as watcher:
            watcher._settle = 0.3
            with file.open("w") as out:
                out.write(GOOD % "debug")
                out.flush()
                for _ in range(6):
                    await asyncio.sleep(0.1)
                    out.write("#\n")
                    out.flush()
                out.write(f"tenants: [{{name: a, key_sha256: ['{'a' * 64}']}}]\n")
            await until(lambda: len(recorder.reloads) == 1)
            assert watcher.current.tenants

    asyncio.run(scenario())


def test_server_needs_a_restart(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "guard.yaml"
    file.write_text(GOOD % "info")

    async def scenario() -> None:
        watcher = Watcher(file, load(file), Recorder().take_over)
        file.write_text("server: {port: 1}")
        assert await watcher.reload()

    asyncio.run(scenario())
    assert "take effect after a restart" in caplog.text
