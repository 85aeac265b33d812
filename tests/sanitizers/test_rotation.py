"""A new key hides; what an old one made of the same values comes back all the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sanitizers import Sanitizer

OLD, NEW = "the key of last year, long enough", "the key of this year, long enough"
TEXT = (
    "Alice Johnson <alice.johnson@acme-corp.org> was born on 12 May 1987; call +1 415 555 2671, "
    "card 4111 1111 1111 1111. "
    "张伟的身份证号是11010519491231002X，住在北京市朝阳区建国路88号。"
)
before, after = Sanitizer(key=OLD), Sanitizer(key=NEW, old_keys=[OLD])


def test_the_new_key_hides() -> None:
    assert after.hide(TEXT).text == Sanitizer(key=NEW).hide(TEXT).text != before.hide(TEXT).text


def test_both_restore() -> None:
    hidden = after.hide(TEXT)
    assert hidden.restore(hidden.text) == TEXT
    assert hidden.restore(before.hide(TEXT).text) == TEXT
    assert Sanitizer(key=NEW).hide(TEXT).restore(before.hide(TEXT).text) != TEXT


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 400), max_size=6))
def test_in_any_chunks(cuts: list[int]) -> None:
    restorer = after.hide(TEXT).restorer()
    answer = before.hide(TEXT).text
    at, out = 0, ""
    for cut in sorted(min(cut, len(answer)) for cut in cuts):
        out += restorer.feed(answer[at:cut])
        at = cut
    assert out + restorer.feed(answer[at:]) + restorer.close() == TEXT


def test_parts_and_ways_of_writing() -> None:
    hidden = after.hide(TEXT)
    name = before.hide("Alice Johnson").text
    assert hidden.restore(f"Dear {name.split()[0]}, {name.upper()}") == "Dear Alice, ALICE JOHNSON"


def test_several_old_keys() -> None:
    older = "the key of the year before, long enough"
    hidden = Sanitizer(key=NEW, old_keys=[OLD, older]).hide(TEXT)
    for key in (NEW, OLD, older):
        assert hidden.restore(Sanitizer(key=key).hide(TEXT).text) == TEXT


def test_a_name_that_the_user_wrote_stays_the_users() -> None:
    """It may be an earlier stand-in or somebody who is called so: what stood there must come back."""
    name = before.hide("Alice Johnson").text
    text = f"Alice Johnson met {name}."
    hidden = after.hide(text)
    assert hidden.restore(hidden.text) == text
    assert hidden.restore(f"Then {name} left.") == f"Then {name} left."


@pytest.mark.parametrize("tenant", ["", "acme"])
def test_tenants_have_old_keys_of_their_own(tenant: str) -> None:
    answer = before.hide(TEXT, tenant=tenant).text
    assert after.hide(TEXT, tenant=tenant).restore(answer) == TEXT
    assert after.hide(TEXT, tenant="somebody else").restore(answer) != TEXT
