"""Presidio's pattern recognisers without its NLP engines.

`import presidio_analyzer` runs the package's `__init__`, which imports every NLP engine and with them spaCy, torch and
transformers: seconds of start-up and hundreds of megabytes for recognisers that use none of it. `load` runs the modules
of the recognisers themselves, unchanged, while bare packages stand in for the `__init__` files; then it takes the bare
packages away again. What stays in `sys.modules` are Presidio's own modules under their own names, so a later
`import presidio_analyzer` (by a NER engine, or by the application) runs in full and finds the same classes.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from guard.errors import ConfigError

_PACKAGE = "presidio_analyzer"
_PREDEFINED = "predefined_recognizers"
_ENGINES = f"{_PACKAGE}.nlp_engine"
_PATTERNS = tuple(f"{_PACKAGE}.{_PREDEFINED}.{part}." for part in ("generic", "country_specific"))
# What recogniser modules import from the package itself, and the module it lives in.
_CORE: Mapping[str, str] = {
    "AnalysisExplanation": "analysis_explanation",
    "RecognizerResult": "recognizer_result",
    "EntityRecognizer": "entity_recognizer",
    "LocalRecognizer": "local_recognizer",
    "Pattern": "pattern",
    "PatternRecognizer": "pattern_recognizer",
}
_LOCK = threading.RLock()

logging.getLogger("presidio-analyzer").addHandler(logging.NullHandler())


class _Bare(ModuleType):
    """A package without its `__init__`: finds its modules, and the core classes by name."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name)
        self.__path__ = [str(folder)]

    def __getattr__(self, name: str) -> Any:
        if self.__name__ == _PACKAGE and name in _CORE:
            return getattr(importlib.import_module(f"{_PACKAGE}.{_CORE[name]}"), name)
        if self.__name__ == _ENGINES and name == "NlpArtifacts":
            return Any  # pattern recognisers name it in annotations only
        raise AttributeError(name)


@cache
def _folder() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigError("the package presidio-analyzer is not installed")
    return Path(next(iter(spec.submodule_search_locations)))


@contextmanager
def _bare_packages() -> Iterator[None]:
    """While inside, the packages of Presidio that nobody has imported yet are bare ones."""
    root = _folder()
    folders = {_PACKAGE: root, _ENGINES: root / "nlp_engine"}
    for init in (root / _PREDEFINED).rglob("__init__.py"):
        folders[".".join((_PACKAGE, *init.parent.relative_to(root).parts))] = init.parent
    with _LOCK:
        bare = {name: _Bare(name, folder) for name, folder in folders.items() if name not in sys.modules}
        sys.modules.update(bare)
        try:
            yield
        finally:
            for name, module in bare.items():
                if sys.modules.get(name) is module:
                    del sys.modules[name]


@cache
def recogniser_modules() -> Mapping[str, str]:
    """Name of every recogniser class that Presidio ships -> its module, read from the sources without running them."""
    root = _folder()
    found = {}
    for file in sorted((root / _PREDEFINED).rglob("*.py")):
        module = ".".join((_PACKAGE, *file.relative_to(root).with_suffix("").parts))
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and node.name.endswith("Recognizer"):
                found[node.name] = module
    return found


def load(name: str) -> Any:
    """A class of Presidio by its name: a core class such as `Pattern`, or a recogniser such as `IbanRecognizer`.

    Raises `ConfigError` for a name Presidio has not.
    """
    module = f"{_PACKAGE}.{_CORE[name]}" if name in _CORE else _known_module(name)
    with _LOCK:
        known = sys.modules.get(module)
        if known is None and (name in _CORE or module.startswith(_PATTERNS)):
            with _bare_packages():
                known = importlib.import_module(module)
        elif known is None:  # a recogniser that works with an NLP engine
            known = importlib.import_module(module)
    return getattr(known, name)


def is_pattern(name: str) -> bool:
    """Whether a recogniser works by patterns alone, without a model. Raises `ConfigError` as `load`."""
    return _known_module(name).startswith(_PATTERNS)


def _known_module(name: str) -> str:
    try:
        return recogniser_modules()[name]
    except KeyError:
        raise ConfigError(f"Presidio has no recognizer named {name!r}") from None
