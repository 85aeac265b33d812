"""vLLM's chat and completions routes with the ladder in front of them; loaded by vLLM as an endpoint plugin.

vLLM's own handlers do the work. They are stopped once, where the prompt has been rendered and nothing has been
generated: there the prompt is scored, the policy decides, and the steering strength is put into the request.
"""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from vllm.entrypoints.openai.chat_completion import api_router as chat_routes
from vllm.entrypoints.openai.chat_completion.protocol import ChatCompletionRequest
from vllm.entrypoints.openai.completion import api_router as completion_routes
from vllm.entrypoints.openai.completion.protocol import CompletionRequest

from guard.errors import ConfigError
from guard.verdict_object import moderation_object
from steering.vllm_plugin import ROUTES, wire
from steering.vllm_plugin.doors import Doors
from steering.vllm_plugin.served import TURN, Served, Stopped, Turn, opened

_STATE = "guardchain"
Core = Callable[[Any, Request], Awaitable[Response]]


class GuardRoutes:
    """The entry point of group `vllm.endpoint_plugins`."""

    name = ROUTES
    required_tasks = ("generate",)

    def attach_router(self, app: FastAPI) -> None:
        router = APIRouter()

        @router.post("/v1/chat/completions")
        async def chat(request: ChatCompletionRequest, raw_request: Request) -> Response:
            return await _guarded(chat_routes.create_chat_completion, request, raw_request)

        @router.post("/v1/completions")
        async def completions(request: CompletionRequest, raw_request: Request) -> Response:
            return await _guarded(completion_routes.create_completion, request, raw_request)

        @router.get(wire.STATUS)
        async def status(raw_request: Request) -> Response:
            served: Served = getattr(raw_request.app.state, _STATE)
            if not wire.same_secret(raw_request.headers.get(wire.SECRET, ""), served.secret):
                return _error(401, "The status is shown to the proxy alone.", "invalid_secret")
            return JSONResponse(dict(served.status))

        @router.post(wire.SCORE_PATH)
        async def score(raw_request: Request) -> Response:
            return await _scored(raw_request)

        app.include_router(router)
        app.add_middleware(Doors, also=opened())

    async def init_state(self, engine_client: Any, state: Any, args: Namespace) -> None:
        """Raises `ConfigError` or `ArtifactError`, and vLLM does not start."""
        served = await Served.start(engine_client, args)
        setattr(state, _STATE, served)
        chat, completion = state.openai_serving_chat, state.openai_serving_completion
        completion.render_completion_request = _completion_renderer(served, completion)
        chat.render_chat_request = _chat_renderer(served, chat)


async def _guarded(core: Core, request: Any, raw_request: Request) -> Response:
    served: Served = getattr(raw_request.app.state, _STATE)
    try:
        turn = served.turn(raw_request.headers, await raw_request.json())
        _cleaned(request, turn, v2=served.status["runner"] == "v2")
    except PermissionError:
        return _error(401, "The secret is not the server's.", "invalid_secret")
    except ValueError as error:
        return _error(400, str(error), "invalid_value")
    token = TURN.set(turn)
    try:
        response = await core(request, raw_request)
    except Stopped:
        return _stopped(turn)
    except ConfigError:
        return _error(500, "The guard cannot run by this policy.", "guard_misconfigured")
    finally:
        TURN.reset(token)
    return _told(response, turn)


async def _scored(raw_request: Request) -> Response:
    """Findings without a generation: `{"messages": …, "tools": …}` or `{"prompts": […]}` in, as in the header out."""
    served: Served = getattr(raw_request.app.state, _STATE)
    try:
        turn = served.turn(raw_request.headers, await raw_request.json())
        prompts = turn.body.get("prompts")
        if not turn.trusted:
            raise PermissionError
        given = turn.body.get("messages") if prompts is None else prompts
        if not isinstance(given, list) or (prompts is not None and not all(isinstance(p, str) for p in prompts)):
            raise ValueError("'messages' or 'prompts' is needed")
        await served.judge(turn, (), prompts)
    except PermissionError:
        return _error(401, "Scores are given to the proxy alone.", "invalid_secret")
    except (ValueError, AttributeError):
        return _error(400, "This is nothing that can be scored.", "invalid_value")
    except ConfigError:
        return _error(500, "The guard cannot run by this policy.", "guard_misconfigured")
    except Stopped:
        pass
    findings = wire.findings_header(turn.decision) if turn.decision is not None else "[]"
    return Response(findings, media_type="application/json")


