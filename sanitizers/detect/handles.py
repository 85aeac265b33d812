# ruff: noqa: SIM905  word lists read better as text
"""@names on social networks, and not the many other words that code, style sheets and mail put behind an @."""

from __future__ import annotations

import re

from sanitizers.detect.recogniser import Rule, Rules

# Annotations, decorators, at-rules and documentation tags that stand within a line; groups that are nobody; places.
_OTHERS = frozenset(
    """media import charset keyframes supports page layer apply include mixin extend use tailwind container namespace
    param params return returns throws exception see since author deprecated version example type typedef link todo
    brief file override overrides property staticmethod classmethod dataclass abstractmethod test before after
    interface implementation end selector synthesize protocol autowired component service controller repository bean
    entity id column nullable notnull suppresswarnings functionalinterface echo click input output inject injectable
    ngmodule prop emit model update delete save reload rowcount identity error
    all everyone here channel team admin admins gmail yahoo hotmail outlook home work school lunch night least all
    the my me you this that it his her our your their a an once latest next beta alpha rc""".split()
)
_AMOUNT = re.compile(r"[0-9_]+(?:am|pm|x|k|m|h|hz|khz|mhz|ghz|fps|p|v|w|st|nd|rd|th|usd|eur)?", re.IGNORECASE)


def _is_handle(value: str) -> bool:
    name = value[1:]
    return name.lower() not in _OTHERS and _AMOUNT.fullmatch(name) is None


HANDLES = Rules(
    (
        Rule(
            "HANDLE",
            # Not e-mail, git@host or a link's path before it; not a call, scope/package, attribute, at-rule with a
            # hyphen, or assignment behind it; not above a definition, as decorators are.
            re.compile(
                r"(?<![\w\u00c0-\u024f.@/+%=$\\-])@[A-Za-z0-9_]{2,30}"
                r"(?![\w\u00c0-\u024f@({\[-]|/\w|\.\w|::|[ \t]{0,4}(?:[:+*/-]?=|\{))"
                r"(?!\s{1,40}(?:@\w{1,40}\s{1,40}){0,3}(?:def|class|async|public|private|protected|static|final|void|export)\b)",
                re.ASCII,
            ),
            0.75,
            gate=("@",),
            accept=_is_handle,
            why="an @name of a social network",
        ),
    )
)
