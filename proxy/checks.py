"""Checks from their sections of the config, as far as they need nothing of a route."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

from guard import config as schema
from guard.check import Check
from guard.errors import ConfigError, GuardError
from proxy.asking import Asker

if TYPE_CHECKING:
    from sanitizers.obfuscate import Obfuscator

PLUGINS = "guardchain.checks"


def sanitize_check(
    spec: schema.Sanitize, key: bytes, asker: Callable[[schema.LocalRoute], Asker], old_keys: Sequence[bytes] = ()
) -> Check:
    """The `sanitize` section of a policy as a check; each tenant's surrogates are keyed by `key` and its name.

    `asker` reaches the local models it names. Raises `ConfigError` for an entity type nobody knows.
    """
    from sanitizers.check import SanitizeCheck
    from sanitizers.detect.local_model import LocalModel
    from sanitizers.detect.ner import Model, Script
    from sanitizers.options import Policy, PublicNames, SanitizerOptions
    from sanitizers.recover import Recoverer
    from sanitizers.sanitizer import Sanitizer

    options = SanitizerOptions(
        entities={name: Policy(wish.policy) for name, wish in spec.entities.items()},
        default=Policy(spec.default),
        min_score=spec.min_score,
        min_scores={name: wish.min_score for name, wish in spec.entities.items() if wish.min_score is not None},
        allow=spec.allow,
        deny=spec.deny,
        public_names=PublicNames(spec.public_names),
        restore_system=spec.restore_system,
        seconds=spec.deadline_seconds,
        ner=tuple(Model(m.path, m.labels, Script(m.script) if m.script else None) for m in spec.ner),
        recognizers=[recognizer.model_dump(exclude_none=True) for recognizer in spec.recognizers],
        registry=spec.registry,
    )
    models, recoverer = [], None
    if (wish := spec.local_model) is not None:
        if unknown := set(wish.types) - options.known:
            raise ConfigError(f"local_model: unknown entity type {sorted(unknown)[0]!r}")
        types = [name for name in wish.types if options.policy(name) is not Policy.KEEP]
        ask = asker(wish).ask_all
        models = [LocalModel(ask, types, score=wish.score, seconds=wish.seconds, max_tokens=wish.max_tokens)]
    if (second := spec.recover) is not None:
        recoverer = Recoverer(asker(second).ask, seconds=second.seconds, max_tokens=second.max_tokens)
    obfuscator = _obfuscator(spec.obfuscate) if spec.obfuscate is not None else None
    sanitizer = Sanitizer(options, key=key, old_keys=old_keys, recognisers=models, obfuscator=obfuscator)
    sanitizer.warm()  # here, so that no request waits for it
    return SanitizeCheck(sanitizer, recoverer)


def _obfuscator(spec: schema.Obfuscate) -> Obfuscator:
    from sanitizers.obfuscate import Obfuscator
    from sanitizers.obfuscate_embeddings import Embeddings

    return Obfuscator(
        Embeddings.load(spec.embeddings),
        spec.epsilon,
        candidates=spec.candidates,
        keep_similarity=spec.keep_similarity,
    )


def plugin_check(name: str, spec: schema.Plugin) -> Check:
    """A check from the entry-point group. Raises `ConfigError` when there is none of that name or it fails to start."""
    found = {e.name: e for e in entry_points(group=PLUGINS)}
    if name not in found:
        close = difflib.get_close_matches(name, found, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"installed: {', '.join(sorted(found)) or 'none'}"
        raise ConfigError(f"no check named {name!r} is installed (entry-point group {PLUGINS}); {hint}")
    try:
        factory: Callable[[Mapping[str, Any]], Check] = found[name].load()
        return factory(spec.options)
    except GuardError:
        raise
    except Exception as error:
        raise ConfigError(f"the check {name!r} failed to start: {type(error).__name__}") from error