def _cleaned(request: Any, turn: Turn, *, v2: bool) -> None:
    """Take out what a client must not control, refuse what would pass the guard by. Raises `ValueError`."""
    request.vllm_xargs = None
    request.kv_transfer_params = None
    request.cache_salt = turn.policy.salt
    if getattr(request, "use_beam_search", False):
        raise ValueError("'use_beam_search' is not supported: beams cannot be steered")
    if getattr(request, "documents", None):
        raise ValueError("'documents' is not supported: put them into a message, where they are scored")
    if getattr(request, "prompt_embeds", None) is not None:
        raise ValueError("'prompt_embeds' is not supported: embeddings cannot be scored")
    if not v2 and getattr(request, "logprob_token_ids", None):
        raise ValueError("'logprob_token_ids' is not supported by this server's model runner")


def _chat_renderer(served: Served, serving: Any) -> Any:
    core = serving.render_chat_request

    async def render_chat_request(request: ChatCompletionRequest) -> Any:
        result = await core(request)
        if isinstance(result, tuple):  # not an error response
            (ids,) = _ids(result[1])
            await _judged(served, request, ids)
        return result

    return render_chat_request


def _completion_renderer(served: Served, serving: Any) -> Any:
    core = serving.render_completion_request
    tokenizer = serving.renderer.tokenizer

    async def render_completion_request(request: CompletionRequest) -> Any:
        result = await core(request)
        if isinstance(result, list):
            texts = [tokenizer.decode(ids, skip_special_tokens=False) for ids in _ids(result)]
            await _judged(served, request, (), texts)
        return result

    return render_completion_request


async def _judged(served: Served, request: Any, ids: Sequence[int], prompts: Sequence[str] | None = None) -> None:
    """Put the orders into the request. Raises `Stopped`, also for a request that came by no guarded route."""
    turn = TURN.get()
    if turn is None:
        raise Stopped(Turn(wire.DEFAULT, {}))
    orders = await served.judge(turn, ids, prompts)
    request.vllm_xargs = orders.to_extra_args() if orders.strength > 0 else None


def _ids(inputs: Sequence[Mapping[str, Any]]) -> list[list[int]]:
    """Token ids of rendered prompts. Raises `Stopped` for a prompt that has none, so cannot be scored."""
    found = [list(i.get("prompt_token_ids") or ()) for i in inputs]
    if not found or not all(found):
        raise Stopped(TURN.get() or Turn(wire.DEFAULT, {}))
    return found


def _stopped(turn: Turn) -> Response:
    failed = next((f for f in turn.decision.findings if f.error is not None), None) if turn.decision else None
    if turn.decision is None or failed is not None:
        check = failed.check if failed is not None else "probe"
        response = _error(503, f"The guard check '{check}' could not run.", wire.UNAVAILABLE)
    else:
        response = _error(400, "This request was blocked by the operator's content policy.", wire.BLOCKED)
        response.headers["x-should-retry"] = "false"
    return _told(response, turn)


def _told(response: Response, turn: Turn) -> Response:
    """The verdict: in headers for everybody, as findings for the proxy, as `moderation` in the body for others."""
    decision = turn.decision
    if decision is None:
        return response
    response.headers[wire.DECISION] = decision.verdict.label
    score = next((f.score for f in decision.findings if f.score is not None), None)
    if score is not None:
        response.headers[wire.SCORE] = f"{score:.6g}"
    if turn.trusted:
        response.headers[wire.FINDINGS] = wire.findings_header(decision)
        return response
    verdicts = moderation_object(decision)
    if isinstance(response, StreamingResponse):
        response.body_iterator = _with_moderation(response.body_iterator, verdicts)
        return response
    body = json.loads(bytes(response.body))
    body["moderation"] = verdicts
    headers = {k: v for k, v in response.headers.items() if k not in ("content-length", "content-type")}
    return JSONResponse(body, status_code=response.status_code, headers=headers)


async def _with_moderation(chunks: Any, verdicts: Mapping[str, Any]) -> AsyncIterator[str]:
    """On the chunks that end a choice, so before usage and `[DONE]`; all others pass unread."""
    async for chunk in chunks:
        text = chunk.decode() if isinstance(chunk, bytes) else chunk
        if '"finish_reason":"' in text and text.startswith("data: {"):
            event = json.loads(text[len("data: ") :])
            event["moderation"] = verdicts
            text = f"data: {json.dumps(event)}\n\n"
        yield text


def _error(status: int, message: str, code: str) -> Response:
    kind = "invalid_request_error" if status < 500 else "server_error"
    return JSONResponse({"error": {"message": message, "type": kind, "param": None, "code": code}}, status_code=status)
