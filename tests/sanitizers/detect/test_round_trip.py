"""Every type that is found can be hidden and restored, by surrogate and by placeholder."""

from __future__ import annotations

import pytest

from sanitizers import Policy, Sanitizer, SanitizerOptions
from sanitizers.detect import DEFAULT_OFF
from sanitizers.surrogates import tells
from tests.sanitizers.detect.test_own import ROWS

BY_TYPE: dict[str, list[str]] = {}
for _text, _type, _ in ROWS:
    BY_TYPE.setdefault(_type, []).append(_text)


@pytest.mark.parametrize("policy", [Policy.SURROGATE, Policy.PLACEHOLDER])
@pytest.mark.parametrize("type_", BY_TYPE)
def test_hide_and_restore(type_: str, policy: Policy) -> None:
    options = SanitizerOptions(entities=dict.fromkeys(DEFAULT_OFF, policy), default=policy)
    sanitizer = Sanitizer(options, key="k")
    for text in BY_TYPE[type_]:
        value = next(v for t, k, v in ROWS if t == text and k == type_)
        if not tells(type_, value):  # an hour of a day
            continue
        hidden = sanitizer.hide(text)
        assert value not in hidden.text, text
        assert hidden.restore(hidden.text) == text
