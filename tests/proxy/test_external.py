"""The check `external` in a running proxy: another guard decides, and when it cannot, `on_error` does."""

from __future__ import annotations

import json
import time

import httpx2
import pytest

from guard import config
from guard.config import InvalidConfig
from tests.detectors.test_external import OPENAI, Server, chat
from tests.support.proxy import Proxy
from tests.support.upstream import FaultyUpstream

MODERATION = {"results": [{"flagged": True, "category_scores": {"a": 0.8}}]}
ASK = [{"role": "system", "content": "house rules"}, {"role": "user", "content": "Write to maria@lopez.org"}]


def settings(up, server, **external):
    return {
        "upstreams": {
            "cloud": {"kind": "openai", "base_url": up.url, "api_key": "sk-upstream"},
            "guard": {
                "kind": "openai",
                "base_url": server.url.removesuffix("/chat/completions"),
                "api_key": "sk-guard",
                "first_byte_seconds": 2.0,
            },
        },
        "policies": {
            "default": {"sanitize": {}, "external": {"upstream": "guard", "kind": "chat", "model": "g", **external}}
        },
        "routes": [{"upstream": "cloud"}],
        "surrogate_key": "for tests only",
    }


def ask(proxy, path="/chat/completions", body=None):
    body = body or {"model": "m", "messages": ASK}
    return httpx2.post(proxy.url + path, json=body, timeout=20)


def audited(proxy):
    """The first audit line; it is written after the last byte of the answer."""
    deadline = time.monotonic() + 10
    while not (proxy.audit.exists() and proxy.audit.read_text().endswith("\n")) and time.monotonic() < deadline:
        time.sleep(0.01)
    return json.loads(proxy.audit.read_text().splitlines()[0])


@pytest.mark.parametrize(
    ("answer", "status", "external", "seen", "result", "score"),
    [
        (chat("safe"), 200, {}, 200, "allow", 0.0),
        (chat("unsafe\nS2"), 200, {}, 400, "block", 1.0),
        (chat("Safety: Controversial"), 200, {}, 400, "block", 0.5),
        (chat("Safety: Controversial"), 200, {"flag_at": 0.6}, 200, "allow", 0.5),
        (chat("unsafe"), 200, {"mode": "monitor"}, 200, "would_block", 1.0),
        (chat("no", None), 200, {"labels": {"yes": 1.0, "no": 0.0}}, 200, "allow", 0.0),
        (chat("I would rather not say."), 200, {}, 503, "error", None),
        (chat("safe"), 500, {}, 503, "error", None),
        (b"<html>", 200, {}, 503, "error", None),
        (chat("safe"), 500, {"on_error": "allow"}, 200, "bypass", None),
        (MODERATION, 200, {"kind": "moderations", "model": None}, 400, "block", 0.8),
        (MODERATION, 200, {"kind": "moderations", "model": None, "flag_at": 0.9}, 200, "allow", 0.8),
        ({"results": [OPENAI]}, 200, {"kind": "moderations", "model": None}, 400, "block", 0.42),
        (chat("unsafe\nS2,S9"), 200, {"kind": "llama_guard"}, 400, "block", 1.0),
        (chat("\n\nsafe"), 200, {"kind": "llama_guard"}, 200, "allow", 0.0),
        (chat("I think it is unsafe"), 200, {"kind": "llama_guard"}, 503, "error", None),
        (chat("Safety: Controversial\nCategories: PII"), 200, {"kind": "qwen3guard"}, 400, "block", 0.5),
        (chat("Safety: Safe\nCategories: None"), 200, {"kind": "qwen3guard"}, 200, "allow", 0.0),
        (chat("Yes."), 200, {"kind": "shieldgemma", "guidelines": ['"No Cheese": none.']}, 400, "block", 1.0),
        (chat("No."), 200, {"kind": "shieldgemma", "guidelines": ['"No Cheese": none.']}, 200, "allow", 0.0),
    ],
)  # fmt: skip
def test_verdicts(answer, status, external, seen, result, score):
    with (
        FaultyUpstream() as up,
        Server(answer, status) as server,
        Proxy.running(settings(up, server, **external)) as proxy,
    ):
        assert ask(proxy).status_code == seen
        line = audited(proxy)
        assert proxy.metric("guardchain_upstream_requests_total", upstream="guard") == 1
        failures = proxy.metric("guardchain_upstream_errors_total", upstream="guard")
        assert failures == (result in ("error", "bypass")), "the guard's own failures are found under its upstream"
        assert len(up.requests) == (seen == 200)
    finding = next(f for f in line["findings"] if f["check"] == "external")
    assert (finding["result"], finding["score"]) == (result, score)
    ((path, key, body),) = server.asked
    assert key == "Bearer sk-guard"
    moderations = external.get("kind") == "moderations"
    text = body["input"] if moderations else body["messages"][-1]["content"]
    assert path == f"/v1/{'moderations' if moderations else 'chat/completions'}"
    assert text.startswith("Write to ") and "maria@lopez.org" not in text and "house rules" not in json.dumps(body)


