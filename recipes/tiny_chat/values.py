# ruff: noqa: SIM905  word lists read better as text
"""Random names, addresses and numbers, in the forms that people write and in the forms of the proxy's surrogates.

All values are drawn at random, so that only copying (not memory) can repeat them.
"""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

from sanitizers import names_list

FIRST = (
    "Maria James Olivia Noah Emma Liam Sofia Lucas Aisha Omar Chen Mei Priya Arjun Fatima Hassan Elena Ivan Yuki Hiro "
    "Anna Peter Grace Thomas Laura David Julia Marco Ingrid Lars Carmen Diego Nadia Viktor Amara Kofi Zoe Adam Ruth "
    "Simon Clara Felix Hannah Jonas Leila Tariq Rosa Miguel Nina Oscar Paula Quentin Rita Samuel Tina Ulrich Vera "
    "Walter Xenia Yusuf Zara Alice Bob Carol Daniel Eva Frank George Helen Irene Jack Karen Leo Mona Nick Olga Paul "
    "Rachel Steve Tara Uma Victor Wendy Alan Bella Colin Dora Ethan Fiona Gavin Holly Ian Jenna Kyle"
).split()
LAST = (
    "Lopez Smith Johnson Garcia Kim Nguyen Patel Mueller Rossi Silva Tanaka Ivanov Haddad Okafor Larsen Brown Wilson "
    "Martin Dubois Novak Kowalski Jansen Costa Moreno Fischer Weber Schmidt Keller Sato Suzuki Park Lee Wong Li Zhang "
    "Singh Khan Ali Mensah Diallo Olsen Berg Holm Nilsson Reyes Torres Cruz Ortiz Vega Ramos Adams Baker Clark Davis "
    "Evans Foster Green Harris Irwin Jones King Lewis Moore Nelson Owens Perry Quinn Reed Scott Taylor Underwood Vance "
    "Walker Young Archer Bishop Carter Dalton Ellis Fleming Grant Hughes Ingram Jarvis Kemp Lambert"
).split()
FRESH_FIRST = [*names_list.FRESH_FEMALE, *names_list.FRESH_MALE]
"""The given names that the proxy's surrogates are made of: a tiny tokenizer must know them to repeat them."""
FRESH_LAST = list(names_list.FRESH_FAMILY)
SURNAME: list[str] = list(names_list.ZH_FAMILY)
FRESH_SURNAME: list[str] = [*names_list.ZH_FRESH_FAMILY, *names_list.ZH_FRESH_FAMILY_LONG]
FRESH_GIVEN = [*names_list.ZH_GIVEN_FEMALE, *names_list.ZH_GIVEN_MALE, *names_list.ZH_GIVEN_EITHER]
GIVEN = list(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文斌宇浩然子轩雨欣怡佳琪俊梓涵思远嘉宁晨曦梦瑶志鹏海燕春梅晓东雪莲佩玲慧珍"
    "淑云凤立新成龙振康永健世昌家辉"
)
DOMAIN = "example.com mail.org test.net acme.io corp.cn post.de inbox.co school.edu shop.biz work.org 163.cn".split()
CITY_EN = "Boston Leeds Austin Dublin Oslo Lagos Perth Denver Cairo Madrid Prague Lima Delhi Kyoto Bergen".split()
CITY_ZH = "北京 上海 广州 深圳 成都 杭州 武汉 西安 南京 青岛 厦门 昆明".split()
NAMES_ZH = {
    "name": "姓名",
    "email": "邮箱",
    "phone": "电话号码",
    "card number": "银行卡号",
    "id number": "身份证号",
    "address": "地址",
    "iban": "账号",
    "ip address": "IP地址",
    "order number": "订单号",
    "password": "密码",
    "code": "验证码",
}
"""Every kind of value with its Chinese word."""
_OFTEN = [5, 6, 5, 2, 2, 2, 1, 1, 2, 1, 2]
_TAGS = {
    "name": ["PERSON", "NAME", "PER", "姓名"],
    "email": ["EMAIL", "MAIL", "EMAIL_ADDRESS", "邮箱"],
    "phone": ["PHONE", "TEL", "PHONE_NUMBER", "电话"],
    "card number": ["CARD", "CREDIT_CARD"],
    "address": ["ADDRESS", "LOCATION", "地址"],
    "id number": ["ID", "ID_CARD", "SSN"],
}
_BRACKETS = (
    "[{t}_{n}]",
    "[{t}_{n}]",
    "<{t}_{n}>",
    "{{{t}_{n}}}",
    "⟦{t}_{n}⟧",
    "<<{t}_{n}>>",
    "[[{t}:{n}]]",
    "{t}_{n}",
    "__{t}_{n}__",
    "【{t}{n}】",
    "[{t}-{n}]",
)


@dataclass(frozen=True)
class Value:
    """A random value with the words that name it."""

    text: str
    en: str
    zh: str


def digits(rng: random.Random, n: int) -> str:
    """``n`` random digits."""
    return "".join(rng.choice(string.digits) for _ in range(n))


def word(rng: random.Random, low: int = 3, high: int = 8) -> str:
    """A random string of lower-case letters."""
    return "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(low, high)))


def name_en(rng: random.Random) -> str:
    """A random English-style full name: one in three of the surrogates' names, one in eight of invented words."""
    roll = rng.random()
    if roll < 0.125:
        return f"{word(rng).capitalize()} {word(rng).capitalize()}"
    if roll < 0.45:
        return f"{rng.choice(FRESH_FIRST)} {rng.choice(FRESH_LAST)}"
    middle = rng.choice(["", "", "", f" {rng.choice(string.ascii_uppercase)}."])
    return f"{rng.choice(FIRST)}{middle} {rng.choice(LAST)}"


