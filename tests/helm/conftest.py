"""The chart, and its rendering of each value set in `ci/`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.helm.chart import Rendered, Renderer, ci


@pytest.fixture(scope="session")
def chart(tmp_path_factory: pytest.TempPathFactory) -> Renderer:
    return Renderer(tmp_path_factory.mktemp("chart"))


@pytest.fixture(scope="session")
def rendered(chart: Renderer) -> Callable[[str], Rendered]:
    """A value set's objects, rendered once."""
    return cache(lambda name: chart.render(ci(name)))
