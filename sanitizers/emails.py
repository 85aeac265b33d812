# ruff: noqa: SIM905  word lists read better as text
"""E-mail addresses and web addresses on domains that RFC 2606 keeps for examples."""

from __future__ import annotations

import re

from sanitizers.cast import Cast
from sanitizers.draw import Draw
from sanitizers.names_list import FRESH_FAMILY, FRESH_FEMALE, FRESH_MALE
from sanitizers.numbers import DIGITS, LOWER
from sanitizers.places_list import EN_BRANDS

_ROLES = frozenset(
    """info contact support sales admin office hr jobs career careers help helpdesk service services billing accounts
    accounting marketing press media team noreply no reply donotreply webmaster postmaster abuse security privacy
    legal enquiries inquiries hello mail news newsletter orders feedback""".split()
)
# Anybody's domains tell nothing: they need no fictional company.
_PUBLIC = frozenset(
    """gmail.com googlemail.com yahoo.com outlook.com hotmail.com live.com msn.com icloud.com aol.com proton.me
    protonmail.com gmx.de gmx.net web.de qq.com 163.com 126.com sina.com sohu.com foxmail.com
    yandex.ru mail.ru""".split()
)


def domain(form: str, key: bytes, attempt: int = 0) -> str:
    """`silverpine.example.com` for a domain of its own, `example.com` for a public mail service; case kept."""
    flat = form.casefold()
    draw = Draw(key, "EMAIL_ADDRESS/domain", flat, attempt)
    made = f"example.{draw.choice(('com', 'org', 'net'))}"
    if flat not in _PUBLIC:
        made = f"{draw.choice(EN_BRANDS).lower()}.{made}"
    return made.upper() if form.isupper() else made


def email(form: str, draw: Draw, key: bytes, cast: Cast, attempt: int) -> str:
    """The fictional person's address where it is built from a name; digits are others, role words (info@) stay."""
    local, at, host = form.partition("@" if "@" in form else "%40")
    words = re.findall(r"[a-z]+", local.casefold())
    made = cast.local(local)
    if made is None and words and all(w in _ROLES for w in words):
        made = local
    if made is None:
        made = f"{draw.choice(FRESH_FEMALE + FRESH_MALE)}.{draw.choice(FRESH_FAMILY)}{10 + draw.below(90)}"
        made = made.lower() if local == local.lower() else made.upper() if local.isupper() else made
    else:
        made = re.sub(r"[0-9]+", lambda m: draw.text("123456789", 1) + draw.text(DIGITS, len(m.group()) - 1), made)
        if attempt:
            made += f"{10 + draw.below(90)}"
    return f"{made}{at}{domain(host, key)}"


_URL = re.compile(r"(?P<head>[A-Za-z][A-Za-z0-9+.-]*://)?(?P<host>[^/?#:]*)(?P<port>:[0-9]+)?(?P<tail>.*)", re.DOTALL)


def url(form: str, draw: Draw, key: bytes, attempt: int) -> str:
    """Scheme and port kept, the host as in e-mail addresses, another path."""
    match = _URL.fullmatch(form)
    if match is None:
        return form
    path = f"/{draw.text(LOWER + DIGITS, 8)}" if match["tail"].startswith("/") else ""
    host = match["host"].removeprefix("www.")
    www = "www." if match["host"].startswith("www.") else ""
    return f"{match['head'] or ''}{www}{domain(host, key, attempt)}{match['port'] or ''}{path}"
