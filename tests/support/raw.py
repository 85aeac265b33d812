"""Requests that no well-behaved client would send, over a plain socket."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping, Sequence

Answer = tuple[int, dict[str, str], bytes]


def request(
    address: tuple[str, int],
    method: str,
    target: str,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    *,
    length: bool = True,
) -> Answer:
    """Send one request exactly as given; `length` adds a right Content-Length."""
    lines = [f"{method} {target} HTTP/1.1", "host: x", "connection: close", "content-type: application/json"]
    lines += [f"{k}: {v}" for k, v in (headers or {}).items()]
    if length:
        lines.append(f"content-length: {len(body)}")
    return _exchange(address, "\r\n".join([*lines, "", ""]).encode("latin-1") + body)


def chunked(address: tuple[str, int], target: str, pieces: Sequence[bytes]) -> Answer:
    """POST with chunked transfer encoding."""
    head = f"POST {target} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n".encode()
    body = b"".join(f"{len(p):x}\r\n".encode() + p + b"\r\n" for p in pieces) + b"0\r\n\r\n"
    return _exchange(address, head + body)


def _exchange(address: tuple[str, int], raw: bytes) -> Answer:
    got = b""
    with socket.create_connection(address, timeout=20) as sock:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            sock.sendall(raw)  # may be refused before we are through: the answer is what counts
        while piece := sock.recv(65536):
            got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunk(body)
    return int(first.split(" ")[1]), headers, body


def _unchunk(raw: bytes) -> bytes:
    out = b""
    while raw:
        size, _, raw = raw.partition(b"\r\n")
        n = int(size, 16)
        out, raw = out + raw[:n], raw[n + 2 :]
        if not n:
            break
    return out
