"""What is wrong with a file is said with key, line and the nearest valid choice, all at once, without values."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard import ConfigError, Mode, OnError
from guard.config import Config, Embedded, InvalidConfig, OpenAI, default, load, loads, starter, warnings

HASH_A, HASH_B = "a" * 64, "b" * 64

WRONG = [
    # text, line, key, what the message says
    ("server: {port: 1, prot: 2}", 1, "server.prot", "unknown key; did you mean 'port'?"),
    ("servr: {}", 1, "servr", "unknown key; did you mean 'server'?"),
    ("\n\nlog:\n  levle: info", 4, "log.levle", "did you mean 'level'?"),
    ("policies:\n  a:\n    block_at: 1.0", 3, "policies.a.block_at", "it belongs to policies.<name>.probe.block_at"),
    ("log: {zzz: 1}", 1, "log.zzz", "the nearest of the valid keys (format, level) is"),
    ("upstreams:\n  c:\n    kind: openai\n    base_ul: x", 4, "upstreams.c.base_ul", "did you mean 'base_url'?"),
    ("upstreams:\n  c:\n    kind: openai", 2, "upstreams.c.base_url", "this key is required"),
    ("upstreams: {c: {kind: openia}}", 1, "upstreams.c.kind", "did you mean 'openai'?"),
    ("upstreams: {c: {model: x}}", 1, "upstreams.c", "'kind' is required"),
    ("upstreams: {}", 1, "upstreams", "must have at least 1 item"),
    ("routes:\n- {upstream: local}\n- {upstream: local, match: {modle: x}}", 3, "routes[1].match.modle", "'model'"),
    ('server: {port: "80"}', 1, "server.port", "must be an integer, not text"),
    ("server: {port: 80.5}", 1, "server.port", "must be an integer, not a number"),
    ("server: {port: yes}", 1, "server.port", "must be an integer, not text"),
    ("server: {port: true}", 1, "server.port", "must be an integer, not true or false"),
    ("server: {port: 70000}", 1, "server.port", "must be less than or equal to 65535"),
    ("server: {shutdown_seconds: .inf}", 1, "server.shutdown_seconds", "must be a finite number"),
    ("server: 3", 1, "server", "must be a mapping, not a number"),
    ("metrics: {enabled: on}", 1, "metrics.enabled", "must be a boolean, not text"),
    ("server: {host: 1}", 1, "server.host", "must be text, not a number (put it in quotes)"),
    ("audit: [1]", 1, "audit", "must be a mapping, not a list"),
    ("tenants: {a: b}", 1, "tenants", "must be a list, not a mapping"),
    ("policies: {p: {sanitize: {mode: enforced}}}", 1, "policies.p.sanitize.mode", "did you mean 'enforce'?"),
    ("policies: {p: {sanitize: {entities: {X: maks}}}}", 1, "policies.p.sanitize.entities.X", "did you mean 'mask'?"),
    ("policies: {p: {sanitize: {entities: {X: 3}}}}", 1, "policies.p.sanitize.entities.X", "equal to 1"),
    ("policies: {p: {sanitize: {entities: {X: {polcy: a}}}}}", 1, None, "did you mean 'policy'?"),
    ("policies: {p: {sanitize: {entities: {X: true}}}}", 1, "policies.p.sanitize.entities.X", "must be a mapping"),
    ("policies: {p: {block: {style: eror}}}", 1, "policies.p.block.style", "did you mean 'error'?"),
    (f"tenants: [{{name: a b, key_sha256: ['{HASH_A}']}}]", 1, "tenants[0].name", "must match pattern"),
    ("tenants:\n- name: a\n  key_sha256: [abc]", 3, "tenants[0].key_sha256[0]", "must match pattern"),
    ("tenants: [{name: a, key_sha256: []}]", 1, "tenants[0].key_sha256", "must have at least 1 item"),
    ("server: {port: 1}\nserver: {}", 2, "server", "this key is there twice (first on line 1)"),
    ("server: {port: 1,\n  port: 2}", 2, "server.port", "this key is there twice (first on line 1)"),
    ("a: &a {b: 1}\nserver:\n  <<: *a", 3, "server.<<", "not YAML 1.2"),
    ("server: !!python/object:os.system {}", 1, "server", "YAML tags are not allowed"),
    ("log: {level: !secret x}", 1, "log.level", "YAML tags are not allowed"),
    ("? [a, b]\n: 1", 1, None, "a key must be plain text"),
    ("server: {port: ${PORT}}", 1, None, "not valid YAML"),
    ("server:\n  port: [1", 2, None, "not valid YAML"),
    ("server:\n\tport: 1", 2, None, "not valid YAML"),
    ("a: *nowhere", 1, None, "not valid YAML: found undefined alias"),
    ("{}\n---\n{}", 2, None, "not valid YAML"),
    ("- 1", None, None, "must be a mapping, not a list"),
    ("just text", None, None, "must be a mapping, not text"),
    ("", None, None, "the file is empty"),
    ("# only a comment\n", None, None, "the file is empty"),
    ("upstreams: {local: {kind: openai, base_url: '${NOPE}/v1'}}", 1, "upstreams.local.base_url", "NOPE is not set"),
    ("server: {host: '${no good}'}", 1, "server.host", "write ${NAME}"),
    ("x: &x [1]\nserver: {host: *x}", 2, "server.host", "must be text, not a list"),
    # between the parts
    ("routes: [{upstream: lcal}]", 1, "routes[0].upstream", "no upstream named 'lcal'; did you mean 'local'?"),
    ("routes: [{upstream: local, policy: x}]", 1, "routes[0].policy", "no policy named 'x'; there are: default"),
    ("upstreams: {c: {kind: openai, base_url: 'http://x'}}", None, "routes", "say where requests go"),
    ("policies: {default: {probe: {scorer: x}}}", 1, "policies.default.probe.scorer", "no upstream named 'x'"),
    (
        "upstreams: {local: {kind: openai, base_url: 'http://x'}}\npolicies:\n  default: {probe: {}}",
        3,
        "policies.default.probe.scorer",
        "cannot score",
    ),
    ("policies: {default: {steer: {}}}", 1, "policies.default.steer", "'probe' is off"),
    (
        "policies: {default: {sanitize: {entities: {US_SSN: route_local}}}}",
        1,
        "policies.default.sanitize",
        "say which upstream is local",
    ),
    (
        "policies:\n  default:\n    sanitize: {default: route_local, route_local: lcal}",
        3,
        "policies.default.sanitize.route_local.upstream",
        "no upstream named 'lcal'; did you mean 'local'?",
    ),
    (
        "policies:\n  default:\n    probe:\n      steer_at: 2.0\n      block_at: 1.0",
        5,
        "policies.default.probe.block_at",
        "must be greater than steer_at",
    ),
    *[
        (f"policies: {{default: {{steer: {{{key}: {value}}}}}}}", 1, f"policies.default.steer.{key}", "must be ")
        for key in ("min_strength", "max_strength")
        for value in (".nan", "1.5", "-0.1")
    ],
    (
        "policies: {default: {probe: {}, steer: {min_strength: 0.9, max_strength: 0.1}}}",
        1,
        "policies.default.steer.max_strength",
        "must not be less than min_strength",
    ),
    (
        f"tenants:\n- {{name: a, key_sha256: ['{HASH_A}']}}\n- {{name: a, key_sha256: ['{HASH_B}']}}",
        3,
        "tenants[1].name",
        "two tenants have this name",
    ),
    (
        f"tenants:\n- {{name: a, key_sha256: ['{HASH_A}']}}\n- {{name: b, key_sha256: ['{HASH_A}']}}",
        3,
        "tenants[1].key_sha256[0]",
        "this key is listed twice",
    ),
    ("audit:\n  sink: file", 1, "audit.path", "required when sink is 'file'"),
    ("limits: {requests_per_minute: 0}", 1, "limits.requests_per_minute", "greater than or equal to 1"),
    ("limits: {requests_per_minut: 5}", 1, "limits.requests_per_minut", "did you mean 'requests_per_minute'?"),
    (
        f"limits: {{queue: 5}}\ntenants:\n- name: a\n  key_sha256: ['{HASH_A}']\n  limits: {{concurency: 3}}",
        5,
        "tenants[0].limits.concurency",
        "did you mean 'concurrency'?",
    ),
    ("routes:\n- upstream: local\n  fallback: [lcal]", 3, "routes[0].fallback[0].upstream", "did you mean 'local'?"),
    ("routes:\n- upstream: local\n  fallback: [local]", 3, "routes[0].fallback[0]", "on the same upstream"),
    (
        "upstreams:\n  local: {kind: embedded}\n  c: {kind: openai, base_url: 'http://x', key_from: client}\n"
        "routes:\n- upstream: local\n  fallback: [c]",
        6,
        "routes[0].fallback[0]",
        "give the fallback an api_key of its own",
    ),
    (
        "upstreams: {local: {kind: openai, base_url: 'http://x', breaker: {failures: 0}}}",
        1,
        "upstreams.local.breaker.failures",
        "greater than or equal to 1",
    ),
]


@pytest.mark.parametrize(("text", "line", "key", "message"), WRONG)
def test_wrong(text: str, line: int | None, key: str | None, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(text, environment={})
    assert isinstance(caught.value, InvalidConfig)
    found = [p for p in caught.value.problems if message in p.message and (key is None or p.key == key)]
    assert found, str(caught.value)
    assert line in {p.line for p in found}, str(caught.value)
    assert message in str(caught.value)


def test_all_problems_at_once_in_the_order_of_the_file() -> None:
    with pytest.raises(InvalidConfig) as caught:
        loads("server: {prot: 1}\nlog: {level: loud}\naudit: {sink: '${NOPE}'}\nmetrics: 1", environment={})
    assert [p.line for p in caught.value.problems] == [1, 2, 3, 4]
    assert str(caught.value).startswith("guard.yaml: 4 problems\n")


def test_values_stay_out_of_messages() -> None:
    secret = "sk-hunter2hunter2"
    text = (
        f"upstreams: {{c: {{kind: openai, base_url: {secret}, api_key: [{secret}]}}}}\n"
        f"surrogate_key: {{x: {secret}}}\nserver: {{port: {secret}, host: '${{A}}'}}\nlog: {{level: {secret}}}"
    )
    for broken in (text, text + f"\n  {secret}: [", text + f"\n{secret}\n"):
        with pytest.raises(InvalidConfig) as caught:
            loads(broken, environment={"A": secret})
        assert secret not in str(caught.value)


@pytest.mark.parametrize(("text", "value"), [("100000", 100_000), ("null", None)])
def test_a_number_that_may_be_absent_out_of_the_environment(text: str, value: int | None) -> None:
    assert loads("audit: {rotate_bytes: '${SIZE}'}", environment={"SIZE": text}).audit.rotate_bytes == value


def test_a_key_that_was_not_rotated() -> None:
    text = "surrogate_key: 0123456789abcdef\nold_surrogate_keys: [fedcba9876543210, 0123456789abcdef]"
    with pytest.raises(ConfigError, match=r"old_surrogate_keys.1.*nothing has been rotated"):
        loads(text, environment={})


AUDIT = [
    ("{sink: file}", "audit.path", "required when sink is 'file'"),
    ("{chain: true}", "audit.chain", "only a file can be chained"),
    ("{sink: syslog}", "audit.syslog", "must be udp://host:514"),
    ("{sink: syslog, syslog: 'http://x'}", "audit.syslog", "must be udp://host:514"),
    ("{sink: file, path: a, rotate_bytes: 10}", "audit.rotate_bytes", "greater than or equal to 65536"),
    ("{facility: local9}", "audit.facility", "local0"),
]


@pytest.mark.parametrize(("text", "key", "message"), AUDIT)
def test_audit(text: str, key: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(f"audit: {text}", environment={})
    assert key in str(caught.value) and message in str(caught.value)


STORE = [
    ("{url: 'redis://:p@ss/w:rd@cache:6379/0'}", "store.url", "percent-encoded"),
    ("{url: 'redis://:p/w@cache'}", "store.url", "write store.password"),
    ("{url: 'redis://:p?w@cache'}", "store.url", "percent-encoded"),
    ("{url: 'redis://:12#3@cache'}", "store.url", "percent-encoded"),
    ("{url: 'redis://:100%@cache'}", "store.url", "percent-encoded"),
    ("{url: 'redis://:p[w@cache'}", "store.url", "percent-encoded"),
    ("{url: 'redis://cache:port'}", "store.url", "must be redis://host:6379/0"),
    ("{url: 'redis://cache/zero'}", "store.url", "must be redis://host:6379/0"),
    ("{url: 'redis://:pw@'}", "store.url", "must be redis://host:6379/0"),
    ("{url: 'http://cache'}", "store.url", "must be redis://host:6379/0"),
    ("{url: 'cache:6379'}", "store.url", "must be redis://host:6379/0"),
    ("{password: hunter2}", "store.password", "a password without a 'url'"),
    ("{url: 'redis://:hunter2@cache', password: hunter2}", "store.url", "leave it out of the URL"),
    ("{url: 'redis://cache?password=hunter2', password: hunter2}", "store.url", "leave it out of the URL"),
]


@pytest.mark.parametrize(("text", "key", "message"), STORE)
def test_store(text: str, key: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loads(f"store: {text}", environment={})
    assert key in str(caught.value) and message in str(caught.value)
    assert "hunter2" not in str(caught.value) and "p@ss" not in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "{url: 'redis://cache'}",
        "{url: 'redis://cache:6379/'}",
        "{url: 'redis://:p%40ss%2Fw%3Ard@cache:6379/0'}",
        "{url: 'rediss://user:pw@[fd00::1]:6380/1?ssl_ca_certs=/etc/ssl/own/ca.pem'}",
        "{url: 'unix:///run/redis.sock?db=1'}",
        "{url: 'redis://user@cache', password: '${PASSWORD}'}",
    ],
)
def test_stores_that_can_be_reached(text: str) -> None:
    assert loads(f"store: {text}", environment={"PASSWORD": "p@ss/w:rd#%"}).store.url is not None


@pytest.mark.parametrize(
    ("upstream", "instead"),
    [
        ("{kind: openai, base_url: 'https://u:hunter2@api.example/v1'}", "'api_key'"),
        ("{kind: openai, base_url: 'https://hunter2@api.example'}", "'api_key'"),
        ("{kind: vllm, base_url: 'http://u:hunter2@gpu:8000', secret: 0123456789abcdef}", "'secret'"),
    ],
)
def test_a_password_in_a_base_url(upstream: str, instead: str) -> None:
    with pytest.raises(ConfigError, match=r"upstreams\.local\.base_url: holds a name or password") as caught:
        loads(f"upstreams: {{local: {upstream}}}", environment={})
    assert instead in str(caught.value) and "hunter2" not in str(caught.value)


def test_environment() -> None:
    text = """
