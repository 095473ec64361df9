"""From a bearer token to a principal: one look-up a request, so that a revoked token or person is refused at once.

The row that answers also says how far the tenant's directory has come, which travels with the request: a service that
is behind catches up before it answers, so a revoked right is dead at the next request everywhere.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from gateway.identity.repository import DIRECTORY_HEAD, NOTE_USE
from gateway.identity.token import token_hash
from services.kernel.connections import Connections
from services.kernel.database import CONNECTION_FAILURES, CONNECTION_PARAMETERS
from services.kernel.identity import ALL_SCOPES, LIFETIME_SECONDS, IdentitySigner, Principal
from services.kernel.problems import NotFound, Unauthenticated, Unavailable
from services.kernel.settings import Settings

LONGEST_TOKEN = 200
_RENEW_BEFORE_SECONDS = 15
_NOTE_USE_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Authenticated:
    """`session_id` is set where a sign-in stands behind the request, and no personal or service token."""

    principal: Principal
    signed: str
    directory_head: int
    session_id: UUID | None = None


class Authenticator:
    """Looks tokens up as the background role over a small pool of its own.

    `statements` are the look-ups by the prefix of the secret, each with the hash as its one parameter.
    """

    def __init__(self, settings: Settings, signer: IdentitySigner, statements: Mapping[str, str]) -> None:
        self._settings = settings
        self._statements = dict(statements)
        self._signer = signer
        self._connections: Connections | None = None
        self._signed: dict[tuple[object, ...], tuple[Principal, str, float]] = {}

    async def open(self) -> None:
        async def become_background(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
            await connection.execute("set role gateway_background")

        async def nothing_to_reset(connection: object) -> None:
            """The role is what this pool is for; the reset query would take it away."""

        for attempt in range(40):
            try:
                pool = await asyncpg.create_pool(
                    self._settings.database_url,
                    min_size=1,
                    max_size=self._settings.database_pool_size,
                    server_settings=CONNECTION_PARAMETERS,
                    init=become_background,
                    reset=nothing_to_reset,
                    timeout=2,
                    command_timeout=5,
                )
                self._connections = Connections(pool)
                return
            except CONNECTION_FAILURES:
                if attempt == 39:
                    raise
                await asyncio.sleep(0.25)

    async def close(self) -> None:
        if self._connections is not None:
            await self._connections.close()

    async def authenticate(self, authorization: bytes | None) -> Authenticated:
        """The principal behind an Authorization header.

        Raises Unauthenticated, NotFound where the tenant is archived, or Unavailable when nobody can say.
        """
        if authorization is None or not authorization[:7].lower() == b"bearer " or len(authorization) > LONGEST_TOKEN:
            raise Unauthenticated
        secret = authorization[7:].strip().decode("latin-1")
        statement = self._statements.get(secret[: secret.find("_", 4) + 1])
        if statement is None:
            raise Unauthenticated
        row = await self._look_up(statement, token_hash(secret))
        if row is None:
            raise Unauthenticated
        if row["closed"]:
            raise NotFound
        key = tuple(
            tuple(value) if isinstance(value, list) else value
            for value in (row[name] for name in ("tenant_id", "person_id", "scopes", "kind", "tenant_role"))
        )
        principal, signed = self._sign((*key, row["authenticated_at"]))
        return Authenticated(principal, signed, row["head"], row["session_id"])

    async def find(self, statement: str, *arguments: Any) -> asyncpg.Record | None:
        """The one row of a look-up over all tenants, before the tenant is known. Raises Unavailable."""

        async def fetch(connection: Any) -> asyncpg.Record | None:
            row: asyncpg.Record | None = await connection.fetchrow(statement, *arguments)
            return row

        return await self._with_connection(fetch)

    async def directory_head(self, tenant_id: UUID) -> int:
        """The number of the tenant's newest fact of the directory, which a service must know before it answers."""
        row = await self.find(DIRECTORY_HEAD, tenant_id)
        return int(row["number"]) if row is not None else 0

    async def _look_up(self, statement: str, secret_hash: bytes) -> asyncpg.Record | None:
        async def fetch(connection: Any) -> asyncpg.Record | None:
            row: asyncpg.Record | None = await connection.fetchrow(statement, secret_hash)
            if row is not None and _is_news(row["last_used_at"]):
                await connection.execute(NOTE_USE, row["tenant_id"], row["credential_id"])
            return row

        return await self._with_connection(fetch)

    async def _with_connection(
        self, fetch: "Callable[[Any], Awaitable[asyncpg.Record | None]]"
    ) -> asyncpg.Record | None:
        if self._connections is None:
            raise Unavailable
        connection, sound = None, False
        try:
            connection = await self._connections.take()
            row = await fetch(connection)
            sound = True
        except CONNECTION_FAILURES as error:
            raise Unavailable from error
        finally:
            if connection is not None:
                await self._connections.give_back(connection, sound=sound)
        return row

    def _sign(self, key: tuple[object, ...]) -> tuple[Principal, str]:
        """The signed identity, reused while it has life left: signing costs as much as a whole list."""
        known = self._signed.get(key)
        now = time.monotonic()
        if known is not None and known[2] > now:
            return known[0], known[1]
        tenant_id, person_id, scopes, kind, tenant_role, authenticated_at = key
        assert isinstance(tenant_id, UUID)
        assert isinstance(person_id, UUID)
        assert authenticated_at is None or isinstance(authenticated_at, datetime)
        if scopes is None:
            # As wide as the person, who has the administrator's scope as long as the role.
            scopes = ALL_SCOPES if tenant_role == "admin" else ALL_SCOPES - {"admin"}
        assert isinstance(scopes, tuple | frozenset)
        principal = Principal(
            tenant_id,
            person_id,
            kind=kind,  # type: ignore[arg-type]  # a column with a check on its values
            scopes=frozenset(scopes),
            tenant_role=str(tenant_role) if tenant_role is not None else None,
            authenticated_at=authenticated_at,
        )
        signed = self._signer.sign(principal)
        if len(self._signed) > 10_000:
            self._signed.clear()
        self._signed[key] = (principal, signed, now + LIFETIME_SECONDS - _RENEW_BEFORE_SECONDS)
        return principal, signed


def _is_news(last_used_at: datetime | None) -> bool:
    """Whether a use now would be seen in what is noted, which is the hour."""
    return last_used_at is None or datetime.now(UTC) - last_used_at >= _NOTE_USE_EVERY
