"""The database: one pool, one way to open a transaction, one place that retries."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from typing import Any, TypeVar

import asyncpg
import msgspec
import structlog
from asyncpg.connect_utils import SessionAttribute

from services.contracts.refusals import Unavailable
from services.runtime.connections import Connections
from services.runtime.measures import Measures

log = structlog.get_logger()

T = TypeVar("T")

ATTEMPTS = 5
ACQUIRE_SECONDS = 1.0
STATEMENT_SECONDS = 3.0
CLOSE_SECONDS = 3.0
# A session that nobody needed for so long is closed: each holds megabytes of the server's memory. Longer
# than the pauses between looks at what is due, or they would open theirs again and again.
IDLE_SECONDS = 30.0
# Of several servers in the URL the one that takes writes; a standby alone counts as away.
WRITABLE = SessionAttribute.read_write

_REPEATABLE = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.exceptions.InvalidCachedStatementError,
)
_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what a client says that was cut off between two messages
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.LockNotAvailableError,
    asyncpg.exceptions.IdleInTransactionSessionTimeoutError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,  # a standby that has not taken over yet
)


class DatabaseMisused(Exception):
    """Two statements at once on one connection, too few arguments: a bug of ours, not an absence."""


class NotDone(Exception):
    """The database objected to a statement, and nothing of it was done."""


class Tx:
    """An open transaction. `promised` is true once something was put into the outbox."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.promised = False

    async def execute(self, sql: str, *args: Any) -> str:
        status: str = await self._connection.execute(sql, *args)
        return status

    async def executemany(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        await self._connection.executemany(sql, rows)

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        rows: list[asyncpg.Record] = await self._connection.fetch(sql, *args)
        return rows

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        row: asyncpg.Record | None = await self._connection.fetchrow(sql, *args)
        return row

    async def fetchval(self, sql: str, *args: Any) -> Any:
        return await self._connection.fetchval(sql, *args)

    @contextlib.asynccontextmanager
    async def part(self) -> AsyncIterator[None]:
        """What is done inside is undone, and nothing else, when it ends with an exception."""
        async with self._connection.transaction():
            yield

    @contextlib.asynccontextmanager
    async def taken_back(self) -> AsyncIterator[None]:
        """Whatever happens inside is undone at the end: for looking at what would be."""
        savepoint = self._connection.transaction()
        await savepoint.start()
        try:
            yield
        finally:
            await savepoint.rollback()


class _SecondStatement(BaseException):
    """A glance was not enough. No `except Exception` on the way may take it for its own."""


class _Glance(Tx):
    """Lets one statement through, with no transaction around it: what it sees is of one moment anyway."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self._looked = False

    async def execute(self, sql: str, *args: Any) -> str:
        raise _SecondStatement

    async def executemany(self, sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
        raise _SecondStatement

    async def fetch(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        self._look()
        return await super().fetch(sql, *args)

    async def fetchrow(self, sql: str, *args: Any) -> asyncpg.Record | None:
        self._look()
        return await super().fetchrow(sql, *args)

    async def fetchval(self, sql: str, *args: Any) -> Any:
        self._look()
        return await super().fetchval(sql, *args)

    def _look(self) -> None:
        if self._looked:
            raise _SecondStatement
        self._looked = True


def changed(status: str) -> int:
    """How many rows a statement has touched, of what the server says of it: `DELETE 3`."""
    return int(status.rpartition(" ")[2])


def is_stuck(error: Unavailable) -> bool:
    """Whether the database is there, and only what somebody else holds was in the way for too long."""
    return isinstance(error.__cause__, asyncpg.exceptions.LockNotAvailableError)


class Database:
    """A service's own schema. `promised` is set after each commit that left something in the outbox."""

    def __init__(self, pool: Connections, measures: Measures | None = None) -> None:
        self._pool = pool
        self.promised = asyncio.Event()
        self._measures = measures or Measures()
        self._measures.pool_size.set_function(lambda: pool.get_size())
        self._measures.pool_in_use.set_function(lambda: pool.get_size() - pool.get_idle_size())

    @property
    def connections(self) -> int:
        """How many at most."""
        return self._pool.get_max_size()

    async def transact(self, work: Callable[[Tx], Awaitable[T]], *, attempts: int = ATTEMPTS) -> T:
        """Run `work` in one transaction, from the start again when another one was in its way.

        Raises Unavailable when the database is away. Then a commit may or may
        not have happened: whoever repeats does so with the same key.
        """

        async def once(connection: Any) -> tuple[T, bool]:
            tx = Tx(connection)
            async with connection.transaction():
                result = await work(tx)
            return result, tx.promised

        result, promised = await self._repeated(once, attempts)
        if promised:
            self.promised.set()
        return result

    async def _repeated(self, once: Callable[[Any], Awaitable[T]], attempts: int = ATTEMPTS) -> T:
        """Do it on a connection of the pool, again when another transaction was in its way."""
        for attempt in range(1, attempts + 1):
            began, waited = time.perf_counter(), None
            try:
                async with self._pool.lent(timeout=ACQUIRE_SECONDS) as connection:
                    waited = time.perf_counter() - began
                    with _misuse_told_apart(connection):
                        return await once(connection)
            except _REPEATABLE as error:
                if attempt == attempts:
                    raise Unavailable("the database is too busy") from error
                await asyncio.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter
            except _AWAY as error:
                raise Unavailable("the database does not answer") from error
            finally:
                self._measures.db_wait.observe(time.perf_counter() - began if waited is None else waited)
        raise AssertionError("unreachable")

    async def glance(self, work: Callable[[Tx], Awaitable[T]]) -> T:
        """Run `work`, which only reads, without the round trips of a transaction if one statement is all it
        needs; from the start again in a transaction if not, so that what it sees is of one moment.
        """
        try:
            return await self._repeated(lambda connection: work(_Glance(connection)))
        except _SecondStatement:
            return await self.transact(work)

    async def statement(self, sql: str, *args: Any) -> list[asyncpg.Record]:
        """One statement that is a transaction of its own: begun, done and committed in one round trip.

        Raises Unavailable as `transact` does, and NotDone when the database objected.
        """

        async def once(connection: Any) -> list[asyncpg.Record]:
            try:
                rows: list[asyncpg.Record] = await connection.fetch(sql, *args)
                return rows
            except (*_REPEATABLE, *_AWAY):
                raise
            except asyncpg.PostgresError as error:
                raise NotDone from error

        return await self._repeated(once)

    async def ping(self) -> None:
        """One round trip, or Unavailable."""

        async def work(tx: Tx) -> None:
            await tx.fetchval("SELECT 1")

        await self.transact(work)

    async def close(self) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()


@contextlib.contextmanager
def _misuse_told_apart(connection: Any) -> Iterator[None]:
    """asyncpg has one error for a connection that was lost and for one used wrongly."""
    try:
        yield
    except asyncpg.exceptions.ReadOnlySQLTransactionError:
        connection.terminate()  # its server has become a standby: the next one is looked for anew
        raise
    except asyncpg.InterfaceError as error:
        if connection.is_closed():
            raise Unavailable("the database does not answer") from error
        connection.terminate()  # nothing more can be done with it, not even give it back
        raise DatabaseMisused from error
    except asyncpg.InternalClientError as error:
        connection.terminate()  # it believes itself open, and that a statement is still under way
        raise Unavailable("the database does not answer") from error


async def connect(
    url: str,
    *,
    schema: str,
    largest: int = 8,
    idle: float = IDLE_SECONDS,
    measures: Measures | None = None,
) -> Database:
    """Open the pool, waiting up to half a minute for a server that is still starting."""
    deadline = asyncio.get_running_loop().time() + 30
    while True:
        try:
            pool = await asyncpg.create_pool(
                url,
                min_size=1,
                max_size=largest,
                command_timeout=STATEMENT_SECONDS,
                max_inactive_connection_lifetime=idle,
                target_session_attrs=WRITABLE,
                server_settings=_server_settings(schema),
                init=_prepare,
                reset=_keep,
            )
            return Database(Connections(pool), measures)
        except _AWAY as error:
            if asyncio.get_running_loop().time() > deadline:
                raise Unavailable("the database does not answer") from error
            log.info("database.awaited")
            await asyncio.sleep(0.2)


async def dedicated(url: str, *, schema: str) -> asyncpg.Connection:
    """A connection outside the pool, for what lives in a session: an advisory lock."""
    try:
        connection = await asyncpg.connect(
            url,
            timeout=5,
            command_timeout=STATEMENT_SECONDS,
            target_session_attrs=WRITABLE,
            server_settings=_server_settings(schema),
        )
    except _AWAY as error:
        raise Unavailable("the database does not answer") from error
    await _prepare(connection)
    return connection


def _server_settings(schema: str) -> dict[str, str]:
    """A half-open connection is found out in half a minute: it may hold the relay's lock."""
    return {
        "search_path": schema,
        "application_name": f"digiaula-{schema}",
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
    }


async def _prepare(connection: Any) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=_encode_json,
        decoder=msgspec.json.decode,
        format="text",
    )


def _encode_json(value: Any) -> str:
    return msgspec.json.encode(value).decode("utf-8")


async def _keep(_: Any) -> None:
    """Nothing here leaves state in a session, so nothing needs resetting between transactions."""
