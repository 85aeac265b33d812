"""Secrets known by their prefix or frame: API keys and tokens of well-known providers, JWTs, private keys.

Prefixes are the providers' published formats (GitHub, AWS, Slack, Stripe, Google, OpenAI, Anthropic, GitLab, npm,
PyPI, Hugging Face, SendGrid, Telegram documentation). High-entropy guesses are left out on purpose: they hit
hashes and ids.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from sanitizers.detect.recogniser import Budget, Rule, Rules
from sanitizers.detect.span import Span


def _is_jwt(value: str) -> bool:
    head = value.split(".", 1)[0]
    try:
        return b'"alg"' in base64.urlsafe_b64decode(head + "=" * (-len(head) % 4))
    except (binascii.Error, ValueError):
        return False


# One alternation: each branch starts with its literal, so a text without any costs one scan.
# The lengths are bounded so that a megabyte of token characters stays linear.
_TOKENS = re.compile(
    r"(?<![0-9A-Za-z_-])(?:"
    r"sk-(?:ant-|proj-|svcacct-|or-v1-|live-)?[0-9A-Za-z_-]{16,256}"
    r"|[spr]k_(?:live|test)_[0-9A-Za-z]{16,128}"
    r"|gh[pousr]_[0-9A-Za-z]{30,255}"
    r"|github_pat_[0-9A-Za-z_]{22,255}"
    r"|(?:AKIA|ASIA|AGPA|AIDA|AROA)[0-9A-Z]{16}"
    r"|xox[abeoprs]-[0-9A-Za-z-]{10,255}"
    r"|xapp-[0-9A-Za-z-]{20,255}"
    r"|AIza[0-9A-Za-z_-]{35}"
    r"|ya29\.[0-9A-Za-z_-]{20,512}"
    r"|GOCSPX-[0-9A-Za-z_-]{20,64}"
    r"|glpat-[0-9A-Za-z_-]{20,64}"
    r"|npm_[0-9A-Za-z]{36}"
    r"|pypi-[0-9A-Za-z_-]{50,512}"
    r"|hf_[0-9A-Za-z]{30,64}"
    r"|SG\.[0-9A-Za-z_-]{16,32}\.[0-9A-Za-z_-]{32,64}"
    r"|dop_v1_[0-9a-f]{64}"
    r"|shpat_[0-9a-fA-F]{32}"
    r"|[0-9]{8,10}:AA[0-9A-Za-z_-]{33}"
    r")(?![0-9A-Za-z])"
)

_HEADS = (
    *("sk-", "k_live_", "k_test_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_"),
    *("AKIA", "ASIA", "AGPA", "AIDA", "AROA", "AIza", "ya29.", "GOCSPX-", "glpat-", "npm_", "pypi-", "hf_"),
    *("xoxa-", "xoxb-", "xoxe-", "xoxo-", "xoxp-", "xoxr-", "xoxs-", "xapp-", "SG.", "dop_v1_", "shpat_", ":AA"),
)
_BEGIN = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_END = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----")
_LONGEST_KEY = 20_000  # characters; an RSA key of 16,384 bits takes 12,500


class PrivateKeys:
    """PEM and PGP private key blocks, header to footer; a block cut off before its footer counts to the end."""

    @property
    def types(self) -> frozenset[str]:
        return frozenset(("PRIVATE_KEY",))

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        at = 0
        while (begin := _BEGIN.search(text, at)) is not None:
            budget.spend()
            end = _END.search(text, begin.end())
            at = min(end.end() if end else len(text), begin.start() + _LONGEST_KEY, len(text))
            yield Span(begin.start(), at, "PRIVATE_KEY", 1.0, certain=True)


SECRETS = Rules(
    (
        Rule(
            "SECRET",
            re.compile(
                r"(?<![0-9A-Za-z_-])eyJ[0-9A-Za-z_-]{8,4096}\.[0-9A-Za-z_-]{4,16384}\.[0-9A-Za-z_-]{0,4096}(?![0-9A-Za-z_-])"
            ),
            1.0,
            certain=True,
            gate=("eyJ",),
            accept=_is_jwt,
        ),
        Rule(
            "SECRET",
            _TOKENS,
            1.0,
            certain=True,
            gate=_HEADS,
        ),
    )
)
