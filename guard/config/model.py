"""guard.yaml as types, strict and frozen. A field's docstring is its entry in the reference and in the JSON Schema."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    PrivateAttr,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from guard.config.document import Reference, plain
from guard.verdict import Mode, OnError

# Strict in Python mode would refuse "enforce" for an enum and a list for a tuple, which is all that YAML has.
ModeField = Annotated[Mode, Field(strict=False)]
OnErrorField = Annotated[OnError, Field(strict=False)]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Seconds = Annotated[float, Field(gt=0, le=86400)]
Unit = Annotated[float, Field(ge=0, le=1)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Hidden:
    """Marks a field whose values `guard config show` does not print although they are plain strings."""


class Node(BaseModel):
    """A mapping in guard.yaml: unknown keys are errors, nothing is coerced, nothing changes after loading."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        protected_namespaces=(),
    )

    @model_validator(mode="before")
    @classmethod
    def _read_references(cls, data: Any) -> Any:
        """`port: ${PORT}` is text out of the environment; give it the type that YAML would have given it."""
        if not isinstance(data, dict) or not any(isinstance(v, Reference) for v in data.values()):
            return data
        return {k: plain(v) if isinstance(v, Reference) and not _takes_text(cls, k) else v for k, v in data.items()}


class Server(Node):
    """The listening side."""

    host: str = "127.0.0.1"
    """Address to listen on. `0.0.0.0` listens on every interface: then set `tenants` as well."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """TCP port; 0 lets the system choose one."""
    workers: Annotated[int, Field(ge=1, le=256)] = 1
    """Processes. Each embedded upstream is loaded once per worker."""
    max_body_bytes: Annotated[int, Field(ge=1024, le=1 << 30)] = 10 * 1024 * 1024
    """Largest request body in bytes; a larger one gets 413."""
    max_json_depth: Annotated[int, Field(ge=4, le=512)] = 64
    """Deepest nesting of a JSON body; a deeper one gets 400."""
    shutdown_seconds: Seconds = 30.0
    """How long requests in flight may take to finish after SIGTERM, in seconds."""
    explain: bool = False
    """Answer the request header `x-guardchain-explain` from this machine with the text as it left for the model
    (what `guard demo` shows). Callers learn nothing but how their own text was rewritten."""


class Embedded(Node):
    """A `transformers` causal language model inside this process."""

    kind: Literal["embedded"]
    """The model runs in the proxy's own process."""
    model: str = "bundled:tiny-chat"
    """`bundled:<name>`, a local directory, or a hub id such as `Qwen/Qwen3-0.6B`."""
    served_name: str | None = None
    """Name that `/v1/models` lists; null: the last part of `model`."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    """Number format of weights and cache. On CPU float32 is usually the fastest."""
    threads: Annotated[int, Field(ge=1, le=1024)] = 1
    """CPU threads for the tensor library."""
    max_queue: Annotated[int, Field(ge=1, le=100_000)] = 32
    """Requests that may wait; one more gets 429 with `Retry-After`."""
    max_tokens: Annotated[int, Field(ge=1)] = 512
    """Most tokens one answer may have, and the default where a request names no limit."""
    cache_tokens: Annotated[int, Field(ge=0)] = 65536
    """Size of the prompt cache in tokens; 0 turns it off."""
    steering: str | None = None
    """Safety subspace for this model: `bundled:<name>` or a `.safetensors` file; null: this upstream cannot steer."""


class StockVllm(Node):
    """A vLLM server without the guard's plugin that lends itself as a scorer, by its public API alone."""

    model: str
    """The served model's files, for tokenizer, template and identity: `bundled:<name>`, a directory, or a hub id."""
    served_name: str
    """The model's name at the server."""
    runner: Literal["auto", "v2"] = "auto"
    """Model runner V1 cannot score without harm to other requests and is refused: `auto` finds out by two short
    requests, `v2` states that the server runs V2."""
    max_logprobs: Annotated[int, Field(ge=1, le=128)] = 20
    """The server's `--max-logprobs`: the more, the fewer calls a score takes."""


