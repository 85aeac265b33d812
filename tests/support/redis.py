"""A Redis server of one's own on a free port, which tests may kill."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.support.tools import need


class RedisServer:
    """`with RedisServer(directory) as server: server.url`. Keeps nothing over a restart; `options` are the server's."""

    def __init__(self, directory: Path, *options: str) -> None:
        self._options = options
        self._program = need("redis-server")
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        with socket.socket() as sock:
            sock.bind(("127.0.0.1", 0))
            self.port = int(sock.getsockname()[1])
        self.url = f"redis://127.0.0.1:{self.port}/0"

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        arguments = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(
            [self._program, *arguments, "--dir", str(self._directory), *self._options],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert self._process.poll() is None, "redis-server ended"
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as sock:
                    sock.sendall(b"PING\r\n")
                    if sock.recv(16).startswith((b"+PONG", b"-NOAUTH")):
                        return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("redis-server did not answer")

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def signal(self, number: int) -> None:
        """SIGSTOP leaves it deaf with its connections open, SIGCONT wakes it."""
        assert self._process is not None
        self._process.send_signal(number)

    def command(self, *words: str) -> Any:
        import redis

        with redis.Redis(port=self.port) as client:
            return client.execute_command(*words)
