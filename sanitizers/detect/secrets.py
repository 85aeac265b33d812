# ruff: noqa: E501  patterns read better whole
"""Secrets known by their form: API keys and tokens of well-known providers, JSON web tokens, private keys.

The forms are the providers' own, from their documentation and their secret-scanning notices. A token that stands by
itself is taken by its form; one glued to other letters only when its checksum is right (GitHub, npm: CRC-32).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from sanitizers.detect.checks import crc32_base62
from sanitizers.detect.literals import Literals
from sanitizers.detect.recogniser import Budget, Rule, Rules
from sanitizers.detect.span import Span


def _is_jwt(value: str) -> bool:
    head = value.split(".", 1)[0]
    try:
        return b'"alg"' in base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
    except (binascii.Error, ValueError):
        return False


# Provider, what its tokens start with (or hold), their form. The lengths are bounded, so that a megabyte of token
# characters stays linear.
_PROVIDERS: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("OpenAI, Anthropic and others", ("sk-",), r"(?<![_-])sk-(?:ant-|proj-|svcacct-|admin-|or-v1-|live-|lf-)?(?=[A-Za-z_-]{0,255}[0-9])[0-9A-Za-z_-]{16,256}"),
    ("Stripe", ("k_live_", "k_test_", "whsec_"), r"[spr]k_(?:live|test)_[0-9A-Za-z]{16,128}|whsec_[0-9A-Za-z+/]{32,64}={0,2}"),
    ("GitHub", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"), r"gh[pousr]_[0-9A-Za-z]{30,255}|github_pat_[0-9A-Za-z_]{22,255}"),
    ("GitLab", ("glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-", "gloas-"), r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-[0-9A-Za-z_.-]{20,320}"),
    ("AWS", ("AKIA", "ASIA", "AGPA", "AIDA", "AROA", "ABIA", "ACCA", "ABSK"), r"(?:AKIA|ASIA|AGPA|AIDA|AROA|ABIA|ACCA)[0-9A-Z]{16}|ABSK[0-9A-Za-z+/]{100,270}={0,2}"),
    ("Google", ("AIza", "ya29.", "GOCSPX-", "1//0"), r"AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,512}|GOCSPX-[0-9A-Za-z_-]{20,64}|1//0[0-9A-Za-z_-]{30,200}"),
    ("Azure", ("Q~", "JQQJ99", "+ASt"), r"[0-9A-Za-z_~.]{3}[0-9]Q~[0-9A-Za-z_~.-]{31,34}|[0-9A-Za-z]{52}JQQJ99[0-9A-Za-z]{10,30}|[0-9A-Za-z+/]{76}\+ASt[0-9A-Za-z+/]{6}=="),
    ("Slack", ("xoxa-", "xoxb-", "xoxe-", "xoxe.", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xoxc-", "xoxd-", "xapp-"), r"xox[abceoprsd][.-][0-9A-Za-z.%-]{10,255}|xapp-[0-9A-Za-z-]{20,255}"),
    ("a webhook", ("hooks.slack.com/", "/api/webhooks/"), r"hooks\.slack\.com/(?:services|workflows|triggers)/[0-9A-Za-z/_-]{20,120}|discord(?:app)?\.com/api/webhooks/[0-9]{15,22}/[0-9A-Za-z_-]{40,120}"),
    ("Hugging Face", ("hf_", "api_org_"), r"(?:hf|api_org)_[0-9A-Za-z]{30,64}"),
    ("npm", ("npm_",), r"npm_[0-9A-Za-z]{36}"),
    ("PyPI", ("pypi-",), r"pypi-[0-9A-Za-z_-]{50,512}"),
    ("Twilio", ("AC", "SK"), r"(?:AC|SK)[0-9a-f]{32}"),
    ("SendGrid, Mailgun, Mailchimp", ("SG.", "key-", "-us"), r"SG\.[0-9A-Za-z_-]{16,32}\.[0-9A-Za-z_-]{32,64}|key-[0-9a-f]{32}|[0-9a-f]{32}-us[0-9]{1,2}"),
    ("Telegram", (":AA",), r"[0-9]{8,10}:AA[0-9A-Za-z_-]{33}"),
    ("Discord", (".",), r"[MNO][0-9A-Za-z_-]{23,25}\.G[0-9A-Za-z_-]{5}\.[0-9A-Za-z_-]{27,38}"),
    ("DigitalOcean", ("_v1_",), r"do[opr]_v1_[0-9a-f]{64}"),
    ("Shopify", ("shpat_", "shpca_", "shppa_", "shpss_"), r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("Databricks", ("dapi",), r"dapi[0-9a-f]{32}(?:-[0-9])?"),
    ("Grafana", ("glsa_", "glc_"), r"glsa_[0-9A-Za-z]{32}_[0-9A-Fa-f]{8}|glc_[0-9A-Za-z+/]{32,400}={0,2}"),
    ("Groq, Perplexity, Replicate, xAI, LangSmith", ("gsk_", "pplx-", "r8_", "xai-", "lsv2_"), r"gsk_[0-9A-Za-z]{40,64}|pplx-[0-9A-Za-z]{40,64}|r8_[0-9A-Za-z]{37}|xai-[0-9A-Za-z]{70,90}|lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    ("Notion, Linear, Figma, Airtable, Postman", ("ntn_", "lin_api_", "figd_", "pat", "PMAK-"), r"ntn_[0-9A-Za-z]{40,60}|lin_api_[0-9A-Za-z]{40}|figd_[0-9A-Za-z_-]{40}|pat[0-9A-Za-z]{14}\.[0-9a-f]{64}|PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    ("Atlassian, Sentry, New Relic, Heroku", ("ATATT3", "sntrys_", "sntryu_", "NRAK-", "HRKU-"), r"ATATT3[0-9A-Za-z_=-]{100,300}|sntry[su]_[0-9A-Za-z+/=_]{40,400}|NRAK-[0-9A-Z]{27}|HRKU-[0-9A-Za-z_-]{36,64}"),
    ("Docker, HashiCorp, Doppler, Pulumi, Supabase, Netlify", ("dckr_", "hvs.", "atlasv1", "dp.", "pul-", "sbp_", "nfp_"), r"dckr_(?:pat|oat)_[0-9A-Za-z_-]{27,36}|hvs\.[0-9A-Za-z_-]{90,120}|[0-9A-Za-z]{14}\.atlasv1\.[0-9A-Za-z_=-]{60,80}|dp\.(?:pt|st|ct|sa)\.[0-9A-Za-z._-]{40,64}|pul-[0-9a-f]{40}|sbp_[0-9a-f]{40}|nfp_[0-9A-Za-z]{36}"),
    ("RubyGems, crates.io, Square, Dropbox", ("rubygems_", "cio", "sq0", "sl."), r"rubygems_[0-9a-f]{48}|cio[0-9A-Za-z]{32}|sq0[a-z]{3}-[0-9A-Za-z_-]{22,43}|sl\.[0-9A-Za-z_-]{130,150}"),
    ("Alibaba Cloud, Tencent Cloud", ("LTAI", "AKID"), r"LTAI[0-9A-Za-z]{12,26}|AKID[0-9A-Za-z]{28,48}"),
    ("age", ("AGE-SECRET-KEY-1",), r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}"),
)  # fmt: skip
# Forms that no word has: what is left of one inside longer letters is one all the same, if the checksum is right.
_CHECKED = re.compile(r"(?:gh[pousr]|npm)_[0-9A-Za-z]{36}")


class Tokens:
    """Finds SECRET spans by the providers' forms."""

    def __init__(self) -> None:
        self._patterns = [
            (heads, re.compile(rf"(?<![0-9A-Za-z])(?:{form})(?![0-9A-Za-z])"), f"the form of a token of {name}")
            for name, heads, form in _PROVIDERS
        ]
        self._heads = Literals(head for heads, _, _ in self._patterns for head in heads)

    @property
    def types(self) -> frozenset[str]:
        return frozenset(("SECRET",))

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        present = self._heads.within(text)
        for heads, pattern, why in self._patterns:
            if present.isdisjoint(heads):
                continue
            budget.spend()
            for match in pattern.finditer(text):
                yield Span(*match.span(), "SECRET", 1.0, certain=True, by=why)
        if "_" in text:
            for match in _CHECKED.finditer(text):
                if crc32_base62(match.group(), 30):
                    yield Span(*match.span(), "SECRET", 1.0, certain=True, by="a token with the right checksum")


