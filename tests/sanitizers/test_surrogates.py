"""Surrogates: of the same kind and format, nobody's, and a function of key, type and value alone."""

from __future__ import annotations

import re

import phonenumbers
import pytest
from presidio_analyzer import predefined_recognizers as known

from sanitizers.cast import Cast, Name
from sanitizers.detect.china import is_resident_id
from sanitizers.draw import Draw, tenant_key
from sanitizers.names_list import FRESH_FAMILY, FRESH_FEMALE, FRESH_MALE, ZH_FRESH_FAMILY
from sanitizers.numbers import luhn_sum
from sanitizers.persons import Part, draw_part, split
from sanitizers.surrogates import Maker, normalise, tells

KEY = b"k" * 32


def free(text: str) -> bool:
    return False


def make(type_: str, form: str, attempt: int = 0, *names: str, days: int = 7 * 60) -> str:
    cast = Cast(KEY, [Name(name) for name in names], free)
    return Maker(KEY, cast, days).make(type_, form, attempt)


HOST = r"([a-z]+\.)?example\.(com|org|net)"


@pytest.mark.parametrize(
    "type_, form, pattern",
    [
        ("EMAIL_ADDRESS", "xq7@corp.com", rf"[a-z]+\.[a-z]+\d\d@{HOST}"),
        ("EMAIL_ADDRESS", "bob@corp.com", rf"[a-z]+@{HOST}"),
        ("EMAIL_ADDRESS", "BOB@CORP.COM", rf"(?i)[A-Z]+@{HOST}"),
        ("EMAIL_ADDRESS", "info@corp.com", rf"info@{HOST}"),
        ("EMAIL_ADDRESS", "alice85@gmail.com", r"[a-z]+\d\d@example\.(com|org|net)"),
        ("HANDLE", "@ann_b", r"@[a-z]+_[1-9]\d{3}"),
        ("PHONE_NUMBER", "(212) 736-5000", r"\([2-9]\d\d\) 555-01\d\d"),
        ("PHONE_NUMBER", "+1-212-736-5000", r"\+1-[2-9]\d\d-555-01\d\d"),
        ("PHONE_NUMBER", "+44 20 7123 4567", r"\+44 20 7946 0\d{3}"),
        ("PHONE_NUMBER", "07911 123456", r"07700 900\d{3}"),
        ("PHONE_NUMBER", "01 42 68 53 00", r"01 99 00 \d\d \d\d"),
        ("PHONE_NUMBER", "+49 (0)89 12345678", r"\+49 \(0\)89 99998\d{3}"),
        ("PHONE_NUMBER", "+61 2 9876 5432", r"\+61 2 5550 \d{4}"),
        ("PHONE_NUMBER", "+81 3 1234 5678", r"\+81 \d \d{4} \d{4}"),
        ("PHONE_NUMBER", "12345", r"\[PHONE_NUMBER-\w{6}\]"),
        ("CN_MOBILE", "138-1234-5678", r"12\d-\d{4}-\d{4}"),
        ("CN_MOBILE", "+8613812345678", r"\+8612\d{9}"),
        ("CN_LANDLINE", "010-62345678", r"010-0\d{7}"),
        ("CREDIT_CARD", "4111-1111-1111-1111", r"4\d{3}-\d{4}-\d{4}-\d{4}"),
        ("CN_BANK_CARD", "6222 0202 0000 1234 567", r"6\d{3} \d{4} \d{4} \d{4} \d{3}"),
        ("IBAN_CODE", "DE89 3704 0044 0532 0130 00", r"DE00 \d{4} \d{4} \d{4} \d{4} \d\d"),
        ("IP_ADDRESS", "10.1.2.3", r"(192\.0\.2|198\.51\.100|203\.0\.113|198\.1[89]\.\d+)\.\d+"),
        ("IP_ADDRESS", "10.0.0.0/8", r".*\.\d+/8"),
        ("IP_ADDRESS", "fe80::1", r"2001:db8::.*"),
        ("MAC_ADDRESS", "00:1A:2B:3C:4D:5E", r"02(:[0-9A-F]{2}){5}"),
        ("MAC_ADDRESS", "001a.2b3c.4d5e", r"02[0-9a-f]{2}\.[0-9a-f]{4}\.[0-9a-f]{4}"),
        ("US_SSN", "536-22-1234", r"000-\d\d-\d{4}"),
        ("CN_RESIDENT_ID", "11010519491231002X", r"\d{16}[02468][\dX]"),
        ("CN_CREDIT_CODE", "91110108MA01ABCD2X", r"91\d{6}[0-9A-Z]{10}"),
        ("CN_PLATE", "京A·12345", r"[^京][A-Z]·[IO]\d{4}|[^京][IO]·\d{5}"),
        ("CN_PASSPORT", "E12345678", r"E00\d{6}"),
        ("CN_QQ", "123456789", r"0\d{8}"),
        ("CN_WECHAT", "wxid_abc123def", r"wxid_[a-z][a-z0-9]{8}"),
        ("AGE", "42 years", r"(3[89]|4[0134-6]) years"),
        ("CRYPTO", "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", r"1[1-9A-HJ-NP-Za-km-z]{33}"),
        ("URL", "https://corp.com/a/b", rf"https://{HOST}/[a-z0-9]{{8}}"),
        ("SECRET", "sk-proj-abcdefgh12345678", r"sk-proj-EXAMPLE[A-Za-z0-9]{13}"),
        ("SECRET", "AKIAIOSFODNN7ABCDEFG", r"AKIAEXAMPLE[A-Z0-9]{13}"),
        ("CONNECTION_STRING", "postgres://a:b@h/db", r"postgres://user:EXAMPLE\w{13}@[a-z]{6}\.example\.com/db"),
        ("PRIVATE_KEY", "-----BEGIN PRIVATE KEY-----\nMI\n-----END PRIVATE KEY-----",
         r"(?s)-----BEGIN PRIVATE KEY-----\nEXAMPLE.*"),
        ("ES_NIF", "12345678Z", r"\d{8}[A-Z]"),
        ("CUSTOM", "Project Falcon", r"\[CUSTOM-\w{6}\]"),
        ("ORGANIZATION", "Acme Corp", r"[A-Z][a-z]+ Corp"),
        ("ORGANIZATION", "Müller & Söhne GmbH", r"[A-Z][a-z]+ & [A-Z][a-z]+ GmbH"),
        ("ORGANIZATION", "University of Oxford", r"University of [A-Z][a-z]+"),
        ("ORGANIZATION", "IBM", r"[A-Z]{3}"),
        ("ORGANIZATION", "北京京东科技有限公司", r"(上海|天津|重庆)..科技有限公司"),
        ("ORGANIZATION", "浙江大学", r"..大学"),
        ("LOCATION", "Paris", r"[A-Z][a-z]+"),
        ("LOCATION", "Austin, TX", r"[A-Z][a-z]+, [A-Z]{2}"),
        ("LOCATION", "新疆维吾尔自治区", r".+(省|自治区)"),
        ("LOCATION", "浙江省杭州市西湖区", r".+(省|自治区).+市.+区"),
        ("ADDRESS", "123 Main St, Apt 4B, Springfield, IL 62704",
         r"\d{3} [A-Z][a-z]+ St, Apt \d[A-Z], [A-Z][a-z]+, [A-Z]{2} \d{5}"),
        ("ADDRESS", "Hauptstraße 5, 10115 Berlin", r"[A-Z][a-z]+straße \d, \d{5} [A-Z][a-z]+"),
        ("ADDRESS", "浙江省杭州市西湖区文三路100号3栋502室", r".+(省|自治区).+市.+区.+路\d{3}号\d栋\d{3}室"),
        ("TITLE", "Senior Engineer", r"[A-Z][a-z]+"),
        ("TITLE", "软件工程师", r"...|...."),
        ("DATE_TIME", "2024-03-05", r"2025-04-29"),
        ("DATE_TIME", "March 5, 2024", r"April 29, 2025"),
        ("DATE_TIME", "5/3/24", r"6/27/25"),
        ("DATE_TIME", "二〇二四年三月五日", r"二〇二五年四月二十九日"),
        ("DATE_TIME", "5th of March 2024", r"29th of April 2025"),
        ("AMOUNT", "$1,234.56", r"\$\d,?\d{2,3}\.\d\d"),
        ("AMOUNT", "伍仟叁佰元整", r"[壹贰叁肆伍陆柒捌玖]仟[壹贰叁肆伍陆柒捌玖]佰元整"),
    ],
)  # fmt: skip
def test_kind_and_format(type_: str, form: str, pattern: str) -> None:
    made = make(type_, form)
    assert re.fullmatch(pattern, made), made
    assert made != form
    others = {make(type_, form, attempt) for attempt in range(6)}
    assert made == make(type_, form) and (len(others) > 1 or "info@" in form)


