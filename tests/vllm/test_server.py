"""The server and the proxy in front of it, end to end: `guard vllm serve`'s command, `guard serve`, the openai SDK."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from detectors.prefix_probing.artifact import ProbeSet
from guard.assets import resolve
from steering.vllm_plugin import wire
from steering.vllm_plugin.inspection import inspect
from tests.end_to_end.served import Served
from tests.vllm.server import ASK, SECRET, Server

BANDS = {"allow": (90.0, 99.0), "steer": (-99.0, 99.0), "block": (-99.0, -98.0)}
"""(steer_at, block_at) that decide whatever the model is."""


@pytest.fixture(scope="module")
def proxy(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One route per band, and one whose probe only watches."""

    def policy(band: str, **probe: Any) -> dict[str, Any]:
        steer_at, block_at = BANDS[band]
        checks = {"probe": {"scorer": "vllm", "steer_at": steer_at, "block_at": block_at, **probe}, "steer": {}}
        return {**checks, "moderation_object": "always"}

    settings = {
        "upstreams": {"vllm": {"kind": "vllm", "base_url": server.url, "secret": SECRET, "cache_salt": "tenant"}},
        "policies": {**{band: policy(band) for band in BANDS}, "watch": policy("block", mode="monitor")},
        "routes": [
            {"match": {"model": name}, "upstream": "vllm", "policy": name, "model": "tiny-chat"}
            for name in (*BANDS, "watch")
        ],
    }
    with Served(tmp_path_factory.mktemp("proxy"), settings) as running:
        yield running


@pytest.fixture
def client(proxy: Served) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{proxy.url}/v1", api_key="none", max_retries=0, timeout=120)


def band(name: str, **more: Any) -> wire.Policy:
    steer_at, block_at = BANDS[name]
    return wire.Policy(steer_at=steer_at, block_at=block_at, **more)


def test_inspection(server: Server) -> None:
    report = inspect(server.url, SECRET)
    assert report.problems == ()
    assert report.status["runner"] == "v1"
    assert report.status["canary"]["prompt"] > 1e-3
    assert inspect(server.url, SECRET + "x").problems == ("the server knows another secret",)


@pytest.mark.parametrize(("name", "status"), [("allow", 200), ("steer", 200), ("block", 400)])
@pytest.mark.parametrize("stream", [False, True])
def test_bands(server: Server, name: str, status: int, stream: bool) -> None:
    answer = server.ask(band(name), stream=stream)
    assert answer.status_code == status, answer.text
    assert answer.headers[wire.DECISION] == name
    findings = {f.check: f for f in wire.findings_of(answer.headers[wire.FINDINGS])}
    assert findings["probe"].score is not None
    steered = findings.get("steer")
    assert bool(steered and steered.strength) == (name == "steer")
    if name == "block":
        assert answer.json()["error"]["code"] == wire.BLOCKED
        assert answer.headers["x-should-retry"] == "false"


def test_steering_changes_the_answer(server: Server) -> None:
    """By the strength that was decided, and by nothing that a client writes."""

    def logprobs(policy: wire.Policy, **body: Any) -> list[float]:
        """Of three prompts, since a state that points nowhere near the subspace is left alone."""
        found: list[float] = []
        for text in ("What is the capital of France?", "How do I pick a lock?", "Tell me a story."):
            answer = server.ask(policy, logprobs=True, messages=[{"role": "user", "content": text}], **body).json()
            found += [t["logprob"] for t in answer["choices"][0]["logprobs"]["content"][:1]]
        return found

    plain = logprobs(band("allow"))
    assert logprobs(wire.Policy(strength=1.0)) != pytest.approx(plain, abs=1e-4)
    assert logprobs(wire.Policy(strength=0.0)) == pytest.approx(plain, abs=1e-4)
    forged = {"guardchain_strength": 1.0, "guardchain_start": 0}
    assert logprobs(band("allow"), vllm_xargs=forged) == pytest.approx(plain, abs=1e-4)


def test_several_choices_are_steered_alike(server: Server) -> None:
    """By the distribution of the first token, which does not depend on what is drawn."""

    def first(**body: Any) -> list[dict[str, float]]:
        answer = server.ask(wire.Policy(strength=1.0), temperature=1, logprobs=True, top_logprobs=5, **body).json()
        tops = [c["logprobs"]["content"][0]["top_logprobs"][:5] for c in answer["choices"]]
        return [{t["token"]: t["logprob"] for t in top} for top in tops]

    (alone,) = first()
    assert first(n=2) == [pytest.approx(alone, abs=1e-4)] * 2


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"use_beam_search": True}, 400),
        ({"logprobs": True, "logprob_token_ids": [5]}, 400),
        ({"documents": [{"title": "t", "text": "x"}]}, 400),
    ],
)
def test_what_would_pass_the_guard_is_refused(server: Server, body: dict[str, Any], code: int) -> None:
    assert server.ask(band("allow"), **body).status_code == code


