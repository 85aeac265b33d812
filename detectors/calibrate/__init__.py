"""Calibration: from labelled scores to thresholds, what they are worth, and whether the stored ones still hold."""

from detectors.calibrate.thresholds import calibrate

__all__ = ["calibrate"]
