"""English training text: templates with values, dressed as running text; pronouns and names of real text exchanged."""

from __future__ import annotations

import random
import re

from recipes.ner import templates_en as templates
from recipes.ner.sources import HANDLE, doubtful_english
from recipes.ner.text import Builder, Example, Value, fill, recased
from recipes.ner.values_en import MAKERS

_ARTICLE = re.compile(r"\b([Aa])n? $")


def _one(rng: random.Random, registers: dict[str, list[str]]) -> tuple[str, Value]:
    register = rng.choice(list(registers))
    template = rng.choice(registers[register]).replace("\\n", "\n").replace("\\t", "\t")
    mark = MAKERS["m"](rng)[0]
    text, spans = fill(template.replace("{m}", mark), MAKERS, rng)
    return register, (text[:1].upper() + text[1:] if register in ("news", "story", "legal") else text, spans)


def generate(rng: random.Random, plain: list[str], registers: dict[str, list[str]] | None = None) -> Example:
    """One text. `plain`: running text without entities, for what stands around."""
    registers = registers or templates.ALL
    built = Builder()
    if rng.random() < 0.25:
        built.add(_plain(rng, plain) + rng.choice((" ", " ", "\n", "\n\n")))
    register, value = _one(rng, registers)
    built.add(_cased(rng, value, register))
    for _ in range(0 if register == "forms" else rng.choice((0, 0, 0, 1, 2))):
        built.add(rng.choice((" ", " ", "\n", "\n\n")))
        if rng.random() < 0.4:
            built.add(_plain(rng, plain) + " ")
        register, value = _one(rng, registers)
        built.add(_cased(rng, value, register))
    if rng.random() < 0.25:
        built.add(rng.choice((" ", "\n"))).add(_plain(rng, plain))
    text, spans = built.value()
    return Example(text, tuple(spans))


def _plain(rng: random.Random, plain: list[str]) -> str:
    if rng.random() < 0.5 or not plain:
        return rng.choice(templates.PLAIN)
    sentences = [
        s
        for s in re.findall(r"[A-Z][^.!?\n]{15,200}[.!?]", rng.choice(plain))
        if not re.search(r"[a-z,] [A-Z][a-z]", s)
    ]
    return rng.choice(sentences) if sentences else rng.choice(templates.PLAIN)


def _cased(rng: random.Random, value: Value, register: str) -> Value:
    kind = rng.random()
    if kind < (0.3 if register == "chat" else 0.07):
        return recased(value, "lower")
    if kind > 0.95:
        return recased(value, "upper")
    return value


_PRONOUN = re.compile(
    r"(?<![\w'’])(?:(?P<subject>[Hh]e|[Ss]he|[Ss]omeone|[Mm]y (?:friend|boss|neighbor|coworker|roommate|sister|brother|girlfriend|boyfriend))"
    r"(?= (?:is|was|has|had|will|would|can|could|did|said|says|told|asked|wants|wanted|went|came|made|took|got|likes|knows|and)\b)"
    r"|(?<=[a-z] )(?P<object>him|someone|my (?:friend|boss|neighbor|coworker|sister|brother))(?! else)(?=[ .,!?]|$)"
    r"|(?P<company>(?:the|my|our|their|a) (?:company|organization|bank|school|university|hospital))(?=[ .,!?'])"
    r"|(?<=(?:in|to|at) )(?P<place>(?:the|my|this|a|your) (?:city|country|town|area|state))(?=[ .,!?]))(?!['’])"
)
_SLOTS = {"subject": "P", "object": "P", "company": "O", "place": "L"}


def rewritten(rng: random.Random, text: str, common: frozenset[str]) -> Example | None:
    """Real text with some of its pronouns and general nouns made names; None when it has none of them."""
    built = Builder()
    at = 0
    for match in _PRONOUN.finditer(text):
        if rng.random() < 0.3:
            continue
        built.add(text[at : match.start()]).add(MAKERS[_SLOTS[match.lastgroup or "subject"]](rng))
        at = match.end()
    made, spans = built.add(text[at:]).value()
    if not spans:
        return None
    taken = [(a, b) for a, b, _ in spans]
    unknown = tuple(
        (a, b) for a, b in doubtful_english(made, common) if not any(c < b and a < d for c, d in taken)
    )  # fmt: skip
    return Example(made, tuple(spans), unknown=unknown)


