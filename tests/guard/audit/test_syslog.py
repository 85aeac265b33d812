"""RFC 5424 messages at real sockets: each transport, a server that comes late, goes away, or never comes."""

from __future__ import annotations

import contextlib
import json
import queue
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guard import ConfigError
from guard.audit import Audit, AuditRecord
from guard.audit.syslog import SyslogSink

MESSAGE = re.compile(rb"<134>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ guardchain \d+ audit - (\{.*\})", re.DOTALL)


def body(message: bytes) -> dict[str, object]:
    found = MESSAGE.fullmatch(message)
    assert found is not None, message
    made = json.loads(found[1])
    assert isinstance(made, dict)
    return made


class Server:
    """Listens until closed; `got` holds message after message, unframed."""

    def __init__(self, sock: socket.socket, *, stream: bool, context: ssl.SSLContext | None = None) -> None:
        self.got: queue.Queue[bytes] = queue.Queue()
        self.sock = sock
        self._context = context
        self._connections: list[socket.socket] = []
        if stream:
            sock.listen(8)
        threading.Thread(target=self._accept if stream else self._receive, daemon=True).start()

    def close(self) -> None:
        self.sock.close()
        self.drop()

    def drop(self) -> None:
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            connection.close()
        self._connections = []

    def _receive(self) -> None:
        try:
            while True:
                self.got.put(self.sock.recv(1 << 17))
        except OSError:
            return

    def _accept(self) -> None:
        try:
            while True:
                connection, _ = self.sock.accept()
                if self._context is not None:
                    connection = self._context.wrap_socket(connection, server_side=True)
                self._connections.append(connection)
                threading.Thread(target=self._read, args=(connection,), daemon=True).start()
        except OSError:
            return

    def _read(self, connection: socket.socket) -> None:
        try:
            with connection.makefile("rb") as stream:
                if connection.family == socket.AF_UNIX:
                    for line in stream:
                        self.got.put(line.removesuffix(b"\n"))
                    return
                while True:
                    size = b""
                    while not size.endswith(b" "):
                        if not (one := stream.read(1)):
                            return
                        size += one
                    self.got.put(stream.read(int(size)))
        except (OSError, ValueError):
            return


def listening(kind: socket.SocketKind, port: int = 0) -> socket.socket:
    sock = socket.socket(socket.AF_INET, kind)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    return sock


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    directory = tmp_path_factory.mktemp("tls")
    key, cert = directory / "key.pem", directory / "cert.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return key, cert


@pytest.fixture(params=["udp", "tcp", "tls", "unix", "unix stream"])
def served(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[str, Server]]:
    transport = request.param
    if transport.startswith("unix"):
        stream = transport.endswith("stream")
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if stream else socket.SOCK_DGRAM)
        path = tmp_path / "log"
        sock.bind(str(path))
        server, url = Server(sock, stream=stream), f"unix://{path}"
    elif transport == "udp":
        server = Server(listening(socket.SOCK_DGRAM), stream=False)
        url = f"udp://127.0.0.1:{server.sock.getsockname()[1]}"
    else:
        context = None
        if transport == "tls":
            key, cert = request.getfixturevalue("certificate")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(cert, key)
            monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        server = Server(listening(socket.SOCK_STREAM), stream=True, context=context)
        url = f"{transport}://localhost:{server.sock.getsockname()[1]}"
    yield url, server
    server.close()


def test_lines_arrive_in_order(served: tuple[str, Server]) -> None:
    url, server = served
    sink = SyslogSink(url)
    audit = Audit(sink)
    for number in range(20):
        audit.write(AuditRecord(request_id=str(number), endpoint="/v1/chat/completions"))
    got = [body(server.got.get(timeout=10)) for _ in range(20)]
    assert [one["request_id"] for one in got] == [str(number) for number in range(20)]
    audit.close()
    audit.write(AuditRecord(request_id="again", endpoint="/v1/chat/completions"))
    assert body(server.got.get(timeout=10))["request_id"] == "again"
    audit.close()


