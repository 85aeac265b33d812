"""The application as a whole: startup, operator routes, taking over a new config under traffic."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest

from guard.check import Exchange
from guard.config import Config
from guard.errors import ConfigError
from guard.metrics import Metrics
from guard.verdict import Finding, Verdict
from proxy import assemble as assembling
from proxy import checks
from proxy.app import KEY_VARIABLE, App, runtime_key
from proxy.assemble import assemble, example_model
from proxy.drain import Drain
from proxy.logs import JsonFormatter, TextFormatter
from tests.proxy.serving import Echo, running

BODY = {"model": "echo", "messages": [{"role": "user", "content": "hello"}]}


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[Echo]:
    """Upstreams that assembling has made, all echoing in this process."""
    made: list[Echo] = []

    def build(name: str, spec: Any, metrics: Metrics) -> Echo:
        made.append(Echo(name))
        return made[-1]

    monkeypatch.setattr(assembling, "build_upstream", build)
    return made


def config(*names: str, **more: Any) -> Config:
    upstreams = {n: {"kind": "openai", "base_url": f"http://{n}.invalid/v1"} for n in names}
    data = {"upstreams": upstreams, "routes": [{"upstream": names[0]}], "policies": {"default": {}}, **more}
    return Config.model_validate({"audit": {"sink": "off"}, **data})


@pytest.fixture
def app(built: list[Echo]) -> Iterator[tuple[App, str]]:
    made = App(config("one"))
    with running(made, lifespan="on") as url:
        yield made, url


def test_operator_routes(app: tuple[App, str], built: list[Echo]) -> None:
    _, url = app
    assert httpx.get(f"{url}/healthz").json() == {"status": "ok"}
    assert httpx.get(f"{url}/readyz").json() == {"status": "ready", "config": True, "upstreams": {"one": True}}
    built[0].is_ready = False
    not_ready = httpx.get(f"{url}/readyz")
    assert (not_ready.status_code, not_ready.json()["status"]) == (503, "not ready")
    assert not_ready.json()["unserved"] == ["routes[0] (model *)"]
    assert httpx.get(f"{url}/healthz").status_code == 200
    assert "guardchain_inflight" in httpx.get(f"{url}/metrics").text
    for path in ("/docs", "/openapi.json", "/healthz/", "/"):
        response = httpx.get(url + path)
        assert response.status_code == 404 and response.headers["x-request-id"], path


def test_while_it_drains_new_requests_are_refused_after_a_while(built: list[Echo]) -> None:
    drain = Drain(delay=0.5)
    with running(App(config("one"), drain=drain), lifespan="on") as url:
        drain.begin()
        ready = httpx.get(f"{url}/readyz")
        assert (ready.status_code, ready.json()["status"]) == (503, "stopping")
        served = httpx.post(f"{url}/v1/chat/completions", json=BODY)
        assert (served.status_code, served.headers["connection"]) == (200, "close")
        _wait(lambda: drain.refuses)
        refused = httpx.post(f"{url}/v1/chat/completions", json=BODY)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert (refused.json()["error"]["code"], refused.json()["error"]["type"]) == ("server_stopping", "server_error")
        assert 'rejections_total{reason="server_stopping"} 1.0' in httpx.get(f"{url}/metrics").text


def test_metrics_can_be_off(built: list[Echo]) -> None:
    with running(App(config("one", metrics={"enabled": False})), lifespan="on") as url:
        assert httpx.get(f"{url}/metrics").status_code == 404


def test_a_new_config_takes_over_while_requests_finish_on_the_old(app: tuple[App, str], built: list[Echo]) -> None:
    made, url = app
    answers: list[int] = []

    def slow() -> None:
        body = {"model": "echo", "messages": [{"role": "user", "content": "flood"}], "stream": True}
        with httpx.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=20) as response:
            answers.append(response.status_code)
            started.set()
            done.wait(10)

    started, done = threading.Event(), threading.Event()
    reader = threading.Thread(target=slow)
    reader.start()
    assert started.wait(10)

    def take_over(new: Config) -> None:
        asyncio.run_coroutine_threadsafe(made.take_over(new), built[0].loop).result(10)

    take_over(config("one", "two"))
    assert [u.name for u in built] == ["one", "two"], "an unchanged upstream is kept"
    take_over(config("two"))
    assert httpx.post(f"{url}/v1/chat/completions", json=BODY).status_code == 200
    assert built[1].calls and not built[0].shut, "a stream still runs on it"
    done.set()
    reader.join(10)
    _wait(lambda: built[0].shut)
    assert not built[1].shut

    unknown = config("two", policies={"default": {"plugins": {"nobody": {}}}})
    with pytest.raises(ConfigError, match="nobody"):
        take_over(unknown)
    assert httpx.post(f"{url}/v1/chat/completions", json=BODY).status_code == 200
    assert not built[1].shut


def test_a_failed_takeover_closes_what_it_started(built: list[Echo]) -> None:
    bad = config("one", "two", policies={"default": {"plugins": {"nobody": {}}}})
    with pytest.raises(ConfigError):
        asyncio.run(assemble(bad, surrogate_key=b"k" * 32, metrics=Metrics()))
    assert [u.shut for u in built] == [True, True]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bad_start_is_one_line(built: list[Echo], caplog: pytest.LogCaptureFixture) -> None:
    bad = App(config("one", policies={"default": {"plugins": {"nobody": {}}}}))
    with caplog.at_level(logging.ERROR), pytest.raises(RuntimeError), running(bad, lifespan="on"):
        pass
    assert "cannot start: no check named 'nobody' is installed" in caplog.text
    assert "Traceback" not in caplog.text


class _Nosy:
    """A plugin: blocks a word that its options name."""

    name = "nosy"

    def __init__(self, options: dict[str, Any]) -> None:
        self._word = options["word"]

    async def inspect(self, exchange: Exchange, *, apply: bool) -> Finding:
        found = any(self._word in s.text for s in exchange.surfaces)
        return Finding(self.name, Verdict.BLOCK if found else Verdict.ALLOW)

    def output(self, exchange: Exchange, channel: Any) -> None:
        return None


class _Entry:
    name = "nosy"

    def load(self) -> Any:
        return _Nosy


def test_plugins_join_the_chain(built: list[Echo], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "entry_points", lambda group: [_Entry()])
    plugins = {"nosy": {"options": {"word": "hello"}}}
    with running(App(config("one", policies={"default": {"plugins": plugins}})), lifespan="on") as url:
        response = httpx.post(f"{url}/v1/chat/completions", json=BODY)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "content_policy_violation")
        assert not built[0].calls
    with pytest.raises(ConfigError, match="failed to start: KeyError"):
        bad = config("one", policies={"default": {"plugins": {"nosy": {}}}})
        asyncio.run(assemble(bad, surrogate_key=b"k" * 32, metrics=Metrics()))
    with pytest.raises(ConfigError, match="did you mean 'nosy'"):
        bad = config("one", policies={"default": {"plugins": {"nosey": {}}}})
        asyncio.run(assemble(bad, surrogate_key=b"k" * 32, metrics=Metrics()))


def test_the_surrogate_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    assert runtime_key(config("one", surrogate_key="from the config")) == b"from the config"
    assert runtime_key(config("one")) != runtime_key(config("one"))
    monkeypatch.setenv(KEY_VARIABLE, "of all workers")
    assert runtime_key(config("one")) == b"of all workers"


@pytest.mark.parametrize(
    ("data", "model"),
    [
        ({}, "tiny-chat"),
        ({"routes": [{"match": {"model": "x"}, "upstream": "local"}]}, "x"),
        ({"upstreams": {"c": {"kind": "openai", "base_url": "http://c/v1"}}, "routes": [{"upstream": "c"}],
          "policies": {"default": {}}}, "your-model"),
    ],
)  # fmt: skip
def test_the_example_in_the_banner(data: dict[str, Any], model: str) -> None:
    assert example_model(Config.model_validate(data)) == model


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_logged_exceptions_do_not_quote(formatter: logging.Formatter) -> None:
    try:
        try:
            raise ValueError("maria@lopez.org")
        except ValueError as cause:
            raise KeyError("4111 1111") from cause
    except KeyError:
        record = logging.LogRecord("proxy", logging.ERROR, __file__, 1, "it failed", (), sys.exc_info())
    line = formatter.format(record)
    assert "KeyError" in line and "it failed" in line and Path(__file__).name in line
    assert "maria" not in line and "4111" not in line
    if isinstance(formatter, JsonFormatter):
        assert json.loads(line)["level"] == "error"


def _wait(condition: Any) -> None:
    import time

    end = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
