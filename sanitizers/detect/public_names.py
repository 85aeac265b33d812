"""Names that everybody knows: countries, continents, the world's great cities. They tell of nobody by themselves.

Kept by the option `public_names: keep`, where nothing beside them says whose place it is: *the capital of France*
stays, *Anna from Paris*, *I live in Paris* and *12 Rue Cler, Paris* do not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sanitizers.detect.fold import fold
from sanitizers.detect.span import Span

_ENGLISH = """\
Africa, Antarctica, Asia, Australia, Europe, North America, South America, Latin America, Central America, Oceania,
the Middle East, Middle East, Scandinavia, Western Europe, Eastern Europe, East Asia, Southeast Asia, Central Asia,
the Balkans, Afghanistan, Albania, Algeria, Andorra, Angola, Argentina, Armenia, Austria, Azerbaijan, Bahamas,
Bahrain, Bangladesh, Barbados, Belarus, Belgium, Belize, Benin, Bhutan, Bolivia, Bosnia, Bosnia and Herzegovina,
Botswana, Brazil, Brunei, Bulgaria, Burkina Faso, Burundi, Cambodia, Cameroon, Canada, Cape Verde, Central African
Republic, Chile, China, Colombia, Congo, Costa Rica, Croatia, Cuba, Cyprus, Czech Republic, Czechia, Denmark,
Djibouti, Dominican Republic, Ecuador, Egypt, El Salvador, England, Eritrea, Estonia, Eswatini, Ethiopia, Fiji,
Finland, France, Gabon, Gambia, Germany, West Germany, East Germany, Ghana, Great Britain, Britain, Greece,
Greenland, Guatemala, Guinea, Guyana, Haiti, Honduras, Hungary, Iceland, India, Indonesia, Iran, Iraq, Ireland,
Northern Ireland, Israel, Italy, Ivory Coast, Jamaica, Japan, Kazakhstan, Kenya, Kosovo, Kuwait, Kyrgyzstan, Laos,
Latvia, Lebanon, Lesotho, Liberia, Libya, Liechtenstein, Lithuania, Luxembourg, Madagascar, Malawi, Malaysia,
Maldives, Mali, Malta, Mauritania, Mauritius, Mexico, Moldova, Monaco, Mongolia, Montenegro, Morocco, Mozambique,
Myanmar, Burma, Namibia, Nepal, Netherlands, the Netherlands, Holland, New Zealand, Nicaragua, Niger, Nigeria, North
Korea, South Korea, Korea, North Macedonia, Macedonia, Norway, Oman, Pakistan, Palestine, Panama, Papua New Guinea,
Paraguay, Peru, Philippines, the Philippines, Poland, Portugal, Puerto Rico, Qatar, Romania, Russia, Rwanda, Samoa,
San Marino, Saudi Arabia, Scotland, Senegal, Serbia, Seychelles, Sierra Leone, Singapore, Slovakia, Slovenia,
Somalia, South Africa, South Sudan, Soviet Union, the Soviet Union, USSR, Spain, Sri Lanka, Sudan, Suriname, Sweden,
Switzerland, Syria, Taiwan, Tajikistan, Tanzania, Thailand, Tibet, Togo, Tonga, Trinidad and Tobago, Tunisia,
Turkey, Turkmenistan, Uganda, Ukraine, United Arab Emirates, the United Arab Emirates, UAE, United Kingdom, the
United Kingdom, UK, U.K., the UK, the U.K., United States, the United States, United States of America, the United
States of America, USA, U.S.A., US, U.S., the US, the U.S., the USA, America, Uruguay, Uzbekistan, Vanuatu, Vatican
City, Venezuela, Vietnam, Wales, Yemen, Yugoslavia, Zambia, Zimbabwe, Abu Dhabi, Amsterdam, Ankara, Athens,
Auckland, Baghdad, Bangkok, Barcelona, Beijing, Beirut, Belgrade, Berlin, Bogota, Brasilia, Brussels, Bucharest,
Budapest, Buenos Aires, Cairo, Cape Town, Caracas, Chicago, Copenhagen, Damascus, Delhi, New Delhi, Dhaka, Doha,
Dubai, Dublin, Edinburgh, Frankfurt, Geneva, Guangzhou, Hanoi, Havana, Helsinki, Ho Chi Minh City, Hong Kong,
Islamabad, Istanbul, Jakarta, Jerusalem, Johannesburg, Kabul, Karachi, Kiev, Kyiv, Kolkata, Kuala Lumpur, Lagos,
Lima, Lisbon, London, Los Angeles, Madrid, Manila, Mecca, Melbourne, Mexico City, Milan, Montreal, Moscow, Mumbai,
Munich, Nairobi, New York City, Osaka, Oslo, Ottawa, Paris, Prague, Pyongyang, Rio de Janeiro, Riyadh, Rome, San
Francisco, Santiago, Sao Paulo, São Paulo, Seoul, Shanghai, Shenzhen, Sofia, St. Petersburg, Saint Petersburg,
Stockholm, Sydney, Taipei, Tehran, Tel Aviv, Tokyo, Toronto, Vancouver, Venice, Vienna, Warsaw, Washington DC,
Zurich, European Union, the European Union, EU, the EU, United Nations, the United Nations, UN, the UN, NATO"""
_CHINESE = """亚洲 欧洲 非洲 美洲 北美 北美洲 南美 南美洲 拉丁美洲 大洋洲 南极洲 中东 东南亚 东亚 中亚 西欧 东欧
北欧 阿富汗 阿尔巴尼亚 阿尔及利亚 安哥拉 阿根廷 亚美尼亚 澳大利亚 澳洲 奥地利 阿塞拜疆 巴林 孟加拉国
白俄罗斯 比利时 不丹 玻利维亚 巴西 文莱 保加利亚 柬埔寨 喀麦隆 加拿大 智利 中国 哥伦比亚 刚果
哥斯达黎加 克罗地亚 古巴 塞浦路斯 捷克 丹麦 厄瓜多尔 埃及 英格兰 爱沙尼亚 埃塞俄比亚 斐济 芬兰 法国
德国 加纳 希腊 危地马拉 几内亚 海地 洪都拉斯 匈牙利 冰岛 印度 印度尼西亚 印尼 伊朗 伊拉克 爱尔兰
以色列 意大利 牙买加 日本 约旦 哈萨克斯坦 肯尼亚 科威特 吉尔吉斯斯坦 老挝 拉脱维亚 黎巴嫩 利比亚
立陶宛 卢森堡 马达加斯加 马来西亚 马尔代夫 马耳他 墨西哥 摩尔多瓦 摩纳哥 蒙古 蒙古国 摩洛哥 莫桑比克
缅甸 尼泊尔 荷兰 新西兰 尼日利亚 朝鲜 韩国 挪威 阿曼 巴基斯坦 巴勒斯坦 巴拿马 巴拉圭 秘鲁 菲律宾
波兰 葡萄牙 卡塔尔 罗马尼亚 俄罗斯 俄国 卢旺达 沙特 沙特阿拉伯 苏格兰 塞内加尔 塞尔维亚 新加坡
斯洛伐克 斯洛文尼亚 索马里 南非 苏联 西班牙 斯里兰卡 苏丹 瑞典 瑞士 叙利亚 塔吉克斯坦 坦桑尼亚 泰国
突尼斯 土耳其 土库曼斯坦 乌干达 乌克兰 阿联酋 英国 美国 乌拉圭 乌兹别克斯坦 委内瑞拉 越南 也门
赞比亚 津巴布韦 北京 上海 广州 深圳 香港 澳门 台北 东京 大阪 首尔 平壤 曼谷 河内 雅加达 马尼拉
新德里 孟买 迪拜 伊斯坦布尔 耶路撒冷 开罗 莫斯科 圣彼得堡 基辅 华沙 布拉格 维也纳 布达佩斯 柏林
慕尼黑 法兰克福 巴黎 伦敦 都柏林 爱丁堡 阿姆斯特丹 布鲁塞尔 日内瓦 苏黎世 罗马 米兰 威尼斯 马德里
巴塞罗那 里斯本 雅典 斯德哥尔摩 奥斯陆 赫尔辛基 哥本哈根 纽约 华盛顿 芝加哥 洛杉矶 旧金山 多伦多
温哥华 渥太华 墨西哥城 圣保罗 里约热内卢 悉尼 墨尔本 欧盟 联合国 北约"""
PUBLIC = frozenset((*(" ".join(n.split()) for n in _ENGLISH.split(",")), "Washington, D.C.", *_CHINESE.split()))
_TYPES = frozenset(("LOCATION", "ORGANIZATION"))

# Between a place and what it belongs to: marks, and the small words of *Anna from Paris* and *Paris-born Anna*.
_GAP = 24
_JOINT = re.compile(
    r"[\s,;:()/|·，、；：（）'’–—-]*(?:(?:\b(?:s|in|from|of|at|to|near|born|based|native|who|is|was|lives?|living|lived"
    r"|works?|worked|visited)\b|来自|住在|住|在|人|去|到|的|是|出生于|生于|位于)[\s,;:()-]*){0,4}",
    re.IGNORECASE,
)
# Who says so of themselves or of somebody.
_CUE = re.compile(
    r"(?:\b(?:I|we|he|she|they|my|our|his|her|their|you|your)\b[^.!?\n]{0,24}"
    r"\b(?:live|lives|lived|living|reside|resides|residing|born|based|from|stay|staying|moved?|moving|home|grew up"
    r"|raised)\b[^.!?\n]{0,12}"
    r"|\b(?:address|residence|birthplace|hometown|city|country|nationality|location|from)[\"']?[ \t]?[:=][ \t\"']*"
    r"|(?:住在|住|来自|出生于|生于|出生在|家在|老家|籍贯|现居|居住|户籍|地址|搬到)[是在为：:]?)\Z",
    re.IGNORECASE,
)
_CUE_REACH = 60


def private(spans: Sequence[Span], text: str) -> list[Span]:
    """The finds without public names that nothing beside them ties to somebody."""
    return [span for index, span in enumerate(spans) if not _kept(spans, index, text)]


def _kept(spans: Sequence[Span], index: int, text: str) -> bool:
    span = spans[index]
    if not _is_public(span, text) or _CUE.search(text[max(0, span.start - _CUE_REACH) : span.start]):
        return False
    before = spans[index - 1] if index else None
    behind = spans[index + 1] if index + 1 < len(spans) else None
    return not (
        (before is not None and _joined(before, text, before.end, span.start))
        or (behind is not None and _joined(behind, text, span.end, behind.start))
    )


def _is_public(span: Span, text: str) -> bool:
    return span.type in _TYPES and " ".join(fold(text[span.start : span.end]).text.split()) in PUBLIC


def _joined(other: Span, text: str, start: int, end: int) -> bool:
    """Whether only marks and small words stand between a place and another find that it may belong to."""
    if end - start > _GAP or _JOINT.fullmatch(text, start, end) is None:
        return False
    # France and Spain are two countries; a place that nobody knows may be in the one beside it.
    return not _is_public(other, text)
