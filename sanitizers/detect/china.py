# ruff: noqa: E501, SIM905  patterns and word lists read better whole
"""Numbers of China that Presidio does not know: resident ID, phones, cards, documents, company codes, plates, accounts.

Sources: GB 11643-1999 (resident ID), GB/T 2260 (division codes), GB 32100-2015 and GB 11714-1997 (credit code), GA 36
(plates), the numbering plan of the ministry for industry (phones), ISO/IEC 7812 (cards).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable

from sanitizers.detect.checks import luhn, weighted
from sanitizers.detect.recogniser import Rule, Rules, words

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"

# First two digits of the address code (GB/T 2260): provinces, regions, Hong Kong, Macau, Taiwan.
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 71 81 82 83".split()
)
_CREDIT_CODE = {c: i for i, c in enumerate("0123456789ABCDEFGHJKLMNPQRTUWXY")}
_CREDIT_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


def resident_id_check(first17: str) -> str:
    """The check character of a resident ID number: GB 11643-1999, ISO 7064 MOD 11-2."""
    return _CHECK[weighted(first17, _WEIGHTS, 11)]


def _is_past(year: int, month: int, day: int) -> bool:
    try:
        return datetime.date(1880, 1, 1) <= datetime.date(year, month, day) <= datetime.date.today()
    except ValueError:
        return False


def is_resident_id(value: str) -> bool:
    """Whether `value` (separators allowed) has a known province, a birth date in the past and the right check digit."""
    number = re.sub(r"[ -]", "", value).upper()
    return (
        len(number) == 18
        and number[:2] in _PROVINCES
        and _is_past(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        and number[17] == resident_id_check(number[:17])
    )


def is_old_resident_id(value: str) -> bool:
    """Likewise for the 15 digits issued until 1999, which have a two-digit year and no check digit."""
    return value[:2] in _PROVINCES and _is_past(1900 + int(value[6:8]), int(value[8:10]), int(value[10:12]))


def is_credit_code(value: str) -> bool:
    """Whether both check characters of a unified social credit code are right: GB 32100 (all), GB 11714 (9th-17th)."""
    code = re.sub(r"[ -]", "", value).upper()
    if len(code) != 18 or any(c not in _CREDIT_CODE for c in code) or code[2:4] not in _PROVINCES | {"10"}:
        return False
    total = sum(_CREDIT_CODE[c] * w for c, w in zip(code, _CREDIT_WEIGHTS, strict=False))
    own = sum(int(c, 36) * w for c, w in zip(code[8:16], _ORGANISATION_WEIGHTS, strict=True))
    return _CREDIT_CODE[code[17]] == (31 - total % 31) % 31 and code[16] == "0123456789X0"[(11 - own % 11) % 11]


def is_union_pay(value: str) -> bool:
    """A card number of 16 to 19 digits that passes Luhn and is not one digit over and over."""
    digits = re.sub(r"\D", "", value)
    return 16 <= len(digits) <= 19 and len(set(digits)) > 2 and luhn(digits)


def _is_area(value: str) -> bool:
    """Whether area code and number have lengths that go together: eight digits in the cities with a short code."""
    digits = re.sub(r"\D", "", re.split(r"转|[xX]|ext|#", value)[0])
    if digits.startswith(("0086", "86")):
        digits = "0" + digits[4 if digits[0] == "0" else 2 :].lstrip("0")
    short = digits[1] in "12"
    return len(digits) == (3 if short else 4) + 8 or (not short and len(digits) == 11)


def _is_plate(value: str) -> bool:
    """At least three digits behind the city's letter; two letters are the most a plate has there."""
    return sum(c.isdecimal() for c in value) >= 3


def _is_handle(value: str) -> bool:
    return any(c in "0123456789_-" for c in value) or not value.islower()


