"""Long work as a durable job: enqueued in the transaction that asks for it, worked off by pgqueuer, watched at /v1/jobs.

pgqueuer's row wakes a worker and survives its death; our `jobs` row is what the API shows. A job's function runs
outside any transaction and opens its own, so that its progress can be seen while it works; its last one should be
the one that stores the result, through `JobRun.succeed`, together with the effect.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import structlog
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job as QueuedJob
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries

from services.kernel.database import CONNECTION_FAILURES, CONNECTION_PARAMETERS, Database, is_passing
from services.kernel.identity import Principal
from services.kernel.ids import new_id
from services.kernel.problems import Problem, Unavailable
from services.kernel.session import WriteSession

_log = structlog.get_logger("jobs")
ENTRYPOINT = "tandem_job"
HEARTBEAT = timedelta(seconds=10)
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.2, 60.0


class JobCancelled(Exception):
    """The job was asked to stop and noticed at its next report of progress."""


class JobRun:
    """What a job's function is given: its arguments, in whose name it works, and the means to report."""

    def __init__(
        self,
        database: Database,
        resources: Any,
        tenant_id: UUID,
        job_id: UUID,
        arguments: dict[str, Any],
        principal: Principal,
    ) -> None:
        self.database = database
        self.resources = resources
        self.tenant_id = tenant_id
        self.id = job_id
        self.arguments = arguments
        self.principal = principal

    async def report(self, progress: int, step: str) -> None:
        """Show progress in per cent. Raises JobCancelled when somebody has asked the job to stop."""
        async with self.database.write(self.principal) as session:
            cancelled = await session.value(
                """update jobs set progress = $3, step = $4, version = version + 1, updated_at = now()
                   where tenant_id = $1 and id = $2 and state = 'running' returning cancel_requested""",
                self.tenant_id,
                self.id,
                progress,
                step,
            )
            await session.commit()
        if cancelled is None or cancelled:
            raise JobCancelled

    @asynccontextmanager
    async def write(self) -> AsyncIterator[WriteSession]:
        """A transaction in the name of whoever asked for the job; it commits with its facts when the block ends well."""
        async with self.database.write(self.principal) as session:
            yield session
            await session.publish()
            await session.commit()

    async def succeed(
        self, session: WriteSession, result_url: str | None, result: Mapping[str, Any] | None = None
    ) -> None:
        """Mark the job done in the transaction that stores its effect: both are there, or neither."""
        done = await session.value(
            """update jobs set state = 'succeeded', progress = 100, step = null, result_url = $3, result = $4,
                 version = version + 1, updated_at = now()
               where tenant_id = $1 and id = $2 and state = 'running' and not cancel_requested returning true""",
            self.tenant_id,
            self.id,
            result_url,
            orjson.dumps(result).decode() if result is not None else None,
        )
        if not done:
            raise JobCancelled


JobFunction = Callable[[JobRun], Awaitable[None]]


async def enqueue_job(
    session: WriteSession,
    kind: str,
    arguments: Mapping[str, Any],
    project_id: UUID | None = None,
    *,
    after: timedelta = timedelta(0),
) -> UUID:
    """Ask for a job in this transaction. Returns its id; it starts when, and only if, the transaction commits.

    `after` lets it wait so long; a time that has passed is no wait.
    """
    job_id = new_id()
    principal = session.principal
    driver = await session.driver()
    await driver.execute(
        """insert into jobs (tenant_id, id, kind, project_id, state, arguments, principal, created_by_id)
           values ($1, $2, $3, $4, 'queued', $5, $6, $7)""",
        session.tenant_id,
        job_id,
        kind,
        project_id,
        orjson.dumps(arguments).decode(),
        orjson.dumps(principal_to_json(principal)).decode(),
        principal.person_id,
    )
    payload = orjson.dumps({"tenant_id": str(session.tenant_id), "id": str(job_id)})
    await Queries(AsyncpgDriver(driver)).enqueue(ENTRYPOINT, payload, execute_after=max(after, timedelta(0)))
    return job_id


async def release_held_jobs(session: WriteSession) -> None:
    """Enqueue again what came due while it was archived; what still is, is held again when its turn comes."""
    driver = await session.driver()
    released = await driver.fetch(
        "update jobs set held = false where tenant_id = $1 and held returning id", session.tenant_id
    )
    for row in released:
        payload = orjson.dumps({"tenant_id": str(session.tenant_id), "id": str(row["id"])})
        await Queries(AsyncpgDriver(driver)).enqueue(ENTRYPOINT, payload)


def principal_to_json(principal: Principal) -> dict[str, Any]:
    return {
        "tenant_id": str(principal.tenant_id),
        "person_id": str(principal.person_id),
        "kind": principal.kind,
        "scopes": sorted(principal.scopes),
        "tenant_role": principal.tenant_role,
        "on_behalf_of_id": principal.on_behalf_of_id and str(principal.on_behalf_of_id),
        "proposal_id": principal.proposal_id and str(principal.proposal_id),
        "reason": principal.reason,
        "approvals": principal.approvals,
        "authenticated_at": principal.authenticated_at and principal.authenticated_at.isoformat(),
    }


