"""From a config to an assembly: starts upstreams, loads artefacts, binds every route's checks."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from guard import config as schema
from guard.assets import resolve
from guard.audit import Audit, sink_of
from guard.chain import Chain, Link
from guard.check import Check, Quartered
from guard.config import Config
from guard.errors import ConfigError
from guard.extras import explained
from guard.metrics import Metrics
from guard.verdict import Mode
from proxy.asking import Asker
from proxy.assembly import Assembly, Guarded
from proxy.auth import Authenticator
from proxy.checks import plugin_check, sanitize_check
from proxy.external import posting
from proxy.seal import Seal
from proxy.upstream.base import Filed, Upstream
from proxy.upstream.build import build_upstream, served_name
from proxy.upstream.vllm_check import VllmProbe, policy_of
from proxy.upstream.vllm_check import strict as strict_ladder
from proxy.wire.request import Options
from steering.vllm_plugin.wire import Policy as VllmPolicy

log = logging.getLogger("proxy")

_WILD = frozenset("*?[")
_GENERATING = frozenset(("probe", "steer"))
_JUDGING = frozenset(("probe", "external"))


async def assemble(
    config: Config, *, surrogate_key: bytes, metrics: Metrics, previous: Assembly | None = None
) -> Assembly:
    """Build and start everything `config` names. Upstreams that `previous` runs under the same settings are kept,
    unless other files lie where theirs did.

    Raises `ConfigError`, `ArtifactError` or `UpstreamError`; whatever was started by then is closed again.
    """
    upstreams: dict[str, Upstream] = {}
    fresh: list[Upstream] = []
    try:
        for name, spec in config.upstreams.items():
            if previous is not None and previous.config.upstreams.get(name) == spec:
                kept = previous.upstreams[name]
                if not (isinstance(kept, Filed) and await kept.outdated()):
                    upstreams[name] = kept
                    continue
            upstream = build_upstream(name, spec, metrics)
            fresh.append(upstream)
            await upstream.start()
            upstreams[name] = upstream
        builder = _Builder(config, upstreams, surrogate_key, asyncio.get_running_loop(), metrics)
        # Recognisers and artefacts take a moment to load; on a reload others are being served meanwhile.
        guards = await asyncio.to_thread(lambda: [builder.guarded(route) for route in config.routes])
        metrics.expect(_checks(guards), upstreams, _quartered(guards))
        audit = previous.audit if previous is not None and previous.config.audit == config.audit else None
        return Assembly(
            config=config,
            upstreams=upstreams,
            guards=guards,
            auth=Authenticator(config),
            audit=audit or Audit(sink_of(config.audit), on_failure=metrics.audit_failure),
            seal=Seal([surrogate_key, *_old_keys(config)]),
            explain=config.server.explain,
            models=_vouched(config),
        )
    except BaseException as error:
        for upstream in fresh:
            await _close(upstream)
        if isinstance(error, ModuleNotFoundError):
            raise explained(error) from None
        raise


class _Builder:
    """Makes the chains of one config; probes and sanitizers are shared between routes that ask for the same."""

    def __init__(
        self,
        config: Config,
        upstreams: Mapping[str, Upstream],
        surrogate_key: bytes,
        loop: asyncio.AbstractEventLoop,
        metrics: Metrics,
    ) -> None:
        self._config = config
        self._loop = loop
        self._metrics = metrics
        self._upstreams = upstreams
        self._surrogate_key = surrogate_key
        self._probes: dict[tuple[str, str, str, bool], Any] = {}
        self._sanitizers: dict[str, Check] = {}
        self._guards: dict[tuple[str, str], Guarded] = {}

    def guarded(self, route: schema.Route) -> Guarded:
        known = self._bound(route.policy, route.upstream)
        spec = self._config.upstreams[route.upstream]
        # An embedded upstream answers to any name, so a catch-all route must not make it answer for all models.
        serves = served_name(spec) if isinstance(spec, schema.Embedded) and route.match.model == "*" else None
        fallbacks = tuple(replace(self._bound(route.policy, f.upstream), model=f.model) for f in route.fallback)
        return replace(known, model=route.model, serves=serves, fallbacks=fallbacks)

    def _bound(self, policy: str, upstream: str) -> Guarded:
        known = self._guards.get((policy, upstream))
        if known is None:
            known = self._guards[policy, upstream] = self._bind(policy, upstream)
        return known

    def _bind(self, policy_name: str, upstream_name: str, *, sanitize: bool = True) -> Guarded:
        """The policy at that upstream; without `sanitize` for what a local upstream may see as it is."""
        policy = self._config.policies[policy_name]
        if not sanitize:
            policy = policy.model_copy(update={"sanitize": schema.Sanitize(mode=Mode.OFF)})
        upstream = self._upstreams[upstream_name]
        spec = self._config.upstreams[upstream_name]
        ladder = self._ladder(policy, upstream_name)
        links = self._links(policy_name, policy, upstream, steering=ladder is None)
        local = policy.sanitize.route_local if sanitize else None
        chain = links if ladder is None else [link for link in links if link.check.name not in _GENERATING]
        strict = [
            replace(link, mode=Mode.ENFORCE) if link.check.name in _JUDGING and link.mode is Mode.MONITOR else link
            for link in chain
        ]
        return Guarded(
            policy=policy_name,
            upstream_name=upstream_name,
            upstream=upstream,
            chain=Chain(chain),
            embed=Chain([link for link in links if link.check.name not in _GENERATING | _JUDGING]),
            check=Chain([link for link in links if link.check.name != "steer"]),
            strict=Chain(strict),
            block_style=policy.block.style,
            block_message=policy.block.message,
            moderation_always=policy.moderation_object == "always",
            passes_unknown=policy.unknown_paths == "pass",
            key_from_client=isinstance(spec, schema.OpenAI) and spec.key_from == "client",
            reports_usage=isinstance(spec, schema.Embedded | schema.Vllm),
            provider=spec.kind,
            options=Options(
                opaque_fields=frozenset(policy.opaque_fields),
                max_depth=self._config.server.max_json_depth,
                allow_references=policy.allow_references,
            ),
            local=self._local(policy_name, local) if local is not None else None,
            ladder=ladder,
            strict_ladder=None if ladder is None else strict_ladder(ladder),
        )

    def _ladder(self, policy: schema.Policy, upstream_name: str) -> VllmPolicy | None:
        """What a vLLM server is told that scores its own requests; None: nothing, the chain here decides."""
        spec = self._config.upstreams[upstream_name]
        served = isinstance(spec, schema.Vllm) and policy.probe.scorer == upstream_name
        return policy_of(policy) if served and policy.probe.mode is not Mode.OFF else None

    def _local(self, policy_name: str, spec: schema.LocalRoute) -> Guarded:
        return replace(self._bind(policy_name, spec.upstream, sanitize=False), model=spec.model)

    def _links(self, name: str, policy: schema.Policy, upstream: Upstream, *, steering: bool) -> list[Link]:
        links: list[Link] = []
        if policy.sanitize.mode is not Mode.OFF:
            links.append(_link(self._sanitize(name, policy.sanitize), policy.sanitize))
        if policy.probe.mode is not Mode.OFF:
            probe = self._probe(policy)
            links.append(_link(probe, policy.probe, policy.probe.scorer))
            if policy.steer.mode is not Mode.OFF and steering:
                from steering.check import SteerCheck

                steer = SteerCheck(
                    steer_at=probe.steer_at,
                    block_at=probe.block_at,
                    min_strength=policy.steer.min_strength,
                    max_strength=policy.steer.max_strength,
                    available=lambda: upstream.can_steer,
                )
                links.append(_link(steer, policy.steer))
        if policy.external is not None and policy.external.mode is not Mode.OFF:
            links.append(_link(self._external(policy.external), policy.external, policy.external.upstream))
        links += [_link(plugin_check(plugin, spec), spec) for plugin, spec in policy.plugins.items()]
        return links

    def _external(self, spec: schema.External) -> Check:
        from detectors.check import Scope
        from detectors.external import ExternalGuard
        from detectors.external_check import ExternalCheck
        from detectors.guard_formats import GUIDELINES

        post = posting(self._upstreams[spec.upstream], spec.kind)
        guard = ExternalGuard(
            post,
            kind=spec.kind,
            model=spec.model,
            labels=spec.labels,
            guidelines=spec.guidelines or GUIDELINES,
            logprobs=spec.logprobs,
        )
        return ExternalCheck(guard, flag_at=spec.flag_at, scope=Scope(spec.scope))

    def _sanitize(self, policy_name: str, spec: schema.Sanitize) -> Check:
        check = self._sanitizers.get(policy_name)
        if check is None:
            old = _old_keys(self._config)
            made = sanitize_check(spec, self._surrogate_key, self._asker, old)
            check = self._sanitizers[policy_name] = made
        return check

    def _asker(self, spec: schema.LocalRoute) -> Asker:
        embedded = isinstance(self._config.upstreams[spec.upstream], schema.Embedded)
        return Asker(
            self._upstreams[spec.upstream], self._loop, self._metrics, model=spec.model, structured=not embedded
        )

    def _probe(self, policy: schema.Policy) -> Any:
        spec = policy.probe
        if isinstance(self._config.upstreams[spec.scorer], schema.Vllm):
            from proxy.upstream.vllm import VllmUpstream

            server = self._upstreams[spec.scorer]
            assert isinstance(server, VllmUpstream)
            return VllmProbe(server, policy_of(policy))
        from detectors.check import ProbeCheck
        from detectors.prefix_probing.probe import PrefixProbe

        key = (spec.scorer, spec.artifact, spec.detector, spec.cascade)
        if key not in self._probes:
            scorer = getattr(self._upstreams[spec.scorer], "scorer", None)
            if scorer is None:
                raise ConfigError(f"upstream {spec.scorer!r} cannot score prompts")
            self._probes[key] = PrefixProbe.load(
                resolve(spec.artifact, "probes"), scorer, detector=spec.detector, cascade=spec.cascade
            )
        return ProbeCheck(
            self._probes[key],
            steer_at=spec.steer_at,
            block_at=spec.block_at,
            scope=spec.scope,
            tool_results=spec.tool_results,
            window_tokens=spec.window_tokens,
            max_windows=spec.max_windows,
            unwrap=spec.unwrap,
            digest_key=self._surrogate_key,
            watch_seconds=spec.deadline_seconds / 2,
        )


def _old_keys(config: Config) -> list[bytes]:
    return [key.get_secret_value().encode() for key in config.old_surrogate_keys]


def _link(check: Check, spec: schema.Check, upstream: str = "") -> Link:
    return Link(check=check, mode=spec.mode, on_error=spec.on_error, deadline=spec.deadline_seconds, upstream=upstream)


def _checks(guards: Sequence[Guarded]) -> set[tuple[str, Mode]]:
    """Every check that may run, by name and mode, wherever it runs."""
    found = {(link.check.name, link.mode) for link in _every_link(guards)}
    for ladder in (one.ladder for one in _every(guards)):
        if isinstance(ladder, VllmPolicy):
            found |= {("probe", ladder.probe.mode), ("steer", ladder.steer.mode)}
    return {(name, mode) for name, mode in found if mode is not Mode.OFF}


def _quartered(guards: Sequence[Guarded]) -> set[str]:
    """Those of them whose calibration is known here: a guarded vLLM server keeps its own."""
    links = (link for link in _every_link(guards) if link.mode is not Mode.OFF)
    return {link.check.name for link in links if isinstance(link.check, Quartered) and link.check.quartered}


def _every(guards: Sequence[Guarded]) -> Iterator[Guarded]:
    for guarded in guards:
        yield from (guarded, *guarded.fallbacks, *((guarded.local,) if guarded.local is not None else ()))


def _every_link(guards: Sequence[Guarded]) -> Iterator[Link]:
    for one in _every(guards):
        for chain in (one.chain, one.embed, one.check, one.strict):
            yield from chain.links


def example_model(config: Config) -> str:
    """A model name that a first request can use."""
    for route in config.routes:
        spec = config.upstreams[route.upstream]
        if route.match.model == "*":
            return served_name(spec) if isinstance(spec, schema.Embedded) else "your-model"
    return config.routes[-1].match.model


def _vouched(config: Config) -> set[str]:
    """Model names that stand in the config: served names and literal patterns."""
    literal = {r.match.model for r in config.routes if not _WILD & set(r.match.model)}
    renamed = {r.model for r in config.routes if r.model is not None}
    served = {served_name(s) for s in config.upstreams.values() if isinstance(s, schema.Embedded)}
    return literal | renamed | served


async def _close(upstream: Upstream) -> None:
    try:
        await upstream.close()
    except Exception as error:
        log.warning("closing upstream %s failed: %s", upstream.name, type(error).__name__)
