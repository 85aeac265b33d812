"""Presidio's two HTTP services in one process, as LiteLLM's guardrail calls them: `/analyze` and `/anonymize`.

`python -m benchmarks.overhead.presidio_service PORT`, in an environment with presidio-analyzer and presidio-anonymizer.
The routes are those of Presidio's own images; the NER model is the one that ships with us, which is smaller and
faster than the `en_core_web_lg` of those images, so that the guardrail looks better here than in production.
"""

from __future__ import annotations

import asyncio
import json
import sys
from functools import partial
from typing import Any

import uvicorn
from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine
from presidio_anonymizer import AnonymizerEngine
from presidio_anonymizer.entities import OperatorConfig, RecognizerResult
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse
from starlette.routing import Route

from guard.assets import resolve


def engine() -> AnalyzerEngine:
    import spacy

    class Bundled(SpacyNlpEngine):  # type: ignore[misc]
        """Presidio's spaCy engine on a pipeline from a directory: nothing is downloaded."""

        def load(self) -> None:
            self.nlp = {"en": spacy.load(resolve("bundled:ner-en", "model"))}

    nlp = Bundled(ner_model_configuration=NerModelConfiguration())
    nlp.load()
    return AnalyzerEngine(nlp_engine=nlp, supported_languages=["en"])


ANALYZER, ANONYMIZER = engine(), AnonymizerEngine()


async def analyze(request: Request) -> JSONResponse:
    wish: dict[str, Any] = await request.json()
    work = partial(
        ANALYZER.analyze,
        text=wish["text"],
        language=wish.get("language", "en"),
        entities=wish.get("entities"),
        score_threshold=wish.get("score_threshold"),
    )
    found = await asyncio.to_thread(work)
    return JSONResponse([r.to_dict() for r in found])


async def anonymize(request: Request) -> JSONResponse:
    wish: dict[str, Any] = await request.json()
    results = [RecognizerResult(r["entity_type"], r["start"], r["end"], r["score"]) for r in wish["analyzer_results"]]
    operators = {k: OperatorConfig.from_json(v) for k, v in (wish.get("anonymizers") or {}).items()}
    done = ANONYMIZER.anonymize(text=wish["text"], analyzer_results=results, operators=operators)
    return JSONResponse(json.loads(done.to_json()))


async def health(request: Request) -> PlainTextResponse:
    return PlainTextResponse("Presidio is up")


app = Starlette(
    routes=[
        Route("/analyze", analyze, methods=["POST"]),
        Route("/anonymize", anonymize, methods=["POST"]),
        Route("/health", health),
    ]
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), access_log=False, log_level="warning")