def name_zh(rng: random.Random) -> str:
    """A random Chinese name."""
    if rng.random() < 0.3:
        return rng.choice(FRESH_SURNAME) + "".join(rng.choice(FRESH_GIVEN) for _ in range(rng.choice([1, 2, 2])))
    return rng.choice(SURNAME) + "".join(rng.choice(GIVEN) for _ in range(rng.choice([1, 2, 2])))


def email(rng: random.Random) -> str:
    """A random e-mail address; a third has the form of the proxy's surrogates."""
    first, last = (FRESH_FIRST, FRESH_LAST) if rng.random() < 0.4 else (FIRST, LAST)
    if rng.random() < 0.35:
        user = f"{rng.choice(first)}.{rng.choice(last)}{rng.randint(10, 99)}"
        return f"{user if rng.random() < 0.15 else user.lower()}@example.{rng.choice(['com', 'org', 'net'])}"
    user = rng.choice(
        [
            f"{rng.choice(first)}.{rng.choice(last)}",
            f"{word(rng)}{digits(rng, rng.randint(0, 4))}",
            f"{rng.choice(first)}{digits(rng, rng.randint(1, 3))}",
            f"{rng.choice(first)}",
            f"{word(rng, 1, 2)}_{rng.choice(last)}",
        ]
    ).lower()
    random_domain = f"{word(rng)}.{rng.choice(['com', 'org', 'net', 'io', 'cn', 'de'])}"
    return f"{user}@{rng.choice([rng.choice(DOMAIN), f'{rng.choice(last).lower()}.org', random_domain])}"


def phone(rng: random.Random) -> str:
    """A random telephone number, written in one of many ways."""
    area = digits(rng, 3)
    return rng.choice(
        [
            f"+1 {area} {digits(rng, 3)} {digits(rng, 4)}",
            f"{area}-{digits(rng, 3)}-{digits(rng, 4)}",
            f"{area}-555-01{digits(rng, 2)}",
            f"1{rng.choice('23578')}{digits(rng, 9)}",
            f"1{rng.choice('23578')}{digits(rng, 9)}",
            f"({area}) {digits(rng, 3)}-{digits(rng, 4)}",
            f"+49 {area} {digits(rng, 7)}",
            f"+86 1{rng.choice('235789')}{digits(rng, 9)}",
        ]
    )


def placeholder(rng: random.Random, kind: str) -> str:
    """A stand-in such as ``[PERSON_1]``, in one of many forms."""
    tag = rng.choice(_TAGS.get(kind, ["SECRET", "PII", "VALUE", kind.upper().replace(" ", "_")]))
    mark = "".join(rng.choice("0123456789abcdef") for _ in range(rng.choice([4, 6])))
    number = rng.choice([str(rng.randint(1, 9)), str(rng.randint(1, 20)), mark, mark.upper()])
    return rng.choice(_BRACKETS).replace("{t}", tag).replace("{n}", number)


def _id_number(rng: random.Random) -> str:
    return rng.choice(
        [
            digits(rng, 17) + rng.choice("0123456789X"),
            f"{digits(rng, 3)}-{digits(rng, 2)}-{digits(rng, 4)}",
            rng.choice("ABCKX") + digits(rng, 8),
        ]
    )


def _address(rng: random.Random, lang: str) -> str:
    if lang == "zh":
        return f"{rng.choice(CITY_ZH)}市{rng.choice(GIVEN)}{rng.choice(GIVEN)}路{rng.randint(1, 999)}号"
    street = f"{rng.choice(LAST)} {rng.choice(['Street', 'Road', 'Avenue'])}"
    return f"{rng.randint(1, 999)} {street}, {rng.choice(CITY_EN)}"


def _iban(rng: random.Random) -> str:
    groups = " ".join(digits(rng, 4) for _ in range(rng.randint(3, 5)))
    return f"{rng.choice(['DE', 'FR', 'GB', 'ES', 'NL'])}{digits(rng, 2)} {groups}"


def value(rng: random.Random, kind: str = "", lang: str = "en", stand_in: float = 0.2) -> Value:
    """A random value; the share ``stand_in`` are placeholders such as ``[PERSON_1]``."""
    kind = kind or rng.choices(list(NAMES_ZH), _OFTEN)[0]
    if rng.random() < stand_in:
        return Value(placeholder(rng, kind), kind, NAMES_ZH[kind])
    if kind == "name":
        text = name_zh(rng) if (lang == "zh") == (rng.random() < 0.85) else name_en(rng)
    elif kind == "email":
        text = email(rng)
    elif kind == "phone":
        text = phone(rng)
    elif kind == "card number":
        text = rng.choice([" ", "", "-"]).join(digits(rng, 4) for _ in range(4))
    elif kind == "id number":
        text = _id_number(rng)
    elif kind == "address":
        text = _address(rng, lang)
    elif kind == "iban":
        text = _iban(rng)
    elif kind == "ip address":
        text = ".".join(str(rng.randint(1, 254)) for _ in range(4))
    elif kind == "order number":
        text = f"{rng.choice(['A', 'ORD-', 'X', '#', 'INV-'])}{digits(rng, rng.randint(4, 9))}"
    elif kind == "password":
        text = "".join(rng.choice(string.ascii_letters + string.digits) for _ in range(rng.randint(5, 9)))
    else:
        text = digits(rng, 6)
    return Value(text, kind, NAMES_ZH[kind])
