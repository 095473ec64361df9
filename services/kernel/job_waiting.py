"""`Prefer: wait=10` (RFC 7240): whoever asks for long work may wait for it and be answered in place when it is ready in time."""

import asyncio
import re
import time
from uuid import UUID

import orjson
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.kernel.database import Database
from services.kernel.job_routes import JOBS, TERMINAL
from services.kernel.problems import NotFound
from services.kernel.requests import RequestContext

LONGEST_WAIT_SECONDS = 30
LOOK_SECONDS = 0.05
_JOB = re.compile(r"/v1/jobs/([0-9a-f-]{36})")
_WAIT = re.compile(rb"(?:^|[,;])\s*wait\s*=\s*(\d{1,4})\b")


class JobWaiting:
    """Holds a `202` that names a job back for as long as the caller prefers; then 200 with the ended job, or the 202."""

    def __init__(self, app: ASGIApp, database: Database) -> None:
        self._app = app
        self._database = database

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        seconds = _preferred_wait(scope) if scope["type"] == "http" else 0
        if not seconds:
            await self._app(scope, receive, send)
            return
        held: list[Message] = []

        async def hold(message: Message) -> None:
            if held or (message["type"] == "http.response.start" and _job_of(message) is not None):
                held.append(message)
            else:
                await send(message)

        await self._app(scope, receive, hold)
        if not held:
            return
        start = held[0]
        job_id = _job_of(start)
        context: RequestContext = scope["tandem"]
        ended = await self._ended(context.principal.tenant_id, job_id, seconds) if job_id is not None else None
        headers = MutableHeaders(scope=start)
        if ended is not None:
            headers["Preference-Applied"] = f"wait={seconds}"
            headers["Content-Length"] = str(len(ended))
            held = [{**start, "status": 200}, {"type": "http.response.body", "body": ended}]
        for message in held:
            await send(message)

    async def _ended(self, tenant_id: UUID, job_id: UUID, seconds: int) -> bytes | None:
        """The job's representation once it has ended; None when it has not in time."""
        deadline = time.monotonic() + seconds
        while True:
            async with self._database.read(tenant_id) as session:
                try:
                    body = await JOBS.represent(session, job_id)
                except NotFound:
                    return None
            if orjson.loads(body)["state"] in TERMINAL:
                return body
            if time.monotonic() > deadline:
                return None
            await asyncio.sleep(LOOK_SECONDS)


def _preferred_wait(scope: Scope) -> int:
    if scope["method"] != "POST":
        return 0
    preferences = b",".join(value for name, value in scope["headers"] if name == b"prefer")
    found = _WAIT.search(preferences)
    return min(int(found[1]), LONGEST_WAIT_SECONDS) if found else 0


def _job_of(start: Message) -> UUID | None:
    if start["status"] != 202:
        return None
    for name, value in start["headers"]:
        if name.lower() == b"location" and (found := _JOB.fullmatch(value.decode("latin-1"))):
            return UUID(found[1])
    return None
