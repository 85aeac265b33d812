"""Steering and probing inside vLLM, as a plugin of two entry points; no fork, no patched files.

`vllm.general_plugins` → `register`, run in every process of vLLM: model classes that rotate hidden states
(`models`), the strength of each token (`runner_v1`, `runner_v2`), cache keys (`block_keys`), checks of the
configuration and of every request (`admission`). `vllm.endpoint_plugins` → `routes`, run in the API server: scores,
decides, steers and answers. Nothing changes until the config names a subspace (`settings`).
"""

from __future__ import annotations

PLUGIN = "guardchain"
"""Name of the general plugin, and of our part of vLLM's `--additional-config`."""

ROUTES = "guardchain_routes"
"""Name of the endpoint plugin; vLLM loads it only when VLLM_PLUGINS names it (and then the general one too)."""

VERSION = 1
"""Goes into vLLM's config hash: a compiled graph of another version of this plugin is never loaded."""


def register() -> None:
    """Entry point; called in the API server, the engine, every worker, and the process that inspects models."""
    from vllm import ModelRegistry

    from steering.vllm_plugin import admission, block_keys
    from steering.vllm_plugin.architectures import CLASSES

    for architecture, path in CLASSES.items():
        ModelRegistry.register_model(architecture, path)
    block_keys.install()
    admission.install()
