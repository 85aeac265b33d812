"""What no single key can tell: references between the parts of a config."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Iterator

from guard.config.document import KeyPath, dotted
from guard.config.model import Config
from guard.config.policy import Policy, Route
from guard.config.problems import Problem
from guard.config.sanitize import LocalRoute, Sanitize
from guard.config.syslog import SyslogAddress
from guard.config.upstreams import Embedded, OpenAI, Upstream, Vllm
from guard.verdict import Mode, OnError

_SCORERS = (Embedded, Vllm)


def crosscheck(config: Config) -> list[Problem]:
    """Errors and warnings, each with key and line."""
    return [
        *_upstreams(config),
        *_routes(config),
        *(p for name, policy in config.policies.items() for p in _policy(config, name, policy)),
        *_tenants(config),
        *_rest(config),
    ]


def _upstreams(config: Config) -> Iterator[Problem]:
    for name, upstream in config.upstreams.items():
        if isinstance(upstream, Embedded) or "@" not in upstream.base_url.partition("://")[2].partition("/")[0]:
            continue
        key = "api_key" if isinstance(upstream, OpenAI) else "secret"
        yield _at(
            config,
            ("upstreams", name, "base_url"),
            f"holds a name or password, and a URL is no secret: leave it out and write {key!r}",
        )


def _routes(config: Config) -> Iterator[Problem]:
    for index, route in enumerate(config.routes):
        at: KeyPath = ("routes", index)
        if route.upstream not in config.upstreams:
            if at in config.source.lines:
                yield _missing(config, (*at, "upstream"), "upstream", config.upstreams)
            else:
                yield _at(config, ("routes",), "required once 'upstreams' has no 'local': say where requests go")
        if route.policy not in config.policies:
            yield _missing(config, (*at, "policy"), "policy", config.policies)
        yield from _fallbacks(config, index, route)
        upstream, policy = config.upstreams.get(route.upstream), config.policies.get(route.policy)
        if upstream is None or policy is None:
            continue
        cannot = isinstance(upstream, OpenAI) or (isinstance(upstream, Embedded) and upstream.steering is None)
        if policy.steer.mode is not Mode.OFF and cannot:
            outcome = "blocked" if policy.steer.on_error is OnError.BLOCK else "let through"
            yield _at(
                config,
                (*at, "policy"),
                f"policy {route.policy!r} steers but upstream {route.upstream!r} cannot: "
                f"requests in the steering band are {outcome}",
                warning=True,
            )
        elsewhere = (
            isinstance(config.upstreams.get(policy.probe.scorer), Vllm) and policy.probe.scorer != route.upstream
        )
        if elsewhere and policy.steer.mode is not Mode.OFF and None in (policy.probe.steer_at, policy.probe.block_at):
            yield _at(
                config,
                (*at, "policy"),
                f"policy {route.policy!r} steers upstream {route.upstream!r} by the scores of another: "
                "set steer_at and block_at",
            )
        if not any(
            c is not None and c.mode is Mode.ENFORCE
            for c in (policy.sanitize, policy.probe, policy.steer, policy.external, *policy.plugins.values())
        ):
            yield _at(config, (*at, "policy"), f"policy {route.policy!r} enforces no check", warning=True)
        if index < len(config.routes) - 1 and route.match == type(route.match)():
            yield _at(config, at, "matches every request, so the routes after it are never used", warning=True)


def _fallbacks(config: Config, index: int, route: Route) -> Iterator[Problem]:
    first, policy = config.upstreams.get(route.upstream), config.policies.get(route.policy)
    for position, spare in enumerate(route.fallback):
        at: KeyPath = ("routes", index, "fallback", position)
        upstream = config.upstreams.get(spare.upstream)
        if upstream is None:
            yield _missing(config, (*at, "upstream"), "upstream", config.upstreams)
        elif spare.upstream == route.upstream:
            yield _at(config, at, "falls back on the same upstream")
        elif isinstance(upstream, OpenAI) and upstream.key_from == "client":
            yield _at(
                config, at, "a client's key is for the upstream it asked: give the fallback an api_key of its own"
            )
        elif (
            _is_own(first) and not _is_own(upstream) and policy is not None and policy.sanitize.mode is not Mode.ENFORCE
        ):
            yield _at(
                config,
                at,
                f"text that upstream {route.upstream!r} sees as it is would leave unmasked for {spare.upstream!r}, "
                f"which is not marked as your own: let policy {route.policy!r} enforce 'sanitize'",
                warning=True,
            )


def _is_own(upstream: Upstream | None) -> bool:
    """Whether it runs under the operator's roof."""
    return upstream is not None and (not isinstance(upstream, OpenAI) or upstream.local)


