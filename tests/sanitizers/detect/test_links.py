"""Addresses and numbers in links, quotes and assignments: found as they are, the rest of the link intact."""

from __future__ import annotations

import pytest

from sanitizers import Sanitizer, SanitizerOptions
from sanitizers.detect.ner_text import clear

# The rules alone: what models make of single words is up to their weights.
SANITIZER = Sanitizer(SanitizerOptions(ner=()), key="k")
MAIL, PHONE = "EMAIL_ADDRESS", "PHONE_NUMBER"

ROWS = [
    # what stands in front of an address is not part of it
    ("email='a@b.co'", [(MAIL, "a@b.co")]),
    ('mail:"alice@corp.com"', [(MAIL, "alice@corp.com")]),
    ("<a@b.co>", [(MAIL, "a@b.co")]),
    ("Write to a@b.co.", [(MAIL, "a@b.co")]),
    ("e=alice@corp.com, {email:alice@corp.com}", [(MAIL, "alice@corp.com")] * 2),
    ("'bob@corp.com' `bob@corp.com` |bob@corp.com| (bob@corp.com)/bob@corp.com", [(MAIL, "bob@corp.com")] * 5),
    ("ask o'brien@corp.com", [(MAIL, "o'brien@corp.com")]),
    ("ask a.b-c_d+e@corp.com", [(MAIL, "a.b-c_d+e@corp.com")]),
    ("bounces+alice=corp.org@lists.example.org", [(MAIL, "bounces+alice=corp.org@lists.example.org")]),
    # links
    ("https://x.org/?mail=alice@corp.com&x=1", [(MAIL, "alice@corp.com")]),
    ("https://x.org/u/alice@corp.com/edit", [(MAIL, "alice@corp.com")]),
    ("https://x.org/?to=alice%40corp.com#top", [(MAIL, "alice%40corp.com")]),
    ("https://x.org/?next=%2Fu%3Fto%3Dalice%2540corp.com", [(MAIL, "alice%2540corp.com")]),
    ("https://x.org/?to=alice%2Bnews%40corp.com", [(MAIL, "alice%2Bnews%40corp.com")]),
    ("https://x.org/?q=%22alice%40corp.com%22", [(MAIL, "alice%40corp.com")]),
    ("https://x.org/?a=b%3Dalice@corp.com", [(MAIL, "alice@corp.com")]),
    ("mailto:alice@corp.com?cc=bob@corp.com&subject=Hi", [(MAIL, "alice@corp.com"), (MAIL, "bob@corp.com")]),
    ("https://alice%40corp.com@host.org/p", [(MAIL, "alice%40corp.com")]),
    ("ftp://alice%40corp.com:pw1@host.org/p", [(MAIL, "alice%40corp.com"), ("PASSWORD", "pw1")]),
    ("![a](https://img.org/a.png?u=alice%40corp.com)", [(MAIL, "alice%40corp.com")]),
    ("https://x.org/?phone=4155552671&a=b", [(PHONE, "4155552671")]),
    ("https://x.org/?phone=%2B14155552671&a=b", [(PHONE, "%2B14155552671")]),
    ("https://x.org/?user_tel=%2B1%20415%20555%202671#x", [(PHONE, "%2B1%20415%20555%202671")]),
    ("tel:+1-415-555-2671;ext=5", [(PHONE, "+1-415-555-2671")]),
    ("[call](tel:+14155552671) or sms:4155552672?body=x", [(PHONE, "+14155552671"), (PHONE, "4155552672")]),
    ("https://wa.me/14155552671?text=hi", [(PHONE, "14155552671")]),
    # without a separator
    ("alice@corp.com4155552671", [(MAIL, "alice@corp.com"), (PHONE, "4155552671")]),
    ("alice@corp.combob@corp.com", [(MAIL, "alice@corp.combob@corp.com")]),
    (
        "4111111111111111DE89370400440532013000",
        [("CREDIT_CARD", "4111111111111111"), ("IBAN_CODE", "DE89370400440532013000")],
    ),
    (
        "GB29NWBK60161331926819DE89370400440532013000",
        [("IBAN_CODE", "GB29NWBK60161331926819"), ("IBAN_CODE", "DE89370400440532013000")],
    ),
    # where a word names the number
    ("Phone:\n60-56-85-91\n", [(PHONE, "60-56-85-91")]),
    ("stop messages to 699 956 915", [(PHONE, "699 956 915")]),
    ("+1-984-182-0190 mobile", [(PHONE, "+1-984-182-0190")]),
    # numbers that are nobody's
    ("https://x.org/?id=4155552671&page=2", []),
    ("max 2147483647 or 2147483648, 4294967295 and 4294967296", []),
    ("phone 2147483647", [(PHONE, "2147483647")]),
    ("ISBN 0-306-40615-2, also as 0306406152", []),
    ("9780306406157 is the ISBN", []),
]  # fmt: skip


@pytest.mark.parametrize("text, expected", ROWS)
def test_finds_and_hides_in_place(text: str, expected: list[tuple[str, str]]) -> None:
    hidden = SANITIZER.hide(text)
    assert [(f.type, text[f.start : f.end]) for f in hidden.findings] == expected
    assert hidden.restore(hidden.text) == text
    between, at = [], 0
    for found in hidden.findings:
        between.append(text[at : found.start])
        at = found.end
    between.append(text[at:])
    rest = hidden.text
    for stretch in between:  # what is no find stands in the outgoing text, in order
        assert stretch in rest, hidden.text
        rest = rest[rest.index(stretch) + len(stretch) :]
    assert not any(value in hidden.text for _, value in expected)


def test_one_number_in_plain_and_in_a_link_is_one_fictional_number() -> None:
    hidden = SANITIZER.hide("+1 415 555 2671 is https://x.org/?phone=%2B14155552671")
    plain, link = hidden.text.split(" is https://x.org/?phone=%2B")
    assert plain.replace(" ", "") == f"+{link}"


@pytest.mark.parametrize("link", ["mailto:alice@corp.com?cc=x", "tel:+1-415-555-2671", "sms:4155552671?body=x"])
def test_links_of_their_own_are_no_language_for_models(link: str) -> None:
    assert clear(f"see {link} now") == f"see {'0' * len(link)} now"
    assert clear("Tel: Alice, mailto Bob") == "Tel: Alice, mailto Bob"
