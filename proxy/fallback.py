"""From one upstream to another with the same policy: what of the checks must be asked again."""

from __future__ import annotations

from guard.check import Exchange
from guard.verdict import Decision, Verdict
from proxy.assembly import Guarded
from proxy.paths import Route
from proxy.wire.request import WireRequest

_REFERENCES = ("previous_response_id", "conversation", "prompt")


def refers(request: WireRequest) -> bool:
    """Whether the request names text that only its own upstream holds."""
    return any(request.body.get(name) is not None for name in _REFERENCES) and request.endpoint == Route.RESPONSES


async def handed_over(
    first: Guarded, spare: Guarded, exchange: Exchange, decision: Decision, route: Route, *, strict: bool
) -> Decision | None:
    """The decision under which `spare` may serve what `first` could not. None: it must not.

    What was hidden stays hidden. Whether the spare can steer is asked anew, and where the first upstream would have
    scored the request itself, so is the score: by the chain of the spare's own binding.
    """
    scored = first.ladder is None or spare.ladder is not None
    chain = spare.chain_for(route, strict=strict).only(("steer",) if scored else ("probe", "steer"))
    if not chain.links:
        return decision
    again = {link.check.name for link in chain.links}
    before = list(exchange.findings)
    exchange.findings[:] = [finding for finding in before if finding.check not in again]
    found = await chain.inspect(exchange)
    if found.verdict is Verdict.BLOCK and found.decisive is not None and found.decisive.error is not None:
        exchange.findings[:] = before
        return None  # the policy does not let requests pass without a check that cannot run here
    return found
