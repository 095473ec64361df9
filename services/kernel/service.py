"""One running service: its database, its log connection and its background work, started and stopped as one."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from fastapi import Request

from services.kernel.database import Database
from services.kernel.housekeeping import Housekeeping
from services.kernel.http_client import AsgiApp
from services.kernel.identity import IdentitySigner, Principal
from services.kernel.inbox import Handlers, Inbox
from services.kernel.jobs import JobFunction, JobWorker
from services.kernel.log import LOG_FAILURES, Log
from services.kernel.peers import Peers
from services.kernel.problems import Malformed
from services.kernel.relay import Relay
from services.kernel.settings import Settings
from services.kernel.storage import Storage
from services.kernel.stored_files import OrphanCollection

_log = structlog.get_logger("service")
POSITIONS_HEADER = "tandem-positions"


class Service:
    """The parts that every service has. `resources` is what the service itself adds (storage, mailer, …)."""

    def __init__(
        self,
        settings: Settings,
        peers: Mapping[str, "str | AsgiApp"],
        *,
        handlers: Handlers,
        sources: Sequence[str],
        jobs: Mapping[str, JobFunction],
        resources: Any = None,
        chores: Sequence[str] = (),
        store: Storage | None = None,
        gathers: bool = True,
    ) -> None:
        self.settings = settings
        self.name = settings.service
        self.database = Database(settings)
        self.signer = IdentitySigner(settings.signing_keys)
        self.log = Log(settings.nats_url, settings.log_name)
        self.peers = Peers(peers, self.signer, self.name)
        self.relay = Relay(self.database, self.log)
        self.resources = resources
        self.inbox = Inbox(self.database, self.log, self.peers, handlers, sources, self._applied, gathers=gathers)
        self.worker = JobWorker(self.database, jobs, resources, self.wake)
        grace = timedelta(hours=settings.orphan_hours)
        orphans = OrphanCollection(self.database, store, grace) if store is not None else None
        self._housekeeping = Housekeeping(self.database, chores, orphans)
        self.draining = False
        # Told of each tenant for which facts of other services were applied in this process.
        self.after_apply: list[Callable[[UUID], None]] = []
        self._seen_positions: dict[Any, str] = {}
        self._connecting = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        await self.database.open()
        if self.settings.run_workers:
            self._start("relay", self._with_log(self.relay.run()))
            self._start("inbox", self._with_log(self.inbox.run()))
            self._start("jobs", self.worker.run())
            self._start("housekeeping", self._housekeeping.run())

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=f"{self.name}.{name}")
        task.add_done_callback(self._report_end)
        self._tasks.append(task)

    def _report_end(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background work ended", work=task.get_name(), exc_info=error)

    async def _with_log(self, work: Coroutine[Any, Any, None]) -> None:
        """Wait for the log server; the service answers meanwhile, and the outbox keeps what it has to say."""
        try:
            while not self.log.connected:
                try:
                    await self._connect_once()
                except LOG_FAILURES:
                    await asyncio.sleep(0.25)
            await work
        finally:
            work.close()

    async def _connect_once(self) -> None:
        async with self._connecting:
            if not self.log.connected:
                await self.log.connect()

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.log.close()
        await self.peers.close()
        await self.database.close()

    @property
    def alive(self) -> bool:
        """Whether all background work is still running; a process in which some has ended wants a restart."""
        return all(not task.done() for task in self._tasks)

    def _applied(self, tenant_id: UUID, recorded: bool) -> None:
        if recorded:
            self.wake()
        for listener in self.after_apply:
            listener(tenant_id)

    def wake(self) -> None:
        """Something was committed in this process: relay it at once."""
        self.relay.wake()

    async def catch_up(self, request: Request, principal: Principal) -> None:
        """Apply what the request's sender has already seen of other services, before it is answered (design.md, 3)."""
        header = request.headers.get(POSITIONS_HEADER)
        if header is None or self._seen_positions.get(principal.tenant_id) == header:
            return
        positions: dict[str, int] = {}
        for part in header.split(","):
            source, _, number = part.partition("=")
            if not number.isdigit():
                raise Malformed(reason=f"{POSITIONS_HEADER} is not readable")
            positions[source.strip()] = int(number)
        await self.inbox.reach(principal.tenant_id, positions)
        if len(self._seen_positions) > 10_000:
            self._seen_positions.clear()
        self._seen_positions[principal.tenant_id] = header