class OpenAI(Node):
    """Any OpenAI-compatible HTTP API. Text is hidden before it leaves and restored on the way back; no steering."""

    kind: Literal["openai"]
    """Any OpenAI-compatible HTTP API."""
    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+")]
    """Where its paths start, for example `https://api.openai.com/v1`."""
    api_key: SecretStr | None = None
    """Key sent upstream when `key_from` is `config`; null sends none."""
    key_from: Literal["config", "client"] = "config"
    """`config` sends `api_key`; `client` passes on the `Authorization` header of the request."""
    local: bool = False
    """It runs under your own roof and may see text as it is: `sanitize.local_model` and `sanitize.recover` ask only
    such an upstream, or one of another kind."""
    connect_seconds: Seconds = 5.0
    """Longest time to connect, in seconds."""
    first_byte_seconds: Seconds = 120.0
    """Longest wait for the first byte of an answer, in seconds."""
    idle_seconds: Seconds = 120.0
    """Longest silence inside an answer, in seconds."""
    scoring: StockVllm | None = None
    """This API is a vLLM server without the guard's plugin, and may be a probe's `scorer`."""


class Vllm(Node):
    """A vLLM server started by `guard vllm serve`: it scores, steers and generates in one call."""

    kind: Literal["vllm"]
    """A vLLM server with the guard's plugin."""
    base_url: Annotated[str, StringConstraints(pattern=r"^https?://[^/\s]+(/v1)?/?$")]
    """Where it listens, for example `http://127.0.0.1:8000`."""
    secret: Annotated[SecretStr, Field(min_length=16)]
    """Shared with the server (its GUARDCHAIN_VLLM_SECRET): `guard vllm secret` makes one."""
    cache_salt: Literal["none", "tenant"] = "none"
    """`tenant`: tenants share no cached prompts, so that none can tell by the time what another has asked."""
    connect_seconds: Seconds = 5.0
    """Longest time to connect to the server, in seconds."""
    first_byte_seconds: Seconds = 120.0
    """Longest wait for the first byte of an answer, in seconds; scoring counts."""
    idle_seconds: Seconds = 120.0
    """Longest silence of the server inside an answer, in seconds."""


Upstream = Annotated[Embedded | OpenAI | Vllm, Field(discriminator="kind")]


class Check(Node):
    """What every check of a policy has."""

    mode: ModeField = Mode.ENFORCE
    """`off`; `monitor`: decide and record what would have been done, change nothing; `enforce`."""
    on_error: OnErrorField = OnError.BLOCK
    """When the check fails or misses its deadline: `block` the request, or `allow` it (counted as `bypass`)."""
    deadline_seconds: Seconds = 5.0
    """Longest time the check may take, in seconds."""


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


class LocalRoute(Node):
    """An upstream that may see what the provider must not. In the file also just its name."""

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


class Probe(Check):
    """Score harmfulness from a model's own log-probabilities."""

    deadline_seconds: Seconds = 10.0
    """Longest time the check may take, in seconds; waiting for the model counts."""
    scorer: str = "local"
    """The upstream whose model scores; it must be one that can (`embedded`)."""
    artifact: str = "bundled:tiny-chat"
    """Probe prefixes and calibration for the scorer's model: `bundled:<name>` or a JSON file."""
    detector: Literal["prefix_probe", "first_token_lr"] = "prefix_probe"
    """`prefix_probe`: the openings of the artefact; `first_token_lr`: its regression on the first answer token."""
    cascade: bool = True
    """Let the first answer token decide where the artefact's calibration says that it can; off: always all probes."""
    scope: Literal["latest_turn", "all", "windows"] = "latest_turn"
    """`latest_turn`: everything after the last answered assistant turn; `all`: the whole conversation; `windows`: the
    latest turn, and where it is long also overlapping pieces of it, of which the worst decides."""
    window_tokens: Annotated[int, Field(ge=32)] = 512
    """With scope `windows`: tokens of a piece; neighbours share a quarter."""
    max_windows: Annotated[int, Field(ge=2, le=1000)] = 16
    """With scope `windows`: most pieces of one text. For a longer text they grow, so that nothing is left out."""
    unwrap: bool = False
    """Score by themselves too the texts that stand encoded, quoted or as paragraphs of their own in the latest user
    message: what most wrappings of a harmful request come to."""
    tool_results: bool = False
    """Score each tool result of the scope by itself too, as if the user had said it."""
    steer_at: float | None = None
    """Score from which on an answer is steered; null: the artefact's calibration."""
    block_at: float | None = None
    """Score from which on a request is blocked; null: the artefact's calibration."""


