"""Connections to the database: asyncpg's pool, and at hand what was given back to it a moment ago."""

from types import TracebackType
from typing import Any

import asyncpg

# The pool replaces a connection after many statements, for the memory that it holds at the server: it sees
# the one at hand this often.
IN_A_ROW = 1000


class Connections:
    """Taking from the pool and giving back are two tasks and two timers, more than a short question takes.
    So as many as it keeps open in any case are not given back, unless somebody waits for one. For the rest
    this is the pool, and its methods have the names that they have there.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._at_hand: list[Any] = []
        self._waiting = 0
        self._kept = 0
        self._closing = False

    def get_size(self) -> int:
        return self._pool.get_size()

    def get_max_size(self) -> int:
        return self._pool.get_max_size()

    def get_idle_size(self) -> int:
        return self._pool.get_idle_size() + sum(map(_is_whole, self._at_hand))

    def lent(self, *, timeout: float) -> "Lent":
        return Lent(self, timeout)

    async def acquire(self, *, timeout: float | None = None) -> Any:
        """One that nobody has, waited for so long."""
        while self._at_hand:
            connection = self._at_hand.pop()
            if _is_whole(connection):
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire(timeout=timeout)
        finally:
            self._waiting -= 1

    async def release(self, connection: Any) -> None:
        """To the pool, which undoes what was left open and waits for what was broken off."""
        await self._pool.release(connection)

    async def give_back(self, connection: Any) -> None:
        """After use without any trouble."""
        self._kept += 1
        if (
            self._waiting
            or self._closing
            or len(self._at_hand) >= self._pool.get_min_size()
            or self._kept % IN_A_ROW == 0
            or not _is_whole(connection)
        ):
            await self._pool.release(connection)
        else:
            self._at_hand.append(connection)

    async def close(self) -> None:
        self._closing = True
        while self._at_hand:
            await self._pool.release(self._at_hand.pop())
        await self._pool.close()

    def terminate(self) -> None:
        self._pool.terminate()


class Lent:
    """A connection for as long as a block lasts."""

    def __init__(self, connections: Connections, timeout: float) -> None:
        self._connections = connections
        self._timeout = timeout

    async def __aenter__(self) -> Any:
        self._connection = await self._connections.acquire(timeout=self._timeout)
        return self._connection

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            await self._connections.give_back(self._connection)
        else:
            await self._connections.release(self._connection)


def _is_whole(connection: Any) -> bool:
    """Open, and in no transaction."""
    try:
        return not (connection.is_closed() or connection.is_in_transaction())
    except asyncpg.InterfaceError:
        return False  # its server went away, and the pool has its place back already
