"""The two gates in front of the engine: the configuration at start, the orders of every request.

Both wrap one function of vLLM's front end, where an exception still is an error message; in the engine or a worker
it would end the process.
"""

from __future__ import annotations

import functools
from typing import Any

from guard.errors import ConfigError
from steering.artifact import Subspace
from steering.vllm_plugin import PLUGIN
from steering.vllm_plugin.architectures import CLASSES
from steering.vllm_plugin.orders import Orders
from steering.vllm_plugin.settings import Settings

_MARK = "_guardchain_installed"
_MICROBATCHES = "dual batch overlap (--enable-dbo) and microbatches: their strengths would be those of other tokens"


def install() -> None:
    """Idempotent."""
    from vllm.engine.arg_utils import EngineArgs
    from vllm.v1.engine.input_processor import InputProcessor

    if not hasattr(EngineArgs, _MARK):
        EngineArgs.create_engine_config = _checking(EngineArgs.create_engine_config)
        setattr(EngineArgs, _MARK, True)
    if not hasattr(InputProcessor, _MARK):
        InputProcessor.process_inputs = _admitting(InputProcessor.process_inputs)
        setattr(InputProcessor, _MARK, True)


def check_config(vllm_config: Any) -> Subspace | None:
    """Whether this configuration can steer what it says it does. None: it does not speak of us.

    Raises `ConfigError` for what would steer wrongly or not at all, `ArtifactError` for the subspace.
    """
    settings = Settings.of(vllm_config.additional_config)
    if settings is None:
        return None
    _refuse(vllm_config)
    subspace = settings.load(vllm_config.model_config.model)
    config = vllm_config.model_config.hf_config.get_text_config()
    if subspace.width != config.hidden_size:
        raise ConfigError(f"the subspace has width {subspace.width}, the model's hidden state {config.hidden_size}")
    missing = sorted(i for i in subspace.layers if i >= config.num_hidden_layers)
    if missing:
        raise ConfigError(f"the subspace steers layer {missing[0]}, the model has {config.num_hidden_layers} layers")
    return subspace


def _refuse(vllm_config: Any) -> None:
    model, parallel = vllm_config.model_config, vllm_config.parallel_config
    architecture = model.architecture
    if architecture not in CLASSES:
        raise ConfigError(f"steering knows no architecture {architecture!r}; it knows {', '.join(sorted(CLASSES))}")
    if getattr(model.hf_config.get_text_config(), "ada_rms_norm_t_cond", False):
        raise ConfigError("steering does not know models with adaptive norms")
    reasons = {
        "speculative decoding (--speculative-config): drafted tokens would not be steered": (
            vllm_config.speculative_config is not None
        ),
        "pipeline parallelism (--pipeline-parallel-size)": parallel.pipeline_parallel_size > 1,
        "prefill context parallelism": getattr(parallel, "prefill_context_parallel_size", 1) > 1,
        _MICROBATCHES: bool(getattr(parallel, "use_ubatching", False)),
        "LoRA adapters (--enable-lora): the subspace is made for the base model": vllm_config.lora_config is not None,
        "the Rust front end (VLLM_USE_RUST_FRONTEND), which loads no plugins": _rust(),
        "a runner other than 'generate'": model.runner_type != "generate",
    }
    wrong = [reason for reason, holds in reasons.items() if holds]
    if wrong:
        raise ConfigError(f"steering does not work with {wrong[0]}")


def _rust() -> bool:
    import vllm.envs

    return bool(getattr(vllm.envs, "VLLM_USE_RUST_FRONTEND", False))


def _checking(create: Any) -> Any:
    @functools.wraps(create)
    def create_engine_config(self: Any, *args: Any, **kwargs: Any) -> Any:
        settings = Settings.sealed(self.additional_config)
        if settings is not None:
            if self.enable_dbo or self.ubatch_size > 1:  # before vLLM asks for communication libraries they need
                raise ConfigError(f"steering does not work with {_MICROBATCHES}")
            self.additional_config = {**self.additional_config, PLUGIN: settings.to_dict()}
        vllm_config = create(self, *args, **kwargs)
        check_config(vllm_config)
        return vllm_config

    return create_engine_config


def _admitting(process: Any) -> Any:
    @functools.wraps(process)
    def process_inputs(self: Any, request_id: str, prompt: Any, params: Any, *args: Any, **kwargs: Any) -> Any:
        orders = Orders.of(getattr(params, "extra_args", None))
        if orders.strength == 0:
            return process(self, request_id, prompt, params, *args, **kwargs)
        settings = Settings.of(self.vllm_config.additional_config)
        if settings is None:
            raise ValueError("this server has no safety subspace, so it cannot steer")
        request = process(self, request_id, prompt, params, *args, **kwargs)
        admitted, tokens = request.sampling_params, request.prompt_token_ids
        if tokens is None:
            raise ValueError("a prompt without token ids cannot be steered")
        # Replaced, not updated: the caller's own parameters may share the dict.
        admitted.extra_args = {
            **admitted.extra_args,
            **orders.resolved(len(tokens), settings.sha256[:16]).to_extra_args(),
        }
        return request

    return process_inputs
