"""Chinese training text: templates with values, dressed as running text; pronouns of real text made names."""

from __future__ import annotations

import itertools
import random
import re

from recipes.ner import gazetteers
from recipes.ner import lists_zh as lists
from recipes.ner import templates_zh as templates
from recipes.ner.text import Builder, Example, Spot, Value, fill, recased
from recipes.ner.values_zh import MAKERS

_WEIGHTS = {"forms": 0.7, "mixed": 1.0, "news": 1.4, "chat": 1.3, "prompts": 1.3, "story": 1.2, "work": 1.2}


def _one(rng: random.Random, registers: dict[str, list[str]]) -> tuple[str, Value]:
    names = list(registers)
    register = rng.choices(names, [_WEIGHTS.get(n, 1.0) for n in names])[0]
    template = rng.choice(registers[register]).replace("\\n", "\n").replace("\\t", "\t")
    while (slot := re.search(r"\{m\}", template)) is not None:  # one kind of mark within a form
        mark = MAKERS["m"](rng)[0]
        template = template[: slot.start()] + mark + template[slot.end() :].replace("{m}", mark)
    return register, fill(template, MAKERS, rng)


def generate(rng: random.Random, plain: list[str], registers: dict[str, list[str]] | None = None) -> Example:
    """One text. `plain`: running text without entities, for what stands around."""
    registers = registers or templates.ALL
    built = Builder()
    if rng.random() < 0.3:
        built.add(_plain(rng, plain))
    register, value = _one(rng, registers)
    built.add(value)
    for _ in range(rng.choice((0, 0, 1, 1, 2)) if register not in ("forms",) else 0):
        if value[0][-1:].isalnum() or value[0][-1:] in "”】）":
            built.add(rng.choice(("。", "，", "\n", "！", "。\n", " ")))
        if rng.random() < 0.4:
            built.add(_plain(rng, plain))
        _, value = _one(rng, registers)
        built.add(value)
    if rng.random() < 0.3:
        built.add(rng.choice(("", "。", "\n"))).add(_plain(rng, plain))
    text, spans = _marks(rng, built.value())
    return Example(text, tuple(spans), unknown=_titles(text, spans))


_TITLE = re.compile("|".join(sorted(lists.TITLES, key=lambda w: (-len(w), w))))


def _titles(text: str, spans: list[Spot]) -> tuple[tuple[int, int], ...]:
    """Titles that stand in a template's own words, where nobody marked them."""
    return tuple(m.span() for m in _TITLE.finditer(text) if not any(a < m.end() and m.start() < b for a, b, _ in spans))


# Sentences by part of speech: whatever stands next to a name, the name ends where a common word begins.
_CLAUSES = tuple(
    """{t}{N}{v}{n}|{N}{d}{v}了{n}|{v}{N}的{n}|{n}{N}{v}{v2}|{p}{N}{v}{n}|{N}、{N}{v}{n}|{N}和{N}{d}{v}|{N}{v}{N}{v2}{n}|{t}{p}{N}{v}了{n}|{n}，{N}{v}{n}|{N}{v}，{d}{v2}|{a}的{N}{v}{n}|{N}这{q}{n}
    |{N}{n}{v}|{v}{n}{N}|{n}是{N}的{n}|{N}的{n}{d}{a}|{N}{a}{a}|把{n}{v}给{N}|{N}：{v}{n}|{n}“{N}”{v}|{N}{d}在{L}{v}{n}|{t}在{L}{v}{n}|{L}的{n}{d}{v}|{L}{n}{v}{n}|从{L}{v}{n}|{v}{L}{n}|{L}、{L}{v}{n}|{n}{v}{L}
    |{O}{v}{n}|{O}的{N}{d}{v}|{O}{n}{v}{n}|{v}{O}的{n}|{n}{v}{O}|{O}、{O}{v}{n}|{t}{O}{d}{v}{n}|{N}{v}{O}{n}|{P}{v}{n}|{F}{v}{n}|{p}{F}{v}{n}|{H}{d}{v}{n}|{p}{H}{v}{n}|{n}{H}{v}
    |{T}{N}{v}{n}|{N}{v}{T}|{D}{N}{v}{n}|{D}，{n}{v}{n}|{n}{v}{D}|{A}{v}{n}|{v}{A}{n}|{v}{A}|{n}{v}{n}|{t}{n}{d}{v}{n}|{d}{v}{n}|{v}{n}{c}{v}{n}|{a}的{n}{v}|{n}{a}{d}{v}{n}|{v}了{n}{c}{n}|{r}{d}{v}{a}的{n}""".replace(
        "\n", ""
    )
    .replace(" ", "")
    .split("|")
)
_POS = {
    "v": ("v", "vn"),
    "v2": ("v",),
    "n": ("n", "vn", "l", "i"),
    "d": ("d", "ad"),
    "p": ("p",),
    "t": ("t",),
    "a": ("a", "z", "b"),
    "q": ("q",),
    "c": ("c",),
    "r": ("r",),
}
_BY_POS: dict[str, tuple[list[str], list[float]]] = {}