@pytest.mark.parametrize("n", range(40))
def test_nobody_has_them(n: int) -> None:
    assert luhn_sum(make("CREDIT_CARD", f"4111111111{n:06d}")) != 0
    assert not is_resident_id(make("CN_RESIDENT_ID", f"1101051949123{n:04d}X"))
    assert known.IbanRecognizer().analyze(make("IBAN_CODE", f"DE89370400440532{n:06d}"), ["IBAN_CODE"]) == []
    mobile = phonenumbers.parse(make("CN_MOBILE", f"138123456{n:02d}"), "CN")
    assert not phonenumbers.is_valid_number(mobile)


@pytest.mark.parametrize(
    "type_, a, b, same",
    [
        ("PHONE_NUMBER", "(212) 736-5000", "212.736.5000", True),
        ("CREDIT_CARD", "4111 1111 1111 1111", "4111111111111111", True),
        ("EMAIL_ADDRESS", "Bob@Corp.com", "bob@corp.com", True),
        ("PERSON", "ALICE  Johnson", "alice johnson", True),
        ("CN_PLATE", "京A12345", "沪A12345", False),
        ("SECRET", "sk-A", "sk-a", False),
    ],
)
def test_normal_forms(type_: str, a: str, b: str, same: bool) -> None:
    assert (normalise(type_, a) == normalise(type_, b)) is same


