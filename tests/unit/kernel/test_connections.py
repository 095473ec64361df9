"""A sound connection is kept at hand; one that may be in the middle of something goes back to the pool."""

import asyncio
from typing import Any, cast

import asyncpg

from services.kernel.connections import Connections


class StandInConnection:
    def __init__(self) -> None:
        self.closed = False

    def is_closed(self) -> bool:
        return self.closed


class StandInPool:
    """Gives out new connections and notes what comes back."""

    def __init__(self) -> None:
        self.released: list[Any] = []
        self.closed = False

    async def acquire(self, *, timeout: float) -> StandInConnection:  # noqa: ASYNC109 -- the name that asyncpg's pool has
        return StandInConnection()

    async def release(self, connection: Any) -> None:
        self.released.append(connection)

    async def close(self) -> None:
        self.closed = True


def _connections(pool: StandInPool) -> Connections:
    return Connections(cast("asyncpg.Pool[asyncpg.Record]", pool))


async def test_a_sound_connection_is_lent_again_without_the_pool() -> None:
    pool = StandInPool()
    connections = _connections(pool)
    first = await connections.take()
    await connections.give_back(first, sound=True)
    assert await connections.take() is first
    assert pool.released == []


async def test_a_connection_whose_use_failed_goes_to_the_pool() -> None:
    pool = StandInPool()
    connections = _connections(pool)
    first = await connections.take()
    await connections.give_back(first, sound=False)
    assert pool.released == [first]
    assert await connections.take() is not first


async def test_a_connection_that_was_cut_while_idle_is_not_lent() -> None:
    pool = StandInPool()
    connections = _connections(pool)
    first = await connections.take()
    await connections.give_back(first, sound=True)
    first.closed = True
    assert await connections.take() is not first
    assert pool.released == [first]


async def test_closing_hands_the_idle_ones_back_before_the_pool_is_closed() -> None:
    pool = StandInPool()
    connections = _connections(pool)
    first = await connections.take()
    await connections.give_back(first, sound=True)
    await connections.close()
    assert pool.released == [first]
    assert pool.closed


async def test_while_somebody_waits_at_the_pool_nothing_is_kept_from_it() -> None:
    class ExhaustedPool(StandInPool):
        def __init__(self) -> None:
            super().__init__()
            self.came_back = asyncio.Event()

        async def acquire(self, *, timeout: float) -> StandInConnection:  # noqa: ASYNC109 -- the name that asyncpg's pool has
            await self.came_back.wait()
            connection: StandInConnection = self.released.pop()
            return connection

        async def release(self, connection: Any) -> None:
            await super().release(connection)
            self.came_back.set()

    connections = _connections(ExhaustedPool())
    lent = StandInConnection()
    waiting = asyncio.create_task(connections.take())
    await asyncio.sleep(0)
    await connections.give_back(lent, sound=True)
    assert await waiting is lent
