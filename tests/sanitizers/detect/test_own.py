# ruff: noqa: E501  rows of a table
"""What our own recognisers find and leave alone, a row each: China, secrets, credentials, identifiers, addresses, times."""

from __future__ import annotations

import pytest

from sanitizers.detect import Detector, DetectorOptions, known_types
from sanitizers.detect.checks import crc32_base62, isbn, luhn
from sanitizers.detect.china import is_credit_code, is_old_resident_id, is_resident_id
from sanitizers.detect.credentials import entropy, is_key
from sanitizers.detect.library import load
from sanitizers.detect.national import TYPES

EVERYTHING = Detector(DetectorOptions(types=known_types() - {"URL", "UK_NHS"}))
GITHUB = "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"  # revoked; its provider's own example of the checksum


def found(text: str) -> list[tuple[str, str]]:
    return [(s.type, text[s.start : s.end]) for s in EVERYTHING.detect(text)]


CHINA = [
    ("身份证号：110105491231002", "CN_RESIDENT_ID", "110105491231002"),
    ("IDcard11010519491231002Xok", "CN_RESIDENT_ID", "11010519491231002X"),
    ("身份证号１１０１０５１９４９１２３１００２Ｘ。", "CN_RESIDENT_ID", "１１０１０５１９４９１２３１００２Ｘ"),
    ("110105 19491231 002X", "CN_RESIDENT_ID", "110105 19491231 002X"),
    ("(+86)13812345678", "CN_MOBILE", "(+86)13812345678"),
    ("0086 138 1234 5678", "CN_MOBILE", "0086 138 1234 5678"),
    ("138.1234.5678", "CN_MOBILE", "138.1234.5678"),
    ("tel13812345678", "CN_MOBILE", "13812345678"),
    ("电话010-88886666", "CN_LANDLINE", "010-88886666"),
    ("座机：（0755）2345 6789转12", "CN_LANDLINE", "（0755）2345 6789转12"),
    ("+86 10 8888 6666", "CN_LANDLINE", "+86 10 8888 6666"),
    ("传真：88886666", "CN_LANDLINE", "88886666"),
    ("电话01088886666", "CN_LANDLINE", "01088886666"),
    ("卡号 6222 0212 3456 7890 128", "CN_BANK_CARD", "6222 0212 3456 7890 128"),
    ("工行6222021234567890128谢谢", "CN_BANK_CARD", "6222021234567890128"),
    ("银行账号：0200 0012 3456 7890 12", "CN_BANK_CARD", "0200 0012 3456 7890 12"),
    ("护照E12345678", "CN_PASSPORT", "E12345678"),
    ("护照号码：EA1234567", "CN_PASSPORT", "EA1234567"),
    ("港澳通行证C12345678", "CN_TRAVEL_PERMIT", "C12345678"),
    ("台胞证号 12345678", "CN_TRAVEL_PERMIT", "12345678"),
    ("回乡证H1234567890", "CN_TRAVEL_PERMIT", "H1234567890"),
    ("统一社会信用代码91350100M000100Y43", "CN_CREDIT_CODE", "91350100M000100Y43"),
    ("车牌京A12345", "CN_PLATE", "京A12345"),
    ("新能源粤BD12345", "CN_PLATE", "粤BD12345"),
    ("教练车沪A·1234学", "CN_PLATE", "沪A·1234学"),
    ("粤Z1234港", "CN_PLATE", "粤Z1234港"),
    ("使123456", "CN_PLATE", "使123456"),
    ("京A１２３４警", "CN_PLATE", "京A１２３４警"),
    ("微信号: abc_12345", "CN_WECHAT", "abc_12345"),
    ("加我微信 zhangsan88", "CN_WECHAT", "zhangsan88"),
    ("WeChat ID: Zhang-San", "CN_WECHAT", "Zhang-San"),
    ("QQ：123456789", "CN_QQ", "123456789"),
    ("驾照号：110105194912", "CN_DRIVER_LICENSE", "110105194912"),
]
ADDRESSES = [
    ("我住在北京市海淀区中关村大街27号院3号楼2单元501室，谢谢", "北京市海淀区中关村大街27号院3号楼2单元501室"),
    ("寄到中山路12号", "中山路12号"),
    ("地址：广东省深圳市南山区科技园北区松坪山路5号1栋1203", "广东省深圳市南山区科技园北区松坪山路5号1栋1203"),
    ("他在南京西路１２６６号办公", "南京西路１２６６号"),
    ("上海徐家汇路 550弄 12号 301室", "上海徐家汇路 550弄 12号 301室"),
    ("香港九龙尖沙咀弥敦道100号", "香港九龙尖沙咀弥敦道100号"),
    ("阳光花园8栋2单元1602", "阳光花园8栋2单元1602"),
    ("在新疆维吾尔自治区乌鲁木齐市天山区", "新疆维吾尔自治区乌鲁木齐市天山区"),
    ("at 1600 Pennsylvania Ave NW, Washington, DC 20500 now", "1600 Pennsylvania Ave NW, Washington, DC 20500"),
    ("221B Baker Street, London NW1 6XE.", "221B Baker Street, London NW1 6XE"),
    ("350 5th Avenue, Suite 3300, New York, NY 10118", "350 5th Avenue, Suite 3300, New York, NY 10118"),
    ("PO Box 1234", "PO Box 1234"),
]
TIMES = [
    ("二〇二四年三月五日", "DATE_TIME", "二〇二四年三月五日"),
    ("2024年５月1日", "DATE_TIME", "2024年５月1日"),
    ("农历八月十五", "DATE_TIME", "农历八月十五"),
    ("下午3点半见", "DATE_TIME", "下午3点半"),
    ("on 5 May 2020.", "DATE_TIME", "5 May 2020"),
    ("on 2024-01-02 here", "DATE_TIME", "2024-01-02"),
    ("出生于1990-02-03", "DATE_OF_BIRTH", "1990-02-03"),
    ("DOB: 03/04/1985", "DATE_OF_BIRTH", "03/04/1985"),
    ("born on March 5, 1990", "DATE_OF_BIRTH", "March 5, 1990"),
    ("今年45岁", "AGE", "45岁"),
    ("a 32-year-old", "AGE", "32-year-old"),
    ("￥1,200.50元", "MONEY", "￥1,200.50元"),
    ("人民币壹万贰仟叁佰元整", "MONEY", "人民币壹万贰仟叁佰元整"),
    ("约3.5亿元", "MONEY", "3.5亿元"),
    ("三百万元", "MONEY", "三百万元"),
    ("for $5 million", "MONEY", "$5 million"),
]
SECRETS = [
    *(
        (value, "SECRET", value)
        for value in (
            "sk-ant-api03-abcDEF123-abcDEF123", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", GITHUB,
            "github_pat_11ABCDEFG0abcdefghijkl_mnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0",
            "glpat-abcdefghij0123456789", "AKIAIOSFODNN7EXAMPLE", "AIza" + "Sy0" * 11 + "ab",
            "xapp-1-A0123456789-0123456789", "hf_" + "aB3" * 11 + "x", "npm_" + "aB3d" * 9, "pypi-AgEIcHlwaS5vcmc" + "aB3_" * 12,
            "SG.abcdefghijklmnopqrstuv.abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG", "AC" + "0a" * 16, "123456789:AA" + "b3-" * 11,
            "dop_v1_" + "0a" * 32, "shpat_" + "0a" * 16, "dapi" + "0a" * 16, "gsk_" + "aB3d" * 12, "LTAI5tAbCdEfGhIjKlMnOpQr",
            "hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX", "glsa_" + "aB3d" * 8 + "_0a1b2c3d",
        )
    ),
    ("token" + GITHUB, "SECRET", GITHUB),
    ("postgres://bob:hunter2@db.example.com/x", "PASSWORD", "hunter2"),
    ("redis://:s3cret@host:6379", "PASSWORD", "s3cret"),
    ("Authorization: Bearer abcdef123456", "SECRET", "abcdef123456"),
    ("curl -H 'Authorization: Basic dXNlcjpwYXNz'", "PASSWORD", "dXNlcjpwYXNz"),
    ("curl -u admin:Passw0rd! https://x", "PASSWORD", "Passw0rd!"),
    ('password = "letmein"', "PASSWORD", "letmein"),
    ("password: hunter2", "PASSWORD", "hunter2"),
    ("my password is Tr0ub4dor&3", "PASSWORD", "Tr0ub4dor&3"),
    ("密码：１２３４５６", "PASSWORD", "１２３４５６"),
    ("登录密码是abc@123", "PASSWORD", "abc@123"),
    ("Server=db;User Id=sa;Password=Str0ng!Pass;", "PASSWORD", "Str0ng!Pass"),
    ("api_key = 9f8a7b6c5d4e3f2a1b0c", "SECRET", "9f8a7b6c5d4e3f2a1b0c"),
    ("AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "SECRET", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
    ("AccountName=x;AccountKey=" + "aB3+" * 21 + "aQ==;", "SECRET", "aB3+" * 21 + "aQ=="),
    ("https://x.blob.core.windows.net/c?sv=2020&sig=" + "aB3%2B" * 8, "SECRET", "aB3%2B" * 8),
    ("验证码：482913", "SECRET", "482913"),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3\n-----END OPENSSH PRIVATE KEY-----", "PRIVATE_KEY", "-----BEGIN OPENSSH PRIVATE KEY-----\nb3\n-----END OPENSSH PRIVATE KEY-----"),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n-----END PGP PRIVATE KEY BLOCK-----", "PRIVATE_KEY", "-----BEGIN PGP PRIVATE KEY BLOCK-----\n\nlQ\n-----END PGP PRIVATE KEY BLOCK-----"),
]  # fmt: skip
IDENTIFIERS = [
    ("my SSN is 536221234", "US_SSN", "536221234"),
    ("iban de89 3704 0044 0532 0130 00 x", "IBAN_CODE", "de89 3704 0044 0532 0130 00"),
    ("DE89.3704.0044.0532.0130.00", "IBAN_CODE", "DE89.3704.0044.0532.0130.00"),
    ("IBANDE89370400440532013000", "IBAN_CODE", "DE89370400440532013000"),
    ("https://pay.example/DE89370400440532013000", "IBAN_CODE", "DE89370400440532013000"),
    ("passport: AB1234567", "PASSPORT", "AB1234567"),
    ("driver's license D1234567", "US_DRIVER_LICENSE", "D1234567"),
    ("My driving licence is MORGA753116SM9IJ", "UK_DRIVING_LICENCE", "MORGA753116SM9IJ"),
    ("routing number 021000021", "ABA_ROUTING_NUMBER", "021000021"),
    ("account number 12345678901", "US_BANK_NUMBER", "12345678901"),
    ("PESEL 44051401359", "PL_PESEL", "44051401359"),
    ("Steuer-ID 86095742719", "DE_TAX_ID", "86095742719"),
    ("Aadhaar 2345 6789 0124", "IN_AADHAAR", "2345 6789 0124"),
    ("CPF 529.982.247-25", "BR_CPF", "529.982.247-25"),
    ("HKID A123456(3)", "HK_ID", "A123456(3)"),
    ("A123456789", "TW_ID", "A123456789"),
    ("IMEI 861536030196001", "IMEI", "861536030196001"),
    ("NIR 2 55 08 14 168 025 38", "FR_NIR", "2 55 08 14 168 025 38"),
    ("BSN 111222333", "NL_BSN", "111222333"),
    ("SIN 130 692 544", "CA_SIN", "130 692 544"),
    ("send to 0x52908400098527886E0F7030069857D2E4169EE7", "CRYPTO", "0x52908400098527886E0F7030069857D2E4169EE7"),
    ("mac 00:1B:44:11:3A:B7", "MAC_ADDRESS", "00:1B:44:11:3A:B7"),
    ("张三11010519491231002X13812345678", "CN_RESIDENT_ID", "11010519491231002X"),
    ("张三11010519491231002X13812345678", "CN_MOBILE", "13812345678"),
    ("411111111111111113812345678", "CREDIT_CARD", "4111111111111111"),
]
HANDLES = [
    ("thanks @ann_b!", "@ann_b"),
    ("@BobKowalski99 are you there", "@BobKowalski99"),
    ("RT @chefbenhughes: new menu", "@chefbenhughes"),
    ("cc:@ann_b", "@ann_b"),
    ("写给@anna_li谢谢", "@anna_li"),
]
CARDS = [
    ("card 2720418695252980", "2720418695252980"),
    ("2308 6672 7532 2437", "2308 6672 7532 2437"),
    ("my card is 213164126086955", "213164126086955"),
    ("4273468222888969924", "4273468222888969924"),
    ("credit card 503802053770", "503802053770"),
    ("cc 630427373398, thanks", "630427373398"),
]
TELEPHONES = [
    ("Mobile: 21 284 698 2548", "21 284 698 2548"),
    ("Desk: 78 651 450", "78 651 450"),
    ("Phone: 467 3395", "467 3395"),
    ("he is answering at 723 813 266 today", "723 813 266"),
    ("60-56-85-91 cell", "60-56-85-91"),
    ("Fax: 0172 8387", "0172 8387"),
    ("3660170548-Office", "3660170548"),
    ("+46 (0)179 459 33", "+46 (0)179 459 33"),
    ("+41 (0)85 806 98 67", "+41 (0)85 806 98 67"),
    ("+447700677662", "+447700677662"),
    ("+1-903-140-4508x769", "+1-903-140-4508x769"),
]
ROWS = [
    *((text, "CREDIT_CARD", value) for text, value in CARDS),
    *((text, "PHONE_NUMBER", value) for text, value in TELEPHONES),
    *CHINA,
    *((text, "HANDLE", value) for text, value in HANDLES),
    *((text, "ADDRESS", value) for text, value in ADDRESSES),
    *TIMES,
    *SECRETS,
    *IDENTIFIERS,
]