server: {port: "${PORT}", host: "${HOST:-127.0.0.1}", shutdown_seconds: "${S:-1.5}"}
metrics: {enabled: "${METRICS}"}
surrogate_key: "${KEY}"
upstreams:
  local: {kind: openai, base_url: "https://${REGION}.example/v1", api_key: "${NUMERIC}"}
policies:
  default:
    sanitize: {mode: "${MODE}", min_score: "${MIN}", deny: ["$${x}", "a${EMPTY:-}b"]}
    block: {message: "costs $5, ${EMPTY:-nothing}"}
"""
    environment = {
        "PORT": "81",
        "METRICS": "false",
        "KEY": "k" * 32,
        "REGION": "eu",
        "NUMERIC": "12345",
        "MODE": "monitor",
        "MIN": "1",
        "EMPTY": "",
    }
    config = loads(text, environment=environment)
    assert (config.server.port, config.server.host, config.server.shutdown_seconds) == (81, "127.0.0.1", 1.5)
    assert config.metrics.enabled is False
    assert config.surrogate_key.get_secret_value() == "k" * 32
    upstream = config.upstreams["local"]
    assert isinstance(upstream, OpenAI)
    assert upstream.base_url == "https://eu.example/v1"
    assert upstream.api_key is not None and upstream.api_key.get_secret_value() == "12345"
    policy = config.policies["default"]
    assert (policy.sanitize.mode, policy.sanitize.min_score) == (Mode.MONITOR, 1)
    assert policy.sanitize.deny == ("${x}", "ab")
    assert policy.block.message == "costs $5, nothing"


def test_entities_have_short_forms() -> None:
    text = "{A: mask, B: 0.9, C: {policy: placeholder, min_score: 0.1}, D: '${E}'}"
    config = loads(f"policies: {{default: {{sanitize: {{entities: {text}}}}}}}", environment={"E": "keep"})
    entities = config.policies["default"].sanitize.entities
    assert {k: (v.policy, v.min_score) for k, v in entities.items()} == {
        "A": ("mask", None),
        "B": ("surrogate", 0.9),
        "C": ("placeholder", 0.1),
        "D": ("keep", None),
    }


def test_the_starter_says_what_an_empty_mapping_means() -> None:
    assert loads(starter(), environment={}) == Config() == loads("{}", environment={})
    assert loads(starter(), environment={"GUARD_SURROGATE_KEY": "x" * 20}) != Config()
    assert not Config().server.explain


def test_default_enforces_everything() -> None:
    config = default()
    assert (route := config.route("tiny-chat", "", {})) is not None and route.policy == "default"
    assert (route := config.route("tiny-chat-monitor", "", {})) is not None and route.policy == "monitor"
    policy = config.policies["default"]
    assert {policy.sanitize.mode, policy.probe.mode, policy.steer.mode} == {Mode.ENFORCE}
    assert {policy.sanitize.on_error, policy.probe.on_error, policy.steer.on_error} == {OnError.BLOCK}
    assert policy.unknown_paths == "deny"
    assert isinstance(config.upstreams["local"], Embedded)
    assert config.server.host == "127.0.0.1"
    assert warnings(Config()) == []


def test_a_check_that_is_not_listed_is_off_and_one_that_is_enforces() -> None:
    policy = loads("policies: {default: {sanitize: {}}}", environment={}).policies["default"]
    assert (policy.sanitize.mode, policy.probe.mode, policy.steer.mode) == (Mode.ENFORCE, Mode.OFF, Mode.OFF)


ODD = [
    ("upstreams: {local: {kind: embedded}}", "requests in the steering band are blocked"),
    ("policies: {default: {}}", "enforces no check"),
    ("policies: {default: {sanitize: {}, unknown_paths: pass}}", "paths through that no check has seen"),
    ("routes: [{upstream: local}, {upstream: local, match: {model: x}}]", "the routes after it are never used"),
    ("surrogate_key: short", "easy to guess"),
    (
        f"upstreams: {{local: {{kind: openai, base_url: 'http://x', key_from: client}}}}\n"
        "policies: {default: {sanitize: {}}}\n"
        f"tenants: [{{name: a, key_sha256: ['{HASH_A}']}}]",
        "one Authorization header",
    ),
    (
        "upstreams: {local: {kind: openai, base_url: 'http://y', local: true}, c: {kind: openai, base_url: 'http://x'}}\n"
        "policies: {default: {sanitize: {mode: monitor}, plugins: {mine: {}}}}\n"
        "routes: [{upstream: local, fallback: [c]}]",
        "would leave unmasked for 'c'",
    ),
]


@pytest.mark.parametrize(("text", "message"), ODD)
def test_odd(text: str, message: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "guard.config"):
        config = loads(text, environment={})
    assert [message in str(w) for w in warnings(config)] == [True]
    assert message in caplog.text


def test_bundled_openings_for_another_model_are_a_warning() -> None:
    config = loads("upstreams: {local: {kind: embedded, model: ./mine}}\npolicies: {default: {probe: {}}}")
    assert any(
        w.key == "policies.default.probe.artifact" and "guard probes build" in w.message for w in warnings(config)
    )


def test_steering_on_an_openai_upstream_is_a_warning() -> None:
    config = loads(
        """
