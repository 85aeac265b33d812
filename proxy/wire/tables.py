"""Field tables shared by the endpoints: sampling, tools, moderation, and vLLM's extras (vLLM 0.32 request models)."""

from __future__ import annotations

from guard.surface import Role
from proxy.wire.fields import (
    BOOLEAN,
    INTEGER,
    NUMBER,
    TOKEN,
    Either,
    ListOf,
    Node,
    Object,
    Rejected,
    Scalar,
    Stripped,
    Tagged,
    Text,
)
from proxy.wire.trees import AnyText, Control, Schema

META = Text(Role.META)
NAME = Text()
"""Names of tools and functions: text of the client's, restored on the way back, so that calls still resolve."""

STOP = Either(string=META, array=ListOf(META))
METADATA = AnyText(Role.META)
MODEL = Scalar("model", note="model name")
COUNT = Scalar("integer", low=0)
TOKEN_IDS = Control("token ids of the model's own vocabulary", high=10_000_000)
CACHE_BREAKPOINT = Object({"mode": TOKEN, "ttl": TOKEN})

_MODE = Scalar("token", choices=("score", "block"))
MODERATION = Object(
    {
        "model": TOKEN,
        "policy": Object(dict.fromkeys(("input", "output"), Object({"mode": _MODE}))),
    },
    required=("model",),
)

LOCATION = Object(
    {
        "type": TOKEN,
        "approximate": Object(dict.fromkeys(("city", "country", "region", "timezone"), META)),
        **dict.fromkeys(("city", "country", "region", "timezone"), META),
    }
)

GRAMMAR = Object({"syntax": TOKEN, "definition": Text(), "type": TOKEN})

FUNCTION = Object(
    {"name": NAME, "description": Text(), "parameters": Schema(), "strict": BOOLEAN},
    role=Role.DEFINITION,
    required=("name",),
)

CHAT_TOOL = Tagged(
    "type",
    {
        "function": Object({"type": TOKEN, "function": FUNCTION}, role=Role.DEFINITION, required=("function",)),
        "custom": Object(
            {
                "type": TOKEN,
                "custom": Object(
                    {"name": NAME, "description": Text(), "format": Object({"type": TOKEN, "grammar": GRAMMAR})},
                    required=("name",),
                ),
            },
            role=Role.DEFINITION,
            required=("custom",),
        ),
    },
)

JSON_SCHEMA = Object(
    {"name": NAME, "description": Text(), "schema": Schema(), "strict": BOOLEAN, "type": TOKEN}, role=Role.DEFINITION
)

SAMPLING: dict[str, Node] = {
    "frequency_penalty": NUMBER,
    "logit_bias": Control("a map of token ids to numbers", high=10_000_000),
    "max_tokens": COUNT,
    "n": Scalar("integer", low=1, high=128),
    "presence_penalty": NUMBER,
    "seed": INTEGER,
    "stop": STOP,
    "stream": BOOLEAN,
    "stream_options": Object(
        {"include_usage": BOOLEAN, "include_obfuscation": BOOLEAN, "continuous_usage_stats": BOOLEAN}
    ),
    "temperature": NUMBER,
    "top_p": NUMBER,
    "user": META,
}

NEVER = "set by this proxy alone"

VLLM: dict[str, Node] = {
    **dict.fromkeys(
        ("top_k", "min_p", "repetition_penalty", "length_penalty", "min_tokens", "prompt_logprobs"), NUMBER
    ),
    **dict.fromkeys(("truncate_prompt_tokens", "thinking_token_budget", "stream_interval"), NUMBER),
    **dict.fromkeys(
        (
            "use_beam_search",
            "ignore_eos",
            "include_stop_str_in_output",
            "skip_special_tokens",
            "spaces_between_special_tokens",
            "add_special_tokens",
            "return_tokens_as_token_ids",
            "return_token_ids",
            "include_reasoning",
        ),
        BOOLEAN,
    ),
    "stop_token_ids": TOKEN_IDS,
    "allowed_token_ids": TOKEN_IDS,
    "kv_transfer_params": Control("where KV blocks lie: ids and addresses of the serving stack"),
    "bad_words": ListOf(META),
    "structured_outputs": Object(
        {
            "json": Schema(),
            "regex": Text(),
            "choice": AnyText(),
            "grammar": Text(),
            "json_object": BOOLEAN,
            "disable_any_whitespace": BOOLEAN,
            "disable_additional_properties": BOOLEAN,
            "whitespace_pattern": Text(),
            "structural_tag": AnyText(),
        },
        role=Role.DEFINITION,
    ),
    **dict.fromkeys(("guided_regex", "guided_grammar", "guided_whitespace_pattern"), Text(Role.DEFINITION)),
    "guided_json": AnyText(Role.DEFINITION),
    "guided_choice": AnyText(Role.DEFINITION),
    "guided_decoding_backend": TOKEN,
    "vllm_xargs": Stripped(NEVER + ": the way the steering strength reaches the worker"),
    "cache_salt": Stripped(NEVER + ": part of the prefix cache's key"),
    "logits_processors": Stripped("names code to run on the server"),
    "logprob_token_ids": Stripped("changes log-probabilities of other requests in the batch", allowable=True),
    "priority": Stripped("jumps the queue", allowable=True),
    "request_id": Stripped("may clash with another request", allowable=True),
    "return_prompt_text": Stripped("hands the masked prompt back", allowable=True),
    "prompt_embeds": Rejected("embeddings reach the model past every check of text"),
    "mm_payload": Rejected("it reaches the model past every check of text"),
}

VLLM_CHAT: dict[str, Node] = {
    **VLLM,
    "add_generation_prompt": BOOLEAN,
    "continue_final_message": BOOLEAN,
    "documents": AnyText(Role.TOOL),
    "chat_template": Text(Role.DEFINITION),
    "chat_template_kwargs": AnyText(Role.DEFINITION),
    "media_io_kwargs": Control("options of media decoders"),
    "mm_processor_kwargs": Control("options of media processors"),
}
