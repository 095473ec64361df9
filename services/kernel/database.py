"""The connections of one service to its PostgreSQL: a pool for reads, an engine for writes, one for background work."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Connection, event
from sqlalchemy.exc import DBAPIError, DisconnectionError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from services.kernel.connections import Connections
from services.kernel.identity import Principal
from services.kernel.problems import Unavailable
from services.kernel.session import ReadSession, TenantSession, WriteSession, driver_of, send
from services.kernel.settings import Settings

CONNECTION_PARAMETERS = {"jit": "off", "timezone": "UTC"}
LOCKED = (
    asyncpg.LockNotAvailableError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.QueryCanceledError,
)
# What "the database is not there", or has no connection left for us, looks like. It becomes 503; everything else is a
# fault of ours.
CONNECTION_FAILURES = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InterfaceError,
    # How the driver speaks of a connection that was lost between two of its own steps.
    asyncpg.InternalClientError,
    TimeoutError,
    PoolTimeout,
)


def is_connection_failure(error: BaseException) -> bool:
    """Whether the database is away or restarting, however the layers above the driver have wrapped that."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(_cause(error), CONNECTION_FAILURES)
    return isinstance(error, (*CONNECTION_FAILURES, PendingRollbackError, Unavailable))


def is_passing(error: BaseException) -> bool:
    """Whether trying again later may help: no connection, or somebody held a lock for too long."""
    return is_connection_failure(error) or isinstance(_cause(error), LOCKED)


def _cause(error: BaseException) -> BaseException | None:
    """The driver's own error behind SQLAlchemy's."""
    if isinstance(error, DBAPIError):
        return error.orig.__cause__ if error.orig is not None else None
    return error


class NotDurable(Exception):
    """The server would lose acknowledged writes; a killed process cannot reveal that, so it is asked at the start."""


class Database:
    """Opens transactions for one tenant at a time. Nothing else in a service talks to PostgreSQL."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._engine: AsyncEngine | None = None
        self._connections: Connections | None = None

    async def open(self) -> None:
        """Connect both pools; waits up to ten seconds for a server that is just starting."""
        size = self.settings.database_pool_size
        url = self.settings.database_url
        for attempt in range(40):
            try:
                pool = await asyncpg.create_pool(
                    url,
                    min_size=1,
                    max_size=size,
                    server_settings=CONNECTION_PARAMETERS,
                    reset=_nothing_to_reset,
                    timeout=2,
                    command_timeout=30,
                )
                self._connections = Connections(pool)
                break
            except CONNECTION_FAILURES:
                if attempt == 39:
                    raise
                await asyncio.sleep(0.25)
        self._engine = create_async_engine(
            url.replace("postgresql://", "postgresql+asyncpg://", 1),
            pool_size=size,
            max_overflow=0,
            pool_timeout=1,
            pool_pre_ping=False,
            # A statement's values are what people wrote, and the trace of its failure goes to the log.
            hide_parameters=True,
            # The session begins its transactions itself, with its tenant in the same round trip; what ends them is below.
            isolation_level="AUTOCOMMIT",
            pool_reset_on_return=None,
            connect_args={"server_settings": CONNECTION_PARAMETERS, "timeout": 2, "command_timeout": 30},
        )
        event.listen(self._engine.sync_engine, "commit", _commit)
        event.listen(self._engine.sync_engine, "rollback", _roll_back)
        event.listen(self._engine.sync_engine, "checkout", _refuse_what_is_left)
        await self._refuse_a_server_that_forgets()

    async def close(self) -> None:
        if self._connections is not None:
            await self._connections.close()
        if self._engine is not None:
            await self._engine.dispose()

    async def _refuse_a_server_that_forgets(self) -> None:
        if self.settings.environment == "test":
            return
        async with self.read(UUID(int=0)) as session:
            for name in ("fsync", "full_page_writes", "synchronous_commit"):
                if await session.value(f"show {name}") == "off":
                    raise NotDurable(f"PostgreSQL runs with {name}=off and would lose acknowledged writes")

    @property
    def connections(self) -> Connections:
        """Those of the reads."""
        if self._connections is None:
            raise RuntimeError("the database is not open")
        return self._connections

    @property
    def engine(self) -> AsyncEngine:
        if self._engine is None:
            raise RuntimeError("the database is not open")
        return self._engine

    @asynccontextmanager
    async def read(self, tenant_id: UUID) -> AsyncIterator[ReadSession]:
        """A read-only transaction of one tenant, over asyncpg itself: two round trips besides the queries."""
        async with self._over_the_driver(tenant_id, "begin read only") as session:
            yield session

    @asynccontextmanager
    async def brief(self, tenant_id: UUID) -> AsyncIterator[ReadSession]:
        """A transaction of a statement or two that may change rows but records no facts, committed at its end.

        For counters: should the machine die in the next moment, the last counts may be lost.
        """
        async with self._over_the_driver(tenant_id, "begin; set local synchronous_commit = off") as session:
            yield session

    @asynccontextmanager
    async def _over_the_driver(self, tenant_id: UUID, begin: str) -> AsyncIterator[ReadSession]:
        connection, sound = None, False
        try:
            connection = await self.connections.take()
            await connection.execute(f"{begin}; set local app.tenant_id = '{tenant_id}'")
            yield ReadSession(connection, tenant_id)
            await connection.execute("commit")
            sound = True
        except CONNECTION_FAILURES as error:
            raise Unavailable from error
        except BaseException:
            if connection is not None and not connection.is_closed() and connection.is_in_transaction():
                with suppress(*CONNECTION_FAILURES):
                    await connection.execute("rollback")
            raise
        finally:
            if connection is not None:
                await self.connections.give_back(connection, sound=sound)

    @asynccontextmanager
    async def write(self, principal: Principal, within: AsyncConnection | None = None) -> AsyncIterator[WriteSession]:
        """A transaction of the principal's tenant, or a savepoint `within` one. It is rolled back unless committed."""
        session = WriteSession(
            self.engine if within is None else within,
            join_transaction_mode="create_savepoint",
            principal=principal,
            service=self.settings.service,
            expire_on_commit=False,
            autoflush=False,
            sync_session_class=TenantSession,
        )
        try:
            async with session:
                yield session
        except (DBAPIError, PendingRollbackError, *CONNECTION_FAILURES) as error:
            if is_connection_failure(error):
                raise Unavailable from error
            raise

    @asynccontextmanager
    async def background(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """A connection of its own as the background role, which sees the marked kernel tables over all tenants."""
        connection = await asyncpg.connect(
            self.settings.database_url, server_settings=CONNECTION_PARAMETERS, timeout=2, command_timeout=30
        )
        try:
            await connection.execute(f"set role {self.settings.service}_background")
            yield connection
        finally:
            await connection.close(timeout=2)


def _commit(connection: Connection) -> None:
    send(connection, "commit")


def _roll_back(connection: Connection) -> None:
    driver = driver_of(connection)
    if not driver.is_closed() and driver.is_in_transaction():
        with suppress(*CONNECTION_FAILURES):
            send(connection, "rollback")


def _refuse_what_is_left(connection: Any, _record: Any, _proxy: Any) -> None:
    """Have the pool replace a connection that was lost, or whose transaction somebody could not end."""
    driver = connection.driver_connection
    if driver.is_closed() or driver.is_in_transaction():
        raise DisconnectionError


async def _nothing_to_reset(connection: Any) -> None:
    """Every use ends its transaction and nothing here sets session state, so the pool's reset query is saved."""
