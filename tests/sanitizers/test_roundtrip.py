"""restore(hide(x)) is x, whatever the chunking; nothing hidden leaves; equal values get equal surrogates."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guard.errors import CheckUnavailable
from guard.surface import ChannelKind, Role
from sanitizers import Piece, Policy, Sanitizer, SanitizerOptions
from sanitizers.detect import Budget
from sanitizers.detect.fold import fold
from sanitizers.surrogates import tells
from tests.sanitizers.strategies import texts, values
from tests.support.timing import grows_at_most

# Types that are off by default too.
EVERYTHING = dict.fromkeys(("DATE_TIME", "MONEY", "AGE", "URL", "UK_NHS"), Policy.SURROGATE)
# The rules alone: what models make of glued random values is up to their weights.
SANITIZER = Sanitizer(SanitizerOptions(entities=EVERYTHING, seconds=60, ner=()), key="test key")
slow = settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))


@slow
@given(text=texts)
def test_restoring_what_was_hidden_gives_the_text_back(text: str) -> None:
    hidden = SANITIZER.hide(text)
    assert hidden.restore(hidden.text) == text


@slow
@given(text=texts, data=st.data())
def test_the_chunking_changes_nothing(text: str, data: st.DataObject) -> None:
    hidden = SANITIZER.hide(text)
    answer = hidden.text
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=12)))
    restorer = hidden.restorer()
    pieces = [answer[a:b] for a, b in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    assert "".join(restorer.feed(piece) for piece in pieces) + restorer.close() == text


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(text=texts)
def test_every_split_position(text: str) -> None:
    hidden = SANITIZER.hide(text)
    answer = hidden.text
    starts = {v.text[:n] for v in hidden.hiding.table.variants for n in range(1, len(v.text) + 1)}
    for cut in range(len(answer) + 1):
        restorer = hidden.restorer()
        first = restorer.feed(answer[:cut])
        assert restorer.held == 0 or answer[cut - restorer.held : cut] in starts
        assert first + restorer.feed(answer[cut:]) + restorer.close() == text


@slow
@given(parts=st.lists(texts, min_size=1, max_size=5))
def test_no_original_is_left_in_any_piece(parts: list[str]) -> None:
    pieces = [
        Piece(text, role)
        for text, role in zip(parts, [Role.SYSTEM, Role.USER, Role.ASSISTANT, Role.TOOL, Role.META], strict=False)
    ]
    hiding, found = SANITIZER.hide_pieces(pieces)
    # Inside a longer word a short value, an address, a date or a name is something else.
    values = {
        (f.type, pieces[f.piece].text[f.start : f.end])
        for f in found
        if f.type not in ("PERSON", "IP_ADDRESS", "DATE_TIME")
    }
    # `the 10:30` is found as a date and tells nothing.
    for original in {value for type_, value in values if tells(type_, fold(value).text)}:
        if len(original) >= 8:
            assert not any(original in text for text in hiding.texts)


@slow
@given(left=values, right=values)
def test_surrogates_are_injective_within_a_request(left: str, right: str) -> None:
    hiding, _ = SANITIZER.hide_pieces([Piece(f"({left})"), Piece(f"({right})")])
    if left != right and hiding.texts[0] == hiding.texts[1]:
        raise AssertionError("two values, one surrogate")


@slow
@given(text=texts)
def test_hiding_twice_restores_in_two_steps(text: str) -> None:
    once = SANITIZER.hide(text)
    twice = SANITIZER.hide(once.text)
    assert once.restore(twice.restore(twice.text)) == text


MODELS = Sanitizer(SanitizerOptions(entities=EVERYTHING, seconds=60), key="test key")
NAMES = st.sampled_from(
    (
        *("Alice Johnson", "Dr. Okonkwo", "JOHN SMITH", "张伟", "王小明先生", "O'Brien"),
        *("Acme GmbH", "Berlin", "12 Elm St", "北京大学", "CFO"),
    )
)
JOINTS = st.sampled_from(["", " ", " ", ", ", ".", "-", "_", "/", ":", "@", "'s ", "\n", "，", "的", "<", '"'])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(st.tuples(st.one_of(NAMES, values), JOINTS), min_size=1, max_size=6), data=st.data())
def test_round_trips_with_models(rows: list[tuple[str, str]], data: st.DataObject) -> None:
    """What models make of values glued to names depends on their weights; that it comes back does not."""
    text = "".join(value + joint for value, joint in rows)
    hidden = MODELS.hide(text)
    answer = hidden.text
    cuts = sorted(data.draw(st.lists(st.integers(0, len(answer)), max_size=6)))
    restorer = hidden.restorer()
    chunks = [answer[a:b] for a, b in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
    assert "".join(map(restorer.feed, chunks)) + restorer.close() == text
    twice = MODELS.hide(answer)
    assert hidden.restore(twice.restore(twice.text)) == text


@pytest.mark.parametrize("joint", ["", ".", ".-", "-", "_", "+", "'", "/"])
@pytest.mark.parametrize("name", ["Alice Johnson", "My name is Maria Lopez", "我叫张伟"])
@pytest.mark.parametrize("address", ["A0@aa.com", "a@b.org", "johnson@corp.com"])
def test_an_address_glued_to_a_name(name: str, joint: str, address: str) -> None:
    text = f"{name}{joint}{address}"
    once = SANITIZER.hide(text)
    assert address not in once.text and "Johnson" not in once.text and "Lopez" not in once.text
    twice = SANITIZER.hide(once.text)
    assert once.restore(twice.restore(twice.text)) == text


@slow
@given(text=texts, ascii_only=st.booleans())
def test_arguments_are_restored_inside_json(text: str, ascii_only: bool) -> None:
    hidden = SANITIZER.hide(text)
    body = json.dumps({"q": hidden.text}, ensure_ascii=ascii_only)
    assert json.loads(hidden.restore(body, ChannelKind.ARGUMENTS)) == {"q": text}


TABLE = "Alice Johnson <alice@corp.com>, +1 212 555 7788, 4111 1111 1111 1111, 我叫张伟"


def test_tenants_and_keys_have_surrogates_of_their_own() -> None:
    a, b = Sanitizer(key="k"), Sanitizer(key="other")
    assert len({a.hide(TABLE, tenant="t").text, a.hide(TABLE, tenant="u").text, b.hide(TABLE, tenant="t").text}) == 3


def test_a_value_keeps_its_surrogate_over_turns() -> None:
    first = SANITIZER.hide([{"role": "user", "content": "I am Alice Johnson, alice@corp.com"}])
    surrogate = first.messages[0]["content"]
    later = SANITIZER.hide(
        [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "I am Alice Johnson, alice@corp.com"},
            {"role": "assistant", "content": "Hello Alice Johnson!"},
            {"role": "user", "content": "What is 4111 1111 1111 1111?"},
        ]
    )
    assert later.messages[1]["content"] == surrogate
    assert later.messages[2]["content"] == f"Hello {surrogate.removeprefix('I am ').split(',')[0]}!"


@pytest.mark.parametrize(
    "count, template",
    [
        (1500, "user{}@corp{}.com "),
        (2000, "10.{}.2.{} "),
        (800, "My name is Alice Johnson{}. "),
    ],
)
def test_many_values_stay_injective(count: int, template: str) -> None:
    text = "".join(
        template.format(*((i // 250 + 1, i % 250) if "10." in template else (i, i % 7)[: template.count("{}")]))
        for i in range(count)
    )
    hidden = SANITIZER.hide(text)
    assert hidden.restore(hidden.text) == text
    assert len({v.text for v in hidden.hiding.table.variants}) == len(hidden.hiding.table.variants)


def test_five_hundred_people() -> None:
    from sanitizers.names_list import EN_FAMILY, EN_FEMALE

    families = sorted(EN_FAMILY)
    names = [f"{EN_FEMALE[i % len(EN_FEMALE)]} {families[i % len(families)]}" for i in range(300)]
    text = "\n".join(f"Name: {name}" for name in names)
    hidden = SANITIZER.hide(text)
    assert hidden.restore(hidden.text) == text
    assert len(set(hidden.text.split("\n"))) == len(set(text.split("\n")))


@pytest.mark.parametrize(
    "other",
    [
        "4.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1",
        "４１１１１１１１１１１１１１１１",
        "4111 1111-1111/1111", "4111\u200b111111111111",
        "x4111111111111111y", "NDExMTExMTExMTExMTExMQ==",
    ],
)  # fmt: skip
def test_other_spellings_of_a_found_value_are_replaced_everywhere(other: str) -> None:
    pieces = [Piece("card 4111111111111111"), Piece(f"see {other} there", Role.TOOL)]
    hiding, _ = SANITIZER.hide_pieces(pieces)
    assert other not in hiding.texts[1]
    assert SANITIZER.hide("card 4111111111111111").text == hiding.texts[0]


def test_a_leak_fails_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sanitizers.hide._places", lambda *args: [])
    with pytest.raises(CheckUnavailable) as caught:
        SANITIZER.hide("card 4111111111111111")
    assert caught.value.reason == "leak"


@pytest.mark.parametrize(
    "text",
    [
        "(415) 555-2671 415 5552671 4155552671 14155552671 +14155552671",
        "Maria Lopez/10.1.2.3/10.1.2.3, DE89370400440532013000_10.1.2.3",
        "4111 1111 1111 1111-maria@lopez.org",
        "请联系maria@lopez.org谢谢, https://x.org/?to=maria%40lopez.org",
    ],
)
def test_values_that_run_into_each_other_are_hidden_and_come_back(text: str) -> None:
    hidden = Sanitizer(key="k").hide(text)
    assert not any(v in hidden.text for v in ("2671", "10.1.2.3", "maria", "lopez", "4111", "DE89"))
    assert hidden.restore(hidden.text) == text


def test_a_text_full_of_values_takes_time_in_proportion() -> None:
    def there_and_back(count: int) -> None:
        text = "\n".join(f"user{i}.name@host{i % 977}.com wrote" for i in range(count))
        sanitizer = Sanitizer(SanitizerOptions(seconds=300), key="k")
        hidden = sanitizer.hide(text)
        assert hidden.restore(hidden.text) == text

    # eight times the text; quadratic would be 64
    assert grows_at_most(30, lambda: there_and_back(500), lambda: there_and_back(4000))


def test_one_value_again_and_again_takes_time_in_proportion() -> None:
    def there(count: int) -> None:
        text = "Please write to Maria Lopez at maria.lopez@corp.org, not to 42 Elm Street. " * count
        Sanitizer(SanitizerOptions(seconds=300, ner=()), key="k").hide(text)

    # sixteen times the text; every find compared with every other would be 256
    assert grows_at_most(30, lambda: there(500), lambda: there(8000))


def test_hiding_has_a_budget_that_another_thread_can_end() -> None:
    text = " ".join(f"user{i}.name@host{i % 977}.com" for i in range(3_000))
    sanitizer = Sanitizer(key="k")
    sanitizer.detector.detect(text)  # remembered, so that what runs out is the time for hiding
    with pytest.raises(CheckUnavailable, match="budget"):
        sanitizer.hide_pieces([Piece(text)], budget=Budget(0.01))
    budget = Budget(600)
    budget.cancel()
    with pytest.raises(CheckUnavailable, match="budget"):
        sanitizer.hide_pieces([Piece(text)], budget=budget)
