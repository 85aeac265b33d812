"""Surrogates: of the same kind and format, nobody's, and a function of key, type and value alone."""

from __future__ import annotations

import re

import pytest
from presidio_analyzer import predefined_recognizers as known

from sanitizers.detect.china import is_resident_id
from sanitizers.draw import Draw, tenant_key
from sanitizers.names_list import FRESH_FAMILY, FRESH_FEMALE, FRESH_MALE, ZH_FRESH_FAMILY
from sanitizers.persons import Part, draw_part, split
from sanitizers.surrogates import luhn_sum, normalise, surrogate

KEY = b"k" * 32


def make(type_: str, form: str, attempt: int = 0) -> str:
    return surrogate(type_, form, Draw(KEY, type_, normalise(type_, form), attempt))


@pytest.mark.parametrize(
    "type_, form, pattern",
    [
        ("EMAIL_ADDRESS", "bob@corp.com", r"[a-z]+\.[a-z]+\d\d@example\.(com|org|net)"),
        ("EMAIL_ADDRESS", "BOB@CORP.COM", r"[A-Z]+\.[A-Z]+\d\d@EXAMPLE\.(COM|ORG|NET)"),
        ("PHONE_NUMBER", "(212) 736-5000", r"\([2-9]\d\d\) 555-01\d\d"),
        ("PHONE_NUMBER", "+1-212-736-5000", r"\+1-[2-9]\d\d-555-01\d\d"),
        ("PHONE_NUMBER", "+44 20 7946 0958", r"\+44 \d\d \d{4} \d{4}"),
        ("PHONE_NUMBER", "12345", r"\[PHONE_NUMBER-\w{6}\]"),
        ("CN_MOBILE", "138-1234-5678", r"12\d-\d{4}-\d{4}"),
        ("CN_MOBILE", "+8613812345678", r"\+8612\d{9}"),
        ("CREDIT_CARD", "4111-1111-1111-1111", r"4\d{3}-\d{4}-\d{4}-\d{4}"),
        ("IBAN_CODE", "DE89 3704 0044 0532 0130 00", r"DE00 \d{4} \d{4} \d{4} \d{4} \d\d"),
        ("IP_ADDRESS", "10.1.2.3", r"(192\.0\.2|198\.51\.100|203\.0\.113|198\.1[89]\.\d+)\.\d+"),
        ("IP_ADDRESS", "10.0.0.0/8", r".*\.\d+/8"),
        ("IP_ADDRESS", "fe80::1", r"2001:db8::.*"),
        ("MAC_ADDRESS", "00:1A:2B:3C:4D:5E", r"02(:[0-9A-F]{2}){5}"),
        ("MAC_ADDRESS", "001a.2b3c.4d5e", r"02[0-9a-f]{2}\.[0-9a-f]{4}\.[0-9a-f]{4}"),
        ("US_SSN", "536-22-1234", r"000-\d\d-\d{4}"),
        ("CN_RESIDENT_ID", "11010519491231002X", r"\d{17}[\dX]"),
        ("CRYPTO", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", r"1[1-9A-HJ-NP-Za-km-z]{33}"),
        ("URL", "https://corp.com/a/b", r"https://[a-z]+\d\d\.example\.(com|org|net)/[a-z0-9]{8}"),
        ("SECRET", "sk-proj-abcdefgh12345678", r"sk-proj-EXAMPLE[A-Za-z0-9]{13}"),
        ("SECRET", "AKIAIOSFODNN7ABCDEFG", r"AKIAEXAMPLE[A-Z0-9]{13}"),
        ("PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nMI\n-----END PRIVATE KEY-----",
         r"(?s)-----BEGIN PRIVATE KEY-----\nEXAMPLE.*"),
        ("ES_NIF", "12345678Z", r"\d{8}[A-Z]"),
        ("CUSTOM", "Project Falcon", r"\[CUSTOM-\w{6}\]"),
    ],
)  # fmt: skip
def test_kind_and_format(type_: str, form: str, pattern: str) -> None:
    made = make(type_, form)
    assert re.fullmatch(pattern, made), made
    assert made == make(type_, form) != make(type_, form, attempt=1)


@pytest.mark.parametrize("n", range(40))
def test_check_digits_are_wrong_on_purpose(n: int) -> None:
    assert luhn_sum(make("CREDIT_CARD", f"4111111111{n:06d}")) != 0
    assert not is_resident_id(make("CN_RESIDENT_ID", f"1101051949123{n:04d}X"))
    assert known.IbanRecognizer().analyze(make("IBAN_CODE", f"DE89370400440532{n:06d}"), ["IBAN_CODE"]) == []


@pytest.mark.parametrize(
    "type_, a, b, same",
    [
        ("PHONE_NUMBER", "(212) 736-5000", "212.736.5000", True),
        ("CREDIT_CARD", "4111 1111 1111 1111", "4111111111111111", True),
        ("EMAIL_ADDRESS", "Bob@Corp.com", "bob@corp.com", True),
        ("PERSON", "ALICE  Johnson", "alice johnson", True),
        ("SECRET", "sk-A", "sk-a", False),
    ],
)
def test_normal_forms(type_: str, a: str, b: str, same: bool) -> None:
    assert (normalise(type_, a) == normalise(type_, b)) is same


@pytest.mark.parametrize(
    "form, kinds",
    [
        ("Alice Johnson", "given fixed family"),
        ("Anna-Maria van Dyck", "given fixed given fixed fixed fixed family"),
        ("John Q. Public", "given fixed initial fixed family"),
        ("Johnson", "family"),
        ("Alice", "given"),
        ("张伟", "family given"),
        ("欧阳娜娜", "family given"),
        ("王女士", "family fixed"),
    ],
)
def test_names_split(form: str, kinds: str) -> None:
    assert [p.kind for p in split(form)] == kinds.split()
    assert "".join(p.text for p in split(form)) == form


def test_gender_script_and_case_are_kept() -> None:
    assert draw_part(Part("Alice", "given"), KEY, 0) in FRESH_FEMALE
    assert draw_part(Part("ROBERT", "given"), KEY, 0).capitalize() in FRESH_MALE
    assert draw_part(Part("robert", "given"), KEY, 0).islower()
    assert draw_part(Part("王", "family"), KEY, 0) in ZH_FRESH_FAMILY
    assert len(draw_part(Part("小明", "given"), KEY, 0)) == 2


def test_draws_are_fixed_for_ever() -> None:
    # Changing this changes every surrogate of every deployment: conversations in flight would lose theirs.
    assert make("EMAIL_ADDRESS", "bob@corp.com") == make("EMAIL_ADDRESS", "Bob@corp.com").lower()
    assert tenant_key(KEY, "a") != tenant_key(KEY, "b")
    assert Draw(KEY, "A", "BC").below(2**60) != Draw(KEY, "AB", "C").below(2**60)


def test_no_fresh_name_is_a_word_or_a_town_that_an_answer_may_hold() -> None:
    words = {"basil", "clement", "orlando", "nightingale", "guildford", "gillingham", "grace"}
    assert not words & {name.lower() for name in (*FRESH_FEMALE, *FRESH_MALE, *FRESH_FAMILY)}
