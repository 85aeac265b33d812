"""Redis or Valkey: the store that replicas share. Buckets change in scripts, so that no two replicas grant the same."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any

from guard.budget import Claim
from guard.errors import ConfigError
from proxy.store.base import StoreUnavailable

log = logging.getLogger("proxy")

# As in `guard.budget`, with the server's clock. A bucket is kept until it would be full again.
_LEVEL = """
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local function level(key, limit)
  local found = redis.call('HMGET', key, 'level', 'at')
  if not found[1] then return limit, now end
  local at = tonumber(found[2])
  return math.min(limit, tonumber(found[1]) + math.max(0, now - at) * limit / 60), math.max(now, at)
end
local function keep(key, limit, level, at)
  redis.call('HSET', key, 'level', string.format('%.17g', level), 'at', string.format('%.17g', at))
  redis.call('EXPIRE', key, math.ceil((limit - level) * 60 / limit) + 60)
end
"""
_TAKE = (
    _LEVEL
    + """
local levels, times, granted = {}, {}, 1
for i, key in ipairs(KEYS) do
  levels[i], times[i] = level(key, tonumber(ARGV[2 * i - 1]))
  if levels[i] < tonumber(ARGV[2 * i]) then granted = 0 end
end
local out = {granted}
for i, key in ipairs(KEYS) do
  if granted == 1 then levels[i] = levels[i] - tonumber(ARGV[2 * i]) end
  keep(key, tonumber(ARGV[2 * i - 1]), levels[i], times[i])
  out[i + 1] = string.format('%.17g', levels[i])
end
return out
"""
)
_CORRECT = (
    _LEVEL
    + """
for i, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[2 * i - 1])
  local found, at = level(key, limit)
  keep(key, limit, math.min(limit, found - tonumber(ARGV[2 * i])), at)
end
"""
)


_CONNECTIONS = 32


class RedisStore:
    """Implements `Store`. `seconds`: longest wait for a connection and for an answer."""

    def __init__(
        self, url: str, *, password: str | None = None, prefix: str = "guardchain", seconds: float = 0.25
    ) -> None:
        """Raises `ConfigError` for a URL that is none, or without the extra `redis`. Connects to nothing yet."""
        try:
            from redis import asyncio as client
            from redis.asyncio.retry import Retry
            from redis.backoff import NoBackoff
            from redis.exceptions import RedisError
        except ImportError:
            raise ConfigError("store.url needs the extra 'redis': pip install 'guardchain[redis]'") from None
        self._errors: tuple[type[Exception], ...] = (RedisError, OSError, TimeoutError)
        self._prefix = prefix
        try:
            # A bounded pool that waits: a burst of requests must not become a burst of connections. One retry, at
            # once: after a restart of the server pooled connections are broken.
            pool = client.BlockingConnectionPool.from_url(
                url,
                password=password,
                max_connections=_CONNECTIONS,
                timeout=seconds,
                socket_timeout=seconds,
                socket_connect_timeout=seconds,
                retry=Retry(NoBackoff(), 1),
            )
        except ValueError:
            raise ConfigError("store.url must look like redis://host:6379/0") from None
        self._client: Any = client.Redis.from_pool(pool)
        self._take = self._client.register_script(_TAKE)
        self._correct = self._client.register_script(_CORRECT)

    async def start(self) -> None:
        """Says in the log when the server cannot be reached; it may come later."""
        try:
            await self._client.ping()
        except self._errors as error:
            log.warning("the store cannot be reached yet: %s", type(error).__name__)

    async def take(self, claims: Sequence[Claim]) -> tuple[list[float], bool]:
        granted, *levels = await self._run(self._take(*self._arguments(claims)))
        return [float(level) for level in levels], bool(granted)

    async def correct(self, claims: Sequence[Claim]) -> None:
        await self._run(self._correct(*self._arguments(claims)))

    async def get(self, key: str) -> bytes | None:
        found: bytes | None = await self._run(self._client.get(f"{self._prefix}:{key}"))
        return found

    async def put(self, key: str, value: bytes, seconds: float) -> None:
        await self._run(self._client.set(f"{self._prefix}:{key}", value, px=max(1, math.ceil(seconds * 1000))))

    async def delete(self, key: str) -> None:
        await self._run(self._client.delete(f"{self._prefix}:{key}"))

    async def close(self) -> None:
        await self._client.aclose()

    def _arguments(self, claims: Sequence[Claim]) -> tuple[list[str], list[int]]:
        keys = []
        for claim in claims:
            kind, _, owner = claim.key.partition(":")
            # Braces: in a cluster all buckets of one caller lie together, as a script needs them to.
            keys.append(f"{self._prefix}:{{{owner}}}:{kind}")
        return keys, [number for claim in claims for number in (claim.limit, claim.cost)]

    async def _run(self, command: Any) -> Any:
        try:
            return await command
        except self._errors as error:
            # Its text may name the host; its type says enough.
            raise StoreUnavailable(type(error).__name__) from None
