"""The vLLM upstream against servers that are not what they should be; the real one is in tests/vllm."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from guard.errors import UpstreamError
from guard.metrics import Metrics
from guard.verdict import Decision, Finding, Mode, OnError, Verdict
from proxy.upstream import vllm
from proxy.upstream.base import Call, Reply, Upstream
from proxy.upstream.resilience import Resilience
from proxy.upstream.vllm import VllmUpstream
from steering.vllm_plugin import wire
from tests.proxy.upstream.test_http import Server, whole

SECRET = "sixteen-characters-and-more"
GOOD = {
    "protocol": wire.PROTOCOL,
    "plugin": "0.1.0",
    "vllm": "0.32.0",
    "runner": "v2",
    "compiled": True,
    "model": {"name": "m", "weights": "0"},
    "dtype": "float32",
    "probes": {"sha256": "0"},
    "subspace": {"sha256": "0", "layers": [1], "window": 1},
    "canary": {"prompt": 1.0},
    "open": [],
}
FINDINGS = (Finding("probe", score=1.5, detail={"stage": "full"}), Finding("steer", Verdict.STEER, strength=0.5))
ANSWER = {"id": "x", "choices": []}
CALL = Call("/v1/chat/completions", {"model": "m", "messages": []})


def served(
    status: Any = GOOD, *, code: str = "200 OK", answer: str = "200 OK", findings: str | None = ""
) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]:
    """A server that answers the status question with `status`, then calls with `findings` in a header."""
    header = wire.findings_header(Decision(FINDINGS)) if findings == "" else findings
    replies = iter([whole(orjson.dumps(status), code)])
    extra = "" if header is None else f"{wire.FINDINGS}: {header}\r\n"

    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(next(replies, whole(orjson.dumps(ANSWER), answer, extra)))
        await writer.drain()

    return serve


def answered() -> bytes:
    return whole(orjson.dumps(ANSWER), "200 OK", f"{wire.FINDINGS}: {wire.findings_header(Decision(FINDINGS))}\r\n")


def without(*names: str) -> dict[str, Any]:
    """The status of a plugin that knows fewer fields."""
    return {k: v for k, v in GOOD.items() if k not in names}


async def sent(server: Server, call: Call = CALL, **options: Any) -> Reply:
    upstream: Upstream = VllmUpstream("v", base_url=server.url + "/v1", secret=SECRET, **options)
    await upstream.start()
    try:
        return await upstream.send(call)
    finally:
        await upstream.close()


def run(check: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(check(), 30))  # type: ignore[arg-type]


def test_findings_come_back() -> None:
    async def check() -> None:
        async with Server(served()) as server:
            reply = await sent(server)
            assert [(f.check, f.verdict, f.score, f.strength) for f in reply.findings] == [
                ("probe", Verdict.ALLOW, 1.5, None),
                ("steer", Verdict.STEER, None, 0.5),
            ]
            assert [line for line, _, _ in server.requests] == [
                f"GET {wire.STATUS} HTTP/1.1",
                "POST /v1/chat/completions HTTP/1.1",
            ]

    run(check)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"code": "404 Not Found"}, "without the guard"),
        ({"code": "401 Unauthorized"}, "another secret"),
        ({"code": "500 Oops"}, "answers 500"),
        ({"status": {**GOOD, "protocol": 99}}, "another protocol"),
        ({"status": [1]}, "another protocol"),
        ({"status": {**GOOD, "canary": None}}, "not proved"),
        ({"status": without("runner", "plugin")}, r"lacks plugin, runner: its guardchain \(version unknown\)"),
        ({"status": without("canary")}, r"lacks canary: its guardchain \(0\.1\.0\)"),
        ({"status": {**GOOD, "probes": {}, "subspace": {"sha256": "0"}}}, "lacks probes.sha256, subspace.layers"),
        ({"status": {**GOOD, "model": "m"}}, "lacks model.name, model.weights"),
        ({"findings": None}, "does not say what its guard found"),
        ({"findings": "[{}]"}, "does not say what its guard found"),
        ({"findings": "nonsense"}, "does not say what its guard found"),
        ({"answer": "401 Unauthorized"}, "another secret"),
    ],
)
def test_a_server_that_does_not_answer_rightly_is_not_used(options: dict[str, Any], says: str) -> None:
    async def check() -> None:
        async with Server(served(**options)) as server:
            with pytest.raises(UpstreamError, match=says) as failure:
                await sent(server)
            assert failure.value.reason == "unguarded"
            assert failure.value.status == 503

    run(check)


def test_ready() -> None:
    async def check() -> None:
        scoring_only = {**GOOD, "subspace": None, "canary": None}
        older = without("probes")
        for status, ready in ((GOOD, True), (scoring_only, True), ({**GOOD, "protocol": 0}, False), (older, False)):
            async with Server(served(status)) as server:
                upstream = VllmUpstream("v", base_url=server.url, secret=SECRET)
                await upstream.start()
                assert await upstream.ready() is ready
                await upstream.close()
        upstream = VllmUpstream("v", base_url="http://127.0.0.1:9", secret=SECRET)
        await upstream.start()
        assert not await upstream.ready()
        await upstream.close()

    run(check)


async def hanging(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


def guarded_by_breaker(server: Server, failures: int, seconds: float = 60.0) -> VllmUpstream:
    resilience = Resilience("v", Metrics(), retries=0, wait=1.0, failures=failures, seconds=seconds)
    return VllmUpstream("v", base_url=server.url, secret=SECRET, resilience=resilience)


async def reason(upstream: VllmUpstream) -> str:
    with pytest.raises(UpstreamError) as failure:
        await upstream.send(CALL)
    return failure.value.reason


def test_a_server_that_hangs_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who comes meanwhile waits for the same question, and after some of them nobody waits."""
    monkeypatch.setattr(vllm, "_STATUS_SECONDS", 0.4)

    async def check() -> None:
        async with Server(hanging) as server:
            upstream = guarded_by_breaker(server, failures=2)
            await upstream.start()
            began = asyncio.get_running_loop().time()
            assert await asyncio.gather(*(reason(upstream) for _ in range(6))) == ["status_timeout"] * 6
            assert asyncio.get_running_loop().time() - began < 0.8, "together, not one after another"
            assert len(server.requests) == 1
            assert await reason(upstream) == "status_timeout"
            assert await reason(upstream) == "circuit_open"
            await upstream.close()

    run(check)


