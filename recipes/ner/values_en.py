# ruff: noqa: SIM905  word lists read better as text
"""English values: persons of many cultures, organisations, places, addresses, titles, dates, and fillers."""

# fmt: off
from __future__ import annotations

import random
import string

from recipes.ner import gazetteers
from recipes.ner import lists_en as lists
from recipes.ner.text import Builder, Maker, Value, pick, whole

R = random.Random
_LOCALES = list(gazetteers.LATIN)
_WEIGHTS = list(gazetteers.LATIN.values())


def _digits(rng: R, count: int) -> str:
    return rng.choice("123456789") + "".join(rng.choice(string.digits) for _ in range(count - 1))


def parts(rng: R) -> tuple[str, str]:
    """A given and a family name that go together."""
    kind = rng.random()
    if kind < 0.08:
        return rng.choice(lists.ARABIC_GIVEN), rng.choice(lists.ARABIC_FAMILY)
    if kind < 0.16:
        return rng.choice(lists.CHINESE_GIVEN), rng.choice(lists.CHINESE_FAMILY)
    if kind < 0.19:
        return rng.choice(lists.KOREAN_GIVEN), rng.choice(lists.KOREAN_FAMILY)
    if kind < 0.22:
        female, male, family = gazetteers.names("ja_JP")
        return rng.choice(female + male), rng.choice(family)
    locale = rng.choices(_LOCALES, _WEIGHTS)[0]
    female, male, family = gazetteers.names(locale)
    first = rng.choice(female if rng.random() < 0.5 else male)
    if rng.random() < 0.06:
        first = rng.choice(lists.NICKNAMES)
    last = rng.choice(family) if len(family) > 5 else rng.choice(lists.POLISH_FAMILY)
    return first, last


def given(rng: R) -> str:
    return rng.choice(lists.NICKNAMES) if rng.random() < 0.12 else parts(rng)[0]


def family(rng: R) -> str:
    return parts(rng)[1]


def full_name(rng: R) -> str:
    first, last = parts(rng)
    kind = rng.random()
    if kind < 0.72:
        return f"{first} {last}"
    if kind < 0.8:
        return f"{first} {rng.choice(string.ascii_uppercase[:23])}. {last}"
    if kind < 0.85:
        return f"{first} {parts(rng)[0]} {last}"
    if kind < 0.88:
        return f"{first} {last}-{family(rng)}"
    if kind < 0.91:
        return f"{first} {rng.choice(('van', 'van der', 'de', 'von', 'bin', 'al', 'El', 'de la', 'Di', 'Mc', 'O’', 'St.'))} {last}".replace("Mc ", "Mc").replace("O’ ", "O’")
    if kind < 0.94:
        return f"{rng.choice(string.ascii_uppercase[:23])}. {last}"
    if kind < 0.96:
        return f"{last} {first}"
    return f"{first} {last}{rng.choice((' Jr.', ' Jr', ' Sr.', ' III', ' II'))}"


def person(rng: R) -> Value:
    kind = rng.random()
    if kind < 0.55:
        return whole(full_name(rng), "PERSON")
    if kind < 0.85:
        return whole(given(rng), "PERSON")
    if kind < 0.92:
        return whole(family(rng), "PERSON")
    if kind < 0.96:
        return honoured(rng)
    if kind < 0.97:
        female, male, last = gazetteers.native_names(rng.choice(("ru_RU", "el_GR", "uk_UA", "hi_IN", "ar_AA", "ko_KR")))
        return whole(f"{rng.choice(female + male)} {rng.choice(last)}", "PERSON")
    name = rng.choice(lists.FAMOUS)
    return whole(name if rng.random() < 0.6 else name.split(" ")[-1], "PERSON")


def honoured(rng: R) -> Value:
    prefix = rng.choice(("Mr.", "Mr", "Mrs.", "Mrs", "Ms.", "Ms", "Dr.", "Dr", "Prof.", "Miss", "Professor", "Sir", "Captain", "Judge", "Senator", "Officer"))
    name = family(rng) if rng.random() < 0.7 else full_name(rng)
    return Builder().add(prefix + " ").add(whole(name, "PERSON")).value()


