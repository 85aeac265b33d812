"""The guard of one running server: artefacts, scorer, canary, status; and the ladder in front of each generation."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import guard
from detectors.prefix_probing.artifact import ProbeSet
from detectors.prefix_probing.probe import PrefixProbe
from guard.errors import ConfigError
from guard.model_identity import ModelIdentity
from guard.verdict import Decision, Finding, Verdict
from steering.vllm_plugin import canary, ladder, wire
from steering.vllm_plugin.admission import check_config
from steering.vllm_plugin.orders import Orders
from steering.vllm_plugin.scorer import SERVED, EngineScorer
from steering.vllm_plugin.scorer import Served as Serving
from steering.vllm_plugin.settings import Settings, file_digest, model_directory

log = logging.getLogger("vllm.guardchain")


@dataclass(slots=True)
class Turn:
    """One request on its way: the policy it is judged by, its JSON body, and what came of it."""

    policy: wire.Policy
    body: Mapping[str, Any]
    trusted: bool = False
    rank: int | None = None
    decision: Decision | None = None


TURN: ContextVar[Turn | None] = ContextVar("guardchain_turn", default=None)


class Stopped(Exception):
    """The ladder's answer is not to generate. `turn` holds the decision."""

    def __init__(self, turn: Turn) -> None:
        super().__init__("stopped by the guard")
        self.turn = turn


@dataclass(frozen=True, slots=True)
class Served:
    """Everything the routes need, made once the engine runs."""

    secret: str
    probe: PrefixProbe
    window: int | None
    can_steer: bool
    status: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    async def start(cls, client: Any, args: Any) -> Served:
        """Load and check the artefacts, prove that steering reaches the logits, warm the probes up.

        Raises `ConfigError` or `ArtifactError`: vLLM then does not start to serve.
        """
        from transformers import AutoTokenizer

        vllm_config = client.vllm_config
        if vllm_config.lora_config is not None:
            raise ConfigError("the guard does not know LoRA adapters: its artefacts are made for the base model")
        if getattr(args, "chat_template", None):
            raise ConfigError("--chat-template: the guard's artefacts are made for the model's own chat template")
        secret = os.environ.get(wire.ENV_SECRET, "")
        if len(secret) < 16:
            raise ConfigError(f"{wire.ENV_SECRET} must hold the secret shared with the proxy, 16 characters or more")
        file = Path(_needed(wire.ENV_PROBES))
        model = vllm_config.model_config
        directory = model_directory(model.model)
        identity = ModelIdentity.of(directory, name=Path(model.model).name)
        v2 = bool(vllm_config.use_v2_model_runner)
        scorer = EngineScorer(
            client,
            AutoTokenizer.from_pretrained(directory),
            identity,
            v2=v2,
            max_length=model.max_model_len,
            dtype=str(model.dtype).removeprefix("torch."),
            vocabulary_size=model.get_vocab_size(),
        )
        probe = PrefixProbe(ProbeSet.load(file, identity), scorer)
        subspace, settings = check_config(vllm_config), Settings.of(vllm_config.additional_config)
        moved = None
        if subspace is not None:
            moved = await canary.check_client(client.generate, model.get_vocab_size())
            log.info("guardchain: steering reaches the logits (%s)", moved)
        await probe.score_ids(canary.prompt_for(model.get_vocab_size()))
        status = {
            "protocol": wire.PROTOCOL,
            "plugin": guard.__version__,
            "vllm": _version(),
            "runner": "v2" if v2 else "v1",
            "compiled": not model.enforce_eager,
            "model": identity.to_dict(),
            "dtype": scorer.dtype,
            "probes": {
                "sha256": file_digest(file),
                "steer_at": probe.calibration.steer_at,
                "block_at": probe.calibration.block_at,
            },
            "subspace": None
            if subspace is None or settings is None
            else {"sha256": settings.sha256, "layers": sorted(subspace.layers), "window": subspace.window},
            "canary": moved,
            "open": opened(),
        }
        return cls(secret, probe, None if subspace is None else subspace.window, subspace is not None, status)

    def turn(self, headers: Mapping[str, str], body: Mapping[str, Any]) -> Turn:
        """Who asks, and by which numbers. Raises `PermissionError` for a wrong secret, `ValueError` for a policy."""
        shown, rank = headers.get(wire.SECRET), _rank(headers)
        if shown is None:
            return Turn(wire.DEFAULT, body, rank=rank)
        if not wire.same_secret(shown, self.secret):
            raise PermissionError
        sent = headers.get(wire.POLICY)
        return Turn(wire.DEFAULT if sent is None else wire.Policy.from_header(sent), body, True, rank)

    async def judge(self, turn: Turn, rendered: Sequence[int], prompts: Sequence[str] | None = None) -> Orders:
        """Score, decide, and say how to steer. Raises `Stopped` when the policy blocks.

        `rendered`: the token ids that vLLM is about to serve for the body's messages. `prompts`: texts to score in
        place of messages, each as the user's turn of a chat: that is what probes are calibrated on.
        """
        if turn.policy.strength is not None:
            return self._decided(turn, turn.policy.strength)
        messages = turn.body.get("messages")
        token = SERVED.set(Serving(turn.policy.salt, turn.rank, messages or (), rendered))
        try:
            turn.decision = await ladder.decide(
                turn.policy,
                self.probe,
                can_steer=self.can_steer,
                messages=messages if prompts is None else None,
                prompts=prompts,
                tools=turn.body.get("tools"),
            )
        finally:
            SERVED.reset(token)
        if turn.decision.verdict is Verdict.BLOCK:
            raise Stopped(turn)
        return Orders(strength=turn.decision.strength, start=-1, window=self.window)

    def _decided(self, turn: Turn, strength: float) -> Orders:
        """Orders by the strength that came with the policy. Raises `Stopped` when this server cannot steer."""
        turn.decision = Decision()
        if strength > 0 and not self.can_steer:
            turn.decision = Decision((Finding("steer", Verdict.BLOCK, error="unsupported"),))
            raise Stopped(turn)
        return Orders(strength=strength, start=-1, window=self.window)


def _rank(headers: Mapping[str, str]) -> int | None:
    """The data-parallel engine that a router in front has chosen, as vLLM's own handlers read it."""
    value = headers.get("x-data-parallel-rank", "")
    return int(value) if value.isdecimal() else None


def opened() -> list[str]:
    """Paths that the operator opens by name."""
    return sorted(p for p in os.environ.get(wire.ENV_OPEN, "").split(",") if p.startswith("/"))


def _needed(variable: str) -> str:
    value = os.environ.get(variable, "")
    if not value:
        raise ConfigError(f"{variable} must name the probe set for this model (`guard vllm serve` sets it)")
    return value


def _version() -> str:
    import vllm

    return str(vllm.__version__)
