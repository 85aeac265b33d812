"""One rule for all tests: generated examples are the same in every run.

A change is then judged by what it changed. New examples: `GUARD_FUZZ_EXAMPLES=5000` (of the fuzz tests, so many of
each) or `HYPOTHESIS_PROFILE=random` (of all).
"""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "random" if "GUARD_FUZZ_EXAMPLES" in os.environ else "same"))
