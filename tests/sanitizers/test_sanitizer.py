"""The sanitizer object: what it loads when."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from guard.errors import ConfigError
from sanitizers import Sanitizer, SanitizerOptions
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


@pytest.mark.parametrize("options", [{"min_score": 2}, {"min_score": -0.1}, {"min_scores": {"PERSON": float("nan")}}])
def test_a_score_outside_of_its_range_is_a_config_error(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="between 0 and 1"):
        SanitizerOptions(**options)
    with pytest.raises(ConfigError, match="between 0 and 1"):
        SanitizerOptions.parse(options)
