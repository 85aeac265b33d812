"""The check that hides and restores."""

from __future__ import annotations

from typing import Annotated, Any, Literal, get_args

from pydantic import Field, GetJsonSchemaHandler, StringConstraints, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from guard.config.checks import Check
from guard.config.node import Hidden, Node, Seconds, Unit

Hiding = Literal["surrogate", "placeholder", "one_way", "mask", "keep", "block", "route_local"]


class Entity(Node):
    """What becomes of one type of entity. In the file also just a policy's name, or just a confidence."""

    policy: Hiding = "surrogate"
    """`surrogate` (a realistic stand-in) and `placeholder` are restored in the answer, `one_way` (a stand-in too) and
    `mask` are not; `keep` leaves the text as it is; `block` refuses the request; `route_local` sends it to the policy's
    local upstream instead."""
    min_score: Unit | None = None
    """A confidence of its own in place of the policy's `min_score`."""

    @model_validator(mode="before")
    @classmethod
    def _read_short_forms(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"policy": data}
        if isinstance(data, int | float) and not isinstance(data, bool):
            return {"min_score": data}
        return data

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        long_form = handler.resolve_ref_schema(handler(core))
        score = {"type": "number", "minimum": 0, "maximum": 1}
        return {"anyOf": [long_form, {"enum": list(get_args(Hiding))}, score], "title": "Entity"}


class Destination(Node):
    """An upstream, and a model there. In the file also just the upstream's name."""

    upstream: str
    """Name of an upstream."""
    model: str | None = None
    """Name sent there in place of the one in the request; null keeps it."""

    @model_validator(mode="before")
    @classmethod
    def _read_short_form(cls, data: Any) -> Any:
        return {"upstream": data} if isinstance(data, str) else data

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        long_form = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [long_form, {"type": "string"}], "title": cls.__name__}


class LocalRoute(Destination):
    """An upstream that may see what the provider must not. In the file also just its name."""


class LocalModel(LocalRoute):
    """A local model that is asked for sensitive values, besides the recognisers. In the file also just its upstream."""

    model: str | None = None
    """Name of the model there; may be left out where the upstream is an `embedded` one."""
    types: Annotated[tuple[str, ...], Field(strict=False, min_length=1)] = (
        "PERSON",
        "ORGANIZATION",
        "LOCATION",
        "ADDRESS",
        "TITLE",
        "EMAIL_ADDRESS",
        "PHONE_NUMBER",
    )
    """The entity types it is asked for."""
    score: Unit = 0.7
    """The confidence of what it names and the text holds."""
    seconds: Seconds = 4.0
    """Longest wait for its answers about one text, in seconds; keep it below `deadline_seconds`."""
    max_tokens: Annotated[int, Field(ge=16, le=32768)] = 1024
    """Most tokens of an answer about 2000 characters; one that is cut off counts as a failure."""


class Recover(LocalRoute):
    """A local model that corrects what an answer derived from stand-ins. In the file also just its upstream."""

    model: str | None = None
    """Name of the model there; may be left out where the upstream is an `embedded` one."""
    seconds: Seconds = 20.0
    """Longest wait for a correction, in seconds; after that the answer stays as restored."""
    max_tokens: Annotated[int, Field(ge=16, le=32768)] = 2048
    """Most tokens of a correction; answers of more than twice as many characters are not looked at."""


class NerModel(Node):
    """A model that finds named entities. In the file also just its path."""

    path: str
    """`bundled:ner-en`, `bundled:ner-zh`, a folder (spaCy, transformers or GLiNER) or an installed spaCy package."""
    labels: dict[str, str] = Field(default_factory=dict)
    """From the model's labels to entity types, beyond the usual names; for GLiNER the labels to ask for."""
    script: Literal["chinese", "other", "any"] | None = None
    """The text it gets: lines with Chinese characters, all else, or both; null: by the model's language."""

    @model_validator(mode="before")
    @classmethod
    def _read_short_form(cls, data: Any) -> Any:
        return {"path": data} if isinstance(data, str) else data

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        long_form = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [long_form, {"type": "string"}], "title": cls.__name__}


class Pattern(Node):
    """A regular expression of a recogniser of your own."""

    regex: Annotated[str, StringConstraints(min_length=1, max_length=4000)]
    """In the syntax of Python's `regex` package; upper and lower case are alike."""
    score: Unit = 0.6
    """Confidence of its matches; a context word near one adds 0.35."""
    name: str | None = None
    """Names it in explanations."""