def _word(rng: random.Random, kind: str) -> str:
    """A word of a part of speech; common ones more often, but by far not as much more as in running text."""
    if kind not in _BY_POS:
        wanted = _POS[kind]
        found = [(w, n) for w, n, pos in gazetteers.jieba_words() if pos in wanted and n >= 40 and len(w) <= 4]
        summed = list(itertools.accumulate(n**0.5 for _, n in found))
        _BY_POS[kind] = [w for w, _ in found], summed
    words, summed = _BY_POS[kind]
    return rng.choices(words, cum_weights=summed)[0]


def clauses(rng: random.Random) -> Example:
    """Clauses of random words with and without entities: no sense, but every neighbour a name can have."""
    built = Builder()
    makers = {**MAKERS, **{kind: (lambda rng, kind=kind: (_word(rng, kind), [])) for kind in _POS}}
    for _ in range(rng.randint(1, 5)):
        built.add(fill(rng.choice(_CLAUSES), makers, rng)).add(rng.choice("，，，。。！？；、 \n"))
    text, spans = built.value()
    return Example(text, tuple(spans), unknown=_titles(text, spans))


def _plain(rng: random.Random, plain: list[str]) -> str:
    if rng.random() < 0.4 or not plain:
        return rng.choice(templates.PLAIN)
    sentences = re.findall(r"[^。！？\n]+[。！？\n]", rng.choice(plain)[:400])
    return rng.choice(sentences) if sentences else rng.choice(templates.PLAIN)


_HALF = str.maketrans("，。：；！？（）", ",.:;!?()")


def _marks(rng: random.Random, value: Value) -> Value:
    text, spans = value
    kind = rng.random()
    if kind < 0.08:
        return text.translate(_HALF), spans
    if kind < 0.1:
        return recased(value, "lower")
    return text, spans


_SWAPS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(
            r"(?<![其吉自])(?:[他她我你您])(?![们人国乡]|方)|某人|某个人|别人|(?:我的|你的)?(?:朋友|同事|邻居|老板|室友|亲戚)(?![们圈])"
            r"|(?:家长|老师|学生|孩子|患者|医生|员工|客户|用户|警察|老人|同学)(?=[^们的]|$)"
        ),
        ("P", "N", "N", "N", "H"),
    ),
    (
        re.compile(
            r"(?:这家|那家|该|某|我们)公司|某企业|该机构|这个公司|(?:公司|企业|学校|医院|银行|平台|政府|机构)(?=[的在会要不])"
        ),
        ("C", "O", "U", "C"),
    ),
    (
        re.compile(
            r"(?:这个|那个|某个|某)(?:城市|地方|国家|地区)|国外|国内|当地(?!人)|农村|(?<=[在去到从])(?:社会|学校|家里|家|网上|城市|这里|那里)"
        ),
        ("L",),
    ),
)


def rewritten(rng: random.Random, text: str) -> Example | None:
    """Real text with some of its pronouns and general nouns made names; None when it has none of them."""
    hits = sorted(
        (m.start(), m.end(), slots) for pattern, slots in _SWAPS for m in pattern.finditer(text)
    )  # fmt: skip
    if not hits:
        return None
    built = Builder()
    at = 0
    wish: dict[str, Value] = {}
    for start, end, slots in hits:
        if start < at or rng.random() < 0.45:
            continue
        word = text[start:end]
        if word not in wish or rng.random() < 0.3:
            wish[word] = MAKERS[rng.choice(slots)](rng)
        built.add(text[at:start]).add(wish[word])
        at = end
    made, spans = built.add(text[at:]).value()
    return Example(made, tuple(spans), unknown=doubtful(made, spans)) if spans else None


# What unannotated Chinese text may hold: names that a word list knows.
_KNOWN = re.compile(
    "|".join(
        sorted(
            {
                *lists.WORLD,
                *lists.COMPANIES,
                *lists.UNIVERSITIES,
                *lists.LANDMARKS,
                *lists.FOREIGN_FAMILY,
                "中国",
                "北京",
                "上海",
                "广州",
                "深圳",
                "香港",
                "台湾",
                "小明",
                "小红",
                "小李",
                "小王",
                "小张",
                "张三",
                "李四",
                "王五",
            },
            key=lambda w: (-len(w), w),
        )
    )
    + r"|[0-9]{4}\s?年(?:\s?[0-9]{1,2}\s?月)?(?:[0-9]{1,2}[日号])?|[0-9]{1,2}月[0-9]{1,2}[日号]"
    + "|"
    + "|".join(sorted((t for t in lists.TITLES if len(t) > 2), key=lambda w: (-len(w), w)))
    + r"|\w+(?:公司|集团|大学|学院|医院|法院|委员会|组织|协会|部门)|·|[A-Z]\w+"
)


def doubtful(text: str, spans: list[Spot]) -> tuple[tuple[int, int], ...]:
    """Stretches of unannotated text that may be entities, less those that `spans` cover."""
    taken = [(a, b) for a, b, _ in spans]
    return tuple(
        m.span() for m in _KNOWN.finditer(text) if not any(a < m.end() and m.start() < b for a, b in taken)
    )  # fmt: skip


def negative(text: str) -> Example:
    """Real text as it is."""
    return Example(text, (), unknown=doubtful(text, []))


def traditional(example: Example, table: dict[int, str]) -> Example:
    """The same in traditional characters, one for one."""
    return Example(example.text.translate(table), example.spans, example.unsaid, example.unknown)