# What a match has, as patterns that begin with a digit: `re` finds those many times as fast as what a rule asks for.
_RUN = {length: re.compile(rf"[0-9]{{{length}}}") for length in (4, 5, 6, 7, 8)}
_REACH = 40  # no number is longer
_MOBILE = re.compile(r"1[3-9][0-9][ .-]?[0-9]{4}[ .-]?[0-9]{4}")
_LANDLINE = re.compile(r"[0-9]{2}(?:[)）] ?|[ -]{1,3})[2-8][0-9]{2,3}[ -]?[0-9]{4}")
_FOURS = re.compile(r"[0-9]{4}(?:[ -]?[0-9]{4}){3}")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_ID_WORDS = words(
    "身份证", "证件号", "身份号", "公民身份", "id number", "id card", "identity card", "resident id", "idcard"
)
_PHONE_WORDS = words("电话", "手机", "座机", "固话", "传真", "联系方式", "致电", "来电", "拨打", "热线", "tel", "telephone", "phone", "mobile", "fax")  # fmt: skip
_CARD_WORDS = words("银行卡", "卡号", "储蓄卡", "信用卡", "借记卡", "账号", "帐号", "账户", "开户", "银联", "card", "card no", "card number", "account", "unionpay")  # fmt: skip
_PASSPORT_WORDS = words("护照", "passport", "出境", "签证", "visa")
_PERMIT_WORDS = words("通行证", "回乡证", "台胞证", "港澳证", "travel permit", "home return permit", "mtp", "eep")
_REGION = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_TAIL = "A-HJ-NP-Za-hj-np-z0-9"


def _rule(type_: str, pattern: str, score: float, why: str, **more: object) -> Rule:
    return Rule(type_, re.compile(pattern), score, why=why, **{"needs": _RUN[4], "reach": _REACH, **more})  # type: ignore[arg-type]


_ID: Callable[[str], bool] = is_resident_id

