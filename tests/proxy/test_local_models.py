"""Local models at work behind the proxy: one that finds values, one that mends answers, over real sockets."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from guard.config import Config
from guard.errors import ConfigError
from proxy.app import App
from tests.proxy.serving import running
from tests.support import answers
from tests.support.upstream import FaultyUpstream, Received, Writer, send_json

Script = Callable[[dict[str, Any]], Any]


class Scripted(FaultyUpstream):
    """Answers chat requests by rule: with a text, a status, or the fault whose name is returned after `fault:`."""

    def __init__(self, script: Script) -> None:
        super().__init__()
        self.script = script

    async def _answer(self, request: Received, writer: Writer) -> None:
        said = self.script(request.json)
        if isinstance(said, int):
            await send_json(writer, {"error": {"message": "m", "type": "t"}}, said)
            return
        if said == "hang":
            await self.wait_released()
            return
        _, body = answers.whole(request.path, request.json)
        body["choices"][0]["message"]["content"] = said.removesuffix("…")
        body["choices"][0]["finish_reason"] = "length" if said.endswith("…") else "stop"
        await send_json(writer, body)


@contextmanager
def proxy(house: str, cloud: str, **sanitize: Any) -> Iterator[str]:
    config = {
        "upstreams": {
            "cloud": {"kind": "openai", "base_url": cloud},
            "house": {"kind": "openai", "base_url": house, "local": True},
        },
        "policies": {"default": {"sanitize": sanitize}},
        "routes": [{"upstream": "cloud"}],
        "surrogate_key": "for tests only, long enough",
        "audit": {"sink": "off"},
    }
    with running(App(Config.model_validate(config)), lifespan="on") as url:
        yield url


def chat(url: str, text: str, **more: Any) -> httpx.Response:
    body = {"model": "m", "messages": [{"role": "user", "content": text}], **more}
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=20)


def said(response: httpx.Response) -> str:
    return response.json()["choices"][0]["message"]["content"]


def sent(upstream: FaultyUpstream) -> list[str]:
    return [r.json["messages"][-1]["content"] for r in upstream.requests]


def name_zorblatt(body: dict[str, Any]) -> Any:
    text = body["messages"][-1]["content"]
    if "status" in text:
        return 500
    if "hang" in text:
        return "hang"
    if "cut" in text:
        return '{"values": []}…'
    if "chatter" in text:
        return "What a lovely text."
    return json.dumps({"values": [{"text": "zorblatt", "type": "PERSON"}, {"text": "Nobody", "type": "PERSON"}]})


@pytest.fixture(scope="module")
def finding() -> Iterator[tuple[str, Scripted, FaultyUpstream]]:
    wish = {"upstream": "house", "model": "finder", "seconds": 1.0}
    with (
        Scripted(name_zorblatt) as house,
        FaultyUpstream() as cloud,
        proxy(house.url, cloud.url, local_model=wish) as url,
    ):
        yield url, house, cloud


def test_a_local_model_finds_what_no_recogniser_knows(finding) -> None:
    url, house, cloud = finding
    house.requests.clear()
    cloud.requests.clear()
    first = chat(url, "remind zorblatt of the rent")
    assert "zorblatt" in said(first) and b"zorblatt" not in cloud.seen
    assert first.headers["x-guardchain-decision"] == "mask"
    (asked,) = house.requests
    assert asked.json["model"] == "finder" and asked.json["temperature"] == 0
    assert asked.json["response_format"]["json_schema"]["schema"]["required"] == ["values"]
    assert "remind zorblatt" in asked.json["messages"][-1]["content"]
    history = [
        {"role": "user", "content": "remind zorblatt of the rent"},
        {"role": "assistant", "content": "Done."},
        {"role": "user", "content": "Thanks, and now?"},
    ]
    httpx.post(f"{url}/v1/chat/completions", json={"model": "m", "messages": history}, timeout=20)
    assert len(house.requests) == 3  # the first text is remembered
    assert b"zorblatt" not in cloud.seen


@pytest.mark.parametrize("text", ["status", "hang", "cut", "chatter"])
def test_no_usable_answer_blocks_and_is_no_answer_the_next_time_either(finding, text: str) -> None:
    url, _, cloud = finding
    cloud.requests.clear()
    for _ in range(2):
        response = chat(url, f"please {text}, zorblatt")
        assert response.status_code == 503
        assert response.json()["error"]["code"] == "guard_unavailable"
    assert cloud.requests == []


def test_a_slow_model_does_not_hold_up_others(finding) -> None:
    """While many wait for the model, a request with nothing new is served."""
    url, _, _ = finding
    chat(url, "hello there")
    with httpx.Client() as client:
        threads = [threading.Thread(target=chat, args=(url, f"hang {i}")) for i in range(40)]
        for thread in threads:
            thread.start()
        body = {"model": "m", "messages": [{"role": "user", "content": "hello there"}]}
        answer = client.post(f"{url}/v1/chat/completions", json=body, timeout=20)
        waiting = sum(thread.is_alive() for thread in threads)
        for thread in threads:
            thread.join(20)
    assert answer.status_code == 200 and waiting


def test_a_type_that_nobody_knows_fails_the_start() -> None:
    app = App(
        Config.model_validate(
            {"policies": {"default": {"sanitize": {"local_model": {"upstream": "local", "types": ["PLANET"]}}}}}
        )
    )
    with pytest.raises(ConfigError, match="unknown entity type 'PLANET'"):
        asyncio.run(app.startup())


def mend(body: dict[str, Any]) -> Any:
    content = body["messages"][-1]["content"]
    answer = content.split("<answer>\n")[1].removesuffix("\n</answer>")
    if "leak" in answer:
        return answer + " Also ask boss@corp.com."
    if "hang" in answer:
        return "hang"
    return answer.replace("36", "48")


@pytest.fixture(scope="module")
def mending() -> Iterator[tuple[str, Scripted]]:
    wish = {"upstream": "house", "model": "mender", "seconds": 1.0}
    with Scripted(mend) as house, FaultyUpstream() as cloud, proxy(house.url, cloud.url, recover=wish) as url:
        yield url, house


def revisions(url: str, result: str) -> float:
    name = f'guardchain_revisions_total{{result="{result}"}} '
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    return next((float(line.removeprefix(name)) for line in lines if line.startswith(name)), 0.0)


@pytest.mark.parametrize(
    ("text", "result", "comes_back"),
    [
        ("a@corp.com owes 36", "revised", "a@corp.com owes 48"),
        ("a@corp.com owes 12", "unchanged", "a@corp.com owes 12"),
        ("a@corp.com leaks 12", "rejected", "a@corp.com leaks 12"),
        ("a@corp.com hangs 36", "unavailable", "a@corp.com hangs 36"),
    ],
)
def test_a_second_look_at_whole_answers(mending, text: str, result: str, comes_back: str) -> None:
    url, house = mending
    house.requests.clear()
    before = revisions(url, result)
    body = {
        "model": "m",
        "messages": [{"role": "system", "content": "You report to boss@corp.com."}, {"role": "user", "content": text}],
    }
    answer = said(httpx.post(f"{url}/v1/chat/completions", json=body, timeout=20))
    assert comes_back in answer and "boss" not in answer
    assert revisions(url, result) == before + 1
    assert "boss@" not in sent(house)[0]


def test_other_endpoints_and_choices(mending) -> None:
    url, _ = mending
    completion = httpx.post(f"{url}/v1/completions", json={"model": "m", "prompt": "a@corp.com owes 36"}, timeout=20)
    assert "a@corp.com owes 48" in completion.json()["choices"][0]["text"]
    response = httpx.post(f"{url}/v1/responses", json={"model": "m", "input": "a@corp.com owes 36"}, timeout=20)
    assert "a@corp.com owes 48" in json.dumps(response.json()["output"])
    several = chat(url, "a@corp.com owes 36", n=2).json()["choices"]
    assert ["a@corp.com owes 48" in c["message"]["content"] for c in several] == [True] * len(several)


def test_streams_and_texts_without_values_are_left_alone(mending) -> None:
    url, house = mending
    house.requests.clear()
    assert chat(url, "a@corp.com owes 36", stream=True).status_code == 200
    assert "36" in said(chat(url, "somebody owes 36"))
    assert house.requests == []


@pytest.mark.parametrize("key", ["local_model", "recover"])
def test_the_bundled_model_can_be_asked(key: str) -> None:
    """It is far too small for the task: what counts is that the request comes to a proper end."""
    config = {
        "policies": {"default": {"sanitize": {key: "local", "deadline_seconds": 30.0}}},
        "surrogate_key": "for tests only, long enough",
        "audit": {"sink": "off"},
    }
    if key == "local_model":
        config["policies"]["default"]["sanitize"][key] = {"upstream": "local", "max_tokens": 24, "seconds": 3.0}
    with running(App(Config.model_validate(config)), lifespan="on") as url:
        answer = chat(url, "Write to a@corp.com about 36 things.", model="tiny-chat", max_tokens=24)
        assert answer.status_code in (200, 503)
        if answer.status_code == 503:
            assert answer.json()["error"]["code"] == "guard_unavailable"
        assert httpx.get(f"{url}/healthz").status_code == 200


def test_words_drawn_anew_leave_and_are_counted(tmp_path: Path) -> None:
    """Obfuscation by config: the provider sees other words, the audit line says how many, the question is as it was."""
    audit = tmp_path / "audit.jsonl"
    text = "The cooling of the warehouse failed. People were angry. What should a@corp.com do?"
    with FaultyUpstream() as cloud:
        config = {
            "upstreams": {"cloud": {"kind": "openai", "base_url": cloud.url}},
            "policies": {"default": {"sanitize": {"obfuscate": {"epsilon": 1.0, "candidates": 500}}}},
            "routes": [{"upstream": "cloud"}],
            "surrogate_key": "for tests only, long enough",
            "audit": {"sink": "file", "path": str(audit)},
        }
        with running(App(Config.model_validate(config)), lifespan="on") as url:
            answer = said(chat(url, text))
            left = sent(cloud)[0]
            chat(url, text)
    assert "cooling" not in left and "corp.com" not in left and left.endswith(" do?")
    assert "a@corp.com do?" in answer and "cooling" not in answer
    assert sent(cloud)[1] == left
    (finding,) = json.loads(audit.read_text("utf-8").splitlines()[0])["findings"]
    assert finding["detail"]["obfuscated_words"] >= 4