def negative(text: str, common: frozenset[str]) -> Example:
    """Real text as it is."""
    return Example(text, (), unknown=doubtful_english(text, common))


_MAKER = {"PERSON": "P", "LOCATION": "L", "ORGANIZATION": "O"}


def exchanged(rng: random.Random, example: Example) -> Example:
    """A corpus sentence with other names in some of its places: its contexts with our names."""
    built = Builder()
    at = 0
    for start, end, label in example.spans:
        built.add(example.text[at:start])
        old = example.text[start:end]
        if rng.random() < 0.75:
            slot = "G" if label == "PERSON" and " " not in old and rng.random() < 0.7 else _MAKER[label]
            made = MAKERS[slot](rng)
            while len(made[1]) != 1 or made[1][0][:2] != (0, len(made[0])):
                made = MAKERS[slot](rng)
            if old.islower() or old.isupper():
                made = recased(made, "lower" if old.islower() else "upper")
            built.add(made)
        else:
            built.add((old, [(0, len(old), label)]))
        at = end
    text, spans = built.add(example.text[at:]).value()
    return Example(text, tuple(spans), example.unsaid, tuple(m.span() for m in HANDLE.finditer(text)))


def lowered(rng: random.Random, example: Example) -> Example:
    """In lower or upper case, as people type."""
    text, spans = recased((example.text, list(example.spans)), "lower" if rng.random() < 0.7 else "upper")
    return Example(text, tuple(spans), example.unsaid, example.unknown)


def headline(rng: random.Random, example: Example) -> Example:
    """With capitals where running text has none: every word's first, or whole words for emphasis."""
    all_ = rng.random() < 0.5

    def recase(match: re.Match[str]) -> str:
        word = match.group()
        if any(a <= match.start() < b for a, b, _ in example.spans):
            return word
        if all_:
            return word[:1].upper() + word[1:]
        return word.upper() if rng.random() < 0.15 and len(word.upper()) == len(word) else word

    return Example(re.sub(r"[a-z]{3,}", recase, example.text), example.spans, example.unsaid, example.unknown)


def hashtagged(rng: random.Random, example: Example) -> Example:
    """With some of its names as hashtags: Kuala Lumpur as #KualaLumpur."""
    if example.unknown:
        return example  # those stretches would have to move
    built = Builder()
    at = 0
    for start, end, label in example.spans:
        words = example.text[start:end].split(" ")
        if label in _MAKER and len(words) <= 3 and all(w.isalpha() for w in words) and rng.random() < 0.6:
            tag = "".join(words) if rng.random() < 0.7 else "".join(words).lower()
            built.add(example.text[at:start] + "#").add((tag, [(0, len(tag), label)]))
        else:
            built.add(example.text[at:start]).add((example.text[start:end], [(0, end - start, label)]))
        at = end
    text, spans = built.add(example.text[at:]).value()
    return Example(text, tuple(spans), example.unsaid)


def household(rng: random.Random) -> Example:
    """An instruction to a robot, with things written as programs write them (DeskLamp): nobody and no place."""

    def thing(_: random.Random) -> Value:
        words = rng.choice(templates.THINGS).split(" ")
        dice = rng.random()
        if dice < 0.45:
            return "".join(w.capitalize() for w in words), []
        return " ".join(w.capitalize() for w in words) if dice < 0.65 else " ".join(words), []

    makers = {"thing": thing, "num": MAKERS["num"]}
    lines = [fill(rng.choice(templates.HOUSEHOLD), makers, rng)[0] for _ in range(rng.choice((1, 1, 1, 2, 3)))]
    return Example(rng.choice((" ", "\n", " Then ")).join(lines), ())
