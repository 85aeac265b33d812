"""Processes of a benchmark: started, pinned, waited for, watched through /proc, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


class Process:
    """A started program and all that it starts. `log` takes what it prints."""

    def __init__(
        self, command: Sequence[str], log: Path, *, env: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> None:
        self.log = log
        with log.open("wb") as out:
            self._popen = subprocess.Popen(  # noqa: S603 commands are the benchmark's own
                command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True, cwd=cwd,
                env={**os.environ, **(env or {})},
            )  # fmt: skip

    @property
    def pid(self) -> int:
        return self._popen.pid

    def wait_for(self, url: str, seconds: float = 300.0) -> None:
        """Until `url` answers 200. Raises `RuntimeError` with the end of the log."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self._popen.poll() is not None:
                break
            with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2) as answer:  # noqa: S310
                if answer.status == 200:
                    return
            time.sleep(0.2)
        raise RuntimeError(f"{url} does not answer; the log ends: {self.log.read_text('utf-8', 'replace')[-1500:]}")

    def stop(self) -> None:
        """Terminate the process and its group; kill what is left after five seconds."""
        for how in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, how)
            try:
                self._popen.wait(5)
            except subprocess.TimeoutExpired:
                continue
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


def tree(pid: int) -> list[int]:
    """A process and its living descendants."""
    found = [pid]
    for parent in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def cpu_seconds(pids: Sequence[int]) -> float:
    """Processor time of processes and their descendants, of ended and waited-for children too."""
    total = 0
    for pid in pids:
        for one in tree(pid):
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
                total += sum(int(fields[i]) for i in ((11, 12, 13, 14) if one == pid else (11, 12)))
    return total / _TICK


def resident_bytes(pids: Sequence[int]) -> int:
    """Proportional set size where the kernel tells it (pages shared by workers count once), else resident pages."""
    total = 0
    for pid in pids:
        for one in tree(pid):
            try:
                rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
                total += next(int(line.split()[1]) * 1024 for line in rollup.splitlines() if line.startswith("Pss:"))
            except (OSError, StopIteration):
                with contextlib.suppress(OSError):
                    total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * _PAGE
    return total


def pin(pids: Sequence[int], cores: Sequence[int]) -> None:
    """Keep processes, with all their threads and children, on these cores."""
    for pid in pids:
        for one in tree(pid):
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{one}/task").iterdir():
                    with contextlib.suppress(OSError):
                        os.sched_setaffinity(int(task.name), cores)


def busy_seconds() -> float:
    """Processor time the whole machine has spent, stolen time included."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, irq, soft, steal = (int(f) for f in fields[:8])
    return (user + nice + system + irq + soft + steal) / _TICK


@contextlib.contextmanager
def running(*processes: Process) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.stop()