def test_facility() -> None:
    server = Server(listening(socket.SOCK_DGRAM), stream=False)
    sink = SyslogSink(f"udp://127.0.0.1:{server.sock.getsockname()[1]}", facility="audit")
    sink.write(b"{}")
    assert server.got.get(timeout=10).startswith(b"<110>1 ")
    sink.close()
    server.close()


def test_a_certificate_nobody_vouches_for_gets_nothing(certificate: tuple[Path, Path]) -> None:
    key, cert = certificate
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server = Server(listening(socket.SOCK_STREAM), stream=True, context=context)
    sink = SyslogSink(f"tls://localhost:{server.sock.getsockname()[1]}")
    sink.write(b"{}")
    with pytest.raises(queue.Empty):
        server.got.get(timeout=1)
    sink.close()
    server.close()


def test_lines_wait_for_a_server_that_comes_late_and_one_that_comes_back() -> None:
    with listening(socket.SOCK_STREAM) as reserved:
        port = reserved.getsockname()[1]
    sink = SyslogSink(f"tcp://127.0.0.1:{port}")
    for number in range(3):
        sink.write(b'{"n":%d}' % number)
    time.sleep(0.2)
    server = Server(listening(socket.SOCK_STREAM, port), stream=True)
    assert [body(server.got.get(timeout=10))["n"] for _ in range(3)] == [0, 1, 2]
    server.drop()
    sink.write(b'{"n":3}')
    assert body(server.got.get(timeout=10))["n"] == 3
    sink.close()
    server.close()


def test_a_server_that_never_comes_loses_what_does_not_fit(caplog: pytest.LogCaptureFixture) -> None:
    with listening(socket.SOCK_STREAM) as reserved:
        port = reserved.getsockname()[1]
    lost: list[int] = []
    audit = Audit(SyslogSink(f"tcp://127.0.0.1:{port}", waiting=3), on_failure=lambda: lost.append(1))
    began = time.monotonic()
    for number in range(10):
        audit.write(AuditRecord(request_id=str(number), endpoint="/v1/chat/completions"))
    assert 6 <= len(lost) <= 7 and audit.failing
    audit.close()
    assert time.monotonic() - began < 10
    assert "audit line lost: Full" in caplog.text


@pytest.mark.parametrize("transport", ["tcp", "unix"])
def test_a_reader_that_stalls_holds_nobody_up(tmp_path: Path, transport: str, caplog: pytest.LogCaptureFixture) -> None:
    if transport == "tcp":
        sock = listening(socket.SOCK_STREAM)
        sock.listen()
        url = f"tcp://127.0.0.1:{sock.getsockname()[1]}"
    else:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sock.bind(str(tmp_path / "log"))
        url = f"unix://{tmp_path / 'log'}"
    sink = SyslogSink(url, waiting=100)
    written, began = 0, time.monotonic()
    with pytest.raises(queue.Full):
        while time.monotonic() < began + 10:
            sink.write(b"x" * 60_000)
            written += 1
            time.sleep(0.001)
    assert 100 <= written < 1000
    began = time.monotonic()
    sink.close()
    assert time.monotonic() - began < 4
    assert "audit lines were not sent to syslog" in caplog.text
    sock.close()


def test_a_name_that_is_none_ends_no_thread() -> None:
    sink = SyslogSink(f"tcp://{'a' * 70}.example:514")
    sink.write(b"{}")
    time.sleep(0.3)
    assert sink._sender is not None and sink._sender.is_alive()
    sink.close()


@pytest.mark.parametrize("url", ["udp://127.0.0.1:9", "unix:///dev/null"])
def test_a_line_no_datagram_holds_is_lost_at_once(url: str) -> None:
    with pytest.raises(OSError, match="too long"):
        SyslogSink(url).write(b"x" * 70_000)


@pytest.mark.parametrize(
    "url", ["", "host", "http://host", "udp://", "udp://host/path", "udp://host:99999", "unix://", "tcp://u:p@host"]
)
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(ConfigError, match=r"audit\.syslog must be udp://host:514"):
        SyslogSink(url)