upstreams:
  local: {kind: embedded, steering: "bundled:tiny-chat"}
  cloud: {kind: openai, base_url: "https://api.openai.com/v1"}
policies: {default: {sanitize: {}, probe: {}, steer: {on_error: allow}}}
routes:
  - {match: {model: "gpt-*"}, upstream: cloud}
  - {upstream: local}
""",
        environment={},
    )
    (warning,) = warnings(config)
    assert warning.line == 7 and warning.key == "routes[0].policy" and "are let through" in warning.message


BOMBS = {
    "aliases": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "\n".join(f"{c}: &{c} [{', '.join(['*' + p] * 9)}]" for p, c in zip("abcdefgh", "bcdefghi", strict=True)),
    "cycle": "a: &a [*a]",
    "cycle of mappings": "a: &a {b: *a}",
    "depth": "a: " + "[" * 200 + "]" * 200,
    "depth beyond the parser": "a: " + "[" * 50_000,
    "many": "a: [" + "1," * 60_000 + "]",
    "size": "# " + "x" * (1 << 20),
}


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.timeout(20)
def test_bombs(name: str) -> None:
    with pytest.raises(InvalidConfig):
        loads(BOMBS[name], environment={})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"log:\n  level: \xff", "line 2: not valid UTF-8"),
        (b"\x00", "not valid YAML"),
        (b"x" * (1 << 21), "larger than"),
    ],
)
def test_bad_bytes(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "guard.yaml"
    file.write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        load(file)


def test_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.yaml: cannot be read: No such file"):
        load(tmp_path / "missing.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)
    file = tmp_path / "guard.yaml"
    file.write_text("\ufefflog: {level: debug}", "utf-8")
    assert load(file).log.level == "debug"
    assert load(file).source.path == str(file)


ROUTES = """
upstreams: {a: {kind: embedded}, b: {kind: embedded}}
policies: {default: {sanitize: {}}, strict: {sanitize: {}}}
routes:
  - {match: {model: "gpt-*", headers: {X-Tier: gold}}, upstream: b, policy: strict}
  - {match: {tenant: acme}, upstream: b}
  - {match: {model: "tiny-?"}, upstream: a}
"""


@pytest.mark.parametrize(
    ("model", "tenant", "headers", "expected"),
    [
        ("gpt-5", "", {"x-tier": "gold"}, ("b", "strict")),
        ("gpt-5", "", {"x-tier": "silver"}, None),
        ("gpt-5", "", {}, None),
        ("GPT-5", "", {"x-tier": "gold"}, None),
        ("gpt-5", "acme", {}, ("b", "default")),
        ("tiny-1", "", {}, ("a", "default")),
        ("tiny-12", "", {}, None),
    ],
)
def test_routes(model: str, tenant: str, headers: dict[str, str], expected: tuple[str, str] | None) -> None:
    route = loads(ROUTES, environment={}).route(model, tenant, headers)
    assert (route and (route.upstream, route.policy)) == expected


@given(st.text(alphabet=st.sampled_from("ab:{}[],&*!|>-?#'\"\n\t $%@`<~0.1é\0"), max_size=80))
@settings(max_examples=200, deadline=None)
def test_any_text_is_a_config_or_a_config_error(text: str) -> None:
    with contextlib.suppress(ConfigError):
        loads(text, environment={})


def test_configs_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        default().server.port = 1  # type: ignore[misc]
