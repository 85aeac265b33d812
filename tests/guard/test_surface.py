from __future__ import annotations

import pytest

from guard import Channel, ChannelKind, Role, Surface


def test_writing_goes_to_the_body_once_for_each_change() -> None:
    body = {"content": "a"}
    writes: list[str] = []

    def write(text: str) -> None:
        writes.append(text)
        body["content"] = text

    surface = Surface("messages[0].content", Role.USER, "a", write)
    for text in ("a", "b", "b", "a"):
        surface.write(text)
    assert (surface.text, body["content"], writes) == ("a", "a", ["b", "a"])
    assert surface.turn == -1
    assert "lambda" not in repr(surface) and "write" not in repr(surface)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (Channel(ChannelKind.CONTENT), Channel(ChannelKind.CONTENT, 0, 0, 0), True),
        (Channel(ChannelKind.CONTENT), Channel(ChannelKind.REFUSAL), False),
        (Channel(ChannelKind.CONTENT, choice=1), Channel(ChannelKind.CONTENT), False),
        (Channel(ChannelKind.ARGUMENTS, index=1), Channel(ChannelKind.ARGUMENTS), False),
        (Channel(ChannelKind.REASONING, part=1), Channel(ChannelKind.REASONING), False),
    ],
)
def test_channels_are_keys(one: Channel, other: Channel, same: bool) -> None:
    assert (one == other) is same
    assert ({one: 1}.get(other) == 1) is same
