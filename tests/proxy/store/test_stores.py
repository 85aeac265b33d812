"""Every store counts alike, keeps values for their time, and says when it cannot be asked."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guard.budget import Claim
from guard.config import Store as StoreConfig
from guard.errors import ConfigError
from guard.metrics import Metrics
from guard.verdict import OnError
from proxy.store import MemoryStore, Store, StoreUnavailable
from proxy.store.build import VARIABLE, build_store
from proxy.store.file import FileStore
from proxy.store.guarded import GuardedStore
from proxy.store.redis import RedisStore
from tests.support.redis import RedisServer

_NUMBERS = itertools.count()
Open = Callable[[], contextlib.AbstractAsyncContextManager[Store]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture(params=["memory", "file", "redis"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Opens the store; twice gives two that share what they hold, but for memory."""
    url = request.getfixturevalue("server").url if request.param == "redis" else ""

    def make() -> Store:
        if request.param == "memory":
            return MemoryStore()
        if request.param == "file":
            return FileStore(tmp_path / "store.sqlite")
        return RedisStore(url, prefix=tmp_path.name, seconds=10)

    @contextlib.asynccontextmanager
    async def context() -> AsyncIterator[Store]:
        store = make()
        await store.start()
        try:
            yield store
        finally:
            await store.close()

    return context


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def main() -> None:
        async with asyncio.timeout(60):
            await test()

    asyncio.run(main())


def test_budgets(opened: Open) -> None:
    async def test() -> None:
        async with opened() as store:
            one, other = Claim("requests:a:1", 60, 50), Claim("requests:a:2", 60, 1)
            [level], granted = await store.take([one])
            assert granted and level == pytest.approx(10, abs=2)
            levels, granted = await store.take([other, one])
            assert not granted and levels == [pytest.approx(60), pytest.approx(10, abs=2)]
            await store.correct([Claim("requests:a:1", 60, -30)])
            [level], granted = await store.take([Claim(one.key, 60, 35)])
            assert granted and level == pytest.approx(5, abs=3)
            await store.correct([Claim("requests:a:1", 60, 100)])
            [level], granted = await store.take([Claim(one.key, 60, 1)])
            assert not granted and level == pytest.approx(-95, abs=4)
            await store.correct([Claim("requests:a:1", 60, -10_000)])
            assert (await store.take([Claim(one.key, 60, 60)]))[1], "never more than full"

    run(test)


def test_many_at_once_get_no_more_than_there_is(opened: Open) -> None:
    async def test() -> None:
        async with opened() as first, opened() as second:
            stores = [first] if isinstance(first, MemoryStore) else [first, second]
            claims = [Claim("requests:b:1", 40, 1)]
            answers = await asyncio.gather(*(stores[i % len(stores)].take(claims) for i in range(120)))
            granted = sum(ok for _, ok in answers)
            assert 40 <= granted <= 44  # some refill while this runs

    run(test)


def test_values(opened: Open) -> None:
    async def test() -> None:
        async with opened() as store:
            assert await store.get("x") is None
            await store.put("x", b"\x00one", 60)
            await store.put("x", b"two", 60)
            await store.put("y", b"gone", 0.05)
            assert await store.get("x") == b"two"
            await asyncio.sleep(0.1)
            assert await store.get("y") is None
            for _ in range(2):
                await store.delete("x")
                assert await store.get("x") is None

    run(test)


def test_a_file_outlives_its_process(tmp_path: Path) -> None:
    async def test() -> None:
        for _ in range(2):
            store = FileStore(tmp_path / "s")
            await store.start()
            await store.take([Claim("requests:c:1", 60, 25)])
            await store.put("k", b"v", 60)
            await store.close()
        store = FileStore(tmp_path / "s")
        assert await store.get("k") == b"v"
        assert (await store.take([Claim("requests:c:1", 60, 25)]))[1] is False
        await store.close()
        assert (tmp_path / "s").stat().st_mode & 0o077 == 0

    run(test)