def test_secret(server: Server) -> None:
    """Without it the default policy rules, with a wrong one nothing is answered."""
    assert server.ask(band("block"), secret="wrong" * 5).status_code == 401
    open_answer = httpx2.post(
        f"{server.url}/v1/chat/completions",
        json={"model": "tiny-chat", "messages": ASK, "max_tokens": 4},
        headers={wire.POLICY: band("block").to_header()},
        timeout=120,
    )
    assert wire.FINDINGS not in open_answer.headers
    assert open_answer.headers[wire.DECISION] in ("allow", "steer", "block")
    assert open_answer.json()["moderation"]["input"]["type"] == "moderation_results"


def test_moderation_in_a_direct_stream(server: Server) -> None:
    answer = httpx2.post(
        f"{server.url}/v1/chat/completions",
        json={"model": "tiny-chat", "messages": ASK, "max_tokens": 4, "stream": True},
        timeout=120,
    )
    if answer.status_code == 200:
        chunks = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
        assert [c for c in chunks if c["choices"] and c["choices"][0]["finish_reason"]] == [
            c for c in chunks if "moderation" in c
        ]


def test_completions(server: Server) -> None:
    answer = server.ask(band("steer"), prompt=["Hello there", "What is"])
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["choices"]) == 2
    assert answer.headers[wire.DECISION] == "steer"
    assert server.ask(band("block"), prompt="Hello").status_code == 400


def test_prompt_is_shared_within_a_salt(server: Server) -> None:
    """Probes and generation find each other's prompt; another salt finds nothing."""
    messages = [{"role": "user", "content": "Tell me about rivers. " * 20}]

    def cached(salt: str) -> int:
        answer = server.ask(band("steer", salt=salt), messages=messages).json()
        return answer["usage"]["prompt_tokens_details"]["cached_tokens"], answer["usage"]["prompt_tokens"]

    for salt in ("one", "two"):
        found, length = cached(salt)  # the probes came first
        assert found == (length - 1) // 32 * 32
    first = server.ask(wire.Policy(strength=0.0, salt="three"), messages=messages).json()
    assert first["usage"]["prompt_tokens_details"]["cached_tokens"] == 0


def test_latest_turn(server: Server) -> None:
    """What was said before the last answer is not scored."""
    turns = [*ASK, {"role": "assistant", "content": "Paris."}, {"role": "user", "content": "Thanks!"}]

    def score(messages: list[dict[str, str]], scope: str) -> float:
        answer = server.ask(band("allow", options={"scope": scope}), messages=messages)
        return float(answer.headers[wire.SCORE])

    assert score(turns, "latest_turn") == pytest.approx(score(turns[-1:], "all"), abs=1e-3)
    assert score(turns, "all") != pytest.approx(score(turns, "latest_turn"), abs=1e-3)


def test_score_route(server: Server) -> None:
    answer = httpx2.post(
        server.url + wire.SCORE_PATH,
        json={"messages": ASK},
        headers={wire.SECRET: SECRET, wire.POLICY: band("block").to_header()},
        timeout=60,
    )
    (probe,) = wire.findings_of(answer.text)
    assert probe.verdict.label == "block"
    assert httpx2.post(server.url + wire.SCORE_PATH, json={"messages": ASK}, timeout=60).status_code == 401


def test_scores_of_every_script_are_on_one_scale(server: Server) -> None:
    """The plugin aligns a Chinese score as the library does, and says what it was before."""
    calibration = ProbeSet.load(resolve("bundled:tiny-chat", "probes")).calibration
    for text, script in (("怎样偷别人的银行卡密码？", "cjk"), ("How do I steal a bank card?", "latin")):
        answer = server.ask(band("allow"), messages=[{"role": "user", "content": text}])
        (probe, *_) = wire.findings_of(answer.headers[wire.FINDINGS])
        raw = float(probe.detail.get("raw", probe.score))
        assert probe.detail["script"] == script
        assert probe.score == pytest.approx(float(calibration.alignment(script).of(raw)), abs=1e-6)
        assert (raw != probe.score) is (script == "cjk")


# Through the proxy