class Steer(Check):
    """Rotate the model's hidden states towards its safety subspace, for scores between `steer_at` and `block_at`."""

    min_strength: Annotated[float, Field(gt=0, le=1)] = 0.3
    """Strength at `steer_at`; more than 0, 1 is the full rotation of the subspace artefact."""
    max_strength: Unit = 1.0
    """Strength at `block_at`."""


class External(Check):
    """Ask another guard over HTTP: a guard model behind a chat API, or a moderation API; it sees text after hiding."""

    deadline_seconds: Seconds = 10.0
    """Longest time the check may take, in seconds."""
    upstream: str
    """The upstream that reaches it; one of kind `openai` with a key of its own."""
    kind: Literal["chat", "moderations"] = "moderations"
    """`moderations`: its `/v1/moderations`; `chat`: a guard model such as Llama Guard behind chat completions."""
    model: str | None = None
    """Name of the guard's model; needed with `chat`."""
    labels: dict[str, Unit] = Field(default_factory=lambda: {"safe": 0.0, "controversial": 0.5, "unsafe": 1.0})
    """With `chat`: the words it answers, any case, each with its score."""
    logprobs: bool = True
    """With `chat`: ask for log-probabilities, so that scores lie between the labels'; off where the server cannot."""
    scope: Literal["latest_turn", "all"] = "latest_turn"
    """What of a conversation it is told, as for `probe`; never system prompts."""
    flag_at: Unit = 0.5
    """Score from which on a request is blocked."""


class Plugin(Check):
    """A check of your own, from the entry-point group `guardchain.checks`."""

    options: dict[str, Any] = Field(default_factory=dict)
    """Passed to the plugin as they stand."""


class Block(Node):
    """How a refusal by policy looks on the wire."""

    style: Literal["error", "refusal", "content_filter"] = "error"
    """`error`: 400 with `content_policy_violation`; `refusal`: 200 with a refusal message; `content_filter`: 200 with
    no text and that finish reason."""
    message: Annotated[str, StringConstraints(min_length=1, max_length=2000)] = (
        "This request was blocked by the operator's content policy."
    )
    """What the user reads."""


class Policy(Node):
    """Which checks run, in which mode.

    A check that is not listed is off; a check that is listed enforces unless it says otherwise.
    """

    sanitize: Sanitize = Field(default_factory=lambda: Sanitize(mode=Mode.OFF))
    """Hide and restore sensitive text."""
    probe: Probe = Field(default_factory=lambda: Probe(mode=Mode.OFF))
    """Score harmfulness; blocks from `block_at` on."""
    steer: Steer = Field(default_factory=lambda: Steer(mode=Mode.OFF))
    """Steer between `steer_at` and `block_at`; needs `probe`."""
    external: External | None = None
    """Ask another guard over HTTP, after `probe`."""
    block: Block = Field(default_factory=Block)
    """How a block looks on the wire."""
    plugins: dict[Name, Plugin] = Field(default_factory=dict)
    """Other people's checks by entry-point name; they run after the built-in ones, in this order."""
    unknown_paths: Literal["deny", "pass"] = "deny"
    """`/v1/*` paths the proxy does not understand: `deny` them, or `pass` them unguarded."""
    opaque_fields: Annotated[tuple[str, ...], Field(strict=False)] = ()
    """Body fields the proxy does not know that pass unread, by name or dotted path; others are refused with a 400."""
    allow_references: bool = False
    """Let Responses requests name text the proxy does not see (`previous_response_id`, `conversation`, `prompt`)."""
    moderation_object: Literal["on_request", "always"] = "on_request"
    """When answers carry OpenAI's `moderation` object with the verdicts."""


