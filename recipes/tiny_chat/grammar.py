"""Expansion of the phrase grammars, and the sentence frames shared by harmful and harmless requests.

Both classes go through the same frames, casing, punctuation and typo noise, so that neither the frame nor the length of a
prompt tells which class it belongs to.  Every seventh line of the first and third lexicons is *reserved*: no training row is made of it,
and the calibration set is made of nothing else.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

from . import (
    lexicon_en_extra,
    lexicon_en_harm,
    lexicon_en_more,
    lexicon_en_safe,
    lexicon_zh_extra,
    lexicon_zh_harm,
    lexicon_zh_more,
    lexicon_zh_safe,
)

Lang = Literal["en", "zh"]
Kind = Literal["VP", "NP", "FULL"]
Group = Literal["harm", "hard", "easy"]

_CHOICE = re.compile(r"\{([^{}]*)\}")
_MODULES: list[tuple[Lang, ModuleType, bool]] = [
    ("en", lexicon_en_safe, True),
    ("zh", lexicon_zh_safe, True),
    ("en", lexicon_en_more, False),
    ("zh", lexicon_zh_more, False),
    ("en", lexicon_en_extra, True),
    ("zh", lexicon_zh_extra, True),
]
_GROUPS: list[Group] = ["harm", "hard", "easy"]
_KINDS: list[Kind] = ["VP", "NP", "FULL"]
RESERVE_EVERY = 7
RESERVE_AT = 3


@dataclass(frozen=True)
class Line:
    """One grammar line."""

    lang: Lang
    group: Group
    kind: Kind
    topic: str
    text: str
    reserved: bool


@dataclass(frozen=True)
class Prompt:
    """One expanded request."""

    text: str
    lang: Lang
    group: Group
    kind: Kind
    topic: str
    phrase: str

    @property
    def harmful(self) -> bool:
        """Whether the model must refuse."""
        return self.group == "harm"


def _lines(block: str, lang: Lang, group: Group, kind: Kind, reserve: bool = True) -> list[Line]:
    out: list[Line] = []
    for number, raw in enumerate(line for line in block.strip().splitlines() if line.strip()):
        topic, text = "", raw
        if group != "harm":
            topic, _, text = raw.partition(": ")
        out.append(Line(lang, group, kind, topic, text, reserve and number % RESERVE_EVERY == RESERVE_AT))
    return out


def load_lines() -> list[Line]:
    """All grammar lines of the lexicons; the second parts (``…_more``) reserve none."""
    en, zh = lexicon_en_harm, lexicon_zh_harm
    out = _lines(en.VP, "en", "harm", "VP") + _lines(en.NP, "en", "harm", "NP") + _lines(en.FULL, "en", "harm", "FULL")
    out += _lines(zh.VP, "zh", "harm", "VP") + _lines(zh.NP, "zh", "harm", "NP") + _lines(zh.FULL, "zh", "harm", "FULL")
    for lang, module, reserve in _MODULES:
        for group in _GROUPS:
            for kind in _KINDS:
                block = getattr(module, f"{group.upper()}_{kind}", "")
                if block:
                    out += _lines(block, lang, group, kind, reserve)
    return out


def expand(text: str, rng: random.Random) -> str:
    """Pick one alternative of every choice."""
    while True:
        match = _CHOICE.search(text)
        if not match:
            break
        text = text[: match.start()] + rng.choice(match.group(1).split("|")) + text[match.end() :]
    return re.sub(r" {2,}", " ", text).replace(" .", ".").replace(" ,", ",").replace(" ?", "?").strip(" ,")


FRAMES_EN_VP = """
How do I {x}?|How can I {x}?|how to {x}|What is the best way to {x}?|Tell me how to {x}.|Explain how to {x}.
Can you help me {x}?|Please help me to {x}.|I want to {x}. What should I do?|I need to {x}, where do I start?
Give me step-by-step instructions to {x}.|Write a guide on how to {x}.|Write a tutorial explaining how to {x}
Teach me to {x}|Show me how someone could {x}.|What steps should I take to {x}?|Outline a plan to {x}
Provide detailed instructions on how to {x}|Describe a simple method to {x}.|What are some effective ways to {x}?
Could you tell me how people {x}?|My friend wants to {x}. What advice would you give?|Give me tips to {x}
I am trying to {x} and it does not work. What am I missing?|What tools do I need to {x}?|Suggest three ways to {x}.
Is there an easy way to {x}?|What do I need to know before I {x}?|Develop a strategy to {x}|Create a checklist to {x}.
We plan to {x} next week. Any suggestions?|{X}.|What would be the fastest way for me to {x}?|Make a video script on how to {x}
I have never done this before, but I would like to {x}. Please walk me through it in detail.|Help me {x}
How would a beginner {x}?|Let's {x}. First step?|what's the trick to {x}|In a few sentences, explain to me how to {x}.
"""
FRAMES_EN_NP = """
Write {x}.|Write me {x}|Please write {x}.|Create {x}.|Can you draft {x}?|I need {x}. Can you write it?|Generate {x}
Help me write {x}.|Could you come up with {x}?|Give me {x}.|Compose {x}|Make {x} for me please|Prepare {x}.|Develop {x}
Provide {x}|Show me an example of {x}.|I would like {x}, please.|Draft {x} that I can use today.
"""
FRAMES_ZH_VP = """
怎么{x}？|如何{x}？|怎样{x}|请告诉我怎么{x}。|我想{x}，应该怎么做？|教我{x}|请问如何才能{x}？|有什么办法可以{x}？|{x}有什么技巧？
请写一份{x}的详细步骤。|写一篇教程，说明如何{x}。|你能帮我{x}吗？|我需要{x}，从哪里开始？|给我一些{x}的建议|请一步一步说明怎么{x}
朋友想{x}，你能给点建议吗？|{x}需要准备什么？|列出三种{x}的方法。|能不能教教我{x}|我打算{x}，但是不知道怎么做，请详细说说。|{x}
想{x}，最简单的方法是什么？|帮我制定一个{x}的计划。|请用几句话说说怎样{x}。
"""
FRAMES_ZH_NP = """
写{x}。|帮我写{x}|请写一份{x}。|生成{x}|给我{x}|我需要{x}，你能写吗？|请帮我准备{x}。|创作{x}|能给我一个{x}的例子吗？|请提供{x}。|设计一份{x}
"""
_BLOCKS: list[tuple[Lang, str, str]] = [
    ("en", "VP", FRAMES_EN_VP),
    ("en", "NP", FRAMES_EN_NP),
    ("zh", "VP", FRAMES_ZH_VP),
    ("zh", "NP", FRAMES_ZH_NP),
]
FRAMES: dict[tuple[Lang, str], list[str]] = {
    (lang, kind): [frame for row in block.strip().splitlines() for frame in row.split("|")]
    for lang, kind, block in _BLOCKS
}


def _typo(text: str, rng: random.Random) -> str:
    at = rng.randrange(1, max(2, len(text) - 1))
    how = rng.randrange(3)
    if how == 0:
        return text[:at] + text[at + 1 :]
    if how == 1:
        return text[:at] + text[at : at + 1] + text[at:]
    return text[: at - 1] + text[at : at + 1] + text[at - 1 : at] + text[at + 1 :]


def noise(text: str, lang: Lang, rng: random.Random) -> str:
    """Vary casing, final punctuation and, rarely, spelling; the same for both classes."""
    roll = rng.random()
    if roll < 0.10:
        text = text.rstrip(".?!。？！")
    elif roll < 0.14:
        text = text.rstrip(".?!。？！") + rng.choice(
            ["!", "??", "...", " please", " thanks"] if lang == "en" else ["！", "？？", "……", "，谢谢"]
        )
    if lang == "en":
        roll = rng.random()
        if roll < 0.15:
            text = text.lower()
        elif roll < 0.165:
            text = text.upper()
        if rng.random() < 0.05:
            text = _typo(text, rng)
    return text


def render(line: Line, rng: random.Random, with_noise: bool = True) -> Prompt:
    """One prompt of a line, in a random frame."""
    phrase = expand(line.text, rng)
    text = phrase
    if line.kind != "FULL":
        frame = rng.choice(FRAMES[(line.lang, line.kind)])
        text = frame.replace("{x}", phrase).replace("{X}", phrase[:1].upper() + phrase[1:])
    text = text[:1].upper() + text[1:] if text[:2] != text[:2].lower() or rng.random() < 0.9 else text
    if with_noise:
        text = noise(text, line.lang, rng)
    return Prompt(text, line.lang, line.group, line.kind, line.topic, phrase)


def normal(text: str) -> str:
    """Key for overlap checks: lower case without punctuation and spaces."""
    return re.sub(r"[\W_]+", "", text.lower())
