# ruff: noqa: E501  patterns read better whole
"""Dates, ages and amounts of money in Chinese and English writing; dates of birth by the words beside them."""

from __future__ import annotations

import re

from sanitizers.detect.recogniser import Rule, Rules, words

_CN = "〇零一二三四五六七八九十"
_YEAR = rf"(?:[12][0-9]{{3}}|[0-9]{{2}}|[{_CN}]{{2,4}})"
_MONTH_DAY = r"(?:[01]?[0-9]|十[一二]?|[一二三四五六七八九]) ?月(?: ?(?:[0-3]?[0-9]|[二三]?十[一二三四五六七八九]?|[一二三四五六七八九]) ?[日号])?"
_LUNAR = r"(?:[甲乙丙丁戊己庚辛壬癸][子丑寅卯辰巳午未申酉戌亥]年)?(?:闰?[正一二三四五六七八九十冬腊]{1,2}月)(?:初[一二三四五六七八九十]|十[一二三四五六七八九]|廿[一二三四五六七八九]?|二十[一二三四五六七八九]?|三十)"
_MONTH = r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?"
_NUMERIC = r"(?:[12][0-9]{3}([-/.])[01]?[0-9]\1[0-3]?[0-9]|[0-3]?[0-9]([-/.])[0-3]?[0-9]\2(?:[12][0-9]{3}|[0-9]{2}))"
_ENGLISH = rf"(?:{_MONTH} [0-3]?[0-9](?:st|nd|rd|th)?(?:,? [12][0-9]{{3}})?|[0-3]?[0-9](?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? [12][0-9]{{3}})?)"
_CHINESE = rf"(?:{_YEAR} ?年(?: ?{_MONTH_DAY})?|(?<![0-9]){_MONTH_DAY}(?<=[日号])|(?:农历|阴历)?{_LUNAR})"
_DATE = (
    rf"(?:(?<![0-9A-Za-z./-]){_NUMERIC}(?![0-9A-Za-z/-]|\.[0-9])|(?<![0-9A-Za-z]){_ENGLISH}(?![0-9A-Za-z])|{_CHINESE})"
)
_BORN = words("born", "dob", "d.o.b", "date of birth", "birth date", "birthdate", "birthday", "生日", "出生", "生于", "诞辰")  # fmt: skip
_BIG_CN = "零壹贰叁肆伍陆柒捌玖拾佰仟万亿两"
_FIGURE = r"[0-9](?:[0-9,]{0,20}[0-9])?(?:\.[0-9]{1,4})?"
_SCALE = r"(?: ?(?:万亿|千万|百万|十万|万|亿|千|百))"
_UNIT_CN = r"(?:元|圆|块钱?|美元|美金|欧元|英镑|日元|港元|港币|澳元|加元|卢布|人民币|台币|新台币)"

TIMES = Rules(
    (
        Rule(
            "DATE_OF_BIRTH",
            re.compile(_DATE),
            0.85,
            hints=("born", "dob", "d.o.b", "birth", "生日", "出生", "生于", "诞辰"),
            context=_BORN,
            why="a date",
        ),
        Rule("DATE_TIME", re.compile(_DATE), 0.75, needs=re.compile(r"[0-9]|[年月]"), why="the form of a date"),
        Rule(
            "DATE_TIME",
            re.compile(
                r"(?:上午|下午|凌晨|早上|中午|晚上|傍晚)?(?:[0-2]?[0-9]|[一二三四五六七八九十]{1,3})(?:点钟?|时)(?:(?:[0-5]?[0-9]|[一二三四五六七八九十]{1,3})分|半|整|[一三]刻)"
                r"|(?:上午|下午|凌晨|早上|中午|晚上|傍晚)(?:[0-2]?[0-9]|[一二三四五六七八九十]{1,3})(?:点|时)"
            ),
            0.6,
            needs=re.compile("[点时]"),
            why="a time of day",
        ),
        Rule(
            "AGE",
            re.compile(
                r"(?<![0-9A-Za-z.])(?:[1-9][0-9]?|1[01][0-9])(?: ?周?岁|[ -]years?[ -]old| y/o\b| yo\b)"
                rf"|(?<![{_CN}])[{_CN}]{{1,4}}周?岁|(?<=aged )[1-9][0-9]{{0,2}}\b"
            ),
            0.75,
            hints=("岁", "old", "y/o", " yo", "aged"),
            why="a number of years of age",
        ),
        Rule(
            "MONEY",
            re.compile(
                rf"(?:(?:人民币|RMB|CNY|USD|EUR|GBP|HKD|JPY|US\$|HK\$|[￥¥$€£]) ?{_FIGURE}{_SCALE}{{0,2}}(?: ?{_UNIT_CN})?(?: ?(?:k|K|m|M|bn|million|billion|thousand)\b)?)"
                rf"|(?<![0-9A-Za-z.]){_FIGURE}{_SCALE}{{0,2}} ?{_UNIT_CN}"
                rf"|(?<![0-9A-Za-z.]){_FIGURE}(?: (?:million|billion|thousand))? ?(?:dollars|euros?|pounds|yuan|yen|rupees|USD|EUR|GBP|CNY|RMB)\b"
                rf"|(?:人民币)?[{_BIG_CN}]{{2,30}}[元圆](?:整|正|[{_BIG_CN}]角(?:[{_BIG_CN}]分)?整?)?"
                rf"|[一二三四五六七八九十百千万亿两]{{1,12}}(?!块(?!钱)){_UNIT_CN}"
            ),
            0.75,
            hints=(
                *"元圆块币磅卢$€£￥¥",
                "rmb",
                "cny",
                "usd",
                "eur",
                "gbp",
                "hkd",
                "jpy",
                "dollar",
                "pound",
                "yuan",
                "yen",
                "rupee",
            ),
            why="a figure with a currency",
        ),
    )
)