CHINA = Rules(
    (
        _rule(
            "CN_RESIDENT_ID",
            r"(?<![0-9])[1-8][0-9]{5}[ -]?(?:18|19|20)[0-9]{2}[ -]?[01][0-9][ -]?[0-3][0-9][ -]?[0-9]{3}[0-9Xx](?![0-9])",
            1.0,
            "province, birth date and check digit of a resident ID (GB 11643)",
            certain=True,
            accept=_ID,
            needs=_RUN[6],
        ),
        _rule(
            "CN_RESIDENT_ID",
            r"(?<![0-9A-Za-z])[1-8][0-9]{7}[01][0-9][0-3][0-9]{4}(?![0-9A-Za-z])",
            0.9,
            "province and birth date of an old resident ID",
            accept=is_old_resident_id,
            context=_ID_WORDS,
            needs=_RUN[8],
        ),
        _rule(
            "CN_MOBILE",
            r"(?:(?<![0-9A-Za-z+])(?<![0-9][.-])|(?<=[Tt]el)|(?<=[Pp]hone)|(?<=[Mm]obile))"
            r"(?:(?:\+|00)86[ -]?|[(（]\+?86[)）] ?|86[ -]?)?1[3-9][0-9]([ .-]?)[0-9]{4}\1[0-9]{4}(?![0-9A-Za-z])",
            0.9,
            "the form of a Chinese mobile number",
            context=_PHONE_WORDS,
            alone=0.7,
            needs=_MOBILE,
        ),
        _rule(
            "CN_LANDLINE",
            r"(?<![0-9A-Za-z+.-])(?:(?:(?:\+|00)86[ -]?)(?:[(（]?0?[)）]?)|(?=[(（]?0))[(（]?0?(?:10|2[0-57-9]|[3-9][0-9]{2})"
            r"(?:[)）] ?|[ -]{1,3})[2-8][0-9]{2,3}[ -]?[0-9]{4}(?:(?:-|转|ext\.? ?|x)[0-9]{1,5})?(?![0-9A-Za-z])",
            0.85,
            "area code and length of a Chinese landline number",
            accept=_is_area,
            context=_PHONE_WORDS,
            alone=0.6,
            needs=_LANDLINE,
        ),
        _rule(
            "CN_LANDLINE",
            r"(?<![0-9A-Za-z+.-])0(?:10|2[0-57-9])[2-8][0-9]{7}(?![0-9A-Za-z])|"
            r"(?<![0-9A-Za-z+.-])0[3-9][0-9]{2}[2-8][0-9]{6,7}(?![0-9A-Za-z])",
            0.85,
            "area code and length of a Chinese landline number",
            accept=_is_area,
            context=_PHONE_WORDS,
            needs=_RUN[7],
        ),
        _rule(
            "CN_LANDLINE",
            r"(?:电话|座机|固话|传真)(?:号码?)?(?:[:：是为]|\s)\s?(?P<value>[2-8][0-9]{2,3}[ -]?[0-9]{4})(?![0-9A-Za-z-])",
            0.75,
            "a local number behind a word for it",
            needs=_HAN,
            reach=0,
        ),
        _rule(
            "CN_BANK_CARD",
            r"(?<![0-9])62[0-9]{2}(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{1,3})?(?![0-9])",
            1.0,
            "prefix and check digit of a UnionPay card",
            certain=True,
            accept=is_union_pay,
            needs=_FOURS,
        ),
        _rule(
            "CN_BANK_CARD",
            r"(?<![0-9A-Za-z])[3-69][0-9]{3}(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{1,3})?(?![0-9A-Za-z])",
            0.95,
            "length and check digit of a card",
            accept=is_union_pay,
            context=_CARD_WORDS,
            needs=_FOURS,
        ),
        _rule(
            "CN_BANK_CARD",
            r"(?:银行(?:卡|账|帐)号?|卡号|(?:账|帐)[号户])(?:[:：是为]|\s){1,2}(?P<value>[0-9]{4}(?:[ -]?[0-9]{4}){2,3}(?:[ -]?[0-9]{1,3})?)(?![0-9A-Za-z])",
            0.7,
            "a long number behind a word for a card or an account",
            needs=_HAN,
            reach=0,
        ),
        _rule(
            "CN_PASSPORT",
            r"(?<![0-9A-Za-z])(?:[EeGgDdSsPpHh][0-9]{8}|[Ee][A-HJ-NP-Za-hj-np-z][0-9]{7}|[DdSsPp][Ee][0-9]{7})(?![0-9A-Za-z])",
            0.9,
            "the form of a Chinese passport number",
            context=_PASSPORT_WORDS,
            alone=0.3,
            needs=_RUN[7],
        ),
        _rule(
            "CN_TRAVEL_PERMIT",
            r"(?<![0-9A-Za-z])(?:[CcWwLlTtHhMm][0-9]{8}(?:[0-9]{2})?|[Cc][A-Za-z][0-9]{7}|[0-9]{8}(?:[0-9]{2})?(?:\(?[A-Za-z]\)?)?)(?![0-9A-Za-z])",
            0.9,
            "the form of a travel permit number",
            context=_PERMIT_WORDS,
            needs=_RUN[7],
        ),
        _rule(
            "CN_CREDIT_CODE",
            r"(?<![0-9A-Za-z])[0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy]{2}[0-9]{6}[0-9A-Ya-y]{8}[0-9Xx][0-9A-HJ-NPQRTUWXYa-hj-npqrtuwxy](?![0-9A-Za-z])",
            1.0,
            "both check characters of a unified social credit code (GB 32100)",
            certain=True,
            accept=is_credit_code,
            needs=_RUN[6],
        ),
        _rule(
            "CN_PLATE",
            rf"[{_REGION}][A-HJ-NP-Za-hj-np-z][ ·•.．-]?(?:[{_TAIL}]{{5}}|[{_TAIL}]{{4}}[挂学警港澳领试超]|[{_TAIL}]{{6}})(?![0-9A-Za-z])"
            rf"|(?<![0-9])(?:使[0-9]{{6}}|[0-9]{{6}}使)(?![0-9])|WJ[ ·]?[{_REGION}]?[ ·]?[0-9]{{4}}[0-9A-Z](?![0-9A-Za-z])",
            0.9,
            "the form of a Chinese licence plate",
            needs=re.compile(rf"[{_REGION}使]|WJ"),
            reach=0,
            accept=_is_plate,
        ),
        _rule(
            "CN_PLATE",
            r"(?<![0-9A-Za-z])[A-HJ-NP-VZ][A-HJ-NP-VX-Z][ ·•-]?[0-9]{5}(?![0-9A-Za-z])",
            0.8,
            "the form of a military plate",
            context=words("车牌", "牌照", "军牌", "军车"),
            needs=_RUN[5],
        ),
        _rule(
            "CN_WECHAT",
            r"(?i:微信|薇信|威信|wechat|weixin|(?<![A-Za-z])(?:vx|wx))(?i:号码?|账号| ?id| ?no\.?)?(?: ?[:：=是为] ?| )"
            r"(?P<value>[A-Za-z][A-Za-z0-9_-]{5,19}|1[3-9][0-9]{9})(?![0-9A-Za-z_@.-])",
            0.85,
            "an id behind a word for WeChat",
            needs=None,
            reach=0,
            hints=("微信", "薇信", "威信", "wechat", "weixin", "vx", "wx"),
            accept=_is_handle,
        ),
        _rule(
            "CN_QQ",
            r"(?i:(?<![A-Za-z])qq|扣扣|企鹅)(?:号码?|账号|群|群号)?(?: ?[:：=是为] ?| )?(?P<value>[1-9][0-9]{4,10})(?![0-9A-Za-z@.])",
            0.85,
            "a number behind a word for QQ",
            needs=None,
            reach=0,
            hints=("qq", "扣扣", "企鹅"),
        ),
    )
)