@pytest.mark.parametrize(
    ("answer", "external", "names"),
    [
        (chat("unsafe\nS2,S9"), {"kind": "llama_guard"}, "S2:S9"),
        (
            chat("Safety: Unsafe\nCategories: Non-violent Illegal Acts, Suicide & Self-Harm"),
            {"kind": "qwen3guard"},
            "Non-violent-Illegal-Acts:Suicide-Self-Harm",
        ),
        ({"results": [OPENAI]}, {"kind": "moderations", "model": None}, "harassment/threatening:self-harm/intent"),
        (chat("Yes"), {"kind": "shieldgemma"}, "Dangerous-Content:Harassment:Hate-Speech"),  # as many as a name holds
    ],
)
def test_audited_categories(answer, external, names):
    with (
        FaultyUpstream() as up,
        Server(answer) as server,
        Proxy.running(settings(up, server, **external)) as proxy,
    ):
        assert ask(proxy).status_code == 400
        finding = next(f for f in audited(proxy)["findings"] if f["check"] == "external")
    assert finding["detail"]["categories"] == names


def test_nobody_there_blocks():
    with FaultyUpstream() as up:
        with Server({}) as server:
            pass
        with Proxy.running(settings(up, server)) as proxy:
            assert ask(proxy).status_code == 503
            assert not up.requests
            assert proxy.metric("guardchain_upstream_errors_total", upstream="guard", reason="connect") == 1


def test_watching_without_an_answer_is_no_verdict():
    with FaultyUpstream() as up:
        with Server({}) as server:
            pass
        with Proxy.running(settings(up, server, mode="monitor")) as proxy:
            answer = ask(proxy)
            assert (answer.status_code, answer.headers["x-guardchain-decision"]) == (200, "mask")
            count = "guardchain_guard_duration_seconds_count"
            assert proxy.settled("guardchain_requests_total", 1)
            assert proxy.metric(count, check="external", result="would_error") == 1
            assert proxy.metric(count, result="error") == proxy.metric(count, result="bypass") == 0
            assert proxy.metric("guardchain_requests_total", verdict="block") == 0


def test_endpoints():
    """Completions ask about each prompt until one is blocked; embeddings generate nothing."""
    with FaultyUpstream() as up, Server(chat("unsafe")) as server, Proxy.running(settings(up, server)) as proxy:
        assert ask(proxy, "/completions", {"model": "m", "prompt": ["one", "two"]}).status_code == 400
        assert [b["messages"][0]["content"] for _, _, b in server.asked] == ["one"]
        assert ask(proxy, "/embeddings", {"model": "m", "input": "x"}).status_code == 200
        assert len(server.asked) == 1
        found = ask(proxy, "/moderations", {"input": "x"}).json()["results"][0]
        assert found["flagged"] is True and found["category_scores"]["external"] == 1.0


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"upstream": "gaurd"}, "did you mean 'guard'"),
        ({"upstream": "local"}, "is no guard"),
        ({"upstream": "theirs"}, "set api_key"),
        ({"kind": "chat", "model": None}, "required with kind 'chat'"),
        ({"kind": "llama_guard"}, "required with kind 'llama_guard'"),
        ({"kind": "qwen3guard", "model": "g", "labels": {"safe": 0}}, "only kind 'chat' has labels"),
        ({"guidelines": ["x"]}, "only kind 'shieldgemma' has guidelines"),
        ({"kind": "llamaguard"}, "kind"),
        ({"labels": {}}, "needs a label"),
        ({"labels": {"safe": 3}}, "labels"),
        ({"upstream": "guard"}, None),
        ({"upstream": "nowhere", "mode": "off"}, None),
    ],
)
def test_config(change, says):
    openai = "kind: openai, base_url: 'http://127.0.0.1:1/v1'"
    text = (
        f"upstreams: {{local: {{kind: embedded}}, guard: {{{openai}}}, theirs: {{{openai}, key_from: client}}}}\n"
        f"policies: {{default: {{external: {json.dumps({'upstream': 'guard', **change})}}}}}\n"
    )
    if says is None:
        assert config.loads(text).policies["default"].external is not None
    else:
        with pytest.raises(InvalidConfig, match=says):
            config.loads(text)


def test_it_must_not_see_what_stays_local():
    text = (
        "upstreams: {local: {kind: embedded}, guard: {kind: openai, base_url: 'http://127.0.0.1:1/v1'}}\n"
        "policies: {default: {sanitize: {default: route_local, route_local: local}, external: {upstream: guard}}}\n"
    )
    with pytest.raises(InvalidConfig, match="unmasked"):
        config.loads(text)