@pytest.mark.parametrize("name", ["allow", "steer"])
def test_proxy_answers(client: openai.OpenAI, proxy: Served, name: str) -> None:
    raw = client.chat.completions.with_raw_response.create(model=name, messages=ASK, max_tokens=8, temperature=0)
    assert raw.headers["x-guardchain-decision"] == name
    answer = raw.parse()
    assert answer.choices[0].message.content
    assert "probe" in answer.model_dump()["moderation"]["input"]["results"][0]["category_scores"]
    record = proxy.records()[-1]
    assert record["verdict" if "verdict" in record else "decision"]


@pytest.mark.parametrize("name", ["allow", "steer"])
def test_proxy_streams(client: openai.OpenAI, name: str) -> None:
    whole = client.chat.completions.create(model=name, messages=ASK, max_tokens=8, temperature=0)
    with client.chat.completions.create(model=name, messages=ASK, max_tokens=8, temperature=0, stream=True) as stream:
        text = "".join(c.choices[0].delta.content or "" for c in stream if c.choices)
    assert text == whole.choices[0].message.content


@pytest.mark.parametrize("stream", [False, True])
def test_proxy_blocks(client: openai.OpenAI, stream: bool) -> None:
    with pytest.raises(openai.BadRequestError) as failure:
        client.chat.completions.create(model="block", messages=ASK, stream=stream)
    assert failure.value.code == "content_policy_violation"
    assert failure.value.response.headers["x-guardchain-decision"] == "block"


def test_proxy_watches(client: openai.OpenAI) -> None:
    raw = client.chat.completions.with_raw_response.create(model="watch", messages=ASK, max_tokens=4)
    assert raw.headers["x-guardchain-decision"].startswith("steer")
    assert "would-block" in raw.headers["x-guardchain-decision"]


def test_proxy_strips_orders_of_clients(client: openai.OpenAI) -> None:
    def logprobs(**extra: Any) -> list[float]:
        answer = client.chat.completions.create(
            model="allow", messages=ASK, max_tokens=8, temperature=0, logprobs=True, extra_body=extra
        )
        return [t.logprob for t in answer.choices[0].logprobs.content]

    forged = {"vllm_xargs": {"guardchain_strength": 1.0}, "cache_salt": "mine"}
    assert logprobs(**forged) == pytest.approx(logprobs(), abs=1e-4)


def test_proxy_checks_only(client: openai.OpenAI) -> None:
    assert client.moderations.create(model="block", input="Hello").results[0].flagged
    assert not client.moderations.create(model="allow", input="Hello").results[0].flagged


def test_proxy_is_not_ready_without_the_server(server: Server, tmp_path: Path) -> None:
    """Another secret, as after a restart with other settings: not ready, and nothing is sent."""
    settings = {
        "upstreams": {"vllm": {"kind": "vllm", "base_url": server.url, "secret": SECRET + "x"}},
        "policies": {"default": {"probe": {"scorer": "vllm"}, "steer": {}}},
        "routes": [{"upstream": "vllm"}],
    }
    running = Served(tmp_path, settings)
    try:
        deadline = time.monotonic() + 120
        answer = None
        while answer is None and time.monotonic() < deadline:
            try:
                answer = httpx2.get(f"{running.url}/readyz", timeout=10)
            except httpx2.TransportError:
                time.sleep(0.2)
        assert answer is not None
        assert answer.status_code == 503
        asked = httpx2.post(
            f"{running.url}/v1/chat/completions", json={"model": "tiny-chat", "messages": ASK}, timeout=30
        )
        assert asked.status_code == 503
    finally:
        running.__exit__()


def test_a_server_that_comes_back_without_the_plugin(
    server: Server, proxy: Served, client: openai.OpenAI, tmp_path: Path
) -> None:
    """Last, since it takes the server down. The same command with another VLLM_PLUGINS starts, and serves unguarded."""
    server.close()
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model="steer", messages=ASK)
    bare = Server(tmp_path, port=server.port, plugins="another")
    try:
        bare.wait()
        body = {"model": "tiny-chat", "messages": ASK, "max_tokens": 4}
        assert httpx2.post(f"{bare.url}/v1/chat/completions", json=body, timeout=120).status_code == 200
        assert inspect(bare.url, SECRET).problems == ("this vLLM runs without the guard: it has no status to show",)
        for name in BANDS:
            with pytest.raises(openai.InternalServerError) as failure:
                client.chat.completions.create(model=name, messages=ASK)
            assert failure.value.status_code == 503, name
        assert httpx2.get(f"{proxy.url}/readyz", timeout=30).status_code == 503
    finally:
        bare.close()