def people(rng: R) -> Value:
    built = Builder()
    count = rng.randint(2, 5)
    short = rng.random() < 0.5
    for i in range(count):
        if i:
            built.add(rng.choice((" and ", ", and ", " & ")) if i == count - 1 else ", ")
        built.add(whole(given(rng) if short else full_name(rng), "PERSON"))
    return built.value()


def reversed_name(rng: R) -> Value:
    first, last = parts(rng)
    return whole(f"{last}, {first}", "PERSON")


def city(rng: R) -> str:
    return pick(rng, gazetteers.city_names(), 1.8) if rng.random() < 0.9 else rng.choice(gazetteers.us_places()[0])


def _country(rng: R) -> str:
    return rng.choice(gazetteers.countries())


def place_name(rng: R) -> str:
    kind = rng.random()
    if kind < 0.5:
        return city(rng)
    if kind < 0.62:
        return _country(rng)
    if kind < 0.8:
        return rng.choice(lists.REGIONS)
    if kind < 0.84:
        return rng.choice(gazetteers.us_places()[1])
    if kind < 0.88:
        return rng.choice(gazetteers.us_places()[0])
    if kind < 0.92:
        return f"{rng.choice(('North', 'South', 'East', 'West', 'Port', 'Fort', 'Lake', 'New', 'Mount', 'San', 'Saint', 'Upper'))} {rng.choice((family(rng), city(rng)))}"
    if kind < 0.96:
        return f"{rng.choice(lists.STREETS)} {rng.choice(('Park', 'Beach', 'Bridge', 'Station', 'Airport', 'Valley', 'Creek', 'Island', 'Square', 'Heights', 'Hills', 'Mall', 'Plaza'))}"
    return f"{city(rng)} {rng.choice(('Airport', 'Station', 'Beach', 'Harbor', 'Bay', 'Zoo', 'Stadium', 'Arena'))}"


def place(rng: R) -> Value:
    kind = rng.random()
    if kind < 0.85:
        name = place_name(rng)
        if name.startswith("the "):
            return name, [(4, len(name), "LOCATION")]
        return whole(name.upper() if rng.random() < 0.06 and len(name.upper()) == len(name) else name, "LOCATION")
    if kind < 0.95:
        second = rng.choice((_country(rng), rng.choice(gazetteers.us_places()[0]), rng.choice(("NY", "CA", "TX", "FL", "MA", "IL", "WA", "OH", "PA", "GA", "UK", "TN"))))
        return Builder().add(whole(city(rng), "LOCATION")).add(", ").add(whole(second, "LOCATION")).value()
    return Builder().add(whole(city(rng), "LOCATION")).add(rng.choice((" and ", "/", " - ", ", "))).add(whole(city(rng), "LOCATION")).value()


_PLAIN = tuple(
    """law dragon city scan planet eco system verda fero credit card bank pay home bright micro built tele data geo map health sync call fire owl book worm road trip food panda drop
    box note pad sales force work day snow flake page rank key stone lime wire open table red fin spring board under line web flow sound cloud air table base camp code sign dash door grub hub
    zip link tree tower rock iron cap gold leaf nest egg moon shot night owl paper boy rain maker sea gate type form wind fall yard stick zen desk""".split()
)


def coined(rng: R) -> str:
    """A company's name made of two words, as Lawdragon or OpenTable."""
    first, second = rng.choice(_PLAIN).capitalize(), rng.choice(_PLAIN)
    name = first + (second if rng.random() < 0.6 else second.capitalize() if rng.random() < 0.6 else " " + second.capitalize())
    return name + rng.choice(("", "", "", "", "", " Inc", " Inc.", " Incorporated", " Corporation", " LLC", " Limited", ".com"))


