"""Reading other services' facts: cursor, effect and the facts that follow from it are one transaction.

Numbers have no gap within a tenant and source, so the cursor alone tells a new fact from a repeated one. A reader that
meets a gap, or that is asked for a number it has not reached, fetches what is missing from the source's outbox. A fact
whose handler fails is parked with its project, visibly, and holds up no other project.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog

from services.kernel.database import Database, is_passing
from services.kernel.events import Fact
from services.kernel.failpoints import failpoint
from services.kernel.http_client import HttpFailed
from services.kernel.identity import Principal
from services.kernel.ids import new_id
from services.kernel.log import LOG_FAILURES, Log
from services.kernel.peers import Peers
from services.kernel.problems import CatchingUp, Problem
from services.kernel.session import WriteSession

_log = structlog.get_logger("inbox")
Handler = Callable[[WriteSession, Fact], Awaitable[None]]
BatchHandler = Callable[[WriteSession, Sequence[Fact]], Awaitable[None]]
CATCH_UP_SECONDS = 3.0
LOG_SECONDS = 0.02
GATHER_SECONDS = 0.05
PARKED_ATTEMPTS = 8
NOBODY = UUID(int=0)
# The first fact of each project that is parked, which the others wait behind; one without a project holds nothing up.
HEADS = """select distinct on (tenant_id, source, coalesce(project_id, id)) * from parked_facts
           order by tenant_id, source, coalesce(project_id, id), number"""
_DUE = f"""select envelope, attempts from ({HEADS}) head where next_attempt_at <= now()
           order by next_attempt_at limit 100"""
# Somebody holds the tenant's cursor longer than a lock may be waited for: a rebuild, which ends.
CURSOR_HELD = asyncpg.LockNotAvailableError


class Handlers:
    """Which fact types a service acts upon. A type that nobody registered moves the cursor and does nothing."""

    def __init__(self) -> None:
        self._by_type: dict[str, list[Handler]] = defaultdict(list)
        self._every: list[Handler] = []
        self._batches: list[BatchHandler] = []

    def on(self, *fact_types: str) -> Callable[[Handler], Handler]:
        """Register the decorated handler for the named types. It must be repeatable and derive time from the fact."""

        def register(handler: Handler) -> Handler:
            for fact_type in fact_types:
                self._by_type[fact_type].append(handler)
            return handler

        return register

    def on_every(self, handler: Handler) -> Handler:
        """Register a handler for all facts of all sources."""
        self._every.append(handler)
        return handler

    def on_batch(self, handler: BatchHandler) -> BatchHandler:
        """Register a handler for all facts of all sources, in the batches in which they come (the gateway's merged log).

        It is given the facts of a batch before the other handlers are, also those that will be parked, and may not fail.
        """
        self._batches.append(handler)
        return handler

    def include(self, other: "Handlers") -> None:
        for fact_type, handlers in other._by_type.items():  # noqa: SLF001 -- one of our own kind
            self._by_type[fact_type].extend(handlers)
        self._every.extend(other._every)  # noqa: SLF001 -- one of our own kind
        self._batches.extend(other._batches)  # noqa: SLF001 -- one of our own kind

    def of(self, fact_type: str) -> Sequence[Handler]:
        return (*self._every, *self._by_type.get(fact_type, ()))

    @property
    def batches(self) -> Sequence[BatchHandler]:
        return self._batches

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self._by_type)


class Inbox:
    """Applies the facts of `sources` to this service's database, from the log and from the sources themselves."""

    def __init__(
        self,
        database: Database,
        log: Log,
        peers: Peers,
        handlers: Handlers,
        sources: Sequence[str],
        on_applied: Callable[[UUID, bool], None],
        *,
        gathers: bool = True,
    ) -> None:
        self._database = database
        self._log = log
        self._peers = peers
        self._handlers = handlers
        self.sources = tuple(sources)
        self._on_applied = on_applied
        # Facts that come fast cost half when they are applied together, and leave the way free for whoever tells of them.
        self._gather_seconds = GATHER_SECONDS if gathers else 0.0
        self._awaited: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._reached: dict[tuple[UUID, str], int] = {}
        # For those who wait for the next number; taken away when it is set.
        self._news: defaultdict[tuple[UUID, str], asyncio.Event] = defaultdict(asyncio.Event)
        self._locks: defaultdict[tuple[UUID, str], asyncio.Lock] = defaultdict(asyncio.Lock)

    # -- the log ------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Read every source until cancelled, and try parked facts again."""
        async with asyncio.TaskGroup() as group:
            for source in self.sources:
                group.create_task(self._follow(source))
            group.create_task(self._retry_parked())

    async def _follow(self, source: str) -> None:
        while True:
            try:
                gather = partial(self._gather, source)
                async for messages in self._log.batches(self._database.settings.service, source, gather):
                    by_tenant: dict[UUID, list[Fact]] = defaultdict(list)
                    for message in messages:
                        fact = Fact.from_bytes(message.data)
                        by_tenant[fact.tenant_id].append(fact)
                    failpoint("consumer.after_receive")
                    for tenant_id, facts in by_tenant.items():
                        if not await self.apply(tenant_id, source, facts):
                            await self.pull(tenant_id, source, max(fact.number for fact in facts))
                    for message in messages:
                        await message.ack()
            except (*LOG_FAILURES, HttpFailed, Problem) as error:
                _log.warning("inbox waits", source=source, problem=type(error).__name__)
            except Exception as error:  # noqa: BLE001 -- a reader stops and tries again; it never gives up
                level = _log.warning if is_passing(error) else _log.exception
                level("inbox waits", source=source, problem=type(error).__name__)
            await asyncio.sleep(0.5)

    async def _gather(self, source: str) -> None:
        """Wait for more facts of the source, but not while somebody waits for those that have come."""
        if self._gather_seconds:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._gather_seconds):
                    await self._awaited[source].wait()
            self._awaited[source].clear()

    # -- read your writes ---------------------------------------------------------------------------------------------

    async def reach(self, tenant_id: UUID, positions: Mapping[str, int]) -> bool:
        """Return when this service has applied these numbers; True when it was not known to have been there already.

        Raises CatchingUp when it cannot within three seconds.
        """
        looked = False
        for source, number in positions.items():
            if source not in self.sources or self._reached.get((tenant_id, source), 0) >= number:
                continue
            looked = True
            self._awaited[source].set()
            if await self._is_brought(tenant_id, source, number):
                continue
            if await self._cursor(tenant_id, source) < number:
                await self.pull(tenant_id, source, number)
        return looked

    async def _is_brought(self, tenant_id: UUID, source: str, number: int) -> bool:
        """Wait for what the log is about to bring: it costs nothing, while asking the source costs a dozen round trips."""
        place = (tenant_id, source)
        try:
            async with asyncio.timeout(LOG_SECONDS):
                while self._reached.get(place, 0) < number:
                    await self._news[place].wait()
        except TimeoutError:
            return False
        return True

    async def _cursor(self, tenant_id: UUID, source: str) -> int:
        async with self._database.read(tenant_id) as reader:
            number = await reader.value(
                "select number from inbox_cursors where tenant_id = $1 and source = $2", tenant_id, source
            )
        self._remember(tenant_id, source, number or 0)
        return number or 0

    def _remember(self, tenant_id: UUID, source: str, number: int) -> None:
        if len(self._reached) > 100_000:
            self._reached.clear()
        self._reached[tenant_id, source] = max(number, self._reached.get((tenant_id, source), 0))
        if (waiting := self._news.pop((tenant_id, source), None)) is not None:
            waiting.set()

    async def pull(self, tenant_id: UUID, source: str, until: int) -> None:
        """Fetch from the source's outbox and apply, until the cursor has reached `until`."""
        try:
            async with asyncio.timeout(CATCH_UP_SECONDS), self._locks[tenant_id, source]:
                while (cursor := await self._cursor(tenant_id, source)) < until:
                    facts = await self._peers.facts(source, tenant_id, cursor)
                    if not facts:
                        await asyncio.sleep(0.02)
                    elif not await self.apply(tenant_id, source, facts):
                        raise RuntimeError(f"the outbox of {source} has a gap behind {cursor}")
        except (TimeoutError, CURSOR_HELD, HttpFailed) as error:
            raise CatchingUp from error

    # -- applying -----------------------------------------------------------------------------------------------------

    async def apply(self, tenant_id: UUID, source: str, facts: Sequence[Fact]) -> bool:
        """Apply what is new among `facts` in one transaction. False when a number is missing; then nothing is applied.

        Handlers hardly ever fail, so the facts are first handled without the savepoints that finding the one which
        failed would take; with them the whole is done again where one did.
        """
        try:
            return await self._apply(tenant_id, source, facts, careful=False)
        except Exception as error:
            if is_passing(error):
                raise
        return await self._apply(tenant_id, source, facts, careful=True)

    async def _apply(self, tenant_id: UUID, source: str, facts: Sequence[Fact], *, careful: bool) -> bool:
        async with self._database.write(Principal(tenant_id, NOBODY, kind="service")) as session:
            reached = facts[-1].number
            if not careful and await self._move_cursor(session, source, facts):
                await self._handle_all(session, facts)
            else:
                start, has_parked = await self._hold_cursor(session, source)
                advanced = await self._advance(session, source, start, facts, has_parked=has_parked, careful=careful)
                if advanced is None:
                    return False
                if advanced == start:
                    return True
                reached = advanced
            failpoint("consumer.mid_tx")
            recorded = await session.publish() is not None
            failpoint("consumer.before_commit")
            await session.commit()
            failpoint("consumer.after_commit")
        self._remember(tenant_id, source, reached)
        self._on_applied(tenant_id, recorded)
        return True

    async def rebuild(self, tenant_id: UUID, empty: Callable[[WriteSession], Awaitable[None]]) -> Mapping[str, int]:
        """Empty what facts have made of a tenant and make it again from the sources' outboxes; answers the numbers reached.

        It is one transaction: readers see the old state or the new one, and a crash leaves the old. Only for a service
        whose handlers record no facts of their own, since those would be recorded again. Raises HttpFailed.
        """
        async with self._database.write(Principal(tenant_id, NOBODY, kind="service")) as session:
            # Held cursors keep the running readers out until this has committed, so no fact goes in between.
            before = {source: (await self._hold_cursor(session, source))[0] for source in self.sources}
            driver = await session.driver()
            await driver.execute("delete from parked_facts where tenant_id = $1", tenant_id)
            await driver.execute(
                "update inbox_cursors set number = 0, has_parked = false where tenant_id = $1", tenant_id
            )
            await empty(session)
            reached: dict[str, int] = {}
            for source, known in before.items():
                head = max(known, (await self._peers.heads(source)).get(tenant_id, 0))
                cursor = 0
                while cursor < head:
                    facts = await self._peers.facts(source, tenant_id, cursor)
                    advanced = await self._advance(session, source, cursor, facts, has_parked=True, careful=True)
                    if advanced is None or advanced == cursor:
                        raise RuntimeError(f"the outbox of {source} has a gap behind {cursor}")
                    cursor = advanced
                reached[source] = cursor
            if session.recorded:
                raise RuntimeError("a rebuild must not record facts a second time")
            await session.commit()
        for source, number in reached.items():
            self._remember(tenant_id, source, number)
        return reached

    async def _move_cursor(self, session: WriteSession, source: str, facts: Sequence[Fact]) -> bool:
        """Take the facts at once: lock the cursor and move it behind them, where they are the next ones and nothing is parked."""
        numbers = [fact.number for fact in facts]
        if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
            return False
        moved: bool | None = await (await session.driver()).fetchval(
            """update inbox_cursors set number = $4
               where tenant_id = $1 and source = $2 and number = $3 and not has_parked returning true""",
            session.tenant_id,
            source,
            numbers[0] - 1,
            numbers[-1],
        )
        return moved is True

    async def _handle_all(self, session: WriteSession, facts: Sequence[Fact]) -> None:
        """Handle facts of a source that has none parked. Raises what a handler does."""
        for handler in self._handlers.batches:
            await handler(session, facts)
        for fact in facts:
            await self._handle(session, fact, careful=False)

    async def _hold_cursor(self, session: WriteSession, source: str) -> tuple[int, bool]:
        """The number reached, locked until the transaction ends, and whether some fact before it may be parked."""
        driver = await session.driver()
        # An update to the same number locks the row and tells it in one statement, be it new or not.
        held = await driver.fetchrow(
            """insert into inbox_cursors as held (tenant_id, source, number) values ($1, $2, 0)
               on conflict (tenant_id, source) do update set number = held.number returning number, has_parked""",
            session.tenant_id,
            source,
        )
        return held["number"], held["has_parked"]

    async def _advance(
        self,
        session: WriteSession,
        source: str,
        start: int,
        facts: Sequence[Fact],
        *,
        has_parked: bool,
        careful: bool,
    ) -> int | None:
        """Handle the facts behind the held cursor and move it; None when a number is missing."""
        tenant_id = session.tenant_id
        # By number, since one may come twice in a batch.
        behind = {fact.number: fact for fact in facts if fact.number > start}
        fresh = [behind[number] for number in sorted(behind)]
        if fresh and fresh[-1].number != start + len(fresh):
            return None
        if not fresh:
            return start
        driver = await session.driver()
        for handler in self._handlers.batches:
            await handler(session, fresh)
        parked: set[UUID | None] = set()
        if has_parked:
            rows = await driver.fetch(
                "select distinct project_id from parked_facts where tenant_id = $1 and source = $2", tenant_id, source
            )
            parked = {row["project_id"] for row in rows}
        for fact in fresh:
            if fact.project_id is not None and fact.project_id in parked:
                await _park(driver, fact, "waits behind an earlier fact of its project", 0)
            elif not await self._handle(session, fact, careful=careful):
                parked.add(fact.project_id)
        reached = fresh[-1].number
        await driver.execute(
            "update inbox_cursors set number = $3, has_parked = $4 where tenant_id = $1 and source = $2",
            tenant_id,
            source,
            reached,
            bool(parked),
        )
        return reached

    async def _handle(self, session: WriteSession, fact: Fact, *, careful: bool = True, attempts: int = 0) -> bool:
        """Run the fact's handlers, for which `attempts` were made before.

        Carefully, a failure parks the fact and answers False; otherwise it is raised.
        """
        handlers = self._handlers.of(fact.type)
        if not handlers:
            return True
        session.principal = Principal(
            fact.tenant_id,
            fact.actor_id,
            kind="service",
            on_behalf_of_id=fact.on_behalf_of_id,
            proposal_id=fact.proposal_id,
        )
        session.trace_id = fact.trace_id
        recorded = len(session.recorded)
        try:
            async with session.begin_nested() if careful else nullcontext():
                for handler in handlers:
                    await handler(session, fact)
                await session.flush()
            return True
        except Exception as error:
            if not careful or is_passing(error):
                raise
            session.forget_recorded_after(recorded)
            _log.exception("fact parked", type=fact.type, number=fact.number, tenant=str(fact.tenant_id))
            problem = f"{type(error).__name__}: {error}"[:1000]
            await _park(await session.driver(), fact, problem, attempts + 1)
            return False

    async def _retry_parked(self) -> None:
        while True:
            await asyncio.sleep(1)
            try:
                async with self._database.background() as connection:
                    while True:
                        for row in await connection.fetch(_DUE):
                            await self._retry(Fact.from_body(orjson.loads(row["envelope"])), row["attempts"])
                        await asyncio.sleep(1)
            except Exception as error:  # noqa: BLE001 -- tried again in a second
                if not is_passing(error):
                    _log.exception("parked facts wait")

    async def _retry(self, fact: Fact, attempts: int) -> None:
        """Try the oldest parked fact of a project again; those behind it follow, one by one, once it has gone through."""
        async with self._database.write(Principal(fact.tenant_id, NOBODY, kind="service")) as session:
            driver = await session.driver()
            due = await driver.fetchval(
                """select true from parked_facts where tenant_id = $1 and source = $2 and number = $3
                   and next_attempt_at <= now() for update skip locked""",
                fact.tenant_id,
                fact.source,
                fact.number,
            )
            if not due:
                return
            if await self._handle(session, fact, attempts=attempts):
                await driver.execute(
                    "delete from parked_facts where tenant_id = $1 and source = $2 and number = $3",
                    fact.tenant_id,
                    fact.source,
                    fact.number,
                )
            recorded = await session.publish() is not None
            await session.commit()
        self._on_applied(fact.tenant_id, recorded)


async def _park(driver: Any, fact: Fact, problem: str, attempts: int) -> None:
    """Keep a fact that could not be handled. After its last attempt only a person has it tried again."""
    pause = timedelta(seconds=2 ** min(attempts, 10)) if attempts < PARKED_ATTEMPTS else None
    await driver.execute(
        """insert into parked_facts
             (tenant_id, source, number, id, project_id, envelope, problem, attempts, next_attempt_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, now() + $9)
           on conflict (tenant_id, source, number) do update
             set problem = excluded.problem, attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at""",
        fact.tenant_id,
        fact.source,
        fact.number,
        new_id(),
        fact.project_id,
        fact.to_bytes().decode(),
        problem,
        attempts,
        pause,
    )
