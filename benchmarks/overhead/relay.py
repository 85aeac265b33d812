"""The least a proxy in FastAPI can do: one route, bytes in, bytes out, one pooled aiohttp session.

`RELAY_UPSTREAM=http://… uvicorn benchmarks.overhead.relay:app`
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from fastapi import FastAPI, Request
from fastapi.responses import Response, StreamingResponse

UPSTREAM = os.environ.get("RELAY_UPSTREAM", "")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1024)) as session:
        app.state.session = session
        yield


app = FastAPI(lifespan=lifespan)


@app.get("/healthz")
async def healthz() -> dict[str, str]:
    return {"status": "ok"}


@app.post("/v1/chat/completions")
async def relay(request: Request) -> Response:
    body = await request.body()
    headers = {"content-type": "application/json", "authorization": request.headers.get("authorization", "")}
    answer = await app.state.session.post(f"{UPSTREAM}/v1/chat/completions", data=body, headers=headers)
    if answer.content_type != "text/event-stream":
        async with answer:
            return Response(await answer.read(), answer.status, media_type="application/json")

    async def chunks() -> AsyncIterator[bytes]:
        async with answer:
            async for chunk in answer.content.iter_any():
                yield chunk

    return StreamingResponse(chunks(), answer.status, media_type="text/event-stream")
