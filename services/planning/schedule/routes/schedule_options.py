"""HTTP of the rules that a plan is scheduled under, and of moving what remains behind the status date."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import Reading
from services.kernel.write import Writing
from services.planning.schedule.kinds import SCHEDULE_DATES
from services.planning.schedule.repository.collections import SCHEDULE_OPTIONS
from services.planning.schedule.schemas import (
    NewRescheduling,
    ReschedulingShape,
    ScheduleOptionsPatch,
    ScheduleOptionsShape,
)
from services.planning.schedule.use_cases import schedule_options as use_cases

router = area_router("schedule-options")


@router.get(
    "/v1/projects/{project_id}/schedule-options",
    response_model=ScheduleOptionsShape,
    openapi_extra={"parameters": SCHEDULE_OPTIONS.object_parameters()},
)
async def get_schedule_options(project_id: UUID, read: Reading) -> Response:
    """Where the plan begins or has to end, and what beats what in it."""
    return await SCHEDULE_OPTIONS.one(read, project_id)


@router.patch("/v1/projects/{project_id}/schedule-options", response_model=ScheduleOptionsShape)
@acts(SCHEDULE_DATES)
async def change_schedule_options(project_id: UUID, patch: ScheduleOptionsPatch, write: Writing) -> Response:
    """Other rules; the whole plan is scheduled anew."""
    version, effects = await use_cases.change_options(write.session, project_id, write.expected_version, patch)
    body = await SCHEDULE_OPTIONS.represent(write.session, project_id)
    return await write.answer(body, version=version, effects=effects)


@router.post("/v1/projects/{project_id}/reschedulings", response_model=ReschedulingShape)
@acts(SCHEDULE_DATES)
async def reschedule(project_id: UUID, new: NewRescheduling, write: Writing) -> Response:
    """Move all remaining work behind a date: what has begun resumes there, what has not starts no earlier.

    Tasks that insist on a date, or are to finish no earlier than one, keep their constraint and stay where they are; so do
    manual ones. Where the options forbid splitting work in progress, what has begun stays, too.
    """
    body, effects = await use_cases.reschedule(write.session, project_id, new.after)
    return await write.answer(body, effects=effects)
