"""Makes the calls that stdin lists through a framework's own client, and prints what each gave.

python frameworks.py langchain|litellm|llama_index < {"base_url": ..., "calls": [...]}

Runs in an environment of its own: these packages pin other versions of openai. A call: `name`, `kind` (chat, stream,
tools, embed), `model`, `text`, `system`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Callable
from typing import Any

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # no download at import

RECORD = {
    "type": "function",
    "function": {
        "name": "record",
        "description": "Writes a text down.",
        "parameters": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
    },
}


def langchain(base: str) -> Callable[[dict[str, Any]], Any]:
    from langchain_openai import ChatOpenAI, OpenAIEmbeddings

    def plain(message: Any) -> dict[str, Any]:
        found: dict[str, Any] = message.model_dump(mode="json")
        return {key: value for key, value in found.items() if key != "id"}  # made by langchain

    def run(call: dict[str, Any]) -> Any:
        if call["kind"] == "embed":
            # Its default sends token ids, which no text check can read.
            client = OpenAIEmbeddings(base_url=base, api_key="x", model=call["model"], check_embedding_ctx_length=False)
            return client.embed_documents([call["text"], "b"])
        chat = ChatOpenAI(base_url=base, api_key="x", model=call["model"], max_retries=0, stream_usage=True)
        messages = [("system", call["system"]), ("human", call["text"])]
        if call["kind"] == "tools":
            return plain(chat.bind_tools([RECORD]).invoke(messages))
        if call["kind"] == "stream":
            return [plain(chunk) for chunk in chat.stream(messages)]
        return plain(asyncio.run(chat.ainvoke(messages)) if call["kind"] == "async" else chat.invoke(messages))

    return run


def litellm(base: str) -> Callable[[dict[str, Any]], Any]:
    import litellm as library

    library.telemetry = False

    def plain(answer: Any) -> dict[str, Any]:
        found: dict[str, Any] = answer.model_dump(mode="json")
        return {key: value for key, value in found.items() if key not in ("id", "created")}

    def run(call: dict[str, Any]) -> Any:
        common = {"model": f"openai/{call['model']}", "api_base": base, "api_key": "x", "max_retries": 0}
        if call["kind"] == "embed":
            return plain(library.embedding(input=[call["text"], "b"], encoding_format="float", **common))
        messages = [{"role": "system", "content": call["system"]}, {"role": "user", "content": call["text"]}]
        if call["kind"] == "tools":
            common["tools"] = [RECORD]
        if call["kind"] == "async":
            return plain(asyncio.run(library.acompletion(messages=messages, **common)))
        answer = library.completion(messages=messages, stream=call["kind"] == "stream", **common)
        return [plain(chunk) for chunk in answer] if call["kind"] == "stream" else plain(answer)

    return run


def llama_index(base: str) -> Callable[[dict[str, Any]], Any]:
    from llama_index.core.llms import ChatMessage
    from llama_index.core.tools import FunctionTool
    from llama_index.embeddings.openai import OpenAIEmbedding
    from llama_index.llms.openai import OpenAI

    def record(text: str) -> str:
        """Writes a text down."""
        return text

    def run(call: dict[str, Any]) -> Any:
        if call["kind"] == "embed":
            client = OpenAIEmbedding(model_name=call["model"], api_base=base, api_key="x", max_retries=0)
            return client.get_text_embedding_batch([call["text"], "b"])
        # The model's name must be one of OpenAI's here: the context's size is looked up by it.
        chat = OpenAI(model="gpt-4o-mini", api_base=base, api_key="x", max_retries=0)
        messages = [ChatMessage(role="system", content=call["system"]), ChatMessage(role="user", content=call["text"])]
        if call["kind"] == "tools":
            answer = chat.chat_with_tools([FunctionTool.from_defaults(record)], chat_history=messages)
            return answer.message.model_dump(mode="json")
        if call["kind"] == "stream":
            return [chunk.delta for chunk in chat.stream_chat(messages)]
        answer = asyncio.run(chat.achat(messages)) if call["kind"] == "async" else chat.chat(messages)
        return answer.message.model_dump(mode="json")

    return run


def main() -> None:
    work = json.load(sys.stdin)
    run = {"langchain": langchain, "litellm": litellm, "llama_index": llama_index}[sys.argv[1]](work["base_url"])
    out: dict[str, Any] = {}
    for call in work["calls"]:
        try:
            out[call["name"]] = {"value": run(call)}
        except Exception as error:
            out[call["name"]] = {"error": type(error).__name__, "status": getattr(error, "status_code", None)}
    print(json.dumps(out))


if __name__ == "__main__":
    main()
