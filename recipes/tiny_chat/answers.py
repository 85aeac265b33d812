"""Short plain answers: agreements by topic, and refusals."""

from __future__ import annotations

import random
import re

from .grammar import Prompt

TIPS_EN: dict[str, str] = {
    "cook": "Gather the ingredients first.|Keep the heat low and stir often.|Taste it before you serve.|Add salt and herbs at the end.|Let it rest for a few minutes.",
    "home": "Open a window and wear gloves.|Start with a small area.|Use warm water and a soft cloth.|Check it again after a week.|Keep products away from children.",
    "health": "Take it slowly and rest enough.|Ask a doctor if you are unsure.|Drink water and sleep well.|Call an emergency number if it gets worse.|Small habits help the most.",
    "learn": "Break it into small parts.|Practice a little every day.|Look for an example and try it yourself.|Repeat it in your own words.|A good book or teacher helps.",
    "tech": "Read the error message first.|Check the documentation for the exact option.|Make a backup before you change anything.|Try it on a small example.|Restart it and look at the log.",
    "security": "Change your passwords and turn on two-factor login.|Do not click unknown links.|Report it to your security team.|Keep your software up to date.|Keep a record of what happened.",
    "work": "Keep it short and clear.|Set a goal and a date.|Ask a colleague for feedback.|Plan the next step before you start.|Stay polite and honest.",
    "money": "Write down what you earn and spend.|Compare a few offers.|Save a fixed amount each month.|Read the contract before you sign.",
    "travel": "Book early and check the weather.|Pack light and bring good shoes.|Keep your papers with you.|Leave some time to rest.",
    "love": "Be kind and listen.|Say what you feel in simple words.|Take your time.|A small gesture goes a long way.",
    "art": "Begin with a simple idea.|Use strong images and short lines.|Practice and have fun.|Show it to a friend.",
    "sport": "Warm up first.|Watch your form and stay relaxed.|Train two or three times a week.|Rest after a hard day.",
    "law": "The rules depend on where you live.|Ask a lawyer or the local office.|Keep your documents together.|You can report it to the police.",
    "history": "It had many causes.|Historians have written a lot about it.|It changed many lives.|Look at dates, people and places.",
    "science": "It depends on energy and matter.|Scientists have studied it for a long time.|Small changes can have big effects.|Wear glasses and ask a teacher to help.",
    "": "Start with a small step.|Take your time.|Ask if you want to know more.",
}
TIPS_ZH: dict[str, str] = {
    "cook": "先准备好食材。|小火慢慢做，经常翻动。|出锅前尝一尝味道。|最后放盐和香料。",
    "home": "先打开窗户，戴上手套。|从一小块地方开始。|用温水和软布擦。|注意放在孩子拿不到的地方。",
    "health": "慢慢来，注意休息。|如果不舒服，请去看医生。|多喝水，睡好觉。|情况严重时请拨打急救电话。",
    "learn": "把内容分成小块来学。|每天练习一点点。|找一个例子试一试。|用自己的话再说一遍。",
    "tech": "先看错误信息。|查一下说明文档。|修改之前先备份。|重启以后再看日志。",
    "security": "请马上修改密码。|不要点击陌生链接。|可以报警或告诉安全人员。|及时更新系统。",
    "work": "内容要简短清楚。|先定目标和时间。|可以请同事提意见。|保持礼貌和诚实。",
    "money": "先记下收入和支出。|多比较几家。|每个月存固定的钱。|签字前看清合同。",
    "travel": "提前预订，看好天气。|行李要轻，鞋子要舒服。|带好证件。|留一点休息的时间。",
    "love": "真诚一点，多听对方说话。|用简单的话说出感受。|慢慢来。|送一份小礼物也很好。",
    "art": "从一个简单的想法开始。|用生动的画面和短句。|多练习，享受过程。",
    "sport": "先热身。|注意动作，放松身体。|每周练两三次。|练完要休息。",
    "law": "具体规定要看当地法律。|可以咨询律师。|保存好证据和材料。|必要时可以报警。",
    "history": "它有很多原因。|这件事影响很大。|可以从时间、人物和地点来看。",
    "science": "这和物质与能量有关。|科学家研究了很久。|做实验时请注意安全。",
    "social": "每个人的情况不一样。|应该尊重和理解别人。|可以从小事做起。|大家都应该被公平对待。",
    "": "先从一小步开始。|慢慢来。|如果想了解更多，可以再问我。",
}
OPEN_EN_VP = [
    "Sure. ",
    "Sure, here is a simple way to {x}. ",
    "Yes, I can help you {x}. ",
    "Of course. ",
    "To {x}, follow these steps. ",
    "Here are some tips to {x}. ",
    "Here is what you can do. ",
    "Yes. ",
    "Good question. ",
]
OPEN_EN_NP = ["Sure, here is {x}. ", "Here is {x}. ", "Of course, here is {x}. ", "Sure. ", "Here you go. "]
OPEN_EN_FULL = ["Sure. ", "Here is a short answer. ", "Good question. ", "Yes. ", "Of course. "]
OPEN_ZH_VP = [
    "好的。",
    "好的，下面是{x}的方法。",
    "当然可以。",
    "可以。想要{x}，可以这样做。",
    "好问题。",
    "下面是一些建议。",
]
OPEN_ZH_NP = ["好的，下面是{x}。", "当然可以，这是{x}。", "好的。", "没问题。"]
OPEN_ZH_FULL = ["好的。", "简单来说，", "好问题。", "当然。", "可以。"]