@pytest.mark.parametrize(
    "form, kinds",
    [
        ("Alice Johnson", "given fixed family"),
        ("Johnson, Alice", "family fixed given"),
        ("Dr. Alice Johnson Jr.", "fixed fixed given fixed family fixed fixed"),
        ("Anna-Maria van Dyck", "given fixed given fixed fixed fixed family"),
        ("John Q. Public", "given fixed initial fixed family"),
        ("J.R.R. Tolkien", "initial fixed family"),
        ("Johnson", "family"),
        ("Alice", "given"),
        ("张伟", "family given"),
        ("欧阳娜娜", "family given"),
        ("王女士", "family fixed"),
        ("王总", "family fixed"),
        ("小王", "fixed family"),
        ("小明", "given"),
        ("约翰·史密斯", "foreign-given fixed foreign-family"),
    ],
)
def test_names_split(form: str, kinds: str) -> None:
    assert [p.kind for p in split(form)] == kinds.split()
    assert "".join(p.text for p in split(form)) == form


def test_gender_script_and_case_are_kept() -> None:
    assert draw_part(Part("Alice", "given"), KEY, 0) in FRESH_FEMALE
    assert draw_part(Part("ROBERT", "given"), KEY, 0).capitalize() in FRESH_MALE
    assert draw_part(Part("robert", "given"), KEY, 0).islower()
    assert draw_part(Part("Adaeze", "given"), KEY, 0, "f") in FRESH_FEMALE
    assert draw_part(Part("王", "family"), KEY, 0) in ZH_FRESH_FAMILY
    assert len(draw_part(Part("小明", "given"), KEY, 0)) == 2


def test_dates_move_together_and_keep_the_weekday() -> None:
    import datetime

    days = 7 * 60
    a, b = (datetime.date.fromisoformat(make("DATE_TIME", d, days=days)) for d in ("2024-02-27", "2024-03-05"))
    assert (b - a).days == 7 and a.weekday() == datetime.date(2024, 2, 27).weekday()


@pytest.mark.parametrize("form, worth", [("yesterday", False), ("10:30", False), ("next May", False),
                                         ("1985", True), ("March 2024", True), ("十二月三日", True)])  # fmt: skip
def test_times_that_name_no_day_stay(form: str, worth: bool) -> None:
    assert tells("DATE_TIME", form) is worth


@pytest.mark.parametrize(
    "small, large", [("$5.00", "$1,000,000.00"), ("¥300", "¥2,100"), ("12,000 EUR", "12,500 EUR"), ("0.5%", "0.9%")]
)
def test_amounts_keep_their_order_and_their_scale(small: str, large: str) -> None:
    def value(text: str) -> float:
        return float(re.sub(r"[^0-9.]", "", text))

    a, b = make("AMOUNT", small), make("AMOUNT", large)
    assert value(a) < value(b)
    for was, made in ((small, a), (large, b)):
        assert 0.5 < value(made) / value(was) < 2
        assert re.sub(r"[0-9,]", "", made) == re.sub(r"[0-9,]", "", was)


def test_draws_are_fixed_for_ever() -> None:
    # Changing this changes every surrogate of every deployment: conversations in flight would lose theirs.
    assert make("EMAIL_ADDRESS", "bob@corp.com") == make("EMAIL_ADDRESS", "Bob@corp.com").lower()
    assert tenant_key(KEY, "a") != tenant_key(KEY, "b")
    assert Draw(KEY, "A", "BC").below(2**60) != Draw(KEY, "AB", "C").below(2**60)


def test_no_fresh_name_is_a_word_or_a_town_that_an_answer_may_hold() -> None:
    words = {"basil", "clement", "orlando", "nightingale", "guildford", "gillingham", "grace"}
    assert not words & {name.lower() for name in (*FRESH_FEMALE, *FRESH_MALE, *FRESH_FAMILY)}
