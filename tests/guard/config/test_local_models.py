"""What a policy may say about local models, and what it is told when it is wrong."""

from __future__ import annotations

import pytest

from guard.config import InvalidConfig, loads, warnings

HEAD = """
upstreams:
  cloud: {kind: openai, base_url: "https://api.example.com/v1", key_from: client}
  house: {kind: openai, base_url: "http://127.0.0.1:9/v1", local: true}
  tiny: {kind: embedded}
routes: [{upstream: cloud}]
policies:
  default:
    sanitize:
"""


@pytest.mark.parametrize("key", ["local_model", "recover"])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("tiny", None),
        ("{upstream: house, model: own-7b}", None),
        ("house", "required: upstream 'house' may serve several"),
        ("cloud", "not marked as your own"),
        ("{upstream: cloud, model: gpt}", "set 'local: true' there if it is"),
        ("huose", "did you mean 'house'?"),
    ],
)
def test_who_may_be_asked(key: str, value: str, problem: str | None) -> None:
    text = f"{HEAD}      {key}: {value}\n"
    if problem is None:
        asked = getattr(loads(text).policies["default"].sanitize, key)
        assert asked.upstream in ("tiny", "house")
        return
    with pytest.raises(InvalidConfig, match=f"policies.default.sanitize.{key}") as caught:
        loads(text)
    assert problem in str(caught.value)


@pytest.mark.parametrize(("upstream", "accepted"), [("house", True), ("tiny", True), ("cloud", False)])
def test_where_requests_may_be_routed_as_they_are(upstream: str, accepted: bool) -> None:
    text = f"{HEAD}      {{default: route_local, route_local: {{upstream: {upstream}}}}}\n"
    if accepted:
        loads(text)
        return
    with pytest.raises(InvalidConfig, match=r"route_local\.upstream.*not marked as your own"):
        loads(text)


def test_a_wait_as_long_as_the_deadline_is_warned_of() -> None:
    text = f"{HEAD}      local_model: {{upstream: tiny, seconds: 5}}\n"
    assert any("deadline_seconds (5)" in str(p) for p in warnings(loads(text)))
    text = f"{HEAD}      local_model: {{upstream: tiny, seconds: 4}}\n"
    assert not any("deadline_seconds" in str(p) for p in warnings(loads(text)))


@pytest.mark.parametrize("value", ["{}", "{epsilon: 0}", "{epsilon: 1, candidates: 1}", "{epsilon: 1, b: 2}", "3"])
def test_obfuscation_wants_an_epsilon_and_nothing_else(value: str) -> None:
    with pytest.raises(InvalidConfig, match=r"policies\.default\.sanitize\.obfuscate"):
        loads(f"{HEAD}      obfuscate: {value}\n")
    assert loads(f"{HEAD}      obfuscate: {{epsilon: 12}}\n").policies["default"].sanitize.obfuscate.epsilon == 12