def principal_from_json(stored: Mapping[str, Any]) -> Principal:
    return Principal(
        tenant_id=UUID(stored["tenant_id"]),
        person_id=UUID(stored["person_id"]),
        kind=stored["kind"],
        scopes=frozenset(stored["scopes"]),
        tenant_role=stored["tenant_role"],
        on_behalf_of_id=UUID(stored["on_behalf_of_id"]) if stored["on_behalf_of_id"] else None,
        proposal_id=UUID(stored["proposal_id"]) if stored["proposal_id"] else None,
        reason=stored["reason"],
        approvals=stored["approvals"],
        authenticated_at=datetime.fromisoformat(stored["authenticated_at"]) if stored["authenticated_at"] else None,
    )


class JobWorker:
    """Works off a service's jobs until cancelled. A job whose worker died is started again after the heartbeat's gap."""

    def __init__(
        self, database: Database, functions: Mapping[str, JobFunction], resources: Any, on_done: Callable[[], None]
    ) -> None:
        self._database = database
        self._functions = functions
        self._resources = resources
        self._on_done = on_done

    async def run(self) -> None:
        while True:
            try:
                connection = await asyncpg.connect(
                    self._database.settings.database_url, server_settings=CONNECTION_PARAMETERS, timeout=2
                )
            except CONNECTION_FAILURES:
                await asyncio.sleep(0.5)
                continue
            manager = QueueManager(Queries(AsyncpgDriver(connection)))
            manager.entrypoint(ENTRYPOINT)(self._work)
            try:
                await manager.run(dequeue_timeout=timedelta(seconds=5), batch_size=2, heartbeat_timeout=HEARTBEAT)
            except Exception as error:  # noqa: BLE001 -- the queue's rows stay; the worker connects anew
                level = _log.warning if is_passing(error) else _log.exception
                level("job worker waits", problem=type(error).__name__)
                await asyncio.sleep(0.5)
            finally:
                manager.shutdown.set()
                with suppress(*CONNECTION_FAILURES):
                    await connection.close(timeout=2)

    async def _work(self, queued: QueuedJob) -> None:
        """One job, until it has ended: while the database or another service is away it is tried again from its start."""
        named = orjson.loads(queued.payload or b"{}")
        tenant_id, job_id = UUID(named["tenant_id"]), UUID(named["id"])
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                await self._attempt(tenant_id, job_id)
            except Exception as error:
                if not is_passing(error):
                    raise
                if pause > LONGEST_PAUSE_SECONDS:
                    await self._give_up(tenant_id, job_id)
                    raise
                _log.warning("job waits", job=str(job_id), problem=type(error).__name__)
                await asyncio.sleep(pause)
                pause *= 2
            else:
                self._on_done()
                return

    async def _give_up(self, tenant_id: UUID, job_id: UUID) -> None:
        """What a job needs has been away for too long: it has failed, and whoever asked for it may ask again.

        Where it is the database that is away, this waits for it, since otherwise the job would seem to run for ever.
        """
        while True:
            try:
                run, _ = await self._take(tenant_id, job_id)
                if run is not None:
                    await self._finish(run, "failed", Unavailable().body("en", f"/v1/jobs/{job_id}", str(job_id)))
            except Exception as error:
                if not is_passing(error):
                    raise
                await asyncio.sleep(LONGEST_PAUSE_SECONDS)
            else:
                return

    async def _attempt(self, tenant_id: UUID, job_id: UUID) -> None:
        run, kind = await self._take(tenant_id, job_id)
        if run is None:
            return
        try:
            await self._functions[kind](run)
        except JobCancelled:
            await self._finish(run, "cancelled", None)
        except Exception as error:
            if is_passing(error):
                raise
            if not isinstance(error, Problem):
                _log.exception("job failed", kind=kind, job=str(job_id))
            problem = error if isinstance(error, Problem) else Problem()
            await self._finish(run, "failed", problem.body("en", f"/v1/jobs/{job_id}", str(job_id)))

    async def _take(self, tenant_id: UUID, job_id: UUID) -> tuple[JobRun | None, str]:
        async with self._database.write(Principal(tenant_id, UUID(int=0), kind="service")) as session:
            row = await session.row(
                """update jobs set held = away.so,
                     state = case when away.so then state when cancel_requested then 'cancelled' else 'running' end,
                     attempts = attempts + 1, version = version + 1, updated_at = now()
                   from (select exists (select from archived_projects a join jobs j on j.tenant_id = a.tenant_id
                           and a.project_id in (j.project_id, '00000000-0000-0000-0000-000000000000')
                           where j.tenant_id = $1 and j.id = $2) as so) away
                   where tenant_id = $1 and id = $2 and state in ('queued', 'running')
                   returning kind, state, held, arguments::text, principal::text""",
                tenant_id,
                job_id,
            )
            await session.commit()
        if row is None or row["held"] or row["state"] == "cancelled":
            return None, ""
        principal = principal_from_json(orjson.loads(row["principal"]))
        arguments = orjson.loads(row["arguments"])
        return JobRun(self._database, self._resources, tenant_id, job_id, arguments, principal), row["kind"]

    async def _finish(self, run: JobRun, state: str, problem: dict[str, Any] | None) -> None:
        async with self._database.write(run.principal) as session:
            await session.value(
                """update jobs set state = $3, problem = $4, step = null, version = version + 1, updated_at = now()
                   where tenant_id = $1 and id = $2""",
                run.tenant_id,
                run.id,
                state,
                orjson.dumps(problem).decode() if problem is not None else None,
            )
            await session.commit()
