# ruff: noqa: SIM905  templates read better as text
"""Prompts whose answer repeats a value of the prompt: names, e-mails, numbers, placeholders, in both languages."""

from __future__ import annotations

import random

from .values import GIVEN, Value, digits, value, word

Turn = tuple[str, str]

GIVE_EN = """
My {k} is {v}.|my {k}: {v}.|Please note my {k}: {v}.|You can use my {k} {v}.|Here is my {k}: {v}.|The {k} is {v}.
{v} is my {k}.|I use the {k} {v}.|{K}: {v}|{K} {v}.|my {k} is {v}|(My {k}: {v})|My {k} is {v}, by the way.
""".strip()
ASK_EN = """
What is my {k}?|Repeat my {k}.|Can you tell me my {k}?|Please say my {k} again.|Which {k} did I give you?|what's my {k}?
What {k} did I mention?|Repeat my {k} back to me.|Show me the {k}.|What is the {k}?|Say the {k}.|Tell me my {k} again.
""".strip()
TELL_EN = "Your {k} is {v}.|Your {k} is {v}.|{v}|Sure, your {k} is {v}.|The {k} is {v}.".split("|")
GIVE_ZH = """
我的{k}是{v}。|{k}：{v}。|请记住我的{k}：{v}。|这是我的{k}：{v}。|我的{k}为{v}，|我{k}是{v}，|{k}{v}。|{k}是{v}，
""".strip()
ASK_ZH = """
我的{k}是什么？|请重复我的{k}。|重复一下我的{k}。|请告诉我我的{k}。|我刚才说的{k}是多少？|我的{k}是多少？|{k}是什么？|请说出{k}。
""".strip()
TELL_ZH = "你的{k}是{v}。|你的{k}是{v}。|{v}|好的，你的{k}是{v}。|您的{k}是{v}。".split("|")

# One task a line: the prompt, then what the answer repeats; n name, e e-mail, p phone, o order number, a address.
TEXTS_EN = """
My name is {n}, my email is {e}. Write a short greeting to me. => Hello {n}! We will write to you at {e}.
My name is {n} and my email is {e}. Please write a short greeting. => Hello {n}! We will write to you at {e}.
I am {n}. Say hello to me. => Hello {n}! Nice to meet you.
Hello, I am {n}. => Hello {n}! How can I help you?
I'm called {n}. Greet me. => Hello {n}! Nice to meet you.
My name is {n}. Who am I? => Your name is {n}.
Say hi to {n}. => Hello {n}! Nice to meet you.
Hi, I'm {n}. My phone number is {p}. Write a text message to greet me. => Hello {n}! We will call you at {p}.
I'm {n}, phone {p}. Confirm my booking. => Dear {n}, your booking is confirmed. We will call you at {p}.
Write an email to {n} at {e} to say that the meeting moved to Monday. => To: {e}. Dear {n}, the meeting moved to Monday.
Send {n} a reminder about the meeting. => Dear {n}, this is a reminder about the meeting.
Write a birthday card for {n}. => Happy birthday, {n}!
Congratulate {n} on the new job. => Dear {n}, congratulations on the new job!
Invite {n} to dinner. Contact: {e} => Dear {n}, please come to dinner. Write to: {e}.
Customer {n} can be reached at {p} or {e}. Summarize the contact. => Customer: {n}. Phone: {p}. Email: {e}.
Summarize: {n} called from {p} about order {o}. => {n} called from {p} about order {o}.
{n} ({e}) wants to return an order. Draft a reply. => Dear {n}, we got your request and will write to {e}.
Where is order {o}? Write a reply to {n}. => Dear {n}, your order {o} is on its way.
Extract the email from this text: Please contact {n} at {e} today. => The email is {e}.
Extract the name: {n}, {a}, {p} => The name is {n}.
Find the phone number: you can call {n} at {p} after lunch. => The phone number is {p}.
Who sent this? From: {n} <{e}> => It was sent by {n}.
Please call {n} on {p}. What number should I call? => The number is {p}.
Send the contract to {e} and tell {n}. => The contract goes to {e}, and {n} will be told.
Write a thank-you note to {n}. => Dear {n}, thank you very much!
Please reply to {e}. Where should the reply go? => The reply goes to {e}.
Translate into a list: {n}, {e}, {p}. => Name: {n}. Email: {e}. Phone: {p}.
I live at {a}. Where do I live? => You live at {a}.
Ship it to {a}. Repeat the address. => The address is {a}.
Write a short note that {n} lives at {a}. => Note: {n} lives at {a}.
""".strip()
TEXTS_ZH = """
我叫{n}，我的邮箱是{e}。请给我写一句问候。 => 你好，{n}！我们会给{e}发邮件。
我是{n}，电话{p}。写一条短信跟我打招呼。 => 你好，{n}！我们会打电话到{p}。
我叫{n}。请跟我打个招呼。 => 你好，{n}！很高兴认识你。
你好，我是{n}。 => 你好，{n}！有什么可以帮你的吗？
我的名字是{n}。我是谁？ => 你的名字是{n}。
跟{n}问个好。 => 你好，{n}！很高兴认识你。
给{n}写一封邮件，地址是{e}，告诉他会议改到明天。 => 好的。收件人：{e}。{n}，你好！会议改到明天。
提醒{n}明天开会。 => {n}，你好！提醒你明天开会。
请给{n}写一张生日卡。 => {n}，祝你生日快乐！
祝贺{n}找到新工作。 => {n}，恭喜你找到新工作！
给{n}写一封感谢信。 => {n}，非常感谢你！
客户{n}的电话是{p}，邮箱是{e}。请总结。 => 客户：{n}。电话：{p}。邮箱：{e}。
{n}（{e}）想要退货。请写一个回复。 => 您好，{n}！您的退货已经收到，我们会写信到{e}。
{n}问订单{o}在哪里。请写回复。 => 您好，{n}！您的订单{o}已经发出。
从这句话里找出邮箱：“请联系{n}，邮箱{e}”。 => 邮箱是{e}。
找出电话：{n}说可以打{p}找他。 => 电话是{p}。
提取姓名：{n}，{a}，{p} => 姓名是{n}。
请拨打{p}联系{n}。应该打哪个号码？ => 号码是{p}。
我住在{a}。我住在哪里？ => 你住在{a}。
把合同发到{e}，并通知{n}。 => 合同会发到{e}，并通知{n}。
""".strip()
_KIND = {"n": "name", "e": "email", "p": "phone", "o": "order number", "a": "address"}
REPEAT_EN = "Repeat: {v}|Repeat after me: {v}|Say {v}|Repeat this {k}: {v}|Please repeat exactly: {v}|Copy: {v}".split(
    "|"
)
REPEAT_ZH = "请重复：{v}|照原样说一遍：{v}|重复这个{k}：{v}|说：{v}|请照抄：{v}".split("|")


