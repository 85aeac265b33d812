"""The answers' half of the coverage ledger: what becomes of each text a model's answer can hold.

Fields are told by their names, since the same name means the same thing wherever an answer has it; `holder.name` stands
before `name` where it does not. The list of an API's fields is the official SDK's (see `scripts/generate.py`): one with
a name that is not here is not classified, and a test fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from proxy.wire.fields import Row, Status

_OPAQUE = {
    "an id": (
        "id item_id call_id caller_id container_id file_id approval_request_id previous_response_id "
        "fingerprint system_fingerprint namespace comparison_response_id conversation.id"
    ),
    "media": (
        "audio.data image_generation_call.result partial_image_b64 image_url file_data file_url "
        "response.audio.delta.delta"
    ),
    "encrypted by the upstream": "encrypted_content",
    "a model's name": "model",
    "a word of a list": (
        "background output_format quality size service_tier error.type mode moderation.code input.code output.code"
    ),
    "our own verdict, or the upstream's moderation: names and numbers": "input.message output.message",
    "the upstream's own error, passed as it is": (
        "error.code error.message error.param misalignment.review_target misalignment.detailed_explanation "
        "misalignment.error_type"
    ),
    "random padding; goes where the text was changed": "obfuscation",
}

_GUARDED = (
    "content refusal arguments name text delta transcript title url annotations metadata input code command "
    "commands diff path logs outputs output stdout stderr keys message queries query pattern sources filename "
    "attributes results revised_prompt server_label server_description description reason user working_directory "
    "env summary action error result tools tool_choice instructions prompt safety_identifier prompt_cache_key "
    "input_schema categories pending_safety_checks.code acknowledged_safety_checks.code created_by "
    "image_generation_call.error.code image_generation_call.error.message image_generation_call.error.param "
    "variables schema prompt.version "
)

_STRIPPED = {
    "log-probabilities spell the text out: they go where it was changed": "token tokens",
}


def _index() -> dict[str, tuple[Status, str]]:
    found = dict.fromkeys(_GUARDED.split(), (Status.GUARDED, ""))
    for status, table in ((Status.OPAQUE, _OPAQUE), (Status.STRIPPED, _STRIPPED)):
        for why, names in table.items():
            found |= dict.fromkeys(names.split(), (status, why))
    return found


_BY_NAME = _index()


def classify(path: str) -> Row | None:
    """The row of one place, as `choices[].message.content`; None when nobody has said what becomes of it."""
    parts = re.sub(r"\[\]|\.\*", "", path).replace("(", ".").replace(")", "").strip(".").split(".")
    for start in range(len(parts)):
        found = _BY_NAME.get(".".join(parts[start:]))
        if found is not None:
            return Row(path, *found)
    return Row(path, Status.GUARDED, "a tool's definition") if ".tools[](" in path else None


def markdown(tables: Iterable[tuple[str, str, Iterable[str]]]) -> str:
    """The ledger as Markdown. `tables`: endpoint, kind of answer, the places in it."""
    parts = []
    for endpoint, kind, paths in tables:
        parts.append(f"### Answers of `POST {endpoint}`: {kind}\n\n| field | status | note |\n|---|---|---|")
        parts += [f"| `{row.path}` | {row.status} | {row.note} |" for row in rows(paths)]
        parts.append("")
    return "\n".join(parts)


def rows(paths: Iterable[str]) -> Iterator[Row]:
    """A row for each place. Raises `LookupError` for one that is not classified."""
    for path in paths:
        row = classify(path)
        if row is None:
            raise LookupError(f"{path} of an answer is not classified: add it to proxy/wire/answer_ledger.py")
        yield row
