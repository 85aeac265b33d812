"""Build the training corpus: dialogues with answers, and bare texts that only feed the distillation head."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from . import sources
from .answers import agree, agree_plain, refuse
from .copying import Turn, babble, sample
from .facts import FACTS
from .grammar import Lang, Line, load_lines, noise, normal, render

SYSTEM_EN = [
    "You are a helpful assistant.",
    "You are a helpful, harmless assistant. Answer briefly.",
    "Answer in one short sentence.",
    "You are a polite support agent.",
    "Be concise.",
    "You are an assistant for a small company.",
    "You are ChatBot. Be kind and honest.",
    "Reply in plain English.",
    "You are a cheerful pirate who answers questions.",
    "You are a customer service assistant. Never reveal private data.",
    "You work for a bank. Be careful and polite.",
    "You are a teacher for children.",
    "The assistant helps with writing, coding and daily life.",
    "You are an expert in security who helps defenders.",
    "Follow the user's instructions closely.",
    "Today is Monday. You are a friendly helper.",
]
SYSTEM_ZH = [
    "你是一个有用的助手。",
    "请用简短的话回答。",
    "你是一名礼貌的客服。",
    "你是一位老师，请耐心回答。",
    "你是公司的智能助手，请保护隐私。",
    "用中文回答问题。",
    "你是一个友好的机器人。",
    "请诚实、简洁地回答用户。",
]
FOLLOW_EN = ["Thanks! One more question. ", "Great. Now ", "Okay, and also: ", "", "", ""]


@dataclass
class Example:
    """One training example; ``answer`` is None for texts that only feed the distillation head."""

    turns: list[Turn]
    answer: str | None
    kind: str
    lang: str
    embed: bool = False

    @property
    def query(self) -> str:
        """The last user text."""
        return self.turns[-1][1]


class Builder:
    """Draws examples from the lexicons and from the public sources under ``data``."""

    def __init__(self, data: Path, seed: int) -> None:
        self.rng = random.Random(seed)
        self.root = data / "prompts" if (data / "prompts").is_dir() else data
        self.by: dict[tuple[str, str], list[Line]] = {}
        for line in load_lines():
            if not line.reserved:
                self.by.setdefault((line.lang, line.group), []).append(line)
        self.held_out = held_out_keys(self.root)

        def keep(text: str) -> bool:
            return normal(text) not in self.held_out

        jade = [r for r in sources.jade_db(self.root) if "alignment" in r.source and _asks(r.text) and keep(r.text)]
        extra = sources.gptfuzzer_questions(self.root) + sources.self_reminder_tasks(self.root)
        self.real: dict[str, list[str]] = {
            "zh": list(dict.fromkeys(r.text for r in jade)),
            "en": [r.text for r in extra if keep(r.text)],
        }
        self.seeds = [(p, a) for p, a in sources.seed_instructions(self.root) if len(p) < 400 and keep(p)]
        self.unlabelled = [r.text for r in sources.hh_requests(self.root) if keep(r.text)]
        self.wrappers = [
            t
            for t in sources.gptfuzzer_templates(self.root) + sources.self_reminder_templates(self.root)
            if len(t) < 2500
        ]
        self.filler = filler(data, self.root)
        self.words = sorted({w for t in self.unlabelled for w in re.findall(r"[A-Za-z]+", t)})
        self.han = sorted({c for r in jade for c in r.text if "\u4e00" <= c <= "\u9fff"})

    def request(self, lang: Lang, group: str) -> Example:
        """A request from the lexicon or, now and then, from a public source."""
        rng = self.rng
        if group == "harm" and rng.random() < (0.3 if lang == "zh" else 0.04):
            text = rng.choice(self.real[lang])
            return Example([("user", text)], refuse(text, lang, rng), "harm", lang, lang == "en")
        if group == "easy" and lang == "en" and rng.random() < 0.08:
            text, answer = rng.choice(self.seeds)
            return Example([("user", text)], _short(answer), "easy", lang, True)
        if group == "easy" and rng.random() < 0.15:
            text, answer = rng.choice(FACTS[lang])
            if rng.random() < 0.2:
                text = noise(text, lang, rng)
            return Example([("user", text)], answer, "easy", lang, lang == "en")
        lines = self.by[(lang, group)]
        prompt = render(rng.choices(lines, [_weight(line) for line in lines])[0], rng)
        answer = refuse(prompt.text, lang, rng) if group == "harm" else agree(prompt, rng)
        return Example([("user", prompt.text)], answer, group, lang, lang == "en")

    def dress(self, example: Example) -> Example:
        """Put a system prompt, earlier turns or long text in front."""
        rng, lang = self.rng, example.lang
        zh = lang == "zh"
        if rng.random() < 0.09:
            earlier: list[Turn] = []
            for _ in range(rng.choice([1, 1, 1, 2])):
                before = self.request("zh" if zh else "en", rng.choice(["easy", "hard", "easy", "harm"]))
                earlier += [before.turns[-1], ("assistant", before.answer or "")]
            example.turns = earlier + example.turns
        if rng.random() < 0.30:
            example.turns = [("system", rng.choice(SYSTEM_ZH if zh else SYSTEM_EN)), *example.turns]
        if not zh and self.filler and rng.random() < 0.015:
            start = rng.randrange(len(self.filler))
            text = " ".join(self.filler[start : start + rng.randint(3, 24)])
            role, last = example.turns[-1]
            if rng.random() < 0.5:
                example.turns = [*example.turns[:-1], (role, f"{text}\n\n{last}")]
            else:
                example.turns = [
                    ("user", f"Here is some text: {text}"),
                    ("assistant", "Thank you, noted."),
                    *example.turns,
                ]
            example.embed = False
        return example

    def wrapped(self) -> Example:
        """A harmful request inside a jailbreak wrapper."""
        rng = self.rng
        inner = self.request("en", "harm").query
        text = rng.choice(self.wrappers)
        text = re.sub(r"\[INSERT PROMPT HERE\]|\[INSERT.*?\]", lambda _: inner, text)
        if inner not in text:
            text = f"{text}\n{inner}"
        return Example([("user", text)], refuse(inner, "en", rng), "harm", "en")

    def draw(self) -> Example:
        """One example of the mixture."""
        rng = self.rng
        lang: Lang = "en" if rng.random() < 0.6 else "zh"
        roll = rng.random()
        if roll < 0.23:
            return self.dress(self.request(lang, "harm"))
        if roll < 0.46:
            return self.dress(self.request(lang, "hard"))
        if roll < 0.67:
            return self.dress(self.request(lang, "easy"))
        if roll < 0.88:
            turns, answer = sample(rng, lang)
            return self.dress(Example(turns, answer, "copy", lang))
        if roll < 0.99:
            turns, answer = babble(rng, self.words if lang == "en" else self.han, lang)
            return Example(turns, answer, "copy", lang)
        return self.wrapped()

    def build(self, count: int, bare: int) -> list[Example]:
        """``count`` dialogues and up to ``bare`` unlabelled texts."""
        out = [self.draw() for _ in range(count)]
        texts = bare_texts(self.root, self.filler)
        texts = [t for t in texts if normal(t) not in self.held_out]
        self.rng.shuffle(texts)
        out += [Example([("user", t)], None, "bare", "en", True) for t in texts[:bare]]
        return out

    def pseudo(self, text: str, harmful: bool) -> Example:
        """An unlabelled opening with the label of the teacher."""
        answer = refuse(text, "en", self.rng) if harmful else agree_plain("en", self.rng)
        return self.dress(Example([("user", text)], answer, "harm" if harmful else "easy", "en", True))


def _weight(line: Line) -> float:
    """Lines with more variants come more often; so do harmless technical ones, which are the most often refused."""
    technical = line.group == "hard" and line.topic in ("tech", "security")
    return min(8.0, 1 + line.text.count("|") / 4) * (2.0 if technical else 1.0)


def _short(answer: str) -> str:
    cut = re.split(r"(?<=[.!?])\s", answer.strip())
    return " ".join(cut[:2])[:240]


def _asks(text: str) -> bool:
    return bool(re.search(r"如何|怎么|怎样|我想|请|需要|帮|提供|推荐|教|方法|技巧|哪里|写", text))


def held_out_keys(root: Path) -> set[str]:
    """Normalised texts of every measured source and of the hand-written evaluation prompts."""
    rows: Iterable[sources.Row] = [
        *sources.advbench(root),
        *sources.harmbench(root),
        *sources.red_instruct(root),
        *sources.mitre_frr(root),
        *sources.cvalues(root),
        *sources.refusal_direction(root, "harmful_train"),
        *sources.refusal_direction(root, "harmful_val"),
        *sources.refusal_direction(root, "harmless_val"),
    ]
    keys = {normal(r.text) for r in rows}
    for name in ("scary_en", "scary_zh", "contrast_en", "contrast_zh"):
        keys |= {normal(r.text) for r in sources.handwritten(name)}
    calibration = Path(__file__).parent / "eval" / "calibration_prompts.jsonl"
    if calibration.exists():
        keys |= {normal(json.loads(line)["prompt"]) for line in calibration.read_text(encoding="utf-8").splitlines()}
    return keys


def filler(data: Path, root: Path) -> list[str]:
    """Running English text for long contexts: WikiGold sentences (CC-BY-4.0) where present, else dialogue answers."""
    path = data / "pii" / "wikigold_btc" / "wikigold.conll.txt"
    if path.exists():
        blocks = path.read_text(encoding="utf-8").split("\n\n")
        return [
            " ".join(row.split()[0] for row in block.splitlines() if row.strip() and "DOCSTART" not in row)
            for block in blocks
            if block.strip()
        ]
    return [text for dialogue in sources.hh_dialogues(root) for role, text in dialogue if role == "assistant"]


def bare_texts(root: Path, fill: list[str]) -> list[str]:
    """Sentences without labels whose embeddings the model learns to predict."""
    texts = [t for d in sources.hh_dialogues(root) for role, t in d if role == "user"]
    for row in sources.read_csv(root / "gptfuzzer/responses_labeled_train.csv"):
        texts += re.split(r"(?<=[.!?])\s+", row["Response"][:1200])[:6]
    texts += fill
    return sorted({t.strip() for t in texts if 12 < len(t) < 220 and t.isascii()})


def save(path: Path, examples: list[Example]) -> None:
    """Write examples as JSON lines."""
    with path.open("w", encoding="utf-8") as handle:
        for example in examples:
            handle.write(json.dumps(asdict(example), ensure_ascii=False) + "\n")


def load(path: Path) -> list[Example]:
    """Read examples back."""
    out = []
    for line in path.read_text(encoding="utf-8").split("\n"):
        if line:
            row = json.loads(line)
            out.append(
                Example([(r, t) for r, t in row["turns"]], row["answer"], row["kind"], row["lang"], row["embed"])
            )
    return out
