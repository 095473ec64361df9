"""Calendars: a change of one that the plan runs on reschedules it."""

from typing import Any
from uuid import UUID

import orjson

from services.kernel.access import require_member
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.kernel.working_time import InvalidCalendar, NoWorkingTime
from services.planning.projects.repository import load_project
from services.planning.schedule.calendar import Calendar, CalendarInUse, CalendarInvalid, working_calendar
from services.planning.schedule.repository.collections import CALENDARS
from services.planning.schedule.repository.loading import (
    calendar_is_used,
    load_plan,
    project_of_calendar,
    reload_calendars,
)
from services.planning.schedule.schemas import CalendarPatch, CalendarValues, NewCalendar
from services.planning.schedule.use_cases.plan_changes import PlanChange, settle, tell_rest
from services.planning.schedule.working_plan import WorkingPlan

DOCUMENT = ("name", "days", "exceptions", "work_weeks", "holidays")


async def add_calendar(session: WriteSession, project_id: UUID, new: NewCalendar) -> tuple[Calendar, dict[str, Any]]:
    """A calendar of the project; it may become the one that the project runs on."""
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    calendar = Calendar(
        project_id=project_id,
        name=new.name,
        base_calendar_id=await _base(session, project_id, new.base_calendar_id),
        document=document_of(new),
    )
    session.add(calendar)
    return calendar, await _settle(session, plan, calendar, new.is_project_calendar, "added")


async def change_calendar(
    session: WriteSession, calendar_id: UUID, expected_version: int, patch: CalendarPatch
) -> tuple[Calendar, dict[str, Any]]:
    """Other days, exceptions or base; the plan follows."""
    project_id = await project_of_calendar(session, calendar_id)
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    calendar = await _load(session, calendar_id)
    await CALENDARS.check_version(session, calendar.id, calendar.version, expected_version)
    changes = merged(patch)
    if "name" in changes:
        calendar.name = patch.name
    if "base_calendar_id" in changes:
        calendar.base_calendar_id = await _base(session, project_id, patch.base_calendar_id, calendar_id)
    documented = document_of(patch)
    calendar.document = calendar.document | {name: documented[name] for name in DOCUMENT if name in changes}
    return calendar, await _settle(session, plan, calendar, changes.get("is_project_calendar"), "changed")


async def delete_calendar(session: WriteSession, calendar_id: UUID, expected_version: int) -> None:
    """Remove a calendar that nothing runs on. Raises CalendarInUse."""
    project_id = await project_of_calendar(session, calendar_id)
    await require_member(session, session.principal, project_id)
    plan = await load_plan(session, project_id, lock=True)
    calendar = await _load(session, calendar_id)
    await CALENDARS.check_version(session, calendar.id, calendar.version, expected_version)
    if await calendar_is_used(session, calendar_id):
        raise CalendarInUse
    await session.delete(calendar)
    await session.flush()
    await settle(session, plan, _change(calendar, "deleted"))


async def _load(session: WriteSession, calendar_id: UUID) -> Calendar:
    calendar = await session.get(Calendar, (session.tenant_id, calendar_id))
    if calendar is None:
        raise NotFound
    return calendar


async def _base(
    session: WriteSession, project_id: UUID, base_id: UUID | None, own_id: UUID | None = None
) -> UUID | None:
    """The base calendar, which must be another one of the project and must not inherit from this one in turn."""
    follow, seen = base_id, {own_id}
    while follow is not None:
        base = await session.get(Calendar, (session.tenant_id, follow))
        if base is None or base.project_id != project_id or follow in seen:
            raise UnknownReference("base_calendar_id")
        seen.add(follow)
        follow = base.base_calendar_id
    return base_id


def document_of(values: CalendarValues) -> dict[str, Any]:
    """The members of a body that are the calendar's document, as it is stored."""
    dumped: dict[str, Any] = values.model_dump(mode="json", by_alias=True)
    return {name: dumped[name] for name in DOCUMENT}


def _change(calendar: Calendar, deed: str) -> PlanChange:
    question = f"May the calendar {calendar.name} be {deed}?"
    return PlanChange(["calendar.change"], "calendar", calendar.id, calendar.name, question, deed)


async def _settle(
    session: WriteSession, plan: WorkingPlan, calendar: Calendar, is_project_calendar: bool | None, deed: str
) -> dict[str, Any]:
    try:
        working_calendar(orjson.dumps(calendar.document).decode())
    except (InvalidCalendar, NoWorkingTime) as error:
        raise CalendarInvalid(reason=str(error)) from error
    await session.flush()
    project = await load_project(session, calendar.project_id)
    if is_project_calendar is not None and (project.calendar_id == calendar.id) != is_project_calendar:
        project.calendar_id = calendar.id if is_project_calendar else None
        await session.flush()
    await reload_calendars(session, plan)
    effects = await settle(session, plan, _change(calendar, deed))
    tell_rest(session, plan, "calendar", skip=0)
    return effects
