"""Detection: Presidio's pattern recognisers behind exact pre-filters, and recognisers of our own."""

from sanitizers.detect.detector import DEFAULT_OFF, Detector, DetectorOptions, known_types
from sanitizers.detect.recogniser import Budget, Recogniser, Rule, Rules
from sanitizers.detect.span import Span, merge

__all__ = [
    "DEFAULT_OFF",
    "Budget",
    "Detector",
    "DetectorOptions",
    "Recogniser",
    "Rule",
    "Rules",
    "Span",
    "known_types",
    "merge",
]