@pytest.mark.parametrize("text, type_, value", ROWS)
def test_finds(text: str, type_: str, value: str) -> None:
    assert (type_, value) in found(text)


QUIET = [
    # China: wrong check digits, dates and lengths, and words that look the part
    "110105194912310021", "110105194913310021", "订单110105491231002", "91350100M000100Y44", "6222 0212 3456 7890 129",
    "型号E12345678", "订单号C12345678", "微信支付 wechat payment", "关注微信公众号", "新型号model1", "QQ音乐", "编号01088886666123",
    # addresses and places that are none
    "地铁2号线", "这条线路3号站", "市场部门在城市中心区", "我们在村里走了3号", "浙江省", "5 Great Ways to Drive", "chapter 12 of Road Rules",
    # times
    "version 1.2.3.4", "ratio 10/12", "3点建议", "一块石头",
    # credentials
    "password: required", "def login(user, password=None): pass", "password = get_password()", 'password=os.environ["X"]',
    "password: ${PASSWORD}", "max_tokens: 4096", "token_type: Bearer", "secretName: my-app-secret", "secret: my-db-credentials-2",
    "the token is invalid", "api_key=YOUR_API_KEY", "basic information here", "bearer of good news arriving yesterday",
    "http://example.com:8080/path@x", "forgot password: enter your e-mail", "sk-learn-contrib-extras-and-more",
    "self.password = password", "密码是什么", "密码：请输入", "https://user@host/x", "the access key: see docs",
    # @ that names nobody
    "@media print", "npm i @angular/core @types/node", "meet @5pm", "@app.route('/')", "SET @total = 5",
    "@cached\ndef f(x):", "@cached\n@timed\nclass A:", "@Override\npublic void run()", "@pytest.fixture", "hi @everyone", "@param x the size",
    "https://social.example/@ann_b", "logo@2x", "background-@large-screen",
    # cards and phones that are none: check digit, range, no word for a short one, too few digits, dates
    "card 2720418695252981", "2820418695252980", "503802053770", "Oakland CA 16469",
    "Office 365 2019", "call 12345", "x+123456789012", "+2012 to 2013", "phone 5 costs 1,234,567",
    # identifiers
    "order 536221234", "ISBN 0-306-40615-2", "ISBN-13: 978-0-306-40615-7", "INT_MAX is 2147483647", "DE88370400440532013000",
    "the driver licence D3 of INTRODUCTORY terms", "order 2127365000", "a8f5f167-2127-3650-b0c1-0123456789ab",
]  # fmt: skip


