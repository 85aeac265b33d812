"""The report as one web page that needs nothing from outside: no script, no font, no request."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from detectors.report.charts import charts
from detectors.report.summary import Summary
from guard.files import write_atomically


def render(summary: Summary, *, title: str, show_text: bool = False) -> str:
    """HTML. Prompts stand in it by digest and place; with `show_text` also by text, escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {"percent": percent, "number": number, "interval": interval}
    return environment.get_template("page.html.jinja").render(
        s=summary,
        c=summary.calibration,
        title=title,
        show_text=show_text,
        charts=[Markup(svg) for svg in charts(summary)],  # noqa: S704 - made of numbers and escaped words
    )


def write(path: Path, summary: Summary, *, title: str, show_text: bool = False) -> None:
    """Render to a file, which is replaced whole or not at all."""
    write_atomically(path, render(summary, title=title, show_text=show_text))


def percent(share: float) -> str:
    """One decimal, two below 1 %."""
    return f"{share:.2%}" if 0 < share < 0.01 else f"{share:.1%}"


def number(value: float) -> str:
    return f"{value:.4f}".replace("-", "−")


def interval(pair: tuple[float, float] | None) -> str:
    return "" if pair is None else f"{percent(pair[0])[:-1]}–{percent(pair[1])}"
