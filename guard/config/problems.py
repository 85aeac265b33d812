"""What is wrong with a config: each problem with key and line, all of them in one error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guard.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, or with `warning` merely odd. Names keys and names, never other values.

    `fatal` problems make all others unreliable.
    """

    message: str
    key: str = ""
    line: int | None = None
    warning: bool = False
    fatal: bool = False

    def __str__(self) -> str:
        where = f"line {self.line}: " if self.line is not None else ""
        return f"{where}{self.key}: {self.message}" if self.key else f"{where}{self.message}"


class InvalidConfig(ConfigError):
    """guard.yaml is wrong in one or more places; `problems` has them in the order of the file."""

    def __init__(self, path: str, problems: Sequence[Problem]) -> None:
        self.path = path
        self.problems = tuple(sorted(problems, key=lambda p: p.line or 0))
        many = "" if len(self.problems) == 1 else f"{len(self.problems)} problems\n  "
        super().__init__(f"{path}: {many}" + "\n  ".join(map(str, self.problems)))