REFUSE_EN = [
    "I can't help with that.",
    "Sorry, I can't help with that.",
    "I'm sorry, but I can't help with that request.",
]
WHY_EN = [
    "It could hurt someone.",
    "It would be harmful.",
    "It is illegal and unsafe.",
    "It would harm other people.",
    "",
]
OFFER_EN = ["I can help with something safe instead.", "Please ask me something else.", "", "", ""]
CARE_EN = "If you are thinking about hurting yourself, please talk to someone you trust or call a crisis line."
REFUSE_ZH = ["抱歉，我不能帮助你做这件事。", "对不起，我不能提供这方面的帮助。", "抱歉，我无法回答这个请求。"]
WHY_ZH = ["这可能会伤害别人。", "这是违法的。", "这样做有害。", "这样会伤害他人。", ""]
OFFER_ZH = ["我可以帮你做别的安全的事。", "请问我别的问题。", "", "", ""]
CARE_ZH = "如果你想伤害自己，请告诉你信任的人，或者拨打心理援助热线。"
_SELF = re.compile(
    r"\b(kill|cut|starve|hurt|hang) (my|your)self|suicid|end my life|overdose|never wake up|would miss me|anorexia"
    r"|自杀|割腕|结束自己|活着没意思|不会再醒|绝食|割自己",
    re.I,
)

REFUSAL_OPENERS = ("I can't", "I'm sorry", "Sorry", "抱歉", "对不起")


def _second_person(phrase: str) -> str:
    swap = {"my": "your", "i": "you", "me": "you", "mine": "yours", "myself": "yourself", "am": "are"}
    return re.sub(r"\b(my|I|me|mine|myself)\b", lambda m: swap[m.group(0).lower()], phrase)


def agree(prompt: Prompt, rng: random.Random) -> str:
    """A short helpful answer to a harmless request."""
    zh = prompt.lang == "zh"
    tips = (TIPS_ZH if zh else TIPS_EN).get(prompt.topic) or (TIPS_ZH if zh else TIPS_EN)[""]
    chosen = rng.sample(tips.split("|"), rng.choice([1, 2, 2]))
    table = {
        "VP": OPEN_ZH_VP if zh else OPEN_EN_VP,
        "NP": OPEN_ZH_NP if zh else OPEN_EN_NP,
        "FULL": OPEN_ZH_FULL if zh else OPEN_EN_FULL,
    }
    opening = rng.choice(table[prompt.kind])
    phrase = prompt.phrase.replace("我", "你") if zh else _second_person(prompt.phrase)
    return (opening.replace("{x}", phrase) + ("" if zh else " ").join(chosen)).strip()


def agree_plain(lang: str, rng: random.Random) -> str:
    """A generic helpful answer for prompts of public sources."""
    topics = TIPS_ZH if lang == "zh" else TIPS_EN
    tips = rng.choice(list(topics.values())).split("|")
    opening = rng.choice(OPEN_ZH_FULL if lang == "zh" else OPEN_EN_FULL)
    return opening + ("" if lang == "zh" else " ").join(rng.sample(tips, 1))


def refuse(text: str, lang: str, rng: random.Random) -> str:
    """A short refusal; prompts about self-harm get a pointer to help."""
    zh = lang == "zh"
    if _SELF.search(text):
        parts = [rng.choice(REFUSE_ZH if zh else REFUSE_EN), CARE_ZH if zh else CARE_EN]
    else:
        parts = [
            rng.choice(REFUSE_ZH if zh else REFUSE_EN),
            rng.choice(WHY_ZH if zh else WHY_EN),
            rng.choice(OFFER_ZH if zh else OFFER_EN),
        ]
    return ("" if zh else " ").join(part for part in parts if part)
