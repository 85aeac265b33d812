"""Sockets and heads."""

from __future__ import annotations

import resource
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from proxy.server import MOST_FILES, Protocol, allow_files, bind, url_of
from tests.end_to_end.served import Served
from tests.support.upstream import FaultyUpstream


@pytest.mark.parametrize(
    ("host", "url"), [("127.0.0.1", "http://127.0.0.1:"), ("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:")]
)
def test_the_url_of_a_socket(host: str, url: str) -> None:
    try:
        sock = bind(host, 0)
    except OSError:
        pytest.skip("no such address here")
    with sock:
        assert url_of(sock) == f"{url}{sock.getsockname()[1]}"


def test_a_port_in_use_is_an_error() -> None:
    with bind("127.0.0.1", 0) as sock:
        sock.listen()
        with pytest.raises(OSError, match="in use"):
            bind("127.0.0.1", sock.getsockname()[1])


async def hello(scope: dict, receive: object, send: object) -> None:  # type: ignore[type-arg]
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"hi"})  # type: ignore[operator]


def test_endless_headers_are_cut_off_and_long_bodies_are_not() -> None:
    server = uvicorn.Server(uvicorn.Config(hello, http=Protocol, port=0, lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        thread.join(0.01)
    address = server.servers[0].sockets[0].getsockname()
    try:
        with socket.create_connection(address, timeout=10) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nhost: x\r\nx-long: ")
            sent = 0
            try:
                while sent < 1 << 24:
                    sent += sock.send(b"a" * 16384)
            except OSError:
                pass
            assert sent < 1 << 24
        for _ in range(2):
            with socket.create_connection(address, timeout=10) as sock:
                size = 300_000
                sock.sendall(b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % size + b"b" * size)
                assert sock.recv(4096).startswith(b"HTTP/1.1 200")
                sock.sendall(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n")
                assert sock.recv(4096)
    finally:
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def few_files() -> Iterator[int]:
    """A soft limit as shells set it; gives the hard one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_as_many_files_as_the_system_lets_us(few_files: int) -> None:
    want = min(MOST_FILES, few_files)
    assert allow_files() == want == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert allow_files(100) == want, "never fewer than before"


def test_the_proxy_starts_with_them(few_files: int, tmp_path: Path) -> None:
    with FaultyUpstream() as upstream:
        settings = {
            "upstreams": {"cloud": {"kind": "openai", "base_url": upstream.url}},
            "policies": {"default": {"sanitize": {"ner": []}}},
            "routes": [{"upstream": "cloud"}],
        }
        with Served(tmp_path, settings) as served:
            limits = Path(f"/proc/{served.process.pid}/limits").read_text()
    row = next(line.split() for line in limits.splitlines() if line.startswith("Max open files"))
    assert int(row[3]) == min(MOST_FILES, few_files)
