"""From a bearer token to a principal: one look-up a request, so that a revoked token or person is refused at once.

The row that answers also says how far the tenant's directory has come, which travels with the request: a service that
is behind catches up before it answers, so a revoked right is dead at the next request everywhere.
"""

import asyncio
import time
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from gateway.identity.repository import AUTHENTICATE
from gateway.identity.token import PREFIX, token_hash
from services.kernel.connections import Connections
from services.kernel.database import CONNECTION_FAILURES, CONNECTION_PARAMETERS
from services.kernel.identity import LIFETIME_SECONDS, IdentitySigner, Principal
from services.kernel.problems import Unauthenticated, Unavailable
from services.kernel.settings import Settings

LONGEST_TOKEN = 200
_RENEW_BEFORE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Authenticated:
    principal: Principal
    signed: str
    directory_head: int


class Authenticator:
    """Looks tokens up as the background role over a small pool of its own."""

    def __init__(self, settings: Settings, signer: IdentitySigner) -> None:
        self._settings = settings
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
        """The principal behind an Authorization header. Raises Unauthenticated, or Unavailable when nobody can say."""
        if authorization is None or not authorization[:7].lower() == b"bearer " or len(authorization) > LONGEST_TOKEN:
            raise Unauthenticated
        secret = authorization[7:].strip().decode("latin-1")
        if not secret.startswith(PREFIX):
            raise Unauthenticated
        row = await self._look_up(token_hash(secret))
        if row is None:
            raise Unauthenticated
        key = (row["tenant_id"], row["person_id"], tuple(row["scopes"]), row["kind"], row["tenant_role"])
        principal, signed = self._sign(key)
        return Authenticated(principal, signed, row["head"])

    async def _look_up(self, secret_hash: bytes) -> asyncpg.Record | None:
        if self._connections is None:
            raise Unavailable
        connection, sound = None, False
        try:
            connection = await self._connections.take()
            row: asyncpg.Record | None = await connection.fetchrow(AUTHENTICATE, secret_hash)
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
        tenant_id, person_id, scopes, kind, tenant_role = key
        assert isinstance(tenant_id, UUID)
        assert isinstance(person_id, UUID)
        assert isinstance(scopes, tuple)
        principal = Principal(
            tenant_id,
            person_id,
            kind=kind,  # type: ignore[arg-type]  # a column with a check on its values
            scopes=frozenset(scopes),
            tenant_role=str(tenant_role) if tenant_role is not None else None,
        )
        signed = self._signer.sign(principal)
        if len(self._signed) > 10_000:
            self._signed.clear()
        self._signed[key] = (principal, signed, now + LIFETIME_SECONDS - _RENEW_BEFORE_SECONDS)
        return principal, signed