@pytest.mark.parametrize("text", QUIET)
def test_leaves_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    "text, expected",
    [
        ("```python\nx = 2127365000\n```", []),
        ("```\nint x = 2127365000;\n```", []),
        ("run `retry 2127365000` now", []),
        ("see https://x.org/items/2127365000", []),
        ("user_2127365000_v2", []),
        ("`0x52908400098527886E0F7030069857D2E4169EE7`", []),
        ("```python\niban = 'DE89370400440532013000'\n```", [("IBAN_CODE", "DE89370400440532013000")]),
        ('```python\n{"phone": "2127365000"}\n```', [("PHONE_NUMBER", "2127365000")]),
        ("```python\nKEY = 'sk-proj-abcdEFGH12345678ijkl'\n```", [("SECRET", "sk-proj-abcdEFGH12345678ijkl")]),
        ("```json\n[2127365000]\n```", [("PHONE_NUMBER", "2127365000")]),
        ("```\nAlice, (212) 736-5000\n```", [("PHONE_NUMBER", "(212) 736-5000")]),
        ("https://x.org/?card=4111111111111111", [("CREDIT_CARD", "4111111111111111")]),
        ("`a@corp.com`", [("EMAIL_ADDRESS", "a@corp.com")]),
    ],
)
def test_code_and_links_stay_but_for_what_is_certain_or_named(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_every_find_says_what_spoke_for_it() -> None:
    assert [text for text, _, _ in ROWS if not all(s.by for s in EVERYTHING.detect(text))] == []
    assert EVERYTHING.detect("身份证11010519491231002X")[0].by.endswith("of a resident ID (GB 11643)")


def test_explanations_are_presidio_results_without_the_value() -> None:
    (result,) = EVERYTHING.explain("卡号6222021234567890128")
    assert (result.entity_type, result.start, result.end, result.score) == ("CN_BANK_CARD", 2, 21, 1.0)
    assert result.analysis_explanation.textual_explanation == "prefix and check digit of a UnionPay card"
    assert "6222" not in str(result.to_dict())


def test_types_of_presidio_are_its_own() -> None:
    assert {name: load(f"{name}Recognizer")().supported_entities[0] for name in TYPES} == TYPES


@pytest.mark.parametrize(
    "check, good, bad",
    [
        (luhn, "4111111111111111", "4111111111111112"),
        (isbn, "0306406152", "0306406153"),
        (isbn, "9780306406157", "9780306406158"),
        (is_resident_id, "11010519491231002X", "110105209912310021"),
        (is_old_resident_id, "110105491231002", "110105491331002"),
        (is_credit_code, "91350100M000100Y43", "91350100M000100Y42"),
        (lambda token: crc32_base62(token, 30), GITHUB, GITHUB[:-1] + "8"),
        (is_key, "9f8a7b6c5d4e3f2a1b0c", "my-app-secret-name"),
        (lambda value: entropy(value) > 3, "abcdefghij", "aaaaaaaaab"),
    ],
)
def test_checks(check, good: str, bad: str) -> None:
    assert check(good) and not check(bad)
