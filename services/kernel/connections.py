"""Lending out the connections of a pool: one whose use ended well is kept at hand for the next user.

asyncpg's pool runs each return, and each wait with a limit, in a task of its own, which costs as much as a small query.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncpg

WAIT_SECONDS = 1.0


class Connections:
    """The connections of an asyncpg pool, lent to one user at a time, the one that was used last first."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]") -> None:
        self._pool = pool
        self._idle: list[Any] = []
        self._waiting = 0

    async def take(self) -> Any:
        """A connection, to be given back. Raises TimeoutError where none was free for a second, and what connecting raises."""
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire(timeout=WAIT_SECONDS)
        finally:
            self._waiting -= 1

    async def give_back(self, connection: Any, *, sound: bool) -> None:
        """End a use. A connection that may have been left in the middle of something goes to the pool, which sees to it.

        So does any while somebody waits, since they wait at the pool.
        """
        if sound and not self._waiting:
            self._idle.append(connection)
        else:
            await self._pool.release(connection)

    async def close(self) -> None:
        """Close all of them; none is in use any more."""
        while self._idle:
            await self._pool.release(self._idle.pop())
        await self._pool.close()
