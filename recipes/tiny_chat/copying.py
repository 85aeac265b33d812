"""Prompts whose answer repeats a value of the prompt: names, e-mails, numbers, placeholders, in both languages.

All values are drawn at random, so that only copying (not memory) can solve them.
"""

from __future__ import annotations

import random
import string
from dataclasses import dataclass

Turn = tuple[str, str]

FIRST = [
    "Maria",
    "James",
    "Olivia",
    "Noah",
    "Emma",
    "Liam",
    "Sofia",
    "Lucas",
    "Aisha",
    "Omar",
    "Chen",
    "Mei",
    "Priya",
    "Arjun",
    "Fatima",
    "Hassan",
    "Elena",
    "Ivan",
    "Yuki",
    "Hiro",
    "Anna",
    "Peter",
    "Grace",
    "Thomas",
    "Laura",
    "David",
    "Julia",
    "Marco",
    "Ingrid",
    "Lars",
    "Carmen",
    "Diego",
    "Nadia",
    "Viktor",
    "Amara",
    "Kofi",
    "Zoe",
    "Adam",
    "Ruth",
    "Simon",
    "Clara",
    "Felix",
    "Hannah",
    "Jonas",
    "Leila",
    "Tariq",
    "Rosa",
    "Miguel",
    "Nina",
    "Oscar",
    "Paula",
    "Quentin",
    "Rita",
    "Samuel",
    "Tina",
    "Ulrich",
    "Vera",
    "Walter",
    "Xenia",
    "Yusuf",
    "Zara",
    "Alice",
    "Bob",
    "Carol",
    "Daniel",
    "Eva",
    "Frank",
    "George",
    "Helen",
    "Irene",
    "Jack",
    "Karen",
    "Leo",
    "Mona",
    "Nick",
    "Olga",
    "Paul",
    "Rachel",
    "Steve",
    "Tara",
    "Uma",
    "Victor",
    "Wendy",
    "Alan",
    "Bella",
    "Colin",
    "Dora",
    "Ethan",
    "Fiona",
    "Gavin",
    "Holly",
    "Ian",
    "Jenna",
    "Kyle",
]
LAST = [
    "Lopez",
    "Smith",
    "Johnson",
    "Garcia",
    "Kim",
    "Nguyen",
    "Patel",
    "Mueller",
    "Rossi",
    "Silva",
    "Tanaka",
    "Ivanov",
    "Haddad",
    "Okafor",
    "Larsen",
    "Brown",
    "Wilson",
    "Martin",
    "Dubois",
    "Novak",
    "Kowalski",
    "Jansen",
    "Costa",
    "Moreno",
    "Fischer",
    "Weber",
    "Schmidt",
    "Keller",
    "Sato",
    "Suzuki",
    "Park",
    "Lee",
    "Wong",
    "Li",
    "Zhang",
    "Singh",
    "Khan",
    "Ali",
    "Mensah",
    "Diallo",
    "Olsen",
    "Berg",
    "Holm",
    "Nilsson",
    "Reyes",
    "Torres",
    "Cruz",
    "Ortiz",
    "Vega",
    "Ramos",
    "Adams",
    "Baker",
    "Clark",
    "Davis",
    "Evans",
    "Foster",
    "Green",
    "Harris",
    "Irwin",
    "Jones",
    "King",
    "Lewis",
    "Moore",
    "Nelson",
    "Owens",
    "Perry",
    "Quinn",
    "Reed",
    "Scott",
    "Taylor",
    "Underwood",
    "Vance",
    "Walker",
    "Young",
    "Archer",
    "Bishop",
    "Carter",
    "Dalton",
    "Ellis",
    "Fleming",
    "Grant",
    "Hughes",
    "Ingram",
    "Jarvis",
    "Kemp",
    "Lambert",
]
SURNAME = list(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
GIVEN = list(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文斌宇浩然子轩雨欣怡佳琪俊梓涵思远嘉宁晨曦梦瑶志鹏海燕春梅晓东雪莲佩玲慧珍淑云凤立新成龙振康永健世昌家辉"
)
DOMAIN = [
    "example.com",
    "mail.org",
    "test.net",
    "acme.io",
    "corp.cn",
    "post.de",
    "inbox.co",
    "school.edu",
    "shop.biz",
    "work.org",
    "home.net",
    "qmail.com",
    "163.cn",
]
CITY_EN = [
    "Boston",
    "Leeds",
    "Austin",
    "Dublin",
    "Oslo",
    "Lagos",
    "Perth",
    "Denver",
    "Cairo",
    "Madrid",
    "Prague",
    "Lima",
    "Delhi",
    "Kyoto",
    "Quebec",
    "Bergen",
]
CITY_ZH = ["北京", "上海", "广州", "深圳", "成都", "杭州", "武汉", "西安", "南京", "青岛", "厦门", "昆明"]


@dataclass(frozen=True)
class Value:
    """A random value with the words that name it."""

    text: str
    en: str
    zh: str


def _digits(rng: random.Random, n: int) -> str:
    return "".join(rng.choice(string.digits) for _ in range(n))


def _word(rng: random.Random, low: int = 3, high: int = 8) -> str:
    return "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(low, high)))


def name_en(rng: random.Random) -> str:
    """A random English-style full name; one in five is made of invented words."""
    if rng.random() < 0.2:
        return f"{_word(rng).capitalize()} {_word(rng).capitalize()}"
    middle = rng.choice(["", "", "", f" {rng.choice(string.ascii_uppercase)}."])
    return f"{rng.choice(FIRST)}{middle} {rng.choice(LAST)}"


def name_zh(rng: random.Random) -> str:
    """A random Chinese name."""
    return rng.choice(SURNAME) + "".join(rng.choice(GIVEN) for _ in range(rng.choice([1, 2, 2])))


def email(rng: random.Random) -> str:
    """A random e-mail address."""
    user = rng.choice(
        [
            f"{rng.choice(FIRST).lower()}.{rng.choice(LAST).lower()}",
            f"{_word(rng)}{_digits(rng, rng.randint(0, 4))}",
            f"{rng.choice(FIRST).lower()}{_digits(rng, rng.randint(1, 3))}",
            f"{_word(rng, 1, 2)}_{rng.choice(LAST).lower()}",
        ]
    )
    domain = (
        rng.choice(DOMAIN)
        if rng.random() < 0.6
        else f"{_word(rng)}.{rng.choice(['com', 'org', 'net', 'io', 'cn', 'de'])}"
    )
    return f"{user}@{domain}"


def _phone(rng: random.Random) -> str:
    return rng.choice(
        [
            f"+1 {_digits(rng, 3)} {_digits(rng, 3)} {_digits(rng, 4)}",
            f"{_digits(rng, 3)}-{_digits(rng, 3)}-{_digits(rng, 4)}",
            f"1{rng.choice('3578')}{_digits(rng, 9)}",
            f"({_digits(rng, 3)}) {_digits(rng, 3)}-{_digits(rng, 4)}",
            f"+49 {_digits(rng, 3)} {_digits(rng, 7)}",
            f"+86 1{rng.choice('35789')}{_digits(rng, 9)}",
        ]
    )


_TAGS = {
    "name": ["PERSON", "NAME", "PER", "姓名"],
    "email": ["EMAIL", "MAIL", "EMAIL_ADDRESS", "邮箱"],
    "phone": ["PHONE", "TEL", "PHONE_NUMBER", "电话"],
    "card number": ["CARD", "CREDIT_CARD"],
    "address": ["ADDRESS", "LOCATION", "地址"],
    "id number": ["ID", "ID_CARD", "SSN"],
}


def _placeholder(rng: random.Random, kind: str) -> str:
    tag = rng.choice(_TAGS.get(kind, ["SECRET", "PII", "VALUE", kind.upper().replace(" ", "_")]))
    number = rng.choice(
        [str(rng.randint(1, 20)), "".join(rng.choice("0123456789abcdef") for _ in range(rng.choice([4, 6, 8])))]
    )
    return (
        rng.choice(
            [
                "[{t}_{n}]",
                "<{t}_{n}>",
                "{{{t}_{n}}}",
                "⟦{t}_{n}⟧",
                "<<{t}_{n}>>",
                "[[{t}:{n}]]",
                "{t}_{n}",
                "__{t}_{n}__",
                "【{t}{n}】",
            ]
        )
        .replace("{t}", tag)
        .replace("{n}", number)
    )


def value(rng: random.Random, kind: str = "", lang: str = "en") -> Value:
    """A random value; one in four is a placeholder such as ``[PERSON_1]``."""
    kinds = [
        "name",
        "email",
        "phone",
        "card number",
        "id number",
        "address",
        "iban",
        "ip address",
        "order number",
        "password",
        "code",
    ]
    kind = kind or rng.choices(kinds, [5, 5, 5, 2, 2, 2, 1, 1, 2, 1, 2])[0]
    zh = {
        "name": "姓名",
        "email": "邮箱",
        "phone": "电话号码",
        "card number": "银行卡号",
        "id number": "身份证号",
        "address": "地址",
        "iban": "账号",
        "ip address": "IP地址",
        "order number": "订单号",
        "password": "密码",
        "code": "验证码",
    }[kind]
    if rng.random() < 0.25:
        return Value(_placeholder(rng, kind), kind, zh)
    if kind == "name":
        text = name_zh(rng) if (lang == "zh") == (rng.random() < 0.85) else name_en(rng)
    elif kind == "email":
        text = email(rng)
    elif kind == "phone":
        text = _phone(rng)
    elif kind == "card number":
        text = rng.choice([" ", "", "-"]).join(_digits(rng, 4) for _ in range(4))
    elif kind == "id number":
        text = rng.choice(
            [
                _digits(rng, 17) + rng.choice("0123456789X"),
                f"{_digits(rng, 3)}-{_digits(rng, 2)}-{_digits(rng, 4)}",
                rng.choice("ABCKX") + _digits(rng, 8),
            ]
        )
    elif kind == "address":
        text = (
            f"{rng.choice(CITY_ZH)}市{rng.choice(GIVEN)}{rng.choice(GIVEN)}路{rng.randint(1, 999)}号"
            if lang == "zh"
            else f"{rng.randint(1, 999)} {rng.choice(LAST)} {rng.choice(['Street', 'Road', 'Avenue'])}, {rng.choice(CITY_EN)}"
        )
    elif kind == "iban":
        text = (
            rng.choice(["DE", "FR", "GB", "ES", "NL"])
            + _digits(rng, 2)
            + " "
            + " ".join(_digits(rng, 4) for _ in range(rng.randint(3, 5)))
        )
    elif kind == "ip address":
        text = ".".join(str(rng.randint(1, 254)) for _ in range(4))
    elif kind == "order number":
        text = f"{rng.choice(['A', 'ORD-', 'X', '#', 'INV-'])}{_digits(rng, rng.randint(4, 9))}"
    else:
        text = (
            "".join(rng.choice(string.ascii_letters + string.digits) for _ in range(rng.randint(5, 9)))
            if kind == "password"
            else _digits(rng, 6)
        )
    return Value(text, kind, zh)


GIVE_EN = [
    "My {k} is {v}.",
    "my {k}: {v}.",
    "Please note my {k}: {v}.",
    "You can use my {k} {v}.",
    "Here is my {k}: {v}.",
    "The {k} is {v}.",
    "{v} is my {k}.",
]
ASK_EN = [
    "What is my {k}?",
    "Repeat my {k}.",
    "Can you tell me my {k}?",
    "Please say my {k} again.",
    "Which {k} did I give you?",
    "What {k} did I mention?",
    "Repeat my {k} back to me.",
]
TELL_EN = ["Your {k} is {v}.", "{v}", "Sure, your {k} is {v}.", "Here is your {k}: {v}."]
GIVE_ZH = ["我的{k}是{v}。", "{k}：{v}。", "请记住我的{k}：{v}。", "这是我的{k}：{v}。", "我的{k}为{v}，"]
ASK_ZH = ["我的{k}是什么？", "请重复我的{k}。", "重复一下我的{k}。", "请告诉我我的{k}。", "我刚才说的{k}是多少？"]
TELL_ZH = ["你的{k}是{v}。", "{v}", "好的，你的{k}是{v}。", "您的{k}是{v}。"]


def _fill(template: str, v: Value, zh: bool) -> str:
    return template.replace("{k}", v.zh if zh else v.en).replace("{v}", v.text)


def _greet(rng: random.Random, zh: bool) -> tuple[str, str]:
    n, e, p = (value(rng, k, "zh" if zh else "en").text for k in ("name", "email", "phone"))
    first = n.split(" ")[0] if rng.random() < 0.3 and not n.startswith(("[", "<", "{", "_")) else n
    if zh:
        return rng.choice(
            [
                (f"我叫{n}，我的邮箱是{e}。请给我写一句问候。", f"你好，{n}！我们会给{e}发邮件。"),
                (f"我是{n}，电话{p}。写一条短信跟我打招呼。", f"你好，{n}！我们会打电话到{p}。"),
                (f"我叫{n}。请跟我打个招呼。", f"你好，{n}！很高兴认识你。"),
                (f"给{n}写一封邮件，地址是{e}，告诉他会议改到明天。", f"好的。收件人：{e}。{n}，你好！会议改到明天。"),
                (f"请给{n}写一张生日卡。", f"{n}，祝你生日快乐！"),
                (f"客户{n}的电话是{p}，邮箱是{e}。请总结。", f"客户：{n}。电话：{p}。邮箱：{e}。"),
                (f"{n}（{e}）想要退货。请写一个回复。", f"您好，{n}！您的退货已经收到，我们会写信到{e}。"),
                (f"从这句话里找出邮箱：“请联系{n}，邮箱{e}”。", f"邮箱是{e}。"),
            ]
        )
    return rng.choice(
        [
            (
                f"My name is {n}, my email is {e}. Write a short greeting to me.",
                f"Hello {n}! We will write to you at {e}.",
            ),
            (
                f"My name is {n} and my email is {e}. Please write a short greeting.",
                f"Hello {n}! We will write to you at {e}.",
            ),
            (f"I am {n}. Say hello to me.", f"Hello {first}! Nice to meet you."),
            (
                f"Hi, I'm {n}. My phone number is {p}. Write a text message to greet me.",
                f"Hello {n}! We will call you at {p}.",
            ),
            (
                f"Write an email to {n} at {e} to say that the meeting moved to Monday.",
                f"To: {e}. Dear {n}, the meeting moved to Monday.",
            ),
            (f"Write a birthday card for {n}.", f"Happy birthday, {n}!"),
            (
                f"Customer {n} can be reached at {p} or {e}. Summarize the contact.",
                f"Customer: {n}. Phone: {p}. Email: {e}.",
            ),
            (
                f"{n} ({e}) wants to return an order. Draft a reply.",
                f"Dear {n}, we got your request and will write to {e}.",
            ),
            (f"Extract the email from this text: Please contact {n} at {e} today.", f"The email is {e}."),
            (f"Who sent this? From: {n} <{e}>", f"It was sent by {n}."),
            (f"Please call {n} on {p}. What number should I call?", f"The number is {p}."),
            (f"Send the contract to {e} and tell {n}.", f"The contract goes to {e}, and {n} will be told."),
            (f"Write a thank-you note to {n}.", f"Dear {n}, thank you very much!"),
        ]
    )


def sample(rng: random.Random, lang: str) -> tuple[list[Turn], str]:
    """A dialogue ending with a user turn, and the copying answer."""
    zh = lang == "zh"
    give, ask, tell = (GIVE_ZH, ASK_ZH, TELL_ZH) if zh else (GIVE_EN, ASK_EN, TELL_EN)
    style = rng.random()
    if style < 0.40:
        question, answer = _greet(rng, zh)
        return [("user", question)], answer
    if style < 0.50:
        v = value(rng, "", lang)
        text = rng.choice(
            [f"请重复：{v.text}", f"照原样说一遍：{v.text}", f"重复这个{v.zh}：{v.text}"]
            if zh
            else [
                f"Repeat: {v.text}",
                f"Repeat after me: {v.text}",
                f"Say {v.text}",
                f"Repeat this {v.en}: {v.text}",
                f"Please repeat exactly: {v.text}",
            ]
        )
        return [("user", text)], v.text
    wanted = value(rng, "", lang)
    others = [v for v in (value(rng, "", lang) for _ in range(rng.choice([0, 1, 1, 2, 3]))) if v.en != wanted.en]
    values = [*others, wanted]
    rng.shuffle(values)
    statement = ("" if zh else " ").join(_fill(rng.choice(give), v, zh) for v in values)
    question, answer = _fill(rng.choice(ask), wanted, zh), _fill(rng.choice(tell), wanted, zh)
    if style < 0.72:
        return [("user", (statement + ("" if zh else " ") + question))], answer
    turns: list[Turn] = [
        ("user", statement),
        ("assistant", rng.choice(["好的，已经记住了。", "好的。"] if zh else ["Thank you, noted.", "Okay."])),
    ]
    if rng.random() < 0.3:
        turns += [("user", "谢谢" if zh else "Thank you!"), ("assistant", "不客气。" if zh else "You are welcome.")]
    return [*turns, ("user", question)], answer


def babble(rng: random.Random, words: list[str], lang: str) -> tuple[list[Turn], str]:
    """Repeat a random string of words: dense practice for copying."""
    n = rng.randint(3, 14)
    pieces = (
        [rng.choice([rng.choice(words), _word(rng), _digits(rng, rng.randint(1, 4))]) for _ in range(n)]
        if lang == "en"
        else [rng.choice(words) if words else rng.choice(GIVEN) for _ in range(n)]
    )
    text = (" " if lang == "en" else "").join(pieces)
    return [
        (
            "user",
            (
                rng.choice(["Repeat: ", "Repeat after me: ", "Copy this text: ", "Say exactly: "])
                if lang == "en"
                else rng.choice(["重复：", "请重复：", "照抄："])
            )
            + text,
        )
    ], text
