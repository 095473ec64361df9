"""Two kinds of session, so that a signature says whether it writes, and one place that commits.

Both are bound to one tenant by `SET LOCAL` at the start of their transaction; a session without a tenant cannot begin.
A `WriteSession` gathers the facts that its use cases record and writes them, numbered and chained, as the last thing
before the commit: the head row's lock serialises a tenant's writes from there on and is held for a moment only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal, Protocol, cast
from uuid import UUID

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import AdaptedConnection, Connection
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, SessionTransaction

from services.kernel.authority import KINDS, Authority
from services.kernel.confidentiality import without_money
from services.kernel.events import Audience, Fact, FactType, Recorded
from services.kernel.identity import Principal
from services.kernel.ids import new_id
from services.kernel.outbox import append_facts


class Reader(Protocol):
    """What a repository's reading statements need; both sessions offer it.

    Parameters are `$1, $2, …`; json and jsonb are cast to text in the statement
    and go in as text.
    """

    @property
    def tenant_id(self) -> UUID: ...

    async def value(self, statement: str, *arguments: Any) -> Any: ...

    async def row(self, statement: str, *arguments: Any) -> asyncpg.Record | None: ...

    async def rows(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]: ...


@dataclass(frozen=True, slots=True)
class Judged:
    """One act of a transaction as it was judged."""

    project_id: UUID
    kinds: tuple[str, ...]
    measures: Mapping[str, int | Decimal]
    authority: Authority

    def told(self) -> dict[str, Any]:
        """What the facts of the transaction say of it. Measures are text, since some are exact decimals."""
        classes = {KINDS[kind].default for kind in self.kinds if kind in KINDS}
        return {
            "kinds": list(self.kinds),
            "class": next((each for each in ("decide", "propose") if each in classes), "operational"),
            "measures": {name: str(value) for name, value in self.measures.items() if value},
            "role": self.authority.role,
            "delegation_id": self.authority.delegation_id,
        }


class Ground(Protocol):
    """The version of an object on which a write builds."""

    async def check(self, reader: Reader, person_id: UUID) -> None:
        """Raise Stale when the object has another version by now, NotFound when it is gone."""
        ...


@dataclass(frozen=True, slots=True)
class GatheredAct:
    """One act of a batch that is judged with the others, when all of them have been carried out."""

    kinds: tuple[str, ...]
    measures: Mapping[str, int | Decimal]
    impact: Mapping[str, Any]


class ReadSession:
    """A read-only transaction over one asyncpg connection."""

    def __init__(self, connection: Any, tenant_id: UUID) -> None:
        self.tenant_id = tenant_id
        self._connection = connection

    async def value(self, statement: str, *arguments: Any) -> Any:
        return await self._connection.fetchval(statement, *arguments)

    async def row(self, statement: str, *arguments: Any) -> asyncpg.Record | None:
        row: asyncpg.Record | None = await self._connection.fetchrow(statement, *arguments)
        return row

    async def rows(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        rows: Sequence[asyncpg.Record] = await self._connection.fetch(statement, *arguments)
        return rows


class TenantSession(Session):
    """The synchronous session below a WriteSession; its transactions begin with the tenant's setting."""


@event.listens_for(TenantSession, "after_begin")
def _begin_for_tenant(session: Session, transaction: SessionTransaction, connection: Connection) -> None:
    """Send BEGIN together with the tenant's setting; a session within another's transaction finds both done."""
    tenant_id = session.info.get("tenant_id")
    if tenant_id is None:
        raise RuntimeError("a write session needs a tenant")
    driver = driver_of(connection)
    if not driver.is_in_transaction():
        # The canonical text of a UUID object holds nothing that could be injected; SET LOCAL takes no parameters.
        send(connection, f"begin; set local app.tenant_id = '{UUID(str(tenant_id))}'")
    session.info["write"].runs_on(driver)


