"""`/v1/jobs/{id}`: watching and cancelling long work. Every service serves its own jobs; the gateway finds the owner."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from services.kernel.access import knows_project, sees_project
from services.kernel.authority import acts, declare_kind
from services.kernel.collection import Collection
from services.kernel.problems import Conflict, NotFound, Unavailable
from services.kernel.requests import Reading, context_of
from services.kernel.schemas import ObjectShape
from services.kernel.write import Writing

if TYPE_CHECKING:
    from services.kernel.service import Service

JOB_CANCEL = declare_kind("job.cancel", "operational", "Cancel one's own job", "Avbryte egen jobb", judged_by="oneself")
TERMINAL = ("succeeded", "failed", "cancelled")


class JobShape(ObjectShape):
    kind: str
    project_id: UUID | None
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    progress: int
    step: str | None
    result_url: str | None
    result: dict[str, object] | None
    problem: dict[str, object] | None


class JobFinished(Conflict):
    code = "job_finished"
    title = {"en": "The job has ended", "nb": "Jobben er avsluttet"}


# A job is seen by whoever asked for it, while they know its project, and by the people of its project.
JOBS = Collection(
    noun="job",
    source="jobs t",
    container=None,
    visible=lambda project, person: (
        f"(t.created_by_id = {person} and ({project} is null or {knows_project(project, person)})"
        f" or {sees_project(project, person)})"
    ),
    columns={
        "id": "t.id",
        "type": "'job'",
        "version": "t.version",
        "created_at": "t.created_at",
        "updated_at": "t.updated_at",
        "created_by_id": "t.created_by_id",
        "updated_by_id": "t.created_by_id",
        "kind": "t.kind",
        "project_id": "t.project_id",
        "state": "t.state",
        "progress": "t.progress",
        "step": "t.step",
        "result_url": "t.result_url",
        "result": "t.result",
        "problem": "t.problem",
    },
)


def job_router(service: "Service") -> APIRouter:
    router = APIRouter(tags=["jobs"], generate_unique_id_function=lambda route: route.name)

    @router.get("/v1/jobs/{job_id}", response_model=JobShape, openapi_extra={"parameters": JOBS.object_parameters()})
    async def get_job(job_id: UUID, read: Reading) -> Response:
        """State, progress and result of a piece of long work."""
        return await JOBS.one(read, job_id)

    # A job moves on by itself, so that naming its version would only make cancelling fail.
    @router.delete(
        "/v1/jobs/{job_id}",
        status_code=202,
        response_model=JobShape,
        openapi_extra={"x-if-match": "none", "x-authority": {"kinds": [JOB_CANCEL.described()]}},
    )
    @acts(JOB_CANCEL)
    async def cancel_job(job_id: UUID, write: Writing) -> Response:
        """Ask the job to stop. One that has not begun never will; a running one stops at its next step."""
        await JOBS.require_visible(write.session, job_id, write.principal.person_id)
        found = await write.session.row(
            """update jobs set cancel_requested = true, version = version + 1, updated_at = now(),
                 state = case when state = 'queued' then 'cancelled' else state end
               where tenant_id = $1 and id = $2 and created_by_id = $3 and state in ('queued', 'running')
               returning version""",
            write.session.tenant_id,
            job_id,
            write.principal.person_id,
        )
        if found is None:
            known = await write.session.value(
                "select true from jobs where tenant_id = $1 and id = $2 and created_by_id = $3",
                write.session.tenant_id,
                job_id,
                write.principal.person_id,
            )
            raise JobFinished if known else NotFound
        return await write.answer(await JOBS.represent(write.session, job_id), status=202, version=found["version"])

    @router.get("/v1/jobs/{job_id}/stream", response_class=StreamingResponse, include_in_schema=True)
    async def stream_job(job_id: UUID, read: Reading) -> Response:
        """The job's progress as server-sent events, one per change, until it has ended or is no longer the reader's to see."""
        await JOBS.one(read, job_id)
        principal = context_of(read.request).principal
        database = service.database

        async def changes() -> AsyncIterator[bytes]:
            last = -1
            while True:
                try:
                    async with database.read(principal.tenant_id) as session:
                        await JOBS.require_visible(session, job_id, principal.person_id)
                        body = orjson.loads(await JOBS.represent(session, job_id))
                except (NotFound, Unavailable):
                    return
                if body["version"] != last:
                    last = body["version"]
                    yield b"event: job\nid: %d\ndata: %s\n\n" % (last, orjson.dumps(body))
                if body["state"] in TERMINAL:
                    return
                await asyncio.sleep(0.2)

        return StreamingResponse(changes(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})

    return router
