# ruff: noqa: E501, SIM905  patterns and word lists read better whole
"""Postal addresses: Chinese ones from province to room, and numbered streets of English-speaking countries.

A Chinese address is a chain of parts that touch (province, city, district, town, road or estate, number, building,
unit, floor, room), each a name with its suffix or a number with its. A chain counts when it names a house: a road,
village or estate with a number behind it; or when it names at least three levels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sanitizers.detect.recogniser import Budget, Rule, Rules
from sanitizers.detect.span import Span

_PROVINCES = "北京 上海 天津 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门".split()
# Verbs and particles that end the words before an address; no name of a place has them inside.
_STOP = "我你您他她它们在于到住是为至从去往由位经过与和及的了这那每某该此条寄送发给把请叫找址、"
_HAN = f"(?:(?![{_STOP}]|地址|附近)[\u4e00-\u9fff])"
_NUMBER = r"[0-9一二三四五六七八九十百零〇甲乙丙丁A-Za-z]{1,5}(?:[-之－][0-9一二三四五六七八九十A-Za-z]{1,4}){0,2}"
_PART = re.compile(
    rf"(?P<province>(?:{'|'.join(_PROVINCES)})(?:省|市|壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区)?)"
    rf"|(?P<number>(?:第)?{_NUMBER}(?:号楼|号院|号|弄|栋|幢|座|单元|层|楼|室|房|户|期|门|组|队|巷|[Ff](?![a-z])))"
    rf"|(?P<city>{_HAN}{{1,5}}?(?:自治州|地区|盟|市))"
    rf"|(?P<district>{_HAN}{{1,6}}?(?:新区|开发区|自治县|自治旗|区|县|旗))"
    rf"|(?P<town>{_HAN}{{1,6}}?(?:街道|镇|乡|苏木))"
    rf"|(?P<road>{_HAN}{{1,7}}?(?:大道|大街|公路|环路|胡同|路|街|道|巷|弄|里)(?:[东南西北中][段路街]?|[一二三四五六七八九十0-9]段)?)"
    rf"|(?P<estate>[A-Za-z0-9]{{0,6}}{_HAN}{{1,9}}?(?:小区|社区|花园|家园|新村|公寓|大厦|大楼|广场|写字楼|宿舍|公馆|苑|村|屯|庄|府邸|雅居|科技园|软件园|产业园|工业园))"
    r"|(?P<room>(?<![0-9])[0-9]{3,4}(?![0-9年元个人次天米度%]))"
)
_GAP = re.compile(r"[ ,，]?")
_LONGEST = 16  # parts
_SIGNS = re.compile(r"[路街道巷弄村镇乡号室栋幢座里]|小区|花园|大厦|广场|公寓|[省市区县]")
_NO_ROADS = frozenset(
    "线路 道路 公路 网路 思路 铁路 电路 马路 一路 出路 销路 套路 门路 退路 短路 知道 频道 渠道 管道 通道 轨道 报道 味道 赛道 公里 英里 海里 这里 那里 哪里 市里 家里 上街 逛街".split()
)
_NO_DISTRICTS = frozenset(
    "地区 社区 小区 时区 景区 城区 市区 郊区 园区 全市 城市 都市 超市 股市 上市 门市 夜市 本市 我市 该市 各市 各县 山区 灾区 专区 战区".split()
)


class Addresses:
    """Finds ADDRESS spans in Chinese text."""

    @property
    def types(self) -> frozenset[str]:
        return frozenset(("ADDRESS",))

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        if text.isascii() or _SIGNS.search(text) is None:
            return
        chain: list[tuple[str, int, int]] = []
        parts = (part for start, end in _stretches(text) for part in _PART.finditer(text, start, end))
        for count, match in enumerate(parts, 1):
            if count % 256 == 0:
                budget.spend()
            kind, value = match.lastgroup or "", match.group()
            start, end = match.span()
            touches = bool(chain) and _GAP.fullmatch(text, chain[-1][2], start) is not None
            if chain and (not touches or (kind == "province" and chain) or len(chain) >= _LONGEST):
                yield from _judge(chain)
                chain = []
            if value in _NO_ROADS or value in _NO_DISTRICTS or (kind == "room" and not chain):
                continue
            chain.append((kind, start, end))
        yield from _judge(chain)


# What parts end with. Nothing but a room, and a province that another part follows, is without one.
_ENDS = re.compile(
    r"[市盟区县旗镇乡路街道巷弄里苑村屯庄府邸]|自治州|苏木|胡同|花园|家园|公寓|大厦|大楼|广场|写字楼|宿舍|公馆|雅居|科技园|软件园|产业园|工业园"
    r"|[0-9一二三四五六七八九十百零〇甲乙丙丁A-Za-z](?:号|弄|栋|幢|座|单元|层|楼|室|房|户|期|门|组|队|巷|[Ff])"
)
_DIGIT = re.compile("[0-9]")
_BEFORE, _BEHIND = 40, 16  # no two parts, and no room, are longer


def _stretches(text: str) -> Iterator[tuple[int, int]]:
    """Where an address may stand: near two ends of parts, or one and a digit. Disjoint."""
    first = last = -1
    count = 0
    for match in _ENDS.finditer(text):
        start, end = max(0, match.start() - _BEFORE), min(len(text), match.end() + _BEHIND)
        if start <= last:
            last, count = end, count + 1
            continue
        if count > 1 or (count and _DIGIT.search(text, first, last)):
            yield first, last
        first, last, count = start, end, 1
    if count > 1 or (count and _DIGIT.search(text, first, last)):
        yield first, last


def _judge(chain: list[tuple[str, int, int]]) -> Iterator[Span]:
    while chain and chain[0][0] in ("number", "room"):
        chain = chain[1:]
    kinds = [kind for kind, _, _ in chain]
    named = [i for i, kind in enumerate(kinds) if kind in ("road", "estate", "town")]
    house = bool(named) and any(kind in ("number", "room") for kind in kinds[named[0] + 1 :])
    if not house and len(kinds) < 3:
        return
    why = "a road or estate with a number" if house else "three levels of a Chinese address"
    yield Span(chain[0][1], chain[-1][2], "ADDRESS", 0.85 if house else 0.7, by=why)


_STREET = r"(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter|Way|Highway|Hwy|Parkway|Pkwy|Circle|Cir|Trail|Trl|Close|Crescent|Cres|Gardens|Grove|Mews)"
_STATE = r"(?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])"
_UNIT = r"(?:,? (?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|Room|Rm|#)\.? ?#?[0-9A-Z]{1,6})"
_TOWN = r"[A-Z][a-z]{1,20}(?:[ -][A-Z][a-z]{1,20}){0,2}"
_POSTCODE = r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}"

STREETS = Rules(
    (
        Rule(
            "ADDRESS",
            re.compile(
                rf"(?<![\w.$£€/-])[0-9]{{1,5}}[A-Za-z]?(?:-[0-9]{{1,4}})? (?:[NSEW]\.? |North |South |East |West )?"
                rf"(?:[A-Z][A-Za-z'’.]{{0,20}} |[0-9]{{1,3}}(?:st|nd|rd|th) ){{1,4}}?{_STREET}\b\.?(?: (?:NW|NE|SW|SE|[NSEW])\b)?"
                rf"{_UNIT}?(?:,? {_TOWN}(?:,? {_STATE}(?: [0-9]{{5}}(?:-[0-9]{{4}})?)?|,? {_POSTCODE}|(?=[,.\n]|$)))?"
            ),
            0.85,
            needs=re.compile(rf"[0-9][A-Za-z]? .{{0,60}}\b{_STREET}\b"),
            why="a house number before a street's name",
        ),
        Rule(
            "ADDRESS",
            re.compile(r"(?<![A-Za-z])P\.? ?O\.? ?Box [0-9]{1,6}\b"),
            0.7,
            gate=("Box",),
            why="a post office box",
        ),
    )
)
