"""HTTP of working calendars."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing
from services.planning.schedule.kinds import CALENDAR_CHANGE
from services.planning.schedule.repository.collections import CALENDARS
from services.planning.schedule.schemas import CalendarPatch, CalendarShape, NewCalendar
from services.planning.schedule.use_cases import calendars as use_cases

router = area_router("calendars")


@router.get(
    "/v1/projects/{project_id}/calendars",
    response_model=Listing[CalendarShape],
    openapi_extra={"parameters": CALENDARS.list_parameters()},
)
async def list_calendars(project_id: UUID, read: Reading) -> Response:
    """The project's calendars. Without one of its own it runs on Monday to Friday from 08:00."""
    return await CALENDARS.page(read, project_id)


@router.post("/v1/projects/{project_id}/calendars/searches", response_model=Listing[CalendarShape])
async def search_calendars(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The project's calendars that meet a combination of conditions."""
    return await CALENDARS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/calendars", status_code=201, response_model=CalendarShape)
@acts(CALENDAR_CHANGE)
async def add_calendar(project_id: UUID, new: NewCalendar, write: Writing) -> Response:
    """A calendar for the project, its tasks or its resources."""
    calendar, effects = await use_cases.add_calendar(write.session, project_id, new)
    return await write.answer(
        await CALENDARS.represent(write.session, calendar.id),
        status=201,
        version=calendar.version,
        location=f"/v1/calendars/{calendar.id}",
        effects=effects,
    )


@router.get(
    "/v1/calendars/{calendar_id}",
    response_model=CalendarShape,
    openapi_extra={"parameters": CALENDARS.object_parameters()},
)
async def get_calendar(calendar_id: UUID, read: Reading) -> Response:
    """One calendar."""
    return await CALENDARS.one(read, calendar_id)


@router.patch("/v1/calendars/{calendar_id}", response_model=CalendarShape)
@acts(CALENDAR_CHANGE)
async def change_calendar(calendar_id: UUID, patch: CalendarPatch, write: Writing) -> Response:
    """Other days or exceptions; what runs on the calendar is rescheduled."""
    calendar, effects = await use_cases.change_calendar(write.session, calendar_id, write.expected_version, patch)
    body = await CALENDARS.represent(write.session, calendar_id)
    return await write.answer(body, version=calendar.version, effects=effects)


@router.delete("/v1/calendars/{calendar_id}", status_code=204)
@acts(CALENDAR_CHANGE)
async def delete_calendar(calendar_id: UUID, write: Writing) -> Response:
    """Remove a calendar that nothing runs on."""
    await use_cases.delete_calendar(write.session, calendar_id, write.expected_version)
    return await write.answer_empty()
