"""Harmfulness from the served model's own log-probabilities."""

from detectors.prefix_probing.artifact import ProbeSet
from detectors.prefix_probing.probe import PrefixProbe, Score
from detectors.scorers.base import Scored, Scorer

__all__ = ["PrefixProbe", "ProbeSet", "Score", "Scored", "Scorer"]
