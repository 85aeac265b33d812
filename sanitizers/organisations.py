"""Fictional organisations: what says the kind (Inc, GmbH, 有限公司, 大学, 医院) is kept, the name proper is another."""

from __future__ import annotations

import re

from sanitizers.draw import Draw
from sanitizers.places import place_zh
from sanitizers.places_list import EN_BRANDS, EN_TOWNS, ZH_BRANDS, ZH_MUNICIPALITIES, ZH_PROVINCES

# Words of a name that tell its kind; everything else in it is its own.
_KINDS = frozenset(
    """inc incorporated corp corporation co company companies llc llp lp ltd limited plc gmbh ag kg ohg ug se sa sas
    sarl srl spa nv bv oy ab as aps kk pty bhd pte group holding holdings partners associates bank trust fund
    foundation institute institution university college school academy hospital clinic centre center medical health
    healthcare pharma pharmaceuticals energy systems solutions services technologies technology tech software labs
    laboratories laboratory research industries international global media press motors airlines airways insurance
    capital ventures logistics consulting council ministry department agency authority association society club
    union federation committee commission court police church museum library hotel hotels restaurant of the and for
    & de der und et la le state national royal federal city county community general memorial children's""".split()  # noqa: SIM905
)
_TAIL_ZH = re.compile(
    "((?:股份|集团|控股|投资)?有限责任公司|(?:集团)?股份有限公司|(?:集团|控股|投资)?有限公司|集团公司|分公司|集团|公司|"
    "理工大学|师范大学|科技大学|医科大学|大学|学院|中学|小学|幼儿园|学校|人民医院|中医院|医院|诊所|银行|支行|研究院|研究所|"
    "设计院|事务所|委员会|管理局|公安局|派出所|法院|检察院|协会|学会|基金会|出版社|报社|电视台|酒店|饭店|厂|局|部|社|中心|俱乐部)$"
)
_TRADES_ZH = re.compile(
    "(科技|网络|信息技术|信息|软件|电子商务|电子|商贸|贸易|实业|建筑工程|建设工程|工程|建筑|装饰|房地产|置业|物业管理|物流|运输|"
    "食品|餐饮|医药|制药|生物|医疗器械|医疗|环保|能源|电力|机械|汽车|文化传媒|传媒|广告|教育咨询|教育|咨询|管理咨询|投资管理|投资|"
    "资产管理|计算机系统|计算机|证券|基金|保险|服饰|纺织|化工|材料|新能源|智能|数据|通信|旅游|农业|人力资源)+$"
)
_HAN = re.compile(r"[\u4e00-\u9fff]")


def core(form: str) -> str:
    """The name proper of an organisation, without place, trade and kind: what may stand for it alone."""
    if _HAN.search(form):
        return _parts_zh(form)[1]
    words = [w for w in form.split() if _bare(w) not in _KINDS]
    return words[0] if len(words) == 1 else " ".join(words)


def organisation(form: str, key: bytes, attempt: int) -> str:
    """A fictional organisation; names with the same name proper share the surrogate's."""
    if _HAN.search(form):
        place, name, tail = _parts_zh(form)
        made = Draw(key, "ORGANIZATION/name", name, attempt).choice(ZH_BRANDS)
        if attempt >= 6:
            made += Draw(key, "ORGANIZATION/more", name, attempt).choice(ZH_BRANDS)
        return (place_zh(place, key, attempt) if place else "") + made + tail
    return re.sub(r"[^\s,()/-]+", lambda m: _word(m.group(), key, attempt), form)


def _word(word: str, key: bytes, attempt: int) -> str:
    bare = _bare(word)
    if bare in _KINDS or not bare or not any(c.isalnum() for c in word):
        return word
    draw = Draw(key, "ORGANIZATION/name", bare, attempt)
    if word.isupper() and len(bare) <= 5 and bare.isalpha():
        made = draw.text("BCDFGHJKLMNPQRSTVWXZ", len(bare))
        return made + draw.text("BCDFGHJKLMNPQRSTVWXZ", 1) if attempt >= 6 or len(bare) < 2 else made
    made = draw.choice(EN_BRANDS if attempt < 6 else EN_BRANDS + EN_TOWNS)
    if attempt >= 6:
        made += draw.choice(EN_BRANDS).lower()
    made = made.upper() if word.isupper() and len(word) > 1 else made.lower() if word.islower() else made
    return made + "'s" if word.endswith(("'s", "’s")) else made + ("," if word.endswith(",") else "")


def _bare(word: str) -> str:
    return word.casefold().removesuffix("'s").removesuffix("’s").strip(".,;:()\"'")


def _parts_zh(form: str) -> tuple[str, str, str]:
    """Place in front, name proper, trade with kind."""
    kind = _TAIL_ZH.search(form)
    rest = form[: kind.start()] if kind and kind.start() else form
    trade = _TRADES_ZH.search(rest)
    name = rest[: trade.start()] if trade and trade.start() else rest
    tail = form[len(name) :]
    city = re.match("[\u4e00-\u9fff]{2,3}?[省市]", name)
    if city and city.end() < len(name):
        return city.group(), name[city.end() :], tail
    known = (*ZH_MUNICIPALITIES, *ZH_PROVINCES)
    place = next(
        (name[:n] for p in known if name.startswith(p) for n in (len(p) + 1, len(p)) if _is_place(name, n)), ""
    )
    if place and len(place) < len(name):
        return place, name[len(place) :], tail
    return "", name, tail


def _is_place(name: str, length: int) -> bool:
    head = name[:length]
    return len(name) >= length and (head[-1] in "省市" or head in ZH_PROVINCES or head in ZH_MUNICIPALITIES)