def _policy(config: Config, name: str, policy: Policy) -> Iterator[Problem]:
    at: KeyPath = ("policies", name)
    yield from _sanitize(config, (*at, "sanitize"), policy.sanitize)
    probe, steer = policy.probe, policy.steer
    if probe.mode is not Mode.OFF:
        scorer = config.upstreams.get(probe.scorer)
        if scorer is None:
            yield _missing(config, (*at, "probe", "scorer"), "upstream", config.upstreams)
        elif not isinstance(scorer, _SCORERS) and scorer.scoring is None:
            yield _at(
                config,
                (*at, "probe", "scorer"),
                f"upstream of kind {scorer.kind!r} cannot score without 'scoring'; name an 'embedded' or a 'vllm' one",
            )
        elif isinstance(scorer, Embedded) and probe.artifact.startswith("bundled:") and probe.artifact != scorer.model:
            yield _at(
                config,
                (*at, "probe", "artifact"),
                f"{probe.artifact} was made for another model than {scorer.model!r}, so the server will not start: "
                "make one with `guard probes build`",
                warning=True,
            )
    elif steer.mode is not Mode.OFF:
        yield _at(config, (*at, "steer"), "steering follows the probe's score, but 'probe' is off")
    yield from _external(config, (*at, "external"), policy)
    if probe.steer_at is not None and probe.block_at is not None and probe.block_at <= probe.steer_at:
        yield _at(config, (*at, "probe", "block_at"), "must be greater than steer_at")
    if steer.max_strength < steer.min_strength:
        yield _at(config, (*at, "steer", "max_strength"), "must not be less than min_strength")
    if policy.unknown_paths == "pass":
        yield _at(config, (*at, "unknown_paths"), "'pass' lets paths through that no check has seen", warning=True)


def _external(config: Config, at: KeyPath, policy: Policy) -> Iterator[Problem]:
    external, local = policy.external, policy.sanitize.route_local
    if external is None or external.mode is Mode.OFF:
        return
    upstream = config.upstreams.get(external.upstream)
    if upstream is None:
        yield _missing(config, (*at, "upstream"), "upstream", config.upstreams)
    elif not isinstance(upstream, OpenAI):
        yield _at(config, (*at, "upstream"), f"upstream of kind {upstream.kind!r} is no guard; name an 'openai' one")
    elif upstream.key_from == "client":
        yield _at(config, (*at, "upstream"), "its key comes from the client, and a check has no client: set api_key")
    if external.kind != "moderations" and not external.model:
        yield _at(config, (*at, "model"), f"required with kind {external.kind!r}")
    if not external.labels:
        yield _at(config, (*at, "labels"), "needs a label")
    for key, kind in (("labels", "chat"), ("guidelines", "shieldgemma")):
        if key in external.model_fields_set and external.kind != kind:
            yield _at(config, (*at, key), f"only kind {kind!r} has {key}, not {external.kind!r}")
    if local is not None and policy.sanitize.routes_local() and local.upstream != external.upstream:
        yield _at(config, at, "would see unmasked what 'route_local' keeps from others; use the same upstream for both")


def _sanitize(config: Config, at: KeyPath, sanitize: Sanitize) -> Iterator[Problem]:
    for key, asked in (("local_model", sanitize.local_model), ("recover", sanitize.recover)):
        if asked is not None:
            yield from _asked(config, (*at, key), asked)
    if sanitize.local_model is not None and sanitize.local_model.seconds >= sanitize.deadline_seconds:
        yield _at(
            config,
            (*at, "local_model", "seconds"),
            f"not below deadline_seconds ({sanitize.deadline_seconds:g}), which then ends the whole check",
            warning=True,
        )
    local = sanitize.route_local
    if local is None:
        if sanitize.routes_local():
            yield _at(config, at, "policy 'route_local' needs the key 'route_local': say which upstream is local")
    elif local.upstream not in config.upstreams:
        yield _missing(config, (*at, "route_local", "upstream"), "upstream", config.upstreams)
    elif not sanitize.routes_local():
        yield _at(config, (*at, "route_local"), "no entity type has the policy 'route_local'", warning=True)
    else:
        yield from _foreign(config, (*at, "route_local"), local.upstream)


