"""The provider behind every subject: answers at once, or streams at a fixed pace; as lean as Python allows.

`python -m benchmarks.overhead.upstream PORT`. It repeats the first e-mail address it finds in a request, so that a
proxy that restores has something to restore. Streams do without: text is held back while a stand-in may be under
way, and that would be counted as a gap.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from typing import Any

import httptools
import uvloop

CHUNKS = int(os.environ.get("PROVIDER_CHUNKS", "40"))
PACE = float(os.environ.get("PROVIDER_PACE", "0.010"))
"""Pieces of a streamed answer, and the seconds between two of them."""

_ADDRESS = re.compile(rb"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_SAID = "Certainly. I have written to {} and asked for a call next week; the draft is attached, please have a look. "


def said(address: str) -> str:
    return (_SAID * 2).format(address, address)


def whole(address: str) -> bytes:
    """A response, head and all."""
    message = {"role": "assistant", "content": said(address), "refusal": None}
    body = json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_700_000_000,
            "model": "echo",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150},
        }
    ).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def pieces(address: str) -> list[bytes]:
    """The frames of a streamed answer, `[DONE]` and the end of the transfer in the last."""
    text = said(address)
    size = -(-len(text) // CHUNKS)
    deltas: list[tuple[dict[str, Any], str | None]] = [({"role": "assistant", "content": text[:size]}, None)]
    deltas += [({"content": text[i : i + size]}, None) for i in range(size, len(text), size)]
    deltas.append(({}, "stop"))
    frames = []
    for delta, finish in deltas:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "echo"}
        frames.append(_framed(b"data: " + json.dumps({**chunk, "choices": [choice]}).encode() + b"\n\n"))
    frames[-1] += _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    return frames


def _framed(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


class Provider(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)
        self.body: list[bytes] = []
        self.loop = asyncio.get_running_loop()

    def data_received(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserError:
            self.transport.close()

    def on_body(self, data: bytes) -> None:
        self.body.append(data)

    def on_message_complete(self) -> None:
        body = b"".join(self.body)
        self.body.clear()
        found = _ADDRESS.search(body)
        address = found[0].decode() if found else "nobody@example.com"
        if b'"stream":true' in body or b'"stream": true' in body:
            self._stream("the office")
        else:
            self._write(whole(address))

    def _stream(self, address: str) -> None:
        frames = pieces(address)
        began = self.loop.time()
        self._write(_HEAD + frames[0])
        for i, frame in enumerate(frames[1:], 1):
            self.loop.call_at(began + i * PACE, self._write, frame)

    def _write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)  # type: ignore[attr-defined]


async def main(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Provider, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
