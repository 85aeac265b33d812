"""Generated texts with planted values, for the property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from sanitizers.detect.china import resident_id_check
from sanitizers.numbers import luhn_sum

digits = "0123456789"


def _card(body: str) -> str:
    return body + str((10 - luhn_sum(body + "0")) % 10)


def _grouped(number: str) -> str:
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))


def _resident(seed: int) -> str:
    first = f"1101051949{1 + seed % 12:02d}{1 + seed % 28:02d}{seed % 1000:03d}"
    return first + resident_id_check(first)


def _iban(number: int) -> str:
    bban = f"{number % 10**18:018d}"
    check = 98 - int(bban + "131400") % 97
    return f"DE{check:02d}{bban}"


numbers = st.integers(0, 10**18 - 1)
words = st.sampled_from(
    [
        "the",
        "order",
        "ships",
        "on",
        "Monday",
        "please",
        "see",
        "figure",
        "12",
        "at",
        "10:30",
        "total",
        "2024-11-23",
        "v1.2.3",
        "foo@",
        "bar.com",
        "x",
        "3.14",
        "and/or",
        "价格",
        "今天",
        "会议",
        "在",
        "号码",
        "(see)",
        "note:",
        "id=77",
        "4,000",
        "https://docs.python.org/3/",
        "A1",
        "1.2.3",
        "::",
        ":ff:",
        "a:b",
        "sk-",
        "192.168",
    ]
)
emails = st.builds(
    "{}@{}.{}".format,
    st.from_regex(r"[a-zA-Z][a-zA-Z0-9._+-]{0,12}[a-z0-9]", fullmatch=True),
    st.from_regex(r"[a-z]{2,10}", fullmatch=True),
    st.sampled_from(("com", "org", "co.uk", "cn", "invalid", "museum")),
)
cards = st.one_of(
    st.builds(lambda n: _card(f"4{n % 10**14:014d}"), numbers),
    st.builds(lambda n: f"4{n % 10**15:015d}", numbers),
    st.builds(lambda n: _grouped(_card(f"5{1 + n % 5}{n % 10**13:013d}")), numbers),
)
phones = st.one_of(
    st.builds(lambda n: f"({200 + n % 800}) {n // 7 % 900 + 100}-{n % 10000:04d}", numbers),
    st.builds(lambda n: f"+44 20 7{n % 1000:03d} {n // 3 % 10000:04d}", numbers),
    st.builds(lambda n: f"+1-{201 + n % 700}-555-{n % 10000:04d}", numbers),
    st.builds(lambda n: f"1{3 + n % 7}{n % 10**9:09d}", numbers),
    st.builds(lambda n: f"{n % 10**10:010d}", numbers),
    st.builds(lambda n: f"0{n % 10**9} ext. {n % 999}", numbers),
)
others = st.one_of(
    st.builds(lambda n: f"{n % 899 + 1:03d}-{n % 99 + 1:02d}-{n % 9999 + 1:04d}", numbers),
    st.builds(lambda n: f"9{n % 100:02d}-{70 + n % 9}-{n % 10000:04d}", numbers),
    st.builds(lambda n: ".".join(str(n // 300**i % 300) for i in range(4)), numbers),
    st.builds(lambda n: f"2001:db8:{n % 65536:x}::{n // 65536 % 65536:x}", numbers),
    st.builds(lambda n: ":".join(f"{n >> 8 * i & 255:02X}" for i in range(6)), numbers),
    st.builds(_iban, numbers),
    st.builds(_resident, st.integers(0, 10**6)),
    st.just("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"),
    st.just("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq"),
    st.builds(lambda n: f"{n % 10**8:08d}{'TRWAGMYFPDXBNJZSQVHLCKE'[n % 10**8 % 23]}", numbers),
    st.builds(lambda n: f"sk-proj-{n:x}abcdefghijklmnop", numbers),
    st.builds(lambda n: f"AB {n % 100:02d} {n // 7 % 100:02d} {n // 11 % 100:02d} C", numbers),
    st.just("131052-308T"),
)
persons = st.sampled_from(
    (
        "My name is Alice Johnson.", "I am Robert Miller,", "Dear Mr. O'Brien,", "Dr. Anna-Maria van Dyck",
        "Alice Johnson's",
        "我叫张伟，", "姓名：李小龙", "请联系王女士。",
        "ALICE JOHNSON", "Mrs. Müller", "Name: Fatima Hassan\n", "欧阳娜娜女士",
    )
)  # fmt: skip
more = st.sampled_from(
    (
        "2024-03-05", "March 5, 2024", "5/3/24", "二〇二四年三月五日", "born on 1979-11-30", "$1,234.56",
        "人民币伍仟元整", "aged 42", "京A12345", "护照E12345678", "统一社会信用代码91110108MA01ABCD2X",
        "微信号wxid_abc123def", "QQ：123456789", "电话010-62345678", "银行卡号6222020200001234567",
        "浙江省杭州市西湖区文三路100号3栋502室",
        "123 Main Street, Springfield, IL 62704", "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "password=hunter2hunter2", "postgres://bob:s3cretpw@db.corp.com/x",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    )
)  # fmt: skip
values = st.one_of(emails, cards, phones, others, persons, more)
glue = st.sampled_from(
    (" ", " ", " ", "", ", ", "\n", "。", "，", ": ", "'", '"', "(", ")", "-", "x", "5", "@", "\u200b", "\t")
)
pieces = st.one_of(words, values, values, st.text(max_size=6)).flatmap(lambda word: glue.map(lambda end: word + end))
texts = st.lists(pieces, max_size=14).map("".join)