def test_a_file_stays_within_its_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What expires first goes first; expired entries go in slices; nothing goes while there is room."""
    monkeypatch.setattr("proxy.store.file._SWEEP_EVERY", 1)
    monkeypatch.setattr("proxy.store.file._AT_ONCE", 3)

    async def kept(store: FileStore, names: range) -> list[int]:
        return [n for n in names if await store.get(str(n)) is not None]

    async def test() -> None:
        now = [0.0]
        store = FileStore(tmp_path / "s", most_bytes=100_000, clock=lambda: now[0])
        for n in range(9):
            await store.put(str(n), b"x" * 10_000, 100 + n)
        assert await kept(store, range(9)) == list(range(9))
        await store.put("large", b"x" * 35_000, 1000)
        assert await kept(store, range(9)) == [3, 4, 5, 6, 7, 8]
        assert len(await store.get("large") or b"") == 35_000
        now[0] = 500.0
        await store.put("new", b"x" * 90_000, 1000)
        assert await store.get("new") is not None and await store.get("large") is None
        await store.close()
        assert (tmp_path / "s").stat().st_size < 400_000

    run(test)


def test_large_values_stay_within_the_bytes_too(tmp_path: Path) -> None:
    """No number of calls between two sweeps fills the disk."""

    async def test() -> None:
        store = FileStore(tmp_path / "s", most_bytes=4 << 20)
        for n in range(120):
            await store.put(str(n), b"x" * (1 << 19), 100 + n)
        assert await store.get("119") is not None
        await store.close()
        assert (tmp_path / "s").stat().st_size < 20 << 20  # 60 MiB came in

    run(test)


def test_workers_that_open_a_file_of_an_earlier_release_wait_for_each_other(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "s", isolation_level=None)) as old:
        old.execute("PRAGMA journal_mode = WAL")
        old.execute(
            "CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, until REAL NOT NULL) WITHOUT ROWID"
        )
        old.execute("INSERT INTO entries VALUES ('k', X'76', 1e12)")
        old.execute("BEGIN IMMEDIATE")  # as long as the index takes

        async def test() -> None:
            store = FileStore(tmp_path / "s", wait=0.1)
            starting = asyncio.ensure_future(store.start())
            await asyncio.sleep(0.6)
            assert not starting.done()
            old.execute("COMMIT")
            await starting
            assert await store.get("k") is not None
            old.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreUnavailable):
                await store.put("x", b"y", 60)
            old.execute("ROLLBACK")
            await store.close()

        run(test)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("ab"), st.booleans(), st.integers(-50, 150)), max_size=25))
def test_stores_agree(server: RedisServer, asked: list[tuple[str, bool, int]]) -> None:
    """The same history gives the same levels everywhere, but for what refills while it runs."""
    name = str(next(_NUMBERS))

    async def test() -> None:
        began = time.monotonic()
        stores: list[Store] = [MemoryStore(), RedisStore(server.url, prefix="agree", seconds=10)]
        for key, correcting, cost in asked:
            claim = Claim(f"requests:{name}:{key}", 100, cost if correcting else abs(cost))
            if correcting:
                for store in stores:
                    await store.correct([claim])
                continue
            (mine, ok), (theirs, also) = [await store.take([claim]) for store in stores]
            slack = (time.monotonic() - began) * 100 / 60 + 0.01
            assert mine[0] == pytest.approx(theirs[0], abs=slack) or ok != also  # on the very edge either may be right
            if ok != also:
                return
        await stores[1].close()

    run(test)


def guarded(inner: Store, metrics: Metrics, on_error: OnError, seconds: float = 0.5) -> GuardedStore:
    return GuardedStore(inner, metrics, on_error=on_error, seconds=seconds)


def count(metrics: Metrics, result: str) -> float:
    lines = metrics.render().decode().splitlines()
    return sum(float(x.split()[-1]) for x in lines if x.startswith("guardchain_store_errors_total{") and result in x)


@pytest.mark.parametrize("on_error", list(OnError))
@pytest.mark.parametrize("how", ["killed", "deaf"])
def test_a_store_that_goes_away_and_comes_back(tmp_path: Path, how: str, on_error: OnError) -> None:
    async def test() -> None:
        with RedisServer(tmp_path) as server:
            metrics = Metrics()
            store = guarded(RedisStore(server.url, seconds=0.3), metrics, on_error)
            await store.start()
            claim = Claim("requests:d:1", 60, 30)
            assert (await store.take([claim]))[1]
            server.kill() if how == "killed" else server.signal(signal.SIGSTOP)
            for number in range(5):
                began = time.monotonic()
                if on_error is OnError.BLOCK:
                    with pytest.raises(StoreUnavailable):
                        await store.take([claim])
                else:
                    _, ok = await store.take([claim])
                    assert ok is (number < 2), "the process counts by itself"
                assert time.monotonic() - began < 2, "within the deadline, give or take a busy machine"
                with pytest.raises(StoreUnavailable):
                    await store.get("x")  # cannot be made up
            assert count(metrics, f'result="{on_error.value}"') >= 5
            assert count(metrics, 'reason="left_alone"') > 0, "it is not asked each time"
            server.start() if how == "killed" else server.signal(signal.SIGCONT)
            deadline = time.monotonic() + 30
            while True:
                try:
                    await store.get("x")
                    break
                except StoreUnavailable:
                    assert time.monotonic() < deadline
                    await asyncio.sleep(0.1)
            _, ok = await store.take([claim])
            assert ok or how == "deaf", "a new server has full buckets; a deaf one heard it all, only late"
            await store.close()

    run(test)


@pytest.mark.parametrize("how", ["as it is", "in the URL"])
def test_a_password_of_any_characters(tmp_path: Path, how: str) -> None:
    password = "p@ss/w:rd #%"

    async def test() -> None:
        with RedisServer(tmp_path, "--requirepass", password) as server:
            inside = server.url.replace("//", f"//:{quote(password, safe='')}@")
            spec = {"url": server.url, "password": password} if how == "as it is" else {"url": inside}
            store = build_store(StoreConfig.model_validate(spec), Metrics())
            await store.put("k", b"v", 60)
            assert await store.get("k") == b"v"
            await store.close()
            without = build_store(StoreConfig.model_validate({"url": server.url}), Metrics())
            with pytest.raises(StoreUnavailable):
                await without.get("k")
            await without.close()

    run(test)


def test_building(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    metrics = Metrics()
    assert isinstance(build_store(StoreConfig(), metrics), MemoryStore)
    monkeypatch.setenv(VARIABLE, str(tmp_path / "shared"))
    assert isinstance(build_store(StoreConfig(), metrics), GuardedStore)
    with pytest.raises(ConfigError, match="must look like redis://"):
        build_store(StoreConfig.model_validate({"url": "http://x"}), metrics)
    bad = FileStore(tmp_path / "no" / "such" / "directory")
    with pytest.raises(ConfigError, match="cannot be used"):
        asyncio.run(bad.start())
