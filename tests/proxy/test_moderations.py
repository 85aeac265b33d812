"""The check-only endpoint, by its wire form and with the official SDK."""

from __future__ import annotations

import httpx2 as httpx
import openai
import pytest

from guard.verdict import Mode
from proxy.moderations import CATEGORIES
from tests.proxy.serving import Echo, assembly, guarded, serve


def test_each_input_gets_its_verdict() -> None:
    echo = Echo()
    with serve(lambda: assembly([guarded(echo)])) as serving:
        client = openai.OpenAI(base_url=f"{serving.url}/v1", api_key="x", max_retries=0)
        answer = client.moderations.create(input=["hello", "a bad word", "bad bad secret", ""])
        assert [r.flagged for r in answer.results] == [False, False, True, False]
        assert answer.id.startswith("modr-") and answer.model == "guardchain"
        assert not any(getattr(answer.results[2].categories, "violence", True) for _ in [0])
        raw = httpx.post(f"{serving.url}/v1/moderations", json={"input": "bad bad secret"})
        (result,) = raw.json()["results"]
        assert set(CATEGORIES) < set(result["categories"]) == set(result["category_scores"])
        assert set(result["category_applied_input_types"]) == set(result["categories"])
        assert result["categories"]["probe"] is True and result["category_scores"]["probe"] > 0.5
        assert result["guardchain"]["verdict"] == "block" and result["guardchain"]["score"] == 2.0
        assert result["guardchain"]["checks"]["hide"]["entities"] == {"WORD": 1}
        assert raw.headers["x-guardchain-decision"] == "block"
        assert not echo.calls
        assert serving.records[-1].decision.verdict.label == "block"


def test_monitoring_flags_too() -> None:
    with serve(lambda: assembly([guarded(Echo(), probe=Mode.MONITOR)])) as serving:
        answer = httpx.post(f"{serving.url}/v1/moderations", json={"input": "bad bad"}).json()
        assert answer["results"][0]["flagged"] is True


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"input": "unscorable"}, 503, "guard_unavailable"),
        ({"input": ["hello", "explode"]}, 503, "guard_unavailable"),
        ({"input": 7}, 400, None),
        ({"input": ["hello"] * 129}, 400, "too_many_inputs"),
        ({}, 400, None),
        ({"input": "x", "surprise": 1}, 400, None),
    ],
)
def test_no_verdict_is_never_a_false(body: dict[str, object], status: int, code: str | None) -> None:
    with serve(lambda: assembly([guarded(Echo())])) as serving:
        response = httpx.post(f"{serving.url}/v1/moderations", json=body)
        assert response.status_code == status
        if code is not None:
            assert response.json()["error"]["code"] == code
