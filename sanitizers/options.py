"""What a sanitizer is told: which types, which policy for each, which scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from guard.errors import ConfigError
from sanitizers.detect import DEFAULT_OFF, DetectorOptions, known_types
from sanitizers.detect.custom import Custom, custom, registry
from sanitizers.detect.ner import BUNDLED, Model, Script


class Policy(StrEnum):
    """What becomes of a find.

    `surrogate` and `placeholder` are restored in the answer; `one_way` (a surrogate as well) and `mask` are not; `keep`
    leaves the text; `block` refuses the request; `route_local` sends it, as it is, to a local upstream.
    """

    SURROGATE = "surrogate"
    PLACEHOLDER = "placeholder"
    ONE_WAY = "one_way"
    MASK = "mask"
    KEEP = "keep"
    BLOCK = "block"
    ROUTE_LOCAL = "route_local"


class PublicNames(StrEnum):
    """What becomes of names of countries and great cities (`sanitizers.detect.public_names`)."""

    HIDE = "hide"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class SanitizerOptions:
    """`entities`: policy by type, `default` for the others (types off by default need an entry to be looked for).

    `min_score` is the least score that counts, `min_scores` says so by type. `allow` values are never touched, `deny`
    values always (as type CUSTOM). `restore_system`: restore what stood only in system prompts and tool definitions.
    `seconds`: time the work on one request may take before it fails closed. `ner`: models that find named entities.
    `public_names`: whether `keep` leaves countries, continents and great cities that nothing ties to somebody.
    `recognizers`: further patterns, in the form of Presidio's registry YAML (`sanitizers.detect.custom`); `registry`: a
    file of them. Their types may be named in `entities`.
    """

    entities: Mapping[str, Policy] = field(default_factory=dict)
    default: Policy = Policy.SURROGATE
    min_score: float = 0.5
    min_scores: Mapping[str, float] = field(default_factory=dict)
    allow: Sequence[str] = ()
    deny: Sequence[str] = ()
    restore_system: bool = False
    public_names: PublicNames = PublicNames.HIDE
    seconds: float = 10.0
    remember: int = 16_384
    ner: Sequence[str | Model] = BUNDLED
    recognizers: Sequence[Mapping[str, Any] | str] = ()
    registry: str | None = None
    further: Sequence[Custom] = field(init=False, default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        further = (*custom(self.recognizers), *(registry(self.registry) if self.registry else ()))
        object.__setattr__(self, "further", further)
        try:
            object.__setattr__(self, "public_names", PublicNames(self.public_names))
        except ValueError:
            raise ConfigError(f"public_names is one of {', '.join(PublicNames)}") from None
        for score in (self.min_score, *self.min_scores.values()):
            if not 0 <= score <= 1:
                raise ConfigError(f"min_score is a confidence between 0 and 1, not {score}")
        known = self.known
        for name in (*self.entities, *self.min_scores):
            if name not in known:
                raise ConfigError(f"unknown entity type {name!r}; known: {', '.join(sorted(known))}")

    @classmethod
    def parse(cls, options: Mapping[str, Any]) -> SanitizerOptions:
        """From the `sanitize` section of a policy. An entity's value is a policy's name or {policy, min_score}.

        Raises `ConfigError` for unknown keys, types and policies.
        """
        values = {k: v for k, v in options.items() if k not in ("mode", "on_error", "deadline_seconds", "route_local")}
        entities: dict[str, Policy] = {}
        scores: dict[str, float] = dict(values.pop("min_scores", None) or {})
        for name, wish in (values.pop("entities", None) or {}).items():
            if isinstance(wish, Mapping):
                if (score := wish.get("min_score")) is not None:
                    scores[name] = float(score)
                wish = wish.get("policy", Policy.SURROGATE)
            try:
                entities[name] = Policy(str(wish))
            except ValueError:
                raise ConfigError(f"unknown policy for {name}; known: {', '.join(Policy)}") from None
        unknown = set(values) - (set(cls.__dataclass_fields__) - {"further"})
        if unknown:
            raise ConfigError(f"unknown sanitize option {sorted(unknown)[0]!r}")
        if "ner" in values:
            values["ner"] = tuple(_model(wish) for wish in values["ner"] or ())
        if "default" in values:
            values["default"] = Policy(str(values["default"]))
        return cls(entities=entities, min_scores=scores, **values)

    @property
    def known(self) -> frozenset[str]:
        """Every type that may be found: those of `known_types` and of the further recognisers."""
        return known_types().union(*(recogniser.types for recogniser in self.further))

    def policy(self, type_: str) -> Policy:
        return self.entities.get(type_, self.default)

    def detector(self) -> DetectorOptions:
        """The options of a detector that looks for every type whose policy is not `keep`."""
        types = frozenset(
            t for t in self.known if (t in self.entities or t not in DEFAULT_OFF) and self.policy(t) is not Policy.KEEP
        )
        return DetectorOptions(
            types=types,
            min_score=self.min_score,
            min_scores=self.min_scores,
            allow=self.allow,
            deny=self.deny,
            seconds=self.seconds,
            remember=self.remember,
            ner=self.ner,
            further=self.further,
        )


def _model(wish: str | Mapping[str, Any]) -> Model:
    """From an entry of `ner`: a path or name, or {path, labels, script}."""
    if isinstance(wish, str):
        return Model(wish)
    script = wish.get("script")
    try:
        return Model(str(wish["path"]), dict(wish.get("labels") or {}), None if script is None else Script(script))
    except (KeyError, ValueError):
        raise ConfigError("ner: an entry is a path or {path, labels, script: chinese, other or any}") from None