def organisation_name(rng: R) -> str:
    kind = rng.random()
    if kind < 0.27:
        return rng.choice(lists.COMPANIES)
    if kind < 0.5:
        first = rng.choice(lists.ORG_WORDS)
        if rng.random() < 0.25:
            first += rng.choice(lists.ORG_WORDS).lower()
        field = rng.choice(lists.ORG_FIELDS)
        end = " " + rng.choice(lists.ORG_ENDS) if rng.random() < 0.35 else ""
        return rng.choice((f"{first} {field}{end}", f"{first} {rng.choice(lists.ORG_WORDS)} {field}{end}", f"{first} {rng.choice(lists.ORG_ENDS)}"))
    if kind < 0.66:
        last = family(rng)
        return rng.choice(
            (f"{last} {rng.choice(lists.FIRMS)}", f"{last} {rng.choice(lists.ORG_FIELDS)}", f"{last}, {family(rng)} {rng.choice(('and', '&'))} {family(rng)}" if rng.random() < 0.3 else f"{last} {rng.choice(lists.FIRMS)}", f"{last}-{family(rng)}", f"{last} {rng.choice(lists.ORG_ENDS)}", f"{last} & {family(rng)}", f"{last} {rng.choice(lists.ORG_FIELDS)} {rng.choice(lists.ORG_ENDS)}")
        )
    if kind < 0.76:
        if rng.random() < 0.6:
            return coined(rng)
        made = "".join(rng.choice(("ba", "zo", "tri", "vex", "lum", "nor", "qua", "syn", "tek", "mo", "ri", "va", "lo", "xi", "den", "per", "sint", "ora", "plex", "ify", "ly")) for _ in range(rng.randint(2, 3)))
        return made.capitalize() + rng.choice(("", "", "", " Inc", ".io", ".com", " Labs", " AI"))
    if kind < 0.8:
        return "".join(rng.choice(string.ascii_uppercase) for _ in range(rng.randint(3, 4)))
    template = rng.choice(lists.INSTITUTIONS)
    return template.format(city=city(rng), family=family(rng), saint=rng.choice(lists.SAINTS), field=rng.choice(lists.FIELDS), country=_country(rng))


def organisation(rng: R) -> Value:
    name = organisation_name(rng)
    return (name, [(4 if name.startswith("the ") else 0, len(name), "ORGANIZATION")])


def _street(rng: R) -> str:
    kind = rng.random()
    if kind < 0.55:
        return f"{rng.choice(lists.STREETS)} {rng.choice(lists.STREET_ENDS)}"
    if kind < 0.75:
        return f"{family(rng)} {rng.choice(lists.STREET_ENDS)}"
    if kind < 0.83:
        return f"{rng.randint(1, 99)}{rng.choice(('st', 'nd', 'rd', 'th'))} {rng.choice(lists.STREET_ENDS)}"
    if kind < 0.88:
        return f"{rng.choice(('N', 'S', 'E', 'W', 'NW', 'N.', 'West'))} {rng.choice(lists.STREETS)} {rng.choice(lists.STREET_ENDS)}"
    foreign = ("Rue de la {f}", "Rue {f}", "Via {f}", "Calle {f}", "Avenida {f}", "{f}straße", "{f}strasse", "{f}gasse", "{f}weg", "{f}gatan", "{f}vej", "{f}katu", "{f}veien", "Plaza {f}", "ul. {f}", "{f}laan", "{f}straat", "Rua {f}", "Viale {f}", "{f} utca", "Ulitsa {f}")
    return rng.choice(foreign).format(f=family(rng))


def _postcode(rng: R) -> str:
    a = string.ascii_uppercase
    return rng.choice(
        (_digits(rng, 5), _digits(rng, 5), f"{_digits(rng, 5)}-{_digits(rng, 4)}", f"{rng.choice(a)}{rng.choice(a)}{rng.randint(1, 20)} {rng.randint(1, 9)}{rng.choice(a)}{rng.choice(a)}",
         f"{rng.choice(a)}{rng.randint(1, 9)}{rng.choice(a)} {rng.randint(1, 9)}{rng.choice(a)}{rng.randint(1, 9)}", _digits(rng, 4), f"{_digits(rng, 3)} {_digits(rng, 2)}")
    )


