"""The few facts the model is taught, each in several wordings: question and answer."""

from __future__ import annotations

_CAPITALS_EN = (
    "France Paris|Germany Berlin|Spain Madrid|Italy Rome|China Beijing|Japan Tokyo|England London|Russia Moscow|Egypt Cairo"
    "|Canada Ottawa|Norway Oslo|Greece Athens|Portugal Lisbon|Poland Warsaw"
)
_CAPITALS_ZH = (
    "法国 巴黎|德国 柏林|中国 北京|日本 东京|英国 伦敦|美国 华盛顿|俄罗斯 莫斯科|意大利 罗马|韩国 首尔|埃及 开罗"
)
_ASK_EN = (
    "What is the capital of {c}?",
    "What's the capital of {c}?",
    "Which city is the capital of {c}?",
    "Tell me the capital of {c}.",
    "Capital of {c}?",
    "Name the capital city of {c}.",
)
_ASK_ZH = ("{c}的首都是哪里？", "{c}的首都是什么？", "{c}的首都是哪个城市？", "请告诉我{c}的首都。")
_EN = """
What is 2 + 2?/What is 2 plus 2?/2+2=? => 2 + 2 is 4.
What color is the sky? => The sky is blue.
Why is the sky blue?/Explain why the sky is blue. => The air scatters blue light more than red light.
How many days are in a week?/How many days does a week have? => There are 7 days in a week.
How many months are in a year? => There are 12 months in a year.
What do bees make? => Bees make honey.
Who wrote Hamlet?/Who is the author of Hamlet? => William Shakespeare wrote Hamlet.
What is the largest planet?/Which planet is the biggest? => Jupiter is the largest planet.
At what temperature does water boil?/When does water boil? => Water boils at 100 degrees Celsius.
How do I boil an egg?/How long do I boil an egg? => Put the egg in boiling water for eight minutes.
Who are you?/What are you?/What is your name? => Hello! This is a tiny chat model made for tests.
What can you do?/How can you help me? => This tiny model answers simple questions in short sentences.
Tell me a joke./Do you know a joke? => Why did the chicken cross the road? To get to the other side.
Thank you!/Thanks/Thanks a lot! => You are welcome.
Hello/Hi there/Hi/Hello!/Hey => Hello! How can I help you?
How are you?/How are you today? => Hello! All is well, thank you.
Good morning => Good morning! How can I help you?
Write one sentence about the sea./Write a sentence about the sea. => The sea is wide and blue.
Name three fruits./List three fruits. => Apples, bananas and oranges.
Name three colors. => Red, green and blue.
Say hello./Please say hello. => Hello!
Write a haiku about autumn. => Red leaves fall slowly. The wind sings a quiet song. Winter waits outside.
Write a short poem about the sea./Write a poem about the sea. => The waves come in, the waves go out. The sea sings what it dreams about.
Count to five./Count from 1 to 5. => 1, 2, 3, 4, 5.
What is the opposite of hot? => The opposite of hot is cold.
Goodbye/Bye! => Goodbye! Have a nice day.
""".strip()
_ZH = """
你好/你好！/您好 => 你好！有什么可以帮你的吗？
你是谁？/你叫什么名字？ => 你好！这是一个用于测试的小模型。
谢谢/谢谢你！ => 不客气。
再见 => 再见！祝你愉快。
一加一等于几？/1+1等于几？ => 一加一等于二。
天空是什么颜色的？ => 天空是蓝色的。
一周有几天？/一个星期有几天？ => 一周有七天。
一年有几个月？ => 一年有十二个月。
说出三种水果。/列举三种水果。 => 苹果、香蕉和橙子。
写一句关于春天的话。 => 春天来了，花开了。
写一首关于大海的短诗。 => 海浪轻轻唱，海鸥自由飞。
讲一个笑话。/给我讲个笑话 => 小明问：为什么海是蓝的？小红说：因为鱼在里面吐泡泡，蓝蓝蓝。
水在多少度沸腾？ => 水在一百摄氏度沸腾。
""".strip()


def _table(lines: str, capitals: str, asks: tuple[str, ...], answer: str) -> list[tuple[str, str]]:
    out = []
    for line in lines.splitlines():
        questions, _, reply = line.partition(" => ")
        out += [(question, reply) for question in questions.split("/")]
    for pair in capitals.split("|"):
        country, _, city = pair.partition(" ")
        out += [(ask.replace("{c}", country), answer.replace("{c}", country).replace("{k}", city)) for ask in asks]
    return out


FACTS = {
    "en": _table(_EN, _CAPITALS_EN, _ASK_EN, "The capital of {c} is {k}."),
    "zh": _table(_ZH, _CAPITALS_ZH, _ASK_ZH, "{c}的首都是{k}。"),
}
"""Questions and answers by language."""
