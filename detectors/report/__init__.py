"""What a calibration found, for people: one web page, or tables in the terminal."""

from detectors.report.summary import Summary, summarise

__all__ = ["Summary", "summarise"]