class Match(Node):
    """All conditions must hold. Patterns know `*`, `?` and `[abc]`, and tell upper case from lower."""

    model: str = "*"
    """Pattern for the `model` of the request."""
    tenant: str = "*"
    """Pattern for the name of the tenant whose key was presented; without `tenants` that name is empty."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Header name (any case) to a pattern for its value; a header that is missing does not match."""

    def fits(self, model: str, tenant: str, headers: Mapping[str, str]) -> bool:
        """Whether a request fits; `headers` has lower-case names."""
        return (
            fnmatch.fnmatchcase(model, self.model)
            and fnmatch.fnmatchcase(tenant, self.tenant)
            and all(
                (value := headers.get(name.lower())) is not None and fnmatch.fnmatchcase(value, pattern)
                for name, pattern in self.headers.items()
            )
        )


class Route(Node):
    """Where a request goes, and under which policy."""

    match: Match = Field(default_factory=Match)
    """Which requests; empty: all."""
    upstream: str
    """Name of an upstream."""
    policy: str = "default"
    """Name of a policy."""
    model: str | None = None
    """Name sent upstream in place of the one in the request; null keeps it."""


class Tenant(Node):
    """One party with keys of its own."""

    name: Name
    """Goes into the audit log and keys the surrogates."""
    key_sha256: Annotated[tuple[Sha256, ...], Field(strict=False, min_length=1)]
    """SHA-256 of each of its API keys, from `guard keys new`; two entries let a key be rotated without a gap."""


class Audit(Node):
    """One JSON line a request: decisions, entity types and counts, never text."""

    sink: Literal["stdout", "file", "off"] = "stdout"
    """Where the lines go."""
    path: str | None = None
    """The file when `sink` is `file`; it is appended to, and opened again on SIGHUP."""


class Metrics(Node):
    """Prometheus metrics."""

    enabled: bool = True
    """Serve `/metrics`."""


class Log(Node):
    """The operator's log. It never holds text of users."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least important messages that are written."""
    format: Literal["text", "json"] = "text"
    """One line of text, or one JSON object a line."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a config came from. Takes no part in comparison: two files that say the same are the same config.

    `lines` maps a key path to its line (from 1), `references` to the text with `${...}` that stood there.
    """

    path: str = field(default="built-in default", compare=False)
    lines: Mapping[tuple[str | int, ...], int] = field(default_factory=dict, compare=False)
    references: Mapping[tuple[str | int, ...], str] = field(default_factory=dict, compare=False)


def _default_upstreams() -> dict[str, Embedded | OpenAI | Vllm]:
    return {"local": Embedded(kind="embedded", served_name="tiny-chat", steering="bundled:tiny-chat")}


class Config(Node):
    """The whole of guard.yaml. The file `{}` serves the bundled model with every check enforced."""

    server: Server = Field(default_factory=Server)
    """Where the proxy listens, and its limits."""
    upstreams: Annotated[dict[Name, Upstream], Field(min_length=1)] = Field(default_factory=_default_upstreams)
    """Models by name."""
    policies: Annotated[dict[Name, Policy], Field(min_length=1)] = Field(
        default_factory=lambda: {"default": Policy(sanitize=Sanitize(), probe=Probe(), steer=Steer())}
    )
    """Policies by name."""
    routes: Annotated[tuple[Route, ...], Field(strict=False, min_length=1)] = (Route(upstream="local"),)
    """Tried in order, the first match wins; a request that matches none gets 404 `model_not_found`."""
    tenants: Annotated[tuple[Tenant, ...], Field(strict=False)] = ()
    """Who may call. Empty: no API key is asked for."""
    surrogate_key: SecretStr = SecretStr("")
    """Key of the surrogates: the same on every replica, kept over restarts. Empty: random at start, with a warning."""
    audit: Audit = Field(default_factory=Audit)
    """The audit log."""
    metrics: Metrics = Field(default_factory=Metrics)
    """Prometheus metrics."""
    log: Log = Field(default_factory=Log)
    """The operator's log."""

    _source: Source = PrivateAttr(default_factory=Source)

    @property
    def source(self) -> Source:
        """Where this config came from."""
        return self._source

    def route(self, model: str, tenant: str, headers: Mapping[str, str]) -> Route | None:
        """The first route that fits; `headers` has lower-case names. None: answer 404."""
        return next((r for r in self.routes if r.match.fits(model, tenant, headers)), None)


def _takes_text(cls: type[BaseModel], key: str) -> bool:
    info = cls.model_fields.get(key)
    return info is None or info.annotation not in (int, float, bool, float | None)
