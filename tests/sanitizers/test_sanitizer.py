"""The sanitizer object: what it loads when."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

from sanitizers import Sanitizer
from sanitizers.detect import Budget, Span


class Asking:
    """A recogniser that would ask somebody."""

    types = frozenset(("PERSON",))

    def find(self, text: str, budget: Budget) -> Iterator[Span]:
        raise AssertionError("asked")


def test_warming_up_asks_no_further_recogniser() -> None:
    Sanitizer(key="k", recognisers=[Asking()]).warm()


def test_a_warm_sanitizer_loads_nothing_more() -> None:
    script = """
import sys
from sanitizers import Sanitizer
s = Sanitizer(key="k")
s.warm()
before = set(sys.modules)
s.hide("I am Bob Smith, bob@corp.com, +1 415 867 5309, 我是王芳，13912345678，wangfang@qq.com")
print(sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