def _asked(config: Config, at: KeyPath, asked: LocalRoute) -> Iterator[Problem]:
    """A model that is shown text as it is: it must be a local one."""
    upstream = config.upstreams.get(asked.upstream)
    if upstream is None:
        yield _missing(config, (*at, "upstream"), "upstream", config.upstreams)
    elif problems := list(_foreign(config, at, asked.upstream)):
        yield from problems
    elif not isinstance(upstream, Embedded) and asked.model is None:
        yield _at(config, (*at, "model"), f"required: upstream {asked.upstream!r} may serve several")


def _foreign(config: Config, at: KeyPath, name: str) -> Iterator[Problem]:
    """What is wrong with showing text unmasked to an upstream: it is not marked as the operator's own."""
    upstream = config.upstreams[name]
    if isinstance(upstream, OpenAI) and not upstream.local:
        yield _at(
            config,
            (*at, "upstream"),
            f"is shown text unmasked, and upstream {name!r} is not marked as your own: "
            "set 'local: true' there if it is",
        )


def _tenants(config: Config) -> Iterator[Problem]:
    names = Counter(t.name for t in config.tenants)
    hashes = Counter(h for t in config.tenants for h in t.key_sha256)
    for index, tenant in enumerate(config.tenants):
        if names[tenant.name] > 1:
            yield _at(config, ("tenants", index, "name"), "two tenants have this name")
        for position, digest in enumerate(tenant.key_sha256):
            if hashes[digest] > 1:
                yield _at(config, ("tenants", index, "key_sha256", position), "this key is listed twice")


def _rest(config: Config) -> Iterator[Problem]:
    if config.audit.sink == "file" and not config.audit.path:
        yield _at(config, ("audit", "path"), "required when sink is 'file'")
    if config.audit.chain and config.audit.sink != "file":
        yield _at(config, ("audit", "chain"), "only a file can be chained: set sink to 'file'")
    if config.audit.sink == "syslog":
        try:
            SyslogAddress.parse(config.audit.syslog or "")
        except ValueError as error:
            yield _at(config, ("audit", "syslog"), str(error))
    if config.tenants and any(isinstance(u, OpenAI) and u.key_from == "client" for u in config.upstreams.values()):
        yield _at(
            config,
            ("tenants",),
            "a request has one Authorization header: with key_from 'client' it is checked here and then sent upstream",
            warning=True,
        )
    if config.store.url is not None and config.store.path is not None:
        yield _at(config, ("store", "path"), "either a file or a 'url', not both")
    try:
        config.store.check_address()
    except ValueError as error:
        yield _at(config, ("store", "url" if config.store.url is not None else "password"), str(error))
    key = config.surrogate_key.get_secret_value()
    if 0 < len(key) < 16:
        yield _at(config, ("surrogate_key",), "shorter than 16 characters: easy to guess", warning=True)
    for index, old in enumerate(config.old_surrogate_keys):
        if key and old.get_secret_value() == key:
            yield _at(config, ("old_surrogate_keys", index), "is the surrogate_key: nothing has been rotated")


def _missing(config: Config, path: KeyPath, what: str, valid: Iterable[str]) -> Problem:
    value: object = config
    for step in path:
        value = value[step] if isinstance(value, dict | tuple) else getattr(value, str(step))  # type: ignore[index]
    names = sorted(valid)
    close = difflib.get_close_matches(str(value), names, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]!r}?" if close else f"there are: {', '.join(names)}"
    return _at(config, path, f"no {what} named {value!r}; {hint}")


def _at(config: Config, path: KeyPath, message: str, *, warning: bool = False) -> Problem:
    lines = config.source.lines
    known = path
    while known and known not in lines:
        known = known[:-1]
    return Problem(message, key=dotted(path), line=lines.get(known), warning=warning)
