# ruff: noqa: SIM905  word lists read better as text
"""Person names by their context ("My name is X", "Dear X", 我叫X) or by a known given name before a capitalised word.

A first, precise recogniser: it would rather miss a name than touch a common word. Trained NER complements it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sanitizers.detect.recogniser import Budget, joined
from sanitizers.detect.span import Span
from sanitizers.names_list import EN_FAMILY, EN_GIVEN, EN_GIVEN_WORDS, ZH_FAMILY

_WORD = (
    r"[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{1,20}(?:[-'’][A-ZÀ-Þ][a-zß-öø-ÿ]{1,20}|'[a-zß-öø-ÿ]{2,20})?"
    r"|[DO]['’][A-Z][a-z]{1,20}|Mc[A-Z][a-z]{1,20}"
)
_CAPS = r"[A-ZÀ-ÖØ-Þ]{2,20}(?:-[A-Z]{2,20})?"
_INITIAL = r"[A-Z]\."
_NAME = rf"(?:{_WORD})(?:[ ](?:{_INITIAL}|{_WORD}|van|von|de|da|di|del|bin|al|la|le)){{0,3}}(?![a-zß-öø-ÿ])"
_NAME_CAPS = rf"{_CAPS}(?:[ ]{_CAPS}){{1,2}}"

# Words that begin with a capital after the cues below and are no names.
_STOP = frozenset(
    """A An The This That These Those It We You He She They I Not No Yes Please Thanks Thank Hello Hi Hey Sorry Sure
    Here There Now Then Just Very Also All Any Some What When Where Who Why How Is Are Was Were Do Does Did Can
    Could Would Should Will May Might Must Sir Madam Sirs Customer Customers Client Colleague Colleagues Team
    Everyone Everybody Friend Friends Hiring Manager Editor Reader Readers Committee Members Member User Users
    Admin Support Santa Diary God Lord Mom Dad Mum Mother Father Grandma Grandpa Recruiter Professor Doctor
    Teacher Students Student Parents Parent Applicant Candidate Valued Esteemed Recipient Board Staff Guest
    Guests Sales Service Company Department Human Resources Police Officer Chairman President Secretary Minister
    Ambassador Judge Captain Director Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February
    March April June July August September October November December English French German Spanish Italian
    Chinese Japanese Korean Russian American British Canadian Australian Indian Irish Dutch Swedish Norwegian
    Danish Finnish Polish Portuguese Brazilian Mexican Turkish Greek European African Asian Muslim Christian
    Jewish Hindu Buddhist Happy Sad Tired Ready Glad Good Fine Ok Okay Great New Old First Last My Your Our His
    Her Their From To In On At By For With About And Or But If So Because Since As Of Python Java Linux Windows
    Google Microsoft Amazon Apple Facebook Twitter OpenAI ChatGPT Claude Gemini Groot Batman Legend Street
    Avenue Road City State University College School Hospital Inc Ltd Corp Bank Email Phone Address Name Date
    Subject Regards Sincerely Best Kind Yours Attached Enclosed Order Account Number Invoice Ticket Call Contact
    Write Tell Ask Send Meet Let Note Re Fwd Currently Looking Interested Working Going Trying Writing Having
    Born Living Using Unable Able Aware Afraid Certain Wondering Curious Based Responsible""".split()
)
_PARTICLES = frozenset(("van", "von", "de", "da", "di", "del", "bin", "al", "la", "le"))

# Cue, score, whether one unlisted word is enough to be a name after it, and what a text with the cue contains.
_CUES: tuple[tuple[re.Pattern[str], float, bool, tuple[str, ...]], ...] = (
    (
        re.compile(
            rf"(?i:\bmy (?:full |first |last |real )?name(?: is|['’]s|:)|\bname'?s|\bi am called|\bcall me|"
            rf"\bname of (?:the )?(?:patient|customer|client|applicant|"
            rf"employee) is)\s{{1,3}}(?P<value>{_NAME}|{_NAME_CAPS})"
        ),
        0.9,
        True,
        ("name", "called", "call me", "Name", "NAME", "Call me"),
    ),
    (
        re.compile(rf"(?:\bI am|\bI['’]m|\bThis is|\bthis is|\bsigned by|\bSigned by)\s(?P<value>{_NAME})"),
        0.7,
        False,
        ("I am", "I'm", "I’m", "his is", "igned by"),
    ),
    (
        re.compile(rf"(?i:\b(?:dear))\s(?:(?:Mr|Mrs|Ms|Miss|Dr|Prof)\.?\s)?(?P<value>{_NAME})(?=\s{{0,2}}[,:!\n]|$)"),
        0.85,
        True,
        ("Dear", "dear", "DEAR"),
    ),
    (
        re.compile(rf"\b(?:Hi|Hello|Hey)\s(?P<value>{_NAME})(?=\s?[,!])"),
        0.7,
        False,
        ("Hi", "Hello", "Hey"),
    ),
    (
        re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Madam|Lady)\.?\s(?P<value>{_NAME})"),
        0.85,
        True,
        ("Mr", "Ms", "Mi", "Mx", "Dr", "Prof", "Sir", "Madam", "Lady"),
    ),
    (
        re.compile(rf"\b(?:MR|MRS|MS|DR|PROF)\.?\s(?P<value>{_CAPS}(?:[ ]{_CAPS})?)"),
        0.8,
        True,
        ("MR", "MS", "DR", "PROF"),
    ),
    (
        re.compile(
            rf"(?im:^[ \t>*-]{{0,4}}[\"']?(?:full[ _]?name|first[ _]?name|last[ _]?name|patient|customer|"
            rf"employee|applicant|contact(?: person)?|attn|cardholder|account holder|beneficiary|"
            rf"insured)[\"']?[ \t]?[:=][ \t]?[\"']?)(?P<value>{_NAME}|"
            rf"{_NAME_CAPS})(?=[\"']?\s*(?:[,;.\n|(]|$))"
        ),
        0.85,
        True,
        (":", "="),
    ),
    # Labels that head other things as well: only with a name that is known.
    (
        re.compile(
            rf"(?im:^[ \t>*-]{{0,4}}[\"']?(?:name|client|sender|recipient)[\"']?[ \t]?[:=][ \t]?[\"']?)"
            rf"(?P<value>{_NAME}|{_NAME_CAPS})(?=[\"']?\s*(?:[,;.\n|(]|$))"
        ),
        0.85,
        False,
        (":", "="),
    ),
    (
        re.compile(
            rf"(?i:\b(?:sincerely|(?:kind |best |warm )?regards|yours truly|cheers|best wishes|"
            rf"many thanks)),?\s{{1,3}}(?P<value>{_NAME})(?=\s*(?:\n|$))"
        ),
        0.75,
        True,
        ("incerely", "egards", "yours truly", "Yours truly", "heers", "wishes", "thanks"),
    ),
)
_PAIR = re.compile(
    rf"(?P<value>(?P<first>[A-Z](?<![\w.'’-].)[a-z]{{2,14}})(?:[ ]{_INITIAL})?[ ](?P<last>{_WORD}))(?![\w])"
)

_SURNAME = "(?:" + "|".join(sorted(ZH_FAMILY, key=lambda s: (-len(s), s))) + ")"
_HAN = "[\u4e00-\u9fff]"
# Words that may follow a Chinese name directly; without a word list, they are what ends the name.
_AFTER = (
    r"(?=[^\u4e00-\u9fff]|$|今年|来自|住|电话|手机|身份证|邮箱|先生|女士|小姐|老师|医生"
    r"|的|是|在|和|与|有|想|要|今|现|请|于|毕业|工作)"
)
_ZH: tuple[tuple[re.Pattern[str], float], ...] = (
    (
        re.compile(
            rf"(?:我叫|我的名字叫|我的名字是|名叫|名字叫|本人叫)(?:做)?(?P<value>{_SURNAME}{_HAN}{{1,2}}?{_AFTER}|{_SURNAME}{_HAN}{{2}})"
        ),
        0.9,
    ),
    (
        re.compile(
            rf"(?:我是|本人是|这位是|致电|联系|转告|通知|同事|患者|病人|客户|学生|员工|"
            rf"经理)(?P<value>{_SURNAME}{_HAN}{{1,2}}?)(?=[^\u4e00-\u9fff]|$|先生|女士|小姐|老师|医生)"
        ),
        0.75,
    ),
    (
        re.compile(
            rf"(?:姓名|联系人|收件人|寄件人|收货人|户名|持卡人|患者|法定代表人|申请人|经办人)(?:[:：]|是|"
            rf"为)\s?(?P<value>{_SURNAME}{_HAN}{{1,2}}?{_AFTER}|{_SURNAME}{_HAN}{{1,2}})"
        ),
        0.9,
    ),
    (
        re.compile(
            rf"(?<!{_HAN})(?P<value>{_SURNAME}{_HAN}{{1,2}}|{_SURNAME})(?:先生|女士|小姐|老师|医生|教授|经理|同学)"
        ),
        0.85,
    ),
    (re.compile(rf"(?<=[给向对跟和与请找是])(?P<value>{_SURNAME}{_HAN}{{0,2}})(?:先生|女士|小姐)"), 0.8),
    (re.compile(rf"(?P<value>{_SURNAME}{_HAN}?)(?:先生|女士|小姐)"), 0.6),
)
_TITLED = frozenset(pattern for pattern, _ in _ZH[3:])  # these end with a form of address
_TITLES = re.compile("先生|女士|小姐|老师|医生|教授|经理|同学")


def _before_titles(text: str) -> list[tuple[int, int]]:
    """Where a name of up to four characters stands before a form of address, disjoint."""
    return joined((max(0, match.start() - 4), match.end()) for match in _TITLES.finditer(text))


_ZH_CUES = re.compile(
    r"我叫|名字|名叫|本人|我是|姓名|人[:：是为]|先生|女士|小姐|老师|医生|教授|经理|同学|户名|患者|病人|客户|学生|员工|致电|联系|转告|通知|同事|这位"
)
_ZH_STOP = frozenset(
    (
        "方便",
        "高兴",
        "黄金",
        "马上",
        "周末",
        "周日",
        "周一",
        "周二",
        "周三",
        "周四",
        "周五",
        "周六",
        "王者",
        "白天",
        "金额",
        "程序",
        "高级",
        "江南",
        "江苏",
        "任何",
        "任务",
        "毛病",
        "余额",
        "安全",
        "安排",
        "常见",
        "高中",
        "高校",
        "田径",
        "石油",
        "万一",
        "温度",
        "严重",
        "谢谢",
        "万能",
        "贺卡",
        "秦朝",
        "孔子",
        "何时",
        "何种",
        "施工",
    )
)


class Names:
    """Finds PERSON spans; a name without its title, a Chinese surname alone together with its title (张先生)."""

    @property
    def types(self) -> frozenset[str]:
        return frozenset(("PERSON",))

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        yield from self._cued(text, budget)
        yield from self._pairs(text, budget)
        if not text.isascii():
            yield from self._chinese(text, budget)

    def _cued(self, text: str, budget: Budget) -> Iterator[Span]:
        for pattern, score, bare, gate in _CUES:
            if not any(word in text for word in gate):
                continue
            budget.spend()
            for match in pattern.finditer(text):
                start = match.start("value")
                name = _trim(match.group("value"))
                words = name.split(" ")
                if not name or words[0] in _STOP or words[0].capitalize() in _STOP:
                    continue
                known = len(words) > 1 and (words[0] in EN_GIVEN or words[-1] in EN_FAMILY)
                if not bare and not known and not (len(words) == 1 and name in EN_GIVEN and name not in EN_GIVEN_WORDS):
                    continue
                yield Span(start, start + len(name), "PERSON", score, by="a cue for a name")

    def _pairs(self, text: str, budget: Budget) -> Iterator[Span]:
        budget.spend()
        at = 0
        while (match := _PAIR.search(text, at)) is not None:
            first, last = match.group("first"), match.group("last")
            at = match.start("last")
            if first not in EN_GIVEN or last in _STOP:
                continue
            if last in EN_FAMILY or (first not in EN_GIVEN_WORDS and last not in EN_GIVEN_WORDS):
                at = match.end()
                yield Span(
                    match.start("value"),
                    match.end("value"),
                    "PERSON",
                    0.7 if last in EN_FAMILY else 0.6,
                    by="a given name",
                )

    def _chinese(self, text: str, budget: Budget) -> Iterator[Span]:
        if _ZH_CUES.search(text) is None:
            return
        for pattern, score in _ZH:
            budget.spend()
            titled = pattern in _TITLED
            stretches = _before_titles(text) if titled else [(0, len(text))]
            for match in (match for start, end in stretches for match in pattern.finditer(text, start, end)):
                value = match.group("value")
                if value[:2] in _ZH_STOP:
                    continue
                # A surname alone says little and is too short to restore: it is hidden together with its title.
                end = match.end() if value in ZH_FAMILY else match.end("value")
                yield Span(match.start("value"), end, "PERSON", score, by="a cue for a name")


def _trim(name: str) -> str:
    """Cut a name before the first word that is none, and drop particles left at its end."""
    words = name.split(" ")
    for index, word in enumerate(words[1:], 1):
        if word in _STOP:
            words = words[:index]
            break
    while words and (words[-1] in _PARTICLES or (len(words[-1]) == 2 and words[-1].endswith("."))):
        words.pop()
    return " ".join(words)
