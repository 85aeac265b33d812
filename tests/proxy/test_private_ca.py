"""Servers whose certificates only an authority of one's own vouches for: how the proxy comes to trust them."""

from __future__ import annotations

import asyncio
import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.redis import RedisServer
from tests.support.tools import need

ROOT = Path(__file__).parents[2]

# Processes of their own: the client reads SSL_CERT_FILE when it is imported.
_UPSTREAM = """
import asyncio, sys
from proxy.upstream.base import Call
from proxy.upstream.http import HttpUpstream

async def main():
    upstream = HttpUpstream("own", base_url=sys.argv[1])
    await upstream.start()
    print(await upstream.ready())
    await upstream.close()

asyncio.run(main())
"""
_STORE = """
import asyncio, sys
from proxy.store import StoreUnavailable
from proxy.store.redis import RedisStore

async def main():
    store = RedisStore(sys.argv[1], seconds=10)
    try:
        await store.put("k", b"v", 60)
        print(await store.get("k") == b"v")
    except StoreUnavailable:
        print(False)
    await store.close()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Key and certificate of `localhost`, signed by itself."""
    directory = tmp_path_factory.mktemp("tls")
    key, cert = directory / "key.pem", directory / "ca.pem"
    subprocess.run(
        [need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    return key, cert


@pytest.fixture(scope="module")
def https(certificate: tuple[Path, Path]) -> Iterator[str]:
    """A server that answers 200 to everything."""
    key, cert = certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        await writer.drain()
        writer.close()

    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    opening = asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    server = asyncio.run_coroutine_threadsafe(opening, loop).result(10)
    yield f"https://localhost:{server.sockets[0].getsockname()[1]}"
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(10)


@pytest.fixture(scope="module")
def rediss(certificate: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    key, cert = certificate
    with RedisServer(tmp_path_factory.mktemp("unused")) as free:
        port = free.port
    options = ("--tls-port", str(port), "--tls-cert-file", str(cert), "--tls-key-file", str(key))
    with RedisServer(tmp_path_factory.mktemp("redis"), *options, "--tls-auth-clients", "no"):
        yield f"rediss://localhost:{port}/0"


def said(program: str, url: str, **environment: str) -> str:
    clean = {k: v for k, v in os.environ.items() if not k.startswith("SSL_CERT")}
    done = subprocess.run(
        [sys.executable, "-c", program, url],
        env={**clean, "PYTHONPATH": str(ROOT), **environment}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_an_upstream(https: str, certificate: tuple[Path, Path]) -> None:
    assert said(_UPSTREAM, https) == "False"
    assert said(_UPSTREAM, https, SSL_CERT_FILE=str(certificate[1])) == "True"


def test_an_outbound_proxy_of_the_environment_is_ignored(https: str, certificate: tuple[Path, Path]) -> None:
    nowhere = {"HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"}
    assert said(_UPSTREAM, https, SSL_CERT_FILE=str(certificate[1]), **nowhere) == "True"


def test_a_store(rediss: str, certificate: tuple[Path, Path]) -> None:
    assert said(_STORE, rediss) == "False"
    assert said(_STORE, rediss, SSL_CERT_FILE=str(certificate[1])) == "True"
    assert said(_STORE, f"{rediss}?ssl_ca_certs={certificate[1]}") == "True"


def test_a_file_of_one_s_own_leaves_the_system_s_directory(
    https: str, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    """SSL_CERT_FILE takes the place of one file; the directory of the system's roots is read as before."""
    _, cert = certificate
    subprocess.run(
        [need("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", os.devnull, "-subj", "/CN=other",
         "-out", tmp_path / "other.pem", "-days", "2"],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    directory = tmp_path / "roots"
    directory.mkdir()
    (directory / "ca.pem").write_bytes(cert.read_bytes())
    subprocess.run([need("openssl"), "rehash", directory], check=True, capture_output=True, timeout=60)
    both = {"SSL_CERT_FILE": str(tmp_path / "other.pem"), "SSL_CERT_DIR": str(directory)}
    assert said(_UPSTREAM, https, **both) == "True"
