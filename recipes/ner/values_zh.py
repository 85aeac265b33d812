# ruff: noqa: SIM905  word lists read better as text
"""Chinese values: persons, organisations, places, addresses, titles, dates, and fillers that are none of them."""

# fmt: off
from __future__ import annotations

import random
import string

from recipes.ner import gazetteers
from recipes.ner import lists_zh as lists
from recipes.ner.text import Builder, Maker, Value, pick, whole

R = random.Random


def _digits(rng: R, count: int, first: str = "123456789") -> str:
    return rng.choice(first) + "".join(rng.choice(string.digits) for _ in range(count - 1))


def surname(rng: R) -> str:
    return rng.choice(lists.COMPOUND_SURNAMES) if rng.random() < 0.04 else pick(rng, lists.SURNAMES, 2.2)


_COMMON_CHARS = "".join(lists.FEMALE) + "".join(lists.MALE)


def given(rng: R) -> str:
    kind = rng.random()
    if kind < 0.2:
        return rng.choice(lists.GIVEN)
    if kind < 0.26:  # any character may be a given name
        pool = [w for w in _rare_chars() if w]
        return rng.choice(pool) + (rng.choice(_COMMON_CHARS) if rng.random() < 0.6 else "")
    chars = lists.FEMALE if rng.random() < 0.5 else lists.MALE
    if rng.random() < 0.06:
        return rng.choice(chars) * 2
    return "".join(rng.choice(chars) for _ in range(1 if rng.random() < 0.3 else 2))


_RARE: list[str] = []


def _rare_chars() -> list[str]:
    if not _RARE:
        nouns = {w for w, n, p in gazetteers.jieba_words() if len(w) == 1 and p in ("n", "ng", "a", "ag", "g", "zg") and n < 20_000}
        _RARE.extend(sorted(nouns))
    return _RARE


def full_name(rng: R) -> str:
    return surname(rng) + given(rng)


def _transliterated() -> list[str]:
    if not _FOREIGN:
        _FOREIGN.extend(sorted(w for w, _, p in gazetteers.jieba_words() if p == "nrt" and 2 <= len(w) <= 5))
    return _FOREIGN


_FOREIGN: list[str] = []


def foreign_name(rng: R) -> str:
    words = _transliterated()
    first = rng.choice(lists.FOREIGN_GIVEN) if rng.random() < 0.7 else rng.choice(words)
    last = rng.choice(lists.FOREIGN_FAMILY) if rng.random() < 0.5 else rng.choice(words)
    kind = rng.random()
    if kind < 0.55:
        return f"{first}·{last}"
    if kind < 0.65:
        return f"{first}・{last}" if rng.random() < 0.5 else f"{first}•{last}"
    if kind < 0.7:
        return f"{first}·{rng.choice('ABCDEFGHJKLMRST')}·{last}"
    return first if kind < 0.85 else last


def minority_name(rng: R) -> str:
    kind = rng.random()
    if kind < 0.5:
        return f"{rng.choice(lists.MINORITY_GIVEN)}·{rng.choice(lists.MINORITY_FAMILY)}"
    if kind < 0.6:
        return rng.choice(lists.MINORITY_GIVEN)
    if kind < 0.85:
        return "".join(rng.sample(lists.TIBETAN, rng.choice((1, 2))))
    return rng.choice(lists.MONGOL)


