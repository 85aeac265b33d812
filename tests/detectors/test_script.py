"""Which writing system a text is in, and what the user of a conversation writes in."""

from __future__ import annotations

import pytest

from detectors.script import script, script_of
from tests.support.timing import grows_at_most


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Hello 世", "latin"),
        ("Hello, 世界", "cjk"),  # two words each
        ("怎么做 PDF 文件和图片？", "cjk"),
        ("привет", "cyrillic"),
        ("12 !?", ""),
        ("", ""),
        ("ひらがなです", "hiragana"),
        ("ｈｏｗ ｔｏ", "latin"),
        ("𝐡𝐨𝐰 𝓽𝓸 ﬁ", "latin"),
        ("ﾊﾝｶｸ", "katakana"),
    ],
)
def test_script(text, name):
    assert script(text) == name


def test_is_linear():
    short, long = "how to 世 " * 50_000, "how to 世 " * 400_000
    assert script(long) == "latin"
    assert grows_at_most(20, lambda: script(short), lambda: script(long))


@pytest.mark.parametrize(
    ("messages", "name"),
    [
        ([], ""),
        ([{"role": "system", "content": "You help."}, {"role": "user", "content": "怎么做蛋糕"}], "cjk"),
        ([{"role": "user", "content": "cake"}, {"role": "assistant", "content": "好"}], "latin"),
        ([{"role": "user", "content": "cake"}, {"role": "user", "content": "蛋糕"}], "cjk"),
        ([{"role": "user", "content": "怎么做蛋糕"}, {"role": "user", "content": "Go on!"}], "cjk"),
        ([{"role": "user", "content": "怎么做蛋糕"}, {"role": "user", "content": None}], "cjk"),
        ([{"role": "user", "content": [{"type": "text", "text": "蛋糕"}, {"type": "image_url"}]}], "cjk"),
    ],
)
def test_what_the_user_said(messages, name):
    assert script_of(messages) == name