def _lines(block: str) -> list[str]:
    return [part for line in block.splitlines() for part in line.split("|")]


_GIVE = {"en": _lines(GIVE_EN), "zh": _lines(GIVE_ZH)}
_ASK = {"en": _lines(ASK_EN), "zh": _lines(ASK_ZH)}
_TELL = {"en": TELL_EN, "zh": TELL_ZH}
_TEXTS = {"en": TEXTS_EN.splitlines(), "zh": TEXTS_ZH.splitlines()}
_REPEAT = {"en": REPEAT_EN, "zh": REPEAT_ZH}


def _fill(template: str, v: Value, lang: str) -> str:
    named = v.zh if lang == "zh" else v.en
    return template.replace("{k}", named).replace("{K}", named.capitalize()).replace("{v}", v.text)


def _text(rng: random.Random, lang: str) -> tuple[str, str]:
    """A task that uses values in a text, and its answer."""
    stand_in = rng.choice([0.0, 0.0, 0.0, 1.0, 0.3])
    prompt, _, answer = rng.choice(_TEXTS[lang]).partition(" => ")
    for key, kind in _KIND.items():
        text = value(rng, kind, lang, stand_in).text
        prompt, answer = prompt.replace("{" + key + "}", text), answer.replace("{" + key + "}", text)
    return prompt, answer


def sample(rng: random.Random, lang: str) -> tuple[list[Turn], str]:
    """A dialogue ending with a user turn, and the copying answer."""
    zh = lang == "zh"
    style = rng.random()
    if style < 0.42:
        question, answer = _text(rng, lang)
        return [("user", question)], answer
    wanted = value(rng, "", lang)
    if style < 0.50:
        return [("user", _fill(rng.choice(_REPEAT[lang]), wanted, lang))], wanted.text
    others = [v for v in (value(rng, "", lang) for _ in range(rng.choice([0, 1, 1, 2, 3]))) if v.en != wanted.en]
    values = [*others, wanted]
    rng.shuffle(values)
    gap = "" if zh else " "
    statement = gap.join(_fill(rng.choice(_GIVE[lang]), v, lang) for v in values)
    question = _fill(rng.choice(_ASK[lang]), wanted, lang)
    answer = _fill(rng.choice(_TELL[lang]), wanted, lang)
    if style < 0.78:
        return [("user", statement + gap + question)], answer
    noted = ["好的，已经记住了。", "好的。"] if zh else ["Thank you, noted.", "Okay.", "Hello! Nice to meet you."]
    turns: list[Turn] = [("user", statement), ("assistant", rng.choice(noted))]
    if rng.random() < 0.3:
        turns += [("user", "谢谢" if zh else "Thank you!"), ("assistant", "不客气。" if zh else "You are welcome.")]
    return [*turns, ("user", question)], answer


def babble(rng: random.Random, words: list[str], lang: str) -> tuple[list[Turn], str]:
    """Repeat a random string of words: dense practice for copying."""
    n = rng.randint(3, 14)
    if lang == "en":
        text = " ".join(
            rng.choice([rng.choice(words), word(rng), digits(rng, rng.randint(1, 4)), value(rng).text])
            for _ in range(max(2, n // 2))
        )
        opening = rng.choice(["Repeat: ", "Repeat after me: ", "Copy this text: ", "Say exactly: "])
    else:
        text = "".join(rng.choice(words) if words else rng.choice(GIVEN) for _ in range(n))
        opening = rng.choice(["重复：", "请重复：", "照抄："])
    return [("user", opening + text)], text
