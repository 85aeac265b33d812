"""An OTLP collector in memory: real sockets, real protobuf, over HTTP or gRPC; it can be out of order."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


@dataclass(frozen=True)
class Span:
    """One span as it arrived. Times in seconds since 1970."""

    name: str
    kind: int
    trace: str
    id: str
    parent: str
    began: float
    ended: float
    failed: bool
    attributes: Mapping[str, Any]
    resource: Mapping[str, Any]


@dataclass
class Collector:
    """`url` is what a config names; `raw` everything that arrived, for leak tests; `headers` of every export."""

    url: str = ""
    refuses: bool = False
    hangs: float = 0.0
    exports: int = 0
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    _spans: list[Span] = field(default_factory=list)

    @property
    def spans(self) -> list[Span]:
        return list(self._spans)

    def wait(self, condition: Callable[[list[Span]], bool], seconds: float = 15.0) -> list[Span]:
        """The spans, once they are as wanted."""
        deadline = time.monotonic() + seconds
        while not condition(self.spans):
            assert time.monotonic() < deadline, [span.name for span in self.spans]
            time.sleep(0.02)
        return self.spans

    def trace(self, request_id: str) -> list[Span]:
        """All spans of one request, once its own has arrived: that is ended last."""

        def own(spans: list[Span]) -> list[Span]:
            return [s for s in spans if s.attributes.get("guardchain.request_id") == request_id]

        (root,) = own(self.wait(lambda spans: bool(own(spans))))
        return [root, *(s for s in self.spans if s.trace == root.trace and s is not root)]

    def take(self, data: bytes, headers: Mapping[str, str]) -> None:
        request = ExportTraceServiceRequest.FromString(data)
        self.raw.append(data)
        self.headers.append({name.lower(): value for name, value in headers.items()})
        for resource in request.resource_spans:
            about = _attributes(resource.resource.attributes)
            for scope in resource.scope_spans:
                self._spans += [_span(span, about) for span in scope.spans]


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(v) for v in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def _span(span: Any, about: Mapping[str, Any]) -> Span:
    assert not span.events, "an event may hold an exception's text"
    assert not span.status.message
    return Span(
        span.name, span.kind, span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(),
        span.start_time_unix_nano / 1e9, span.end_time_unix_nano / 1e9, span.status.code == 2,
        _attributes(span.attributes), about,
    )  # fmt: skip


@contextmanager
def collector(protocol: str = "http/protobuf") -> Iterator[Collector]:
    """A running collector."""
    with _http() if protocol == "http/protobuf" else _grpc() as one:
        yield one


@contextmanager
def _http() -> Iterator[Collector]:
    one = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            one.exports += 1
            time.sleep(one.hangs)
            body = self.rfile.read(int(self.headers["content-length"]))
            if one.refuses or self.path != "/v1/traces":
                self.send_error(400 if one.refuses else 404)
                return
            one.take(gzip.decompress(body) if self.headers["content-encoding"] == "gzip" else body, dict(self.headers))
            answer = ExportTraceServiceResponse().SerializeToString()
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: Any) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    one.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def _grpc() -> Iterator[Collector]:
    import grpc
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
        TraceServiceServicer,
        add_TraceServiceServicer_to_server,
    )

    one = Collector()

    class Service(TraceServiceServicer):  # type: ignore[misc]
        def Export(self, request: Any, context: Any) -> ExportTraceServiceResponse:
            one.exports += 1
            one.take(request.SerializeToString(), {k: str(v) for k, v in context.invocation_metadata()})
            return ExportTraceServiceResponse()

    server = grpc.server(ThreadPoolExecutor(2))
    add_TraceServiceServicer_to_server(Service(), server)
    one.url = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    try:
        yield one
    finally:
        server.stop(0)