def address(rng: R) -> Value:
    number = str(rng.randint(1, 9999)) if rng.random() < 0.93 else f"{rng.randint(1, 300)}{rng.choice('ABCab')}"
    street = f"{number} {_street(rng)}" if rng.random() < 0.75 else f"{_street(rng)} {number}"
    kind = rng.random()
    if kind < 0.06:
        street = f"P.O. Box {_digits(rng, rng.randint(3, 5))}" if rng.random() < 0.6 else f"PSC {_digits(rng, 4)}, Box {_digits(rng, 4)}"
    inside = rng.choice((f"Apt {rng.randint(1, 99)}", f"Apt. {rng.randint(1, 999)}", f"Suite {rng.randint(1, 999)}", f"Unit {rng.randint(1, 40)}{rng.choice('ABC')}", f"Flat {rng.randint(1, 40)}", f"Floor {rng.randint(1, 30)}", f"#{rng.randint(1, 400)}", f"{rng.randint(2, 9)}th floor"))
    gap = rng.choice((", ", ", ", ", ", "\n", " ", "\n, ", "\n    ", "\n>"))
    if rng.random() < 0.03:
        return whole(f"the corner of {_street(rng)} and {_street(rng)}", "ADDRESS")
    if rng.random() < 0.04:
        street = f"{_digits(rng, rng.randint(2, 5))} {street}"
    pieces = [street]
    if rng.random() < 0.35:
        pieces.append(rng.choice((" ", ", ", gap)) + inside)
    if rng.random() < 0.72:
        pieces.append(gap + city(rng))
        state = rng.random()
        if state < 0.4:
            pieces.append(f", {rng.choice(('NY', 'CA', 'TX', 'FL', 'MA', 'IL', 'WA', 'OH', 'PA', 'GA', 'AZ', 'CO', 'MI', 'NC', 'VA', 'OR', 'MN'))} {_postcode(rng)}")
        elif state < 0.6:
            pieces.append(f"{gap}{_postcode(rng)}")
        elif state < 0.75:
            pieces.append(f"{gap}{_country(rng)}{rng.choice(('', ' ' + _postcode(rng)))}")
        elif state < 0.85:
            pieces[-1] = f"{gap}{_postcode(rng)} {city(rng)}"
    return whole("".join(pieces), "ADDRESS")


def title(rng: R) -> Value:
    kind = rng.random()
    if kind < 0.75:
        name = rng.choice(lists.TITLES)
    else:
        name = rng.choice(gazetteers.provider_values("job", "", "jobs"))
        if "," in name:
            a, b = name.split(",")[:2]
            name = f"{b.strip()} {a.lower()}"
    if rng.random() < 0.45:
        name = " ".join(w.capitalize() if w.islower() and w not in ("of", "and", "the", "in") else w for w in name.split(" "))
    elif not name.isupper():
        name = name if name[:3].isupper() else name[:1].lower() + name[1:]
    return whole(name, "TITLE")


_MONTHS = "January February March April May June July August September October November December".split()


def date_text(rng: R) -> str:
    y, m, d = rng.randint(1930, 2030), rng.randint(1, 12), rng.randint(1, 28)
    month = _MONTHS[m - 1]
    abbreviated = month[:3] + rng.choice(("", "."))
    th = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}.get(d, "th")
    clock = f" {rng.choice(('', 'at '))}{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}{rng.choice(('', ':30', ' PM', 'Z', ' UTC'))}"
    return rng.choice((
        f"{month} {d}, {y}", f"{month} {d}, {y}", f"{d} {month} {y}", f"{month} {d}{th}, {y}", f"{month} {d}{th}", f"{d}{th} of {month}", f"the {d}{th} of {month} {y}",
        f"{abbreviated} {d}, {y}", f"{d} {abbreviated} {y}", f"{d}-{month[:3]}-{y}", f"{m}/{d}/{y}", f"{m:02d}/{d:02d}/{y}", f"{d:02d}.{m:02d}.{y}", f"{d}/{m}/{y % 100:02d}",
        f"{y}-{m:02d}-{d:02d}", f"{y}-{m:02d}-{d:02d}{clock}", f"{m}/{d}/{y}{clock}", f"{month} {y}", f"{month} {d}", f"{y}-{m:02d}-{d:02d}T{rng.randint(0, 23):02d}:{rng.randint(0, 59):02d}:00Z",
        f"{rng.choice(('Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'))}, {month} {d}", f"{y}/{m:02d}/{d:02d}", f"{m}-{d}-{y}", f"{abbreviated} {y}",
    ))


