"""`previous_response_id` over two proxies that share a store: what was hidden turns ago is restored, by whichever."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from guard.keys import digest
from tests.support.proxy import Proxy
from tests.support.redis import RedisServer
from tests.support.upstream import FaultyUpstream

MODEL = "fault-remember"
MAIL, PHONE, OTHER = "maria.lopez@corp-internal.org", "415-209-3456", "jo.park@corp-internal.org"
KEY = "for tests only, and long"


@pytest.fixture(scope="module")
def upstream() -> Iterator[FaultyUpstream]:
    with FaultyUpstream() as up:
        yield up


def settings(upstream: FaultyUpstream, store: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "upstreams": {"main": {"kind": "openai", "base_url": upstream.url, "breaker": {"failures": None}}},
        "routes": [{"match": {"model": "fault-*"}, "upstream": "main"}, {"upstream": "main", "policy": "second"}],
        "policies": {"default": {"sanitize": {"ner": []}}, "second": {"sanitize": {"ner": []}}},
        "tenants": [{"name": name, "key_sha256": [digest(f"gc-{name}")]} for name in ("acme", "globex")],
        "store": dict(store),
        "surrogate_key": KEY,
        **more,
    }


@contextmanager
def proxies(*configs: Mapping[str, Any]) -> Iterator[list[Proxy]]:
    with ExitStack() as stack:
        yield [stack.enter_context(Proxy.running(config)) for config in configs]


def client(proxy: Proxy, tenant: str = "acme") -> openai.OpenAI:
    return openai.OpenAI(base_url=proxy.url, api_key=f"gc-{tenant}", max_retries=0)


def say(proxy: Proxy, text: str, previous: str | None = None, **more: Any) -> Any:
    options = {"previous_response_id": previous} if previous else {}
    return client(proxy).responses.create(**{"model": MODEL, "input": text, **options, **more})  # type: ignore[call-overload]


def streamed(proxy: Proxy, text: str, previous: str) -> Any:
    """The Response of a stream whose deltas say the same."""
    with client(proxy).responses.stream(model=MODEL, input=text, previous_response_id=previous) as stream:
        deltas = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert final.output_text == deltas
    return final


@pytest.mark.parametrize("kind", ["redis", "file"])
def test_replicas_restore_what_others_hid(upstream: FaultyUpstream, tmp_path: Path, kind: str) -> None:
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(tmp_path)) if kind == "redis" else None
        store = {"url": redis.url} if redis else {"path": str(tmp_path / "store.sqlite")}
        one, two = stack.enter_context(proxies(*[settings(upstream, store)] * 2))
        first = say(one, f"I am {MAIL}.")
        second = say(two, f"Call {PHONE}.", first.id)
        third = streamed(one, f"Write to {OTHER} too.", second.id)
        fourth = say(two, "Who am I?", third.id)
        assert fourth.output_text == f"You said: I am {MAIL}. Call {PHONE}. Write to {OTHER} too. Who am I?"
        branch = say(two, "Again?", first.id)
        assert branch.output_text == f"You said: I am {MAIL}. Again?"
        for secret in (MAIL, PHONE, OTHER):
            assert secret.encode() not in upstream.seen
        if redis:
            keys = [key for key in redis.command("KEYS", "*") if b":response:" in key]
            kept = b"".join(redis.command("GET", key) for key in keys)
            assert len(keys) == 5 and all(0 < redis.command("TTL", key) <= 2_592_000 for key in keys)
        else:
            kept = b"".join(file.read_bytes() for file in tmp_path.glob("store.sqlite*"))
        assert kept and not any(part in kept for part in (b"maria", b"corp-internal", b"209-3456", b"acme"))


def test_an_answer_of_somebody_else_is_none(upstream: FaultyUpstream, tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis:
        open_door = {"default": {"sanitize": {"ner": []}, "allow_references": True}, "second": {}}
        plain, lenient = settings(upstream, {"url": redis.url}), settings(upstream, {"url": redis.url})
        lenient["policies"] = open_door
        with proxies(plain, lenient) as (one, two):
            mine = say(one, f"I am {MAIL}.")
            unstored = say(one, f"I am {MAIL}.", store=False)
            asked = len(upstream.requests)
            wrong = [
                (one, "globex", MODEL, mine.id),
                (two, "globex", MODEL, mine.id),
                (one, "acme", "echo", mine.id),  # another policy
                (one, "acme", MODEL, unstored.id),
                (one, "acme", MODEL, "resp_never_heard_of"),
                (two, "acme", MODEL, "resp_415-209-3456"),
            ]
            for proxy, tenant, model, previous in wrong:
                with pytest.raises(openai.BadRequestError) as error:
                    client(proxy, tenant).responses.create(model=model, input="?", previous_response_id=previous)
                assert (error.value.code, error.value.param) == ("previous_response_not_found", "previous_response_id")
            assert len(upstream.requests) == asked
            assert say(two, "?", "resp_never_heard_of").output_text == "You said: ?", "allow_references"


def test_what_is_deleted_at_one_is_gone_at_all(upstream: FaultyUpstream, tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis, proxies(*[settings(upstream, {"url": redis.url})] * 2) as (one, two):
        first, other = say(one, f"I am {MAIL}."), say(one, f"Call {PHONE}.")
        later = say(two, "Who am I?", first.id)
        asked = len(upstream.requests)
        for proxy, tenant, identity in ((two, "globex", first.id), (one, "acme", "resp_never_heard_of")):
            with pytest.raises(openai.NotFoundError) as unknown:
                client(proxy, tenant).responses.delete(identity)
            assert unknown.value.code == "response_not_found"
        assert len(upstream.requests) == asked, "nobody deletes what is another's"

        client(one).responses.delete(first.id)
        assert (upstream.requests[-1].method, upstream.requests[-1].path) == ("DELETE", f"/v1/responses/{first.id}")
        for proxy in (one, two):
            with pytest.raises(openai.BadRequestError, match="not known here"):
                say(proxy, "Who am I?", first.id)
            with pytest.raises(openai.NotFoundError):
                client(proxy).responses.delete(first.id)
        assert MAIL in say(one, "Again?", later.id).output_text
        assert len([key for key in redis.command("KEYS", "*") if b":response:" in key]) == 3

        upstream.conversations.pop(other.id)  # the upstream forgot it by itself
        with pytest.raises(openai.NotFoundError):
            client(two).responses.delete(other.id)
        with pytest.raises(openai.BadRequestError, match="not known here"):
            say(one, "Which number?", other.id)

        redis.kill()
        with pytest.raises(openai.InternalServerError) as away:
            client(one).responses.delete(later.id)
        assert (away.value.status_code, away.value.code) == (503, "guard_unavailable")
        assert later.id in upstream.conversations, "still there for whoever tries again"


def test_without_its_store_only_what_builds_on_others_is_refused(upstream: FaultyUpstream, tmp_path: Path) -> None:
    with RedisServer(tmp_path) as redis, proxies(settings(upstream, {"url": redis.url})) as (proxy,):
        before = say(proxy, f"I am {MAIL}.")
        redis.kill()
        during = say(proxy, f"I am {MAIL}.")
        assert MAIL in during.output_text
        with pytest.raises(openai.InternalServerError) as error:
            say(proxy, "Who am I?", before.id)
        assert error.value.status_code == 503 and error.value.code == "guard_unavailable"
        assert proxy.metric("guardchain_store_errors_total", operation="put") >= 1


def test_keys_rotate_and_lost_keys_lose(upstream: FaultyUpstream, tmp_path: Path) -> None:
    store = {"path": str(tmp_path / "store.sqlite")}
    rotated = settings(upstream, store, surrogate_key="another key, as long", old_surrogate_keys=[KEY])
    lost = settings(upstream, store, surrogate_key="another key, as long")
    with proxies(settings(upstream, store), rotated, lost) as (before, after, without):
        first = say(before, f"I am {MAIL}.")
        assert say(after, "Who am I?", first.id).output_text == f"You said: I am {MAIL}. Who am I?"
        with pytest.raises(openai.BadRequestError, match="not known here"):
            say(without, "Who am I?", first.id)


def test_nothing_is_kept_where_nothing_shall_be(upstream: FaultyUpstream, tmp_path: Path) -> None:
    store = {"path": str(tmp_path / "store.sqlite"), "responses_seconds": 0}
    with proxies(settings(upstream, store)) as (proxy,):
        first = say(proxy, f"I am {MAIL}.")
        with pytest.raises(openai.BadRequestError, match="not known here"):
            say(proxy, "Who am I?", first.id)
