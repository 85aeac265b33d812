"""Page and terminal say the same facts; the page asks nobody for anything and shows text only when told to."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from io import StringIO
from xml.etree import ElementTree

import numpy as np
import pytest
from rich.console import Console

from detectors.calibrate import calibrate
from detectors.calibrate.probability import fit, held_out
from detectors.calibrate.sample import Judged, Sample
from detectors.metrics import auprc, auroc
from detectors.report import summarise
from detectors.report.charts import charts, curve, traced
from detectors.report.page import interval, percent, render
from detectors.report.svg import Plot, ticks
from detectors.report.terminal import show

RNG = np.random.default_rng(1)
NASTY = "<script>alert('x')</script> & \"quoted\""


@pytest.fixture(scope="module")
def summary():
    rows = [Judged(float(s), True, f"b{i}", f"f:{i}", NASTY) for i, s in enumerate(RNG.normal(1, 1, 80))]
    rows += [Judged(float(s), False, f"g{i}", f"g:{i}", NASTY) for i, s in enumerate(RNG.normal(-1, 1, 120))]
    sample = Sample.of(rows, {"too long": 3})
    fitted = calibrate(sample.harmful, sample.harmless, rounds=50)
    fitted = fitted.model_copy(update={"probability": fit(sample.harmful, sample.harmless, "platt")})
    stored = calibrate(sample.harmful + 0.5, sample.harmless - 0.5, rounds=50)
    return summarise(
        sample,
        fitted,
        stored=stored,
        held_out=held_out(sample.harmful, sample.harmless, "platt"),
        worst=7,
        facts={"model": "tiny <b>"},
    )


def test_summary(summary):
    assert 0 < len(summary.missed) <= 7 and 0 < len(summary.alarms) <= 7
    assert [r.score for r in summary.missed] == sorted(r.score for r in summary.missed)
    assert all(r.harmful for r in summary.missed) and not any(r.harmful for r in summary.alarms)
    thresholds = [p.threshold for p in summary.sweep]
    assert thresholds == sorted(thresholds, reverse=True)
    assert {"block_at", "steer_at", "stored block_at", "stored steer_at", "best F1"} <= {p.name for p in summary.sweep}
    for p in summary.sweep:
        assert p.fpr == np.mean(summary.sample.harmless >= p.threshold)
        assert p.tpr == np.mean(summary.sample.harmful >= p.threshold)
        assert p.fpr_interval[0] <= p.fpr <= p.fpr_interval[1]
    assert sum(b.count for b in summary.reliability) == 200
    assert 0 < summary.brier < 0.25
    assert any("true rate may be up to" in w for w in summary.warnings)


def test_curve_is_the_auroc(summary):
    bad, good = summary.sample.harmful, summary.sample.harmless
    tpr, fpr, precision = curve(bad, good)
    assert np.trapezoid([0, *tpr], [0, *fpr]) == pytest.approx(auroc(bad, good))
    assert np.sum(np.diff(tpr, prepend=0) * precision) == pytest.approx(auprc(bad, good))
    assert (tpr[-1], fpr[-1]) == (1, 1)


def summary_of(harmful, harmless, stored=None):
    rows = [Judged(float(s), True, f"b{i}", f"f:{i}") for i, s in enumerate(harmful)]
    rows += [Judged(float(s), False, f"g{i}", f"g:{i}") for i, s in enumerate(harmless)]
    sample = Sample.of(rows)
    return summarise(sample, calibrate(sample.harmful, sample.harmless, rounds=5), stored=stored)


def lines(svg, kind):
    """The points of the polylines of a kind, in pixels."""
    found = [e.attrib["points"] for e in ElementTree.fromstring(svg).iter("polyline") if e.attrib["class"] == kind]
    return [[tuple(map(float, p.split(","))) for p in points.split()] for points in found]


@pytest.mark.parametrize(
    ("harmful", "harmless"),
    [
        ([0.0] * 10, [0.0] * 10),
        ([2.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0, 0.0]),
        ([3.0, 1.0], [2.0, 0.0]),  # no ties: steps
        (RNG.normal(1, 1, 300).round(), RNG.normal(0, 1, 500).round()),
    ],
)
def test_ties_are_a_chord_of_the_roc(harmful, harmless):
    tpr, fpr, _ = curve(np.array(harmful), np.array(harmless))
    found = np.array(traced(fpr, tpr, 0.001))
    assert np.all(np.diff(found, axis=0) >= -1e-12)
    assert np.trapezoid(found[:, 1], found[:, 0]) == pytest.approx(auroc(harmful, harmless))


def test_scores_that_say_nothing_are_drawn_as_chance():
    roc = charts(summary_of([0.0] * 20, [0.0] * 20))[1]
    (drawn,), (chance,) = lines(roc, "curve"), lines(roc, "chance")
    x, y = zip(*chance, strict=True)
    assert all(b == pytest.approx(np.interp(a, x, y), abs=2) for a, b in drawn[1:])


@pytest.mark.parametrize("away", [-10.0, -2.0, 0.0, 2.0, 10.0])
def test_stored_thresholds_stand_where_they_are(away):
    """Beyond all scores too: the distances between the four lines are those of the thresholds."""
    bad, good = RNG.normal(1, 1, 50), RNG.normal(0, 1, 50)
    stored = calibrate(bad + away, good + away, rounds=5)
    summary = summary_of(bad, good, stored)
    c = summary.calibration
    rules = [e for e in ElementTree.fromstring(charts(summary)[0]).iter("line") if "rule" in e.attrib["class"]]
    at = sorted(float(e.attrib["x1"]) for e in rules)
    known = sorted((c.steer_at, c.block_at, stored.steer_at, stored.block_at))
    assert np.diff(at) / (at[-1] - at[0]) == pytest.approx(np.diff(known) / (known[-1] - known[0]), abs=0.02)
    assert len(at) == 4


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.links = [], set(), []

    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        self.links += [(k, v) for k, v in attrs if k in ("src", "href", "srcset", "action", "data")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("show_text", [False, True])
def test_page_is_whole_and_asks_nobody(summary, show_text):
    page = render(summary, title="Calibration", show_text=show_text)
    tags = _Tags()
    tags.feed(page)
    assert not tags.open
    assert not tags.links and not {"script", "img", "link", "iframe", "b>"} & tags.seen
    assert "default-src 'none'" in page and "prefers-color-scheme: dark" in page and "width=device-width" in page
    assert not re.findall(r"https?://|url\(|@import", page)
    assert ("&lt;script&gt;" in page) is show_text
    assert "tiny &lt;b&gt;" in page and "left out: 3 too long" in page
    assert page.count("<svg") == 4


def test_charts_are_wellformed_and_stay_inside(summary):
    for svg in charts(summary):
        root = ElementTree.fromstring(svg)
        _, _, width, height = map(float, root.attrib["viewBox"].split())
        for shape in root.iter():
            at = [float(v) for v in re.findall(r"[\d.]+", shape.attrib.get("points", ""))]
            assert all(0 <= x <= width for x in at[::2]) and all(0 <= y <= height for y in at[1::2])


@pytest.mark.parametrize("apart", [0.0, 0.001, 0.02, 0.2, 0.9])
@pytest.mark.parametrize("at", [0.0, 0.05, 0.5, 0.95, 1.0])
def test_labels_do_not_collide_and_stay_inside(at, apart):
    """Thresholds may lie close together, at the same place, or at an edge."""
    plot = Plot((0, 1), (0, 1), "x", "y", "t")
    plot.rule(at, "rule", "steer_at", left=True)
    plot.rule(min(1.0, at + apart), "rule", "block_at")
    plot.mark(at, 0.0, "dot", "block_at")
    labels = [t for t in ElementTree.fromstring(plot.svg()).iter("text") if t.text in ("steer_at", "block_at")]
    assert len(labels) == 3
    wide, boxes = 49, []
    for t in labels:
        x, y = float(t.attrib["x"]), float(t.attrib["y"])
        boxes.append((x - wide if t.attrib["text-anchor"] == "end" else x, y))
    assert all(0 <= x <= 420 - wide and 0 <= y <= 280 for x, y in boxes[:2])
    for i, (x, y) in enumerate(boxes):
        assert all(abs(y - v) >= 12 or abs(x - u) >= wide for u, v in boxes[:i])


def test_plot_escapes():
    plot = Plot((0, 1), (0, 1), "<x>", "&", '"t"')
    plot.rule(0.5, "rule", NASTY)
    assert ElementTree.fromstring(plot.svg()).attrib["aria-label"] == '"t"'


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [(0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (-5, 4, [-4, -2, 0, 2, 4]), (0.001, 0.0042, [0.001, 0.002, 0.003, 0.004])],
)
def test_ticks(low, high, found):
    assert ticks(low, high) == pytest.approx(found)


@pytest.mark.parametrize("show_text", [False, True])
def test_terminal(summary, show_text):
    out = StringIO()
    show(Console(file=out, width=100), summary, show_text=show_text)
    text = out.getvalue()
    for words in (
        "block_at",
        "steer_at",
        "stored block_at",
        "Drift",
        "AUROC",
        "Brier",
        "warning:",
        summary.missed[0].digest,
    ):
        assert words in text
    assert ("<script>" in text) is show_text
    assert max(map(len, text.splitlines())) <= 100


def test_numbers():
    assert [percent(v) for v in (0, 0.0015, 0.01, 0.5, 1)] == ["0.0%", "0.15%", "1.0%", "50.0%", "100.0%"]
    assert (interval((0.001, 0.02)), interval(None)) == ("0.10–2.0%", "")
