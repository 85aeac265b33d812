"""Which of many fixed strings a text holds, in one pass over it."""

from __future__ import annotations

from collections.abc import Iterable

import ahocorasick


class Literals:
    """An Aho-Corasick automaton over `words`; it compares characters as they are."""

    def __init__(self, words: Iterable[str]) -> None:
        self._automaton = ahocorasick.Automaton()
        for word in words:
            self._automaton.add_word(word, word)
        if len(self._automaton):
            self._automaton.make_automaton()

    def within(self, text: str) -> set[str]:
        """Those that `text` holds."""
        return {word for _, word in self._automaton.iter(text)} if len(self._automaton) else set()