_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-[23]:")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|Private-MAC: [0-9a-f]{40,64}")
_LONGEST_KEY = 20_000  # characters; an RSA key of 16,384 bits takes 12,500


class PrivateKeys:
    """PEM, OpenSSH, PGP and PuTTY private keys, header to footer; one cut off before its footer counts to the end."""

    @property
    def types(self) -> frozenset[str]:
        return frozenset(("PRIVATE_KEY",))

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        at = 0
        while (begin := _BEGIN.search(text, at)) is not None:
            budget.spend()
            end = _END.search(text, begin.end(), begin.start() + _LONGEST_KEY)
            at = min(end.end() if end else len(text), begin.start() + _LONGEST_KEY)
            yield Span(begin.start(), at, "PRIVATE_KEY", 1.0, certain=True, by="the header of a private key")


JSON_WEB_TOKENS = Rules(
    (
        Rule(
            "SECRET",
            re.compile(
                r"(?<![0-9A-Za-z_-])eyJ[0-9A-Za-z_-]{8,4096}\.[0-9A-Za-z_-]{0,16384}(?:\.[0-9A-Za-z_-]{0,16384}){1,3}(?![0-9A-Za-z_-])"
            ),
            1.0,
            certain=True,
            gate=("eyJ",),
            accept=_is_jwt,
            why="the decodable header of a JSON web token",
        ),
    )
)