def test_who_leaves_takes_the_answer_from_nobody() -> None:
    async def check() -> None:
        asked = asyncio.Event()
        answer = served()

        async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.set()
            await asyncio.sleep(0.2)
            await answer(reader, writer)

        async with Server(slow) as server:
            upstream = guarded_by_breaker(server, failures=1)
            await upstream.start()
            first, second = (asyncio.ensure_future(upstream.send(CALL)) for _ in range(2))
            await asked.wait()
            first.cancel()
            assert (await second).status == 200
            assert first.cancelled()
            assert [line for line, _, _ in server.requests].count(f"GET {wire.STATUS} HTTP/1.1") == 1
            await upstream.close()

    run(check)


def test_a_server_that_says_what_it_is_and_serves_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """The status comes from the front; only what the engine answers makes its failures forgotten."""
    monkeypatch.setattr(vllm, "_FRESH_SECONDS", 0.0)

    async def check() -> None:
        async def front(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if wire.STATUS in server.requests[-1][0]:
                writer.write(whole(orjson.dumps(GOOD)))
            else:
                writer.write(whole(b"{}", "503 Service Unavailable"))

        async with Server(front) as server:
            upstream = guarded_by_breaker(server, failures=2)
            await upstream.start()
            assert [(await upstream.send(CALL)).status for _ in range(2)] == [503, 503]
            assert await reason(upstream) == "circuit_open"
            await upstream.close()

    run(check)


def test_a_restart_that_only_readiness_saw_costs_no_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """What opened the breaker closes it: the server says again what it is. Requests then all go at once."""
    monkeypatch.setattr(vllm, "_FRESH_SECONDS", 0.0)
    up, generating = False, asyncio.Event()

    async def front(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if up and wire.STATUS in server.requests[-1][0]:
            writer.write(whole(orjson.dumps(GOOD)))
        elif up and "models" in server.requests[-1][0]:
            writer.write(whole(b'{"data": []}'))
        elif up:
            await generating.wait()
            writer.write(answered())
        else:
            writer.close()

    server = Server(front)

    async def check() -> None:
        nonlocal up
        async with server:
            upstream = guarded_by_breaker(server, failures=3, seconds=0.2)
            await upstream.start()
            for _ in range(6):
                assert not await upstream.ready()
            up = True
            await asyncio.sleep(0.3)
            assert await upstream.ready()
            requests = [asyncio.ensure_future(upstream.send(CALL)) for _ in range(4)]
            await asyncio.sleep(0.1)
            assert await upstream.ready(), "while all of them are being answered"
            generating.set()
            assert [r.status for r in await asyncio.gather(*requests)] == [200] * 4
            for up in (False, True) * 3:
                await asyncio.sleep(0.0 if up else 0.6)  # a good word is good for half a second
                assert await upstream.ready() is up, "failures in a row are meant"
            await upstream.close()

    run(check)


def test_readiness_while_one_request_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """The probe of a half-open breaker is a request: asking what the server is neither takes its place nor waits."""
    monkeypatch.setattr(vllm, "_FRESH_SECONDS", 0.0)
    broken = True

    async def front(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if wire.STATUS in server.requests[-1][0]:
            writer.write(whole(orjson.dumps(GOOD)))
        elif "models" in server.requests[-1][0]:
            writer.write(whole(b'{"data": []}'))
        elif broken:
            writer.write(whole(b"{}", "503 Service Unavailable"))
        else:
            await asyncio.sleep(0.5)
            writer.write(answered())

    server = Server(front)

    async def check() -> None:
        nonlocal broken
        async with server:
            upstream = guarded_by_breaker(server, failures=2, seconds=0.2)
            await upstream.start()
            assert [(await upstream.send(CALL)).status for _ in range(2)] == [503, 503]
            assert await reason(upstream) == "circuit_open" and not await upstream.ready()
            broken = False
            await asyncio.sleep(0.3)
            for _ in range(3):
                assert await upstream.ready()
            first = asyncio.ensure_future(upstream.send(CALL))
            await asyncio.sleep(0.1)
            assert await upstream.ready()
            assert await reason(upstream) == "circuit_open", "one at a time"
            assert (await first).status == 200 and (await upstream.send(CALL)).status == 200
            await upstream.close()

    run(check)


def test_closing_while_somebody_asks() -> None:
    async def check() -> None:
        async with Server(hanging) as server:
            upstream = VllmUpstream("v", base_url=server.url, secret=SECRET)
            await upstream.start()
            waiting = asyncio.ensure_future(upstream.send(CALL))
            await asyncio.sleep(0.1)
            await upstream.close()
            with pytest.raises(UpstreamError, match="closed"):
                await waiting

    run(check)


def test_clients_cannot_speak_to_the_plugin() -> None:
    async def check() -> None:
        async with Server(served()) as server:
            call = Call(
                "/v1/chat/completions",
                {"model": "m", "vllm_xargs": {"guardchain_strength": 1.0}, "cache_salt": "x", "temperature": 1},
                headers={"X-Guardchain-Policy": "{}", "x-guardchain-secret": "x"},
                strength=0.25,
                tenant="acme",
            )
            await sent(server, call, salt_by_tenant=True)
            _, headers, body = server.requests[-1]
            assert orjson.loads(body) == {"model": "m", "temperature": 1}
            assert headers[wire.SECRET] == SECRET
            policy = wire.Policy.from_header(headers[wire.POLICY])
            assert policy.strength == 0.25
            assert policy.salt is not None
            assert "acme" not in policy.salt

    run(check)


def test_error_answers_pass() -> None:
    """A request the server finds wrong is the client's to see; it was not generated from."""

    async def check() -> None:
        async with Server(served(answer="400 Bad Request", findings=None)) as server:
            reply = await sent(server)
            assert (reply.status, reply.findings) == (400, ())

    run(check)


@pytest.mark.parametrize(
    "policy",
    [
        wire.Policy(),
        wire.Policy(strength=0.5),
        wire.Policy(
            probe=wire.Orders(Mode.MONITOR, OnError.ALLOW, 1.5), steer_at=-1.0, block_at=2.0, options={"scope": "all"}
        ),
        wire.Policy(salt="s", min_strength=0.1, max_strength=0.2),
    ],
)
def test_policies_travel(policy: wire.Policy) -> None:
    assert wire.Policy.from_header(policy.to_header()) == policy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "x" * 5000,
        '{"probe":{},"steer":{}}',
        wire.Policy().to_header().replace('"steer_at":null', '"steer_at":NaN'),
        wire.Policy().to_header().replace('"strength":null', '"strength":2'),
        wire.Policy().to_header().replace('"strength":null', '"strength":NaN'),
        wire.Policy().to_header().replace('"strength":null', '"strength":-0.1'),
        wire.Policy().to_header().replace('"max_strength":1.0', '"max_strength":NaN'),
        wire.Policy().to_header().replace('"enforce"', '"sometimes"'),
        wire.Policy().to_header().replace('"salt":null', '"salt":5'),
        wire.Policy().to_header().replace('"max_strength":1.0', '"max_strength":"1"'),
        wire.Policy().to_header().replace('"options":{}', '"options":5'),
        wire.Policy().to_header().replace('"options":{}', '"unknown":5'),
    ],
)
def test_malformed_policies_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        wire.Policy.from_header(text)
