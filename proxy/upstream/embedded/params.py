"""Reading request fields with OpenAI's limits and error shapes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from guard.errors import RequestError
from proxy.upstream.embedded.model import LoadedModel
from proxy.upstream.embedded.sampling import Sampling

Body = Mapping[str, Any]

MAX_CHOICES = 128
MAX_STOPS = 16
MAX_TOP_LOGPROBS = 20


def number(body: Body, key: str, default: float, low: float, high: float) -> float:
    """A number in [low, high]; absent and null mean `default`."""
    value = body.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestError(f"'{key}' must be a number.", param=key, code="invalid_type")
    if not low <= value <= high:
        raise RequestError(f"'{key}' must be between {low:g} and {high:g}.", param=key, code="invalid_value")
    return float(value)


def integer(body: Body, key: str, low: int, high: int | None = None) -> int | None:
    """A whole number in [low, high]; None when absent or null."""
    value = body.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int):
        raise RequestError(f"'{key}' must be an integer.", param=key, code="invalid_type")
    if value < low or (high is not None and value > high):
        bound = f"at least {low}" if high is None else f"between {low} and {high}"
        raise RequestError(f"'{key}' must be {bound}.", param=key, code="invalid_value")
    return value


def boolean(body: Body, key: str, default: bool = False) -> bool:
    value = body.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise RequestError(f"'{key}' must be true or false.", param=key, code="invalid_type")
    return value


def stops(body: Body) -> tuple[str, ...]:
    value = body.get("stop")
    if value is None:
        return ()
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
        raise RequestError("'stop' must be a string or a list of strings.", param="stop", code="invalid_type")
    if len(values) > MAX_STOPS:
        raise RequestError(f"'stop' takes at most {MAX_STOPS} strings.", param="stop", code="invalid_value")
    return tuple(v for v in values if v)


def include_usage(body: Body, stream: bool) -> bool:
    """`stream_options.include_usage`; stream options without a stream are an error, as at OpenAI."""
    options = body.get("stream_options")
    if options is None:
        return False
    if not isinstance(options, Mapping):
        raise RequestError("'stream_options' must be an object.", param="stream_options", code="invalid_type")
    if not stream:
        raise RequestError(
            "'stream_options' is only allowed when 'stream' is true.", param="stream_options", code="invalid_value"
        )
    return boolean(options, "include_usage")


def sampling(body: Body, loaded: LoadedModel) -> Sampling:
    """Sampling settings of a request; what it does not name comes from the model's generation_config, then OpenAI's
    defaults. Raises `RequestError` naming the field that is wrong."""
    defaults = loaded.defaults
    return Sampling(
        temperature=number(body, "temperature", defaults.get("temperature", 1.0), 0.0, 2.0),
        top_p=number(body, "top_p", defaults.get("top_p", 1.0), 0.0, 1.0),
        top_k=max(0, integer(body, "top_k", -1) or int(defaults.get("top_k", 0))),
        presence_penalty=number(body, "presence_penalty", 0.0, -2.0, 2.0),
        frequency_penalty=number(body, "frequency_penalty", 0.0, -2.0, 2.0),
        logit_bias=_bias(body, loaded.vocabulary_size),
        seed=integer(body, "seed", -(1 << 63), (1 << 63) - 1),
    )


def unsupported(param: str, why: str) -> RequestError:
    return RequestError(f"'{param}' is not supported by this model: {why}", param=param, code="unsupported_parameter")


def refuse_shaped_output(body: Body) -> None:
    """Refuse what would need constrained decoding: an answer that only looks right is worse than an error."""
    form = body.get("response_format")
    if form is not None and (not isinstance(form, Mapping) or form.get("type") != "text"):
        raise unsupported("response_format", "it answers in plain text only.")
    for key in ("structured_outputs", "guided_json", "guided_regex", "guided_choice", "guided_grammar"):
        if body.get(key) is not None:
            raise unsupported(key, "it answers in plain text only.")


@dataclass(frozen=True, slots=True)
class Budget:
    """How much one answer may grow: the request's own wish, else `default`, never past `most` nor the context."""

    context: int
    default: int
    most: int

    def of(self, wanted: int | None, prompt_tokens: int, param: str) -> int:
        """Tokens the answer may have. Raises `RequestError` `context_length_exceeded` in OpenAI's words."""
        room = self.context - prompt_tokens
        if room < (wanted != 0):
            raise RequestError(
                f"This model's maximum context length is {self.context} tokens. However, your {param} resulted in "
                f"{prompt_tokens} tokens. Please reduce the length of the {param}.",
                param=param,
                code="context_length_exceeded",
            )
        if wanted is not None and wanted > room:
            raise RequestError(
                f"This model's maximum context length is {self.context} tokens. However, you requested "
                f"{prompt_tokens + wanted} tokens ({prompt_tokens} in the {param}, {wanted} in the completion). "
                f"Please reduce the length of the {param} or completion.",
                param=param,
                code="context_length_exceeded",
            )
        return min(self.default if wanted is None else wanted, self.most, room)


def _bias(body: Body, vocabulary_size: int) -> dict[int, float]:
    value = body.get("logit_bias")
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise RequestError("'logit_bias' must be an object.", param="logit_bias", code="invalid_type")
    out: dict[int, float] = {}
    for key, bias in value.items():
        if not str(key).isdecimal() or int(key) >= vocabulary_size:
            raise RequestError("'logit_bias' has a key that is no token id.", param="logit_bias", code="invalid_value")
        if isinstance(bias, bool) or not isinstance(bias, int | float) or not -100 <= bias <= 100:
            raise RequestError(
                "'logit_bias' values must be numbers between -100 and 100.", param="logit_bias", code="invalid_value"
            )
        out[int(key)] = float(bias)
    return out