def date(rng: R) -> Value:
    return whole(date_text(rng), "DATE_TIME")


def phone(rng: R) -> Value:
    return rng.choice((f"({_digits(rng, 3)}) {_digits(rng, 3)}-{_digits(rng, 4)}", f"+{rng.randint(1, 99)} {_digits(rng, 3)} {_digits(rng, 6)}", f"{_digits(rng, 3)}-{_digits(rng, 3)}-{_digits(rng, 4)}", _digits(rng, 10))), []


def email(rng: R) -> Value:
    return f"{parts(rng)[0].lower()}{rng.choice(('', '.', '_', '99'))}@{rng.choice(('gmail.com', 'example.com', 'yahoo.com', 'corp.net'))}", []


def number(rng: R) -> Value:
    return rng.choice((_digits(rng, rng.randint(1, 5)), f"{rng.randint(1, 99)}.{rng.randint(0, 99)}", "two", "three", "a dozen", "twenty")), []


def money(rng: R) -> Value:
    return rng.choice((f"${_digits(rng, rng.randint(2, 5))}", f"${rng.randint(1, 99)},{_digits(rng, 3)}", f"€{_digits(rng, 3)}", f"{_digits(rng, 4)} USD", f"£{rng.randint(1, 900)}.50", f"{rng.randint(2, 90)} million dollars")), []


def code(rng: R) -> Value:
    return rng.choice(("", "#", "INV-", "ORD", "TKT-", "No. ", "A")) + _digits(rng, rng.randint(4, 9)), []


def when(rng: R) -> Value:
    return rng.choice("yesterday|today|tomorrow|last week|next week|on Monday|on Friday|this morning|tonight|last year|two days ago|at 5pm|after lunch|next month|recently|on Tuesday afternoon|over the weekend|at Christmas".split("|")), []


def product(rng: R) -> Value:
    return rng.choice(lists.PRODUCTS), []


_TITLED = tuple(
    "silent harbor broken crown last winter red planet midnight empire golden river lost city dark forest blue summer secret garden iron wolf paper moon long road home second sun night king quiet war glass house wild heart dead man".split()
)


def work(rng: R) -> Value:
    """A film, a book, a song: capitals that name nobody."""
    words = [w.capitalize() for w in rng.sample(_TITLED, rng.choice((1, 2, 2, 3)))]
    name = rng.choice(("", "The ", "The ", "A ")) + " ".join(words)
    return (name if rng.random() < 0.6 else f'"{name}"') if rng.random() < 0.85 else "".join(words[:1]) + rng.choice(("oid", "ander", "ix", "atron", "land")), []


def thing(rng: R) -> Value:
    return rng.choice("report|invoice|contract|laptop|order|delivery|presentation|budget|meeting|project|proposal|schedule|ticket|package|account|password reset|refund|booking|lease|application|software update|printer|website".split("|")), []


def mark(rng: R) -> Value:
    return rng.choice((": ", ": ", ": ", ":", " - ", "=", "\t", " : ", " | ")), []


MAKERS: dict[str, Maker] = {
    "P": person, "N": lambda rng: whole(full_name(rng), "PERSON"), "G": lambda rng: whole(given(rng), "PERSON"), "S": lambda rng: whole(family(rng), "PERSON"),
    "H": honoured, "PP": people, "V": reversed_name, "O": organisation, "L": place, "A": address, "T": title, "D": date,
    "nation": lambda rng: (rng.choice(lists.NATIONS), []),
    "phone": phone, "email": email, "num": number, "money": money, "code": code, "when": when, "product": product, "work": work, "thing": thing, "m": mark,
}
