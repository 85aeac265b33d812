"""Sanitizers: hide sensitive text from an upstream model and restore it in the answer, streamed or not.

from sanitizers import Sanitizer

hidden = Sanitizer(key="...").hide("My name is Alice Johnson")
hidden.text                # what leaves
hidden.restore(answer)     # what the user reads
"""

from sanitizers.check import SanitizeCheck
from sanitizers.hide import Piece
from sanitizers.options import Policy, SanitizerOptions
from sanitizers.restore import Restorer
from sanitizers.sanitizer import Found, Hidden, Sanitizer

__all__ = ["Found", "Hidden", "Piece", "Policy", "Restorer", "SanitizeCheck", "Sanitizer", "SanitizerOptions"]