@event.listens_for(TenantSession, "after_transaction_end")
def _forget_driver(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info["write"].runs_on(None)


def driver_of(connection: Connection) -> Any:
    """The asyncpg connection below one of SQLAlchemy's."""
    return connection.connection.driver_connection


def send(connection: Connection, statement: str) -> None:
    """Have the driver carry out, in one round trip, what begins or ends a transaction."""
    cast("AdaptedConnection", connection.connection.dbapi_connection).run_async(
        lambda driver: driver.execute(statement)
    )


class WriteSession(AsyncSession):
    """One transaction that writes, in the name of a principal."""

    def __init__(self, *arguments: Any, principal: Principal, service: str, **options: Any) -> None:
        super().__init__(*arguments, info={"tenant_id": principal.tenant_id, "write": self}, **options)
        self.principal = principal
        self.service = service
        self.now = datetime.now(UTC)
        self.trace_id: str | None = None
        self.change_agent: str | None = None
        # What the authority check of this transaction found; a dry run answers with it.
        self.dry_run = False
        self.impact: dict[str, Any] | None = None
        self.authority: Authority | None = None
        self.decidable_by: list[dict[str, str]] = []
        # Every act that was judged, and which kinds the route said that there may be.
        self.judged: list[Judged] = []
        self.declared: frozenset[str] | None = None
        self.route = ""
        # What the write last found to be as its caller knows it.
        self.ground: Ground | None = None
        # The acts of a batch's operation, whose authority is asked for with that of the others; None outside of one.
        self.gathered: list[GatheredAct] | None = None
        # Whether the caller may see the money in an impact, and wants a refusal instead of a proposal.
        self.shows_costs = True
        self.strict = False
        self.language: Literal["en", "nb"] = "en"
        self._recorded: list[Recorded] = []
        self._driver: Any = None

    @property
    def tenant_id(self) -> UUID:
        return self.principal.tenant_id

    @property
    def author_id(self) -> UUID:
        """Whom a change is put down to: the proposer while a decision replays a proposal, else the principal."""
        return self.principal.on_behalf_of_id or self.principal.person_id

    def impact_shown(self) -> dict[str, Any]:
        """The impact as the caller may see it."""
        impact = self.impact or {}
        shown: dict[str, Any] = impact if self.shows_costs else without_money(impact)
        return shown

    def record(
        self,
        fact_type: FactType,
        subject_type: str,
        subject_id: UUID,
        data: dict[str, Any],
        *,
        project_id: UUID | None,
        audience: Audience = "members",
        authority: Sequence[Mapping[str, Any]] | None = None,
    ) -> None:
        """Record what happened. It is published if, and only if, this transaction commits.

        `authority` is that of an act that was judged elsewhere; without it, that of this transaction's own acts.
        """
        recorded = Recorded(
            fact_type,
            subject_type,
            subject_id,
            project_id,
            data,
            self.principal,
            self.trace_id,
            audience,
            authority,
        )
        self._recorded.append(recorded)

    @property
    def recorded(self) -> Sequence[Recorded]:
        return tuple(self._recorded)

    def forget_recorded_after(self, count: int) -> None:
        """Drop what was recorded behind the first `count` facts: the savepoint that they belong to was rolled back."""
        del self._recorded[count:]

    async def publish(self) -> int | None:
        """Flush, then write the recorded facts to the outbox. Returns the tenant's number reached, None without facts.

        Call it last: it takes the lock that orders the tenant's facts.
        """
        await self.flush()
        if not self._recorded:
            return None
        facts = [self._fact(recorded) for recorded in self._recorded]
        self._recorded.clear()
        return await append_facts(await self.driver(), self.tenant_id, facts)

    def _fact(self, recorded: Recorded) -> Fact:
        return Fact(
            id=new_id(),
            tenant_id=self.tenant_id,
            source=self.service,
            number=0,
            type=recorded.type.name,
            version=recorded.type.version,
            subject_type=recorded.subject_type,
            subject_id=recorded.subject_id,
            project_id=recorded.project_id,
            audience=recorded.audience,
            occurred_at=self.now,
            actor_id=recorded.principal.person_id,
            data=recorded.data,
            on_behalf_of_id=recorded.principal.on_behalf_of_id,
            proposal_id=recorded.principal.proposal_id,
            change_agent=self.change_agent,
            trace_id=recorded.trace_id,
            authority=(
                [judged.told() for judged in self.judged] if recorded.authority is None else list(recorded.authority)
            ),
        )

    def runs_on(self, driver: Any) -> None:
        """A transaction has begun over this asyncpg connection; None: it has ended."""
        self._driver = driver

    async def driver(self) -> Any:
        """The asyncpg connection of this transaction, with its tenant set. What is unflushed is not seen there."""
        if self._driver is None:
            _ = await self.connection()
        return self._driver

    async def flush(self, objects: Any = None) -> None:
        if objects is not None or self.new or self.dirty or self.deleted:
            await super().flush(objects)

    async def value(self, statement: str, *arguments: Any) -> Any:
        await self.flush()
        return await (await self.driver()).fetchval(statement, *arguments)

    async def row(self, statement: str, *arguments: Any) -> asyncpg.Record | None:
        await self.flush()
        row: asyncpg.Record | None = await (await self.driver()).fetchrow(statement, *arguments)
        return row

    async def rows(self, statement: str, *arguments: Any) -> Sequence[asyncpg.Record]:
        await self.flush()
        rows: Sequence[asyncpg.Record] = await (await self.driver()).fetch(statement, *arguments)
        return rows