def latin_name(rng: R) -> str:
    locale = rng.choice(("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "en_IN"))
    female, male, family = gazetteers.names(locale)
    first = rng.choice(female if rng.random() < 0.5 else male)
    return first if rng.random() < 0.35 else f"{first} {rng.choice(family)}"


def person(rng: R) -> Value:
    kind = rng.random()
    if kind < 0.72:
        name = full_name(rng)
        if rng.random() < 0.02:
            name = " ".join(name)
    elif kind < 0.83:
        name = foreign_name(rng)
    elif kind < 0.88:
        name = minority_name(rng)
    elif kind < 0.91:
        name = rng.choice(lists.JAPANESE) + rng.choice(lists.JAPANESE_GIVEN)
    elif kind < 0.95:
        name = latin_name(rng)
    elif kind < 0.955:
        name = rng.choice(lists.GIVEN) + rng.choice(("妈妈", "爸爸", "妈", "爸", "奶奶"))
    elif kind < 0.965:
        double = rng.choice(lists.FEMALE)
        name = double + double if rng.random() < 0.7 else "小" + rng.choice(_COMMON_CHARS) + rng.choice(("儿", "子", "妹"))
    elif kind < 0.98:
        name = rng.choice("小老阿大") + (pick(rng, lists.SURNAMES, 2.5) if rng.random() < 0.6 else rng.choice(_COMMON_CHARS))
    else:
        name = given(rng)
        name = name if len(name) > 1 else full_name(rng)
    return whole(name, "PERSON")


_HONORIFICS = tuple("先生 女士 小姐 老师 同学 医生 大夫 教授 律师 师傅 阿姨 叔叔 经理 总 主任 局长 院长 校长 博士 工 处 老板 警官 法官 队长 大姐 大哥 大爷 大妈 大叔 奶奶 爷爷 老太太 嫂子 哥 姐 同志 护士 会计 书记 教练".split())


def honoured(rng: R) -> Value:
    """A name with a form of address behind it: a surname alone is one find with it, a full name without it."""
    title = rng.choice(_HONORIFICS)
    if rng.random() < 0.55:
        return whole(surname(rng) + title, "PERSON")
    name = full_name(rng) if rng.random() < 0.85 else foreign_name(rng)
    return Builder().add(whole(name, "PERSON")).add(rng.choice(("先生", "女士", "小姐", "老师", "同学", "医生", "大夫", "教授", "师傅", "博士"))).value()


def people(rng: R) -> Value:
    built = Builder()
    mark = rng.choice(("、", "、", "，", "和", " ", "/"))
    count = rng.randint(2, 5)
    for i in range(count):
        if i:
            built.add(rng.choice(("和", "以及", "与", mark)) if i == count - 1 else mark)
        built.add(person(rng))
    return built.value()


# -- places


class _Divisions:
    def __init__(self) -> None:
        all_ = gazetteers.divisions()
        self.provinces = {c[:2]: n for c, n in all_.items() if c.endswith("0000")}
        self.cities = {c[:4]: n for c, n in all_.items() if c.endswith("00") and not c.endswith("0000")}
        self.counties = [(c, n) for c, n in all_.items() if not c.endswith("00") and len(n) > 1 and n != "市辖区"]
        self.counties.sort()


_DIVISIONS: list[_Divisions] = []


def _divisions() -> _Divisions:
    if not _DIVISIONS:
        _DIVISIONS.append(_Divisions())
    return _DIVISIONS[0]


_CUTS = ("维吾尔自治区", "壮族自治区", "回族自治区", "特别行政区", "自治区", "自治州", "地区", "省", "市", "县", "区")


def _short(name: str) -> str:
    for cut in _CUTS:
        if name.endswith(cut) and len(name) - len(cut) >= 2:
            return name[: -len(cut)]
    return name


def division(rng: R) -> tuple[str, str, str]:
    """A county with its city and province (which may be the same)."""
    table = _divisions()
    code, county = rng.choice(table.counties)
    province = table.provinces.get(code[:2], "")
    city = table.cities.get(code[:4], "")
    return province, "" if city in ("市辖区", "县", province) else city, county


def place_name(rng: R) -> str:
    kind = rng.random()
    province, city, county = division(rng)
    if kind < 0.18:
        return province if rng.random() < 0.3 else _short(province)
    if kind < 0.48:
        name = city or province
        return name if rng.random() < 0.4 else _short(name)
    if kind < 0.6:
        return county if rng.random() < 0.75 else _short(county)
    if kind < 0.7:
        parts = [province if rng.random() < 0.5 else _short(province), city, county]
        return "".join(parts[: rng.choice((2, 3))])
    if kind < 0.8:
        return rng.choice(lists.WORLD)
    if kind < 0.88:
        return rng.choice(lists.LANDMARKS)
    if kind < 0.92:
        return village(rng)
    if kind < 0.94:
        return _short(city or county) + rng.choice(("老城", "古城", "古镇", "新城", "老街", "机场", "火车站", "码头", "湾", "大桥", "西站", "南站"))
    return rng.choice(lists.STREETS) + rng.choice(("路", "街", "大道", "广场", "公园", "大桥", "火车站", "机场", "地铁站", "中路", "北路", "开发区", "商圈", "步行街"))


_GAZETTED: list[str] = []


def gazetted(rng: R) -> str:
    """Any place of the dictionary."""
    if not _GAZETTED:
        _GAZETTED.extend(sorted(w for w, n, p in gazetteers.jieba_words() if p == "ns" and 2 <= len(w) <= 6 and n >= 3))
    return rng.choice(_GAZETTED)


def village(rng: R) -> str:
    family = pick(rng, lists.SURNAMES, 2)
    return rng.choice((f"{family}家{rng.choice('村庄沟湾坪店屯寨')}", rng.choice(lists.STREETS) + rng.choice("村镇乡"), f"{rng.choice('东西南北大小上下')}{family}庄"))


def place(rng: R) -> Value:
    return whole(place_name(rng) if rng.random() < 0.8 else gazetted(rng), "LOCATION")


def places(rng: R) -> Value:
    built = Builder()
    for i in range(rng.randint(2, 4)):
        built.add("、" if i else "").add(place(rng))
    return built.value()


def _street(rng: R) -> str:
    name = rng.choice(lists.STREETS) if rng.random() < 0.7 else rng.choice(_COMMON_CHARS) + rng.choice(_COMMON_CHARS)
    return name + rng.choice(("路", "路", "路", "街", "大街", "大道", "东路", "西路", "南路", "北路", "中路", "一路", "二路", "巷", "胡同", "弄"))


def estate(rng: R) -> str:
    name = rng.choice(lists.ESTATES) if rng.random() < 0.8 else rng.choice(_COMMON_CHARS) + rng.choice(_COMMON_CHARS)
    return name + rng.choice(lists.ESTATE_ENDS)


def _number(rng: R) -> str:
    number = str(rng.randint(1, 999)) if rng.random() < 0.9 else rng.choice(("一百二十", "三十八", "十六", "五", "八十"))
    return number + ("号" if rng.random() < 0.9 else rng.choice(("-" + str(rng.randint(1, 20)) + "号", "弄" + str(rng.randint(1, 60)) + "号", "号院", "号之一")))


def _inside(rng: R) -> str:
    kind = rng.random()
    building, unit, room = rng.randint(1, 40), rng.randint(1, 6), f"{rng.randint(1, 32)}0{rng.randint(1, 8)}"
    if kind < 0.35:
        return f"{building}{rng.choice(('栋', '号楼', '幢', '座'))}{unit}单元{room}{rng.choice(('室', '', '号'))}"
    if kind < 0.55:
        return f"{building}{rng.choice(('栋', '号楼', '幢', '#'))}{room}{rng.choice(('室', ''))}"
    if kind < 0.7:
        return f"{rng.choice('ABCD')}座{rng.randint(1, 40)}{rng.choice(('层', '楼'))}{rng.choice(('', room + '室'))}"
    if kind < 0.85:
        return f"{building}-{unit}-{room}"
    return f"{room}室"


def address_text(rng: R) -> str:
    province, city, county = division(rng)
    kind = rng.random()
    head = ""
    if kind < 0.5:
        head = province + city + county
    elif kind < 0.7:
        head = (city or province) + county
    elif kind < 0.8:
        head = _short(province) + " " + _short(city or county) + " " + county if rng.random() < 0.3 else _short(province) + city + county
    elif kind < 0.9:
        head = county
    parts = [head]
    if head and rng.random() < 0.25:
        parts.append(rng.choice(lists.STREETS) + rng.choice(("街道", "镇", "乡", "街道办事处")))
    if head and rng.random() < 0.12:
        parts.append(village(rng) + (f"{rng.randint(1, 15)}组" if rng.random() < 0.5 else "") + (f"{rng.randint(1, 300)}号" if rng.random() < 0.6 else ""))
        return "".join(parts)
    if rng.random() < 0.9:
        parts += [_street(rng), _number(rng)]
        if rng.random() < 0.08:
            parts.append(f"（{rng.choice(lists.STREETS)}{rng.choice(('公园', '小学', '地铁站', '广场'))}{rng.choice(('旁', '对面', '东侧'))}）")
    else:
        parts.append(_street(rng) + "与" + _street(rng) + "交叉口")
    if rng.random() < 0.6:
        parts.append((" " if rng.random() < 0.08 else "") + estate(rng))
    if rng.random() < 0.65:
        parts.append((" " if rng.random() < 0.06 else "") + _inside(rng))
    return "".join(parts)


def address(rng: R) -> Value:
    return whole(address_text(rng), "ADDRESS")


# -- organisations


def brand(rng: R) -> str:
    kind = rng.random()
    if kind < 0.5:
        return rng.choice(lists.BRANDS)
    return rng.choice(_COMMON_CHARS) + rng.choice(_COMMON_CHARS) if kind < 0.85 else rng.choice(_rare_chars()) + rng.choice(_COMMON_CHARS)


def company(rng: R) -> str:
    kind = rng.random()
    where = _short(division(rng)[1] or division(rng)[0])
    name = brand(rng)
    if kind < 0.35:
        end = rng.choice(("有限公司", "有限公司", "有限责任公司", "股份有限公司", "集团有限公司", "（集团）有限公司"))
        head = where + ("市" if rng.random() < 0.25 else "") if rng.random() < 0.75 else ""
        branch = _short(division(rng)[1] or "上海") + "分公司" if rng.random() < 0.1 else ""
        if head and rng.random() < 0.1:
            return f"{name}（{where}）{rng.choice(lists.INDUSTRIES)}{end}"
        return f"{head}{name}{rng.choice(lists.INDUSTRIES)}{end}{branch}"
    if kind < 0.6:
        return name + rng.choice(("科技", "集团", "公司", "医药", "物流", "地产", "传媒", "教育", "资本", "软件", "网络", "食品", "重工", "股份", "电子", "生物", "证券", "保险", "能源", "汽车", "快递", "人寿", "精密", "易购", "控股", "基金", "制药", "航空", "在线", "优鲜", "租车", "家居", "影业", "文化"))
    if kind < 0.85:
        return rng.choice(lists.COMPANIES) + (rng.choice(("公司", "集团", "中国", "总部", where + "分公司", "")) if rng.random() < 0.2 else "")
    if kind < 0.9:
        return name + rng.choice(("餐厅", "饭店", "酒店", "超市", "药店", "书店", "健身房", "咖啡馆", "火锅店", "美容院", "驾校", "律师事务所", "会计师事务所", "工作室", "浴场", "客栈", "茶馆", "网吧", "影院", "KTV", "宾馆", "幼儿园", "培训学校", "大药房", "烧烤", "面馆", "民宿"))
    return latin_company(rng)


def latin_company(rng: R) -> str:
    words = ("Acme", "Globex", "Initech", "Nova", "Blue", "Bright", "Cloud", "Data", "Deep", "Quantum", "Alpha", "Omega", "Vertex", "Lumen", "Orion", "Atlas", "Nimbus", "Pixel")
    known = ("Google", "Microsoft", "Apple", "Amazon", "IBM", "Oracle", "Intel", "NVIDIA", "Tesla", "Meta", "SAP", "KPMG", "IKEA", "BMW", "HSBC", "AWS", "SGS", "PwC", "OpenAI", "Adobe")
    if rng.random() < 0.55:
        return rng.choice(known)
    return rng.choice(words) + rng.choice((" Tech", "Soft", " Systems", " Labs", " Inc.", " Ltd", " Capital", "Works", " Group", ""))


_KNOWN_ORGS: list[str] = []


def known_organisation(rng: R) -> str:
    """Any institution of the dictionary."""
    if not _KNOWN_ORGS:
        _KNOWN_ORGS.extend(sorted(w for w, n, p in gazetteers.jieba_words() if p == "nt" and 3 <= len(w) <= 10 and not w.isascii()))
    return rng.choice(_KNOWN_ORGS)


def institution(rng: R) -> str:
    province, city, county = division(rng)
    where = rng.choice((city or province, county, _short(city or province), province))
    kind = rng.random()
    if kind < 0.12:
        return known_organisation(rng)
    if kind < 0.2:
        return _short(where) + rng.choice(("铁路局", "管理处", "日报", "晚报", "动物园", "体育馆", "车管所", "供电局", "自来水公司", "航空公司", "海关", "植物园", "歌舞团", "交警支队", "广播电台", "客运站", "监狱", "戒毒所", "民政局", "景区管理委员会", "村委会", "卫生所"))
    kind = rng.random()
    if kind < 0.22:
        return rng.choice(lists.UNIVERSITIES) + (rng.choice(("", "附属中学", "出版社", "计算机学院", "法学院", "医学院", "附属医院", "图书馆", "经济管理学院")) if rng.random() < 0.25 else "")
    if kind < 0.34:
        return where + rng.choice(("大学", "师范大学", "理工大学", "医科大学", "职业技术学院", "财经学院", "科技学院", "农业大学"))
    if kind < 0.5:
        return where + rng.choice(("第一中学", "实验小学", "第三中学", "中学", "外国语学校", "中心小学", "机关幼儿园", "育才学校", "高级中学", "第二小学", "一中", "二中"))
    if kind < 0.68:
        return (where if rng.random() < 0.85 else "") + rng.choice(lists.HOSPITALS)
    if kind < 0.9:
        return where + rng.choice(lists.OFFICES)
    if kind < 0.95:
        return rng.choice(("中国", where, _short(province))) + rng.choice(("工商银行", "建设银行", "农业银行", "银行", "邮政储蓄银行", "招商银行")) + rng.choice(("", where + "支行", _street(rng) + "支行"))
    return rng.choice(("中国", where)) + rng.choice(("作家协会", "科学院", "社会科学院", "足球协会", "红十字会", "消费者协会", "慈善总会", "证监会", "日报社", "电视台", "博物馆"))


def organisation(rng: R) -> Value:
    return whole(company(rng) if rng.random() < 0.6 else institution(rng), "ORGANIZATION")


# -- titles, dates


_PARTS = tuple("市场部 销售部 财务部 人事部 技术部 研发部 法务部 采购部 行政部 运营部 客服部 内科 外科 儿科 骨科 急诊科 教务处 学生处 信息中心".split())


def title_text(rng: R) -> str:
    if rng.random() < 0.12:
        return rng.choice(_PARTS).removesuffix("部") + rng.choice(("经理", "主管", "总监", "专员", "助理", "负责人", "副主任", "主任", "组长"))
    name = rng.choice(lists.TITLES)
    return rng.choice(("高级", "资深", "首席", "助理", "实习", "前", "代理")) + name if rng.random() < 0.06 else name


def title(rng: R) -> Value:
    return whole(title_text(rng), "TITLE")


def _chinese_number(n: int) -> str:
    marks = "〇一二三四五六七八九"
    if n < 10:
        return marks[n]
    tens, ones = divmod(n, 10)
    return ("" if tens == 1 else marks[tens]) + "十" + (marks[ones] if ones else "")


def date_text(rng: R) -> str:
    year, month, day = rng.randint(1945, 2030), rng.randint(1, 12), rng.randint(1, 28)
    kind = rng.random()
    if kind < 0.38:
        gap = " " if rng.random() < 0.08 else ""
        return f"{year}{gap}年{gap}{month}{gap}月{gap}{day}{gap}{rng.choice(('日', '日', '号'))}"
    if kind < 0.5:
        return f"{month}月{day}{rng.choice('日号')}"
    if kind < 0.6:
        return f"{year}年{month}月"
    if kind < 0.72:
        mark = rng.choice("-/.")
        return f"{year}{mark}{month:02d}{mark}{day:02d}" + (f" {rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}" if rng.random() < 0.3 else "")
    if kind < 0.78:
        return f"{year}年{month}月{day}日{rng.choice(('上午', '下午', '晚上', '凌晨', ''))}{rng.randint(1, 12)}{rng.choice(('点', '时', ':30', '点半', '点15分'))}"
    if kind < 0.84:
        digits = "".join("〇一二三四五六七八九"[int(d)] for d in str(year))
        return f"{digits}年{_chinese_number(month)}月{_chinese_number(day)}日"
    if kind < 0.9:
        return f"{_chinese_number(month)}月{_chinese_number(day)}{rng.choice('日号')}"
    if kind < 0.95:
        return f"{year}年"
    if kind < 0.98:
        return rng.choice((f"{month}月{rng.choice(('上旬', '中旬', '下旬', '底', '初'))}", f"{day}日", f"{year}年{rng.choice('春夏秋冬')}天", f"{year}年腊月"))
    return f"农历{rng.choice(('正月初五', '八月十五', '腊月二十三', '五月初五', '九月初九', '三月初三'))}"


def date(rng: R) -> Value:
    return whole(date_text(rng), "DATE_TIME")


# -- fillers that are no entity of ours


def phone(rng: R) -> Value:
    return (f"1{rng.choice('3456789')}{_digits(rng, 9, string.digits)}" if rng.random() < 0.8 else f"0{rng.choice(('10', '21', '755', '571', '28'))}-{_digits(rng, 8)}"), []


def email(rng: R) -> Value:
    local = "".join(rng.choice(string.ascii_lowercase) for _ in range(rng.randint(4, 9)))
    return f"{local}{rng.choice(('', _digits(rng, 3)))}@{rng.choice(('qq.com', '163.com', 'gmail.com', 'example.com', 'sina.com'))}", []


def id_number(rng: R) -> Value:
    return _digits(rng, 17) + rng.choice("0123456789X"), []


def number(rng: R) -> Value:
    return rng.choice((_digits(rng, rng.randint(1, 6)), f"{rng.randint(1, 99)}.{rng.randint(0, 99):02d}", _chinese_number(rng.randint(2, 99)))), []


def money(rng: R) -> Value:
    return rng.choice((f"{_digits(rng, rng.randint(2, 6))}元", f"人民币{_digits(rng, 5)}元", f"{rng.randint(1, 500)}万元", f"¥{_digits(rng, 4)}.00", f"{rng.randint(1, 99)}块钱")), []


def code(rng: R) -> Value:
    return rng.choice(("NO.", "", "ORD", "HT-", "SF", "JD", "KF2024")) + _digits(rng, rng.randint(6, 12)), []


def age(rng: R) -> Value:
    return f"{rng.randint(3, 95)}岁", []


def when(rng: R) -> Value:
    return rng.choice("今天 昨天 明天 前天 上周 下周一 上个月 刚才 最近 周三 周末 今年 去年 当时 后来 那天 早上 下午 晚上 三天后 两周前 春节期间 国庆节".split()), []


def mark(rng: R) -> Value:
    return rng.choice(("：", "：", ":", ": ", "： ", " ", "】", "=", "|")), []


_NOUNS: list[str] = []


def noun(rng: R) -> Value:
    if not _NOUNS:
        _NOUNS.extend(sorted(w for w, n, p in gazetteers.jieba_words() if p == "n" and 2 <= len(w) <= 4 and n >= 300))
    return rng.choice(_NOUNS), []


def term(rng: R) -> Value:
    words = "API KPI deadline email PPT Excel meeting offer project bug demo review feedback budget case team PM HR VIP App Wi-Fi CPU plan schedule report call update OK follow up sync Python Java Excel表 SQL Docker"
    return rng.choice(words.split()), []


MAKERS: dict[str, Maker] = {
    "P": person, "H": honoured, "PP": people, "O": organisation, "L": place, "LL": places, "A": address, "T": title, "D": date,
    "N": lambda rng: whole(full_name(rng), "PERSON"), "F": lambda rng: whole(foreign_name(rng), "PERSON"),
    "E": lambda rng: whole(latin_name(rng), "PERSON"),
    "C": lambda rng: whole(company(rng), "ORGANIZATION"), "U": lambda rng: whole(institution(rng), "ORGANIZATION"),
    "G": lambda rng: whole(latin_company(rng), "ORGANIZATION"),
    "part": lambda rng: (rng.choice(_PARTS), []),
    "phone": phone, "email": email, "id": id_number, "num": number, "money": money, "code": code, "age": age, "when": when,
    "m": mark, "noun": noun, "term": term,
}
