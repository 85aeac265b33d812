"""Payment cards beyond Presidio's pattern: 2-series Mastercard, JCB, Maestro, 19 digits, UnionPay beside a word for it.

Ranges by ISO/IEC 7812 as the networks publish them. The check digit leaves one number in ten, so the less a range
says, the more a word for a card has to.
"""

from __future__ import annotations

import re

from sanitizers.detect.checks import luhn
from sanitizers.detect.recogniser import Rule, Rules, words

_CARD_WORDS = words(
    *(
        "card",
        "credit card",
        "debit card",
        "credit",
        "debit",
        "cc",
        "ccn",
        "pan",
        "visa",
        "mastercard",
        "maestro",
        "jcb",
    ),
    *("discover", "amex", "card number", "card no", "卡号", "信用卡", "银行卡", "借记卡"),
)
_LONG = re.compile(r"[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{2}")  # how every card begins
_FOURS = r"(?:[ -]?[0-9]{4})"


def _is_card(value: str) -> bool:
    digits = re.sub(r"[ -]", "", value)
    return len(set(digits)) > 2 and luhn(digits)


def _rule(pattern: str, why: str, alone: float = 0.0) -> Rule:
    return Rule(
        "CREDIT_CARD",
        re.compile(rf"(?<![0-9A-Za-z])(?<![0-9][.-])(?:{pattern})(?![0-9A-Za-z]|[.-][0-9])"),
        0.95,
        needs=_LONG,
        reach=40,
        accept=_is_card,
        context=_CARD_WORDS,
        alone=alone,
        why=f"range, length and check digit of {why}",
    )


CARDS = Rules(
    (
        _rule(
            rf"(?:222[1-9]|22[3-9][0-9]|2[3-6][0-9]{{2}}|27[01][0-9]|2720){_FOURS}{{3}}", "a Mastercard (2 series)", 0.6
        ),
        _rule(r"(?:2131|1800)[ -]?[0-9]{6}[ -]?[0-9]{5}", "a JCB card of 15 digits"),
        _rule(rf"35(?:2[89]|[3-8][0-9]){_FOURS}{{3}}", "a JCB card", 0.6),
        _rule(rf"4[0-9]{{3}}{_FOURS}{{3}}[ -]?[0-9]{{3}}", "a Visa card of 19 digits", 0.6),
        # Most lengths of Maestro are those of nothing else.
        _rule(
            rf"(?:50[0-9]{{2}}|5[6-8][0-9]{{2}}|6[0-9]{{3}}){_FOURS}{{2}}(?:[ -]?[0-9]{{1,4}}){{0,2}}", "a Maestro card"
        ),
    )
)