class Recognizer(Node):
    """A recogniser of your own, in the form of Presidio's registry YAML; or the name of one that Presidio ships."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    """What it is called; alone, a recogniser of Presidio's such as `NgVehicleRegistrationRecognizer`."""
    entity: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")] | None = None
    """The entity type of its finds, a new one or a known one; Presidio's key `supported_entity` means the same."""
    patterns: Annotated[tuple[Pattern, ...], Field(strict=False)] = ()
    """Its regular expressions."""
    deny_list: Annotated[tuple[str, ...], Field(strict=False), Hidden()] = ()
    """Words that are finds as they stand."""
    deny_list_score: Unit = 1.0
    """Confidence of those words."""
    context: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Words that add 0.35 to a match's confidence when they stand near it."""
    languages: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Read and not used: texts do not say their language. Presidio's `supported_language(s)` means the same."""

    @model_validator(mode="before")
    @classmethod
    def _read_presidio_form(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"name": data}
        if not isinstance(data, dict):
            return data
        names = {"supported_entity": "entity", "supported_languages": "languages", "supported_language": "languages"}
        read = {names.get(key, key): value for key, value in data.items() if key != "type"}
        if isinstance(read.get("languages"), str):
            read["languages"] = [read["languages"]]
        return read

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        long_form = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [long_form, {"type": "string"}], "title": cls.__name__}


class Obfuscate(Node):
    """Draw the low-risk words of users' texts anew under local differential privacy; see `docs/sanitise.md`."""

    epsilon: Annotated[float, Field(gt=0, le=200)]
    """What each word may tell: less is more private and less readable. Below 10 hardly a word stays, above 20 most."""
    embeddings: str = "bundled:tiny-chat"
    """The model whose token embeddings say which words are alike: `bundled:<name>`, a directory, or a hub id."""
    candidates: Annotated[int, Field(ge=2, le=200_000)] = 2048
    """How many of that model's words may come out, the most frequent ones; more of them need a larger `epsilon`."""
    keep_similarity: Annotated[float, Field(gt=0, le=1)] = 0.6
    """Words whose embedding is this close (cosine) to a word of the question are kept."""


class Sanitize(Check):
    """Hide sensitive text on the way in, restore it on the way out."""

    min_score: Unit = 0.5
    """Detections below this confidence are ignored."""
    default: Hiding = "surrogate"
    """What becomes of entity types that `entities` does not name."""
    entities: dict[str, Entity] = Field(default_factory=dict)
    """By entity type (`EMAIL_ADDRESS`, ...): a mapping, or short a policy such as `mask`, or short a confidence."""
    recognizers: Annotated[tuple[Recognizer, ...], Field(strict=False)] = ()
    """Recognisers of your own; their entity types may stand in `entities`."""
    registry: str | None = None
    """A registry file of Presidio's: its custom recognisers, and the predefined ones it enables, run as well."""
    allow: Annotated[tuple[str, ...], Field(strict=False), Hidden()] = ()
    """Exact values that are never hidden, such as your own support address."""
    deny: Annotated[tuple[str, ...], Field(strict=False), Hidden()] = ()
    """Exact values that are always hidden, such as project code names."""
    public_names: Literal["hide", "keep"] = "hide"
    """`keep` leaves countries, continents and great cities where nothing beside them says whose they are."""
    restore_system: bool = False
    """Restore in answers what stood in system prompts and tool definitions alone; off, users cannot read it out."""
    route_local: LocalRoute | None = None
    """Where requests with a value of policy `route_local` go, unmasked; needed as soon as a type has that policy."""
    local_model: LocalModel | None = None
    """A local model that finds what no recogniser knows; when it fails, the check does (`on_error`)."""
    ner: Annotated[tuple[NerModel, ...], Field(strict=False)] = (
        NerModel(path="bundled:ner-en"),
        NerModel(path="bundled:ner-zh"),
    )
    """Models that find persons, organisations, places, addresses, titles and dates: by default `bundled:ner-en` and
    `bundled:ner-zh`; `[]`: rules alone."""
    recover: Recover | None = None
    """A local model that mends ages, sums and dates computed from stand-ins, in answers that are not streamed."""
    obfuscate: Obfuscate | None = None
    """Draw words that the question does not need anew. Answers keep them as they left: nothing of it is restored."""

    def routes_local(self) -> bool:
        """Whether any type has the policy `route_local`."""
        return self.default == "route_local" or any(e.policy == "route_local" for e in self.entities.values())
