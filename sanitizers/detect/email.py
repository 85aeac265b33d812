"""E-mail addresses that Presidio's recogniser drops or cannot see.

It asks the public suffix list, so it drops private domains (.local, .corp, .internal) and a full stop without a space
behind it; it takes Chinese letters for part of the address; and it does not know how URLs write `@`.
"""

from __future__ import annotations

import re

from sanitizers.detect.recogniser import Rule, Rules

# Letters of scripts with spaces between words, so that 请联系a@b.org谢谢 is an address between two words.
_LETTER = "0-9A-Za-z_\u00c0-\u024f\u0370-\u058f"
_LABEL = f"[{_LETTER}](?:[{_LETTER}-]{{0,61}}[{_LETTER}])?"

# `icon@2x.png` and `getty@tty1.service` look the part.
_FILES = frozenset(
    (
        *("png", "jpg", "jpeg", "gif", "svg", "webp", "css", "js", "ts", "jsx", "tsx", "mjs", "json", "yaml", "yml"),
        *("service", "timer", "socket", "target", "mount", "slice", "scope", "device", "tgz", "tar", "whl"),
    )
)


def _is_address(value: str) -> bool:
    return value.rpartition(".")[2].lower() not in _FILES


EMAILS = Rules(
    (
        Rule(
            "EMAIL_ADDRESS",
            re.compile(
                rf"(?<![{_LETTER}.+-])(?P<value>[{_LETTER}+][{_LETTER}.+'-]{{0,63}}(?:@|%40)(?![0-9]+\.[0-9])"
                rf"(?:{_LABEL}\.){{1,8}}(?:[A-Za-z]{{2,24}}|xn--[0-9A-Za-z-]{{2,59}}))(?![{_LETTER}@(])"
            ),
            0.9,
            gate=("@", "%40"),
            accept=_is_address,
        ),
    )
)
