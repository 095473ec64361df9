"""Negotiating for people: the project asks and agrees, the line owner offers or declines; both leave their reasons."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from services.kernel.access import may_see_costs, require_authority, require_member, require_scope
from services.kernel.confidentiality import without_money
from services.kernel.events import FactType, instant_text
from services.kernel.jobs import JobFunction, JobRun, enqueue_job
from services.kernel.problems import Forbidden, NotFound, UnknownReference
from services.kernel.requests import Read
from services.kernel.session import WriteSession
from services.planning.competences.repository import is_competence
from services.planning.competences.use_cases import candidates_json, rank_candidates
from services.planning.decisions.use_cases import record_acceptance, record_decision
from services.planning.resources.repository import belongs_to_project, is_assigned, load_resource
from services.planning.resources.resource import Resource, ResourceType, WorkKind
from services.planning.resources.schemas import NewAssignment
from services.planning.resources.use_cases import join_task, tell_resource_added
from services.planning.schedule.impact import impact_of
from services.planning.schedule.repository.loading import active_members, load_ledger, load_plan, reload_resources
from services.planning.schedule.use_cases.plan_changes import PlanChange, settle
from services.planning.schedule.working_plan import WorkingPlan
from services.planning.staffing.events import (
    STAFFING_AGREED,
    STAFFING_COUNTERED,
    STAFFING_DECLINED,
    STAFFING_EXPIRED,
    STAFFING_OFFERED,
    STAFFING_REQUESTED,
    STAFFING_WITHDRAWN,
)
from services.planning.staffing.repository import (
    STAFFING_REQUESTS,
    Asked,
    load_request,
    person_name,
    read_request,
    resource_of_person,
)
from services.planning.staffing.schemas import NewCounterOffer, NewStaffingOffer, NewStaffingRequest
from services.planning.staffing.staffing_request import (
    OPEN,
    AnswerTooLate,
    PeriodEndsEarly,
    StaffingRequest,
    StaffingState,
)

JOB: Final = "expire_staffing_request"
_STILL_OPEN: Final = tuple(sorted(OPEN))


async def ask_for_staff(session: WriteSession, project_id: UUID, new: NewStaffingRequest) -> StaffingRequest:
    """The project asks. Raises UnknownReference, PeriodEndsEarly, AnswerTooLate."""
    await require_member(session, session.principal, project_id)
    if new.task_id is not None and not await belongs_to_project(session, "tasks", new.task_id, project_id):
        raise UnknownReference("task_id")
    if new.competence_id is not None and not await is_competence(session, new.competence_id):
        raise UnknownReference("competence_id")
    if await person_name(session, new.line_owner_id) is None:
        raise UnknownReference("line_owner_id")
    request = StaffingRequest(
        project_id=project_id,
        history=[],
        units=new.units_percent / 100,
        state=StaffingState.REQUESTED,
        **new.model_dump(exclude={"units_percent", "reason"}),
    )
    _require_order(session, request.starts_on, request.ends_on, request.answer_by)
    request.note("requested", session.author_id, instant_text(session.now), new.reason, _terms(request))
    session.add(request)
    await session.flush()
    await require_authority(session, project_id, ["staffing.request"])
    await _expire_in_time(session, request)
    await _accept(session, request, f"Shall the line be asked for: {request.role}?", "asked")
    _tell(session, STAFFING_REQUESTED, request)
    return request


async def offer_staff(session: WriteSession, request_id: UUID, offer: NewStaffingOffer) -> StaffingRequest:
    """The line owner offers somebody, or another instead. Raises NotNegotiated, Forbidden, UnknownReference."""
    request = await _load_for_line(session, request_id)
    request.require(StaffingState.REQUESTED, StaffingState.OFFERED)
    name = offer.name if offer.person_id is None else await person_name(session, offer.person_id)
    if name is None:
        raise UnknownReference("person_id")
    units = request.units if offer.units_percent is None else offer.units_percent / 100
    starts_on, ends_on = offer.starts_on or request.starts_on, offer.ends_on or request.ends_on
    _require_order(session, starts_on, ends_on, None)
    terms = {
        "person_id": offer.person_id and str(offer.person_id),
        "name": name,
        "units_percent": f"{units * 100:.2f}",
        "starts_on": starts_on.isoformat(),
        "ends_on": ends_on.isoformat(),
    }
    request.offer = terms | {"reason": offer.reason}
    request.state = StaffingState.OFFERED
    request.note("offered", session.author_id, instant_text(session.now), offer.reason, terms)
    await session.flush()
    _tell(session, STAFFING_OFFERED, request)
    return request


async def decline(session: WriteSession, request_id: UUID, reason: str) -> StaffingRequest:
    """The line has nobody. Raises NotNegotiated, Forbidden."""
    request = await _load_for_line(session, request_id)
    request.require(StaffingState.REQUESTED, StaffingState.OFFERED)
    request.state, request.offer = StaffingState.DECLINED, None
    request.note("declined", session.author_id, instant_text(session.now), reason, _terms(request))
    await session.flush()
    _tell(session, STAFFING_DECLINED, request)
    return request


async def counter_offer(session: WriteSession, request_id: UUID, counter: NewCounterOffer) -> StaffingRequest:
    """The project asks on other terms. Raises NotNegotiated, PeriodEndsEarly, AnswerTooLate."""
    request = await _load_for_project(session, request_id)
    request.require(StaffingState.REQUESTED, StaffingState.OFFERED)
    if counter.units_percent is not None:
        request.units = counter.units_percent / 100
    request.starts_on = counter.starts_on or request.starts_on
    request.ends_on = counter.ends_on or request.ends_on
    request.answer_by = counter.answer_by or request.answer_by
    _require_order(session, request.starts_on, request.ends_on, request.answer_by)
    request.state, request.offer = StaffingState.REQUESTED, None
    request.note("countered", session.author_id, instant_text(session.now), counter.reason, _terms(request))
    await session.flush()
    await require_authority(session, request.project_id, ["staffing.request"])
    if counter.answer_by is not None:
        await _expire_in_time(session, request)
    await _accept(session, request, f"On which terms is the line asked for: {request.role}?", "as countered")
    _tell(session, STAFFING_COUNTERED, request)
    return request


async def withdraw(session: WriteSession, request_id: UUID, reason: str) -> StaffingRequest:
    """The project asks no longer. Raises NotNegotiated."""
    request = await _load_for_project(session, request_id)
    request.require(StaffingState.REQUESTED, StaffingState.OFFERED)
    request.state = StaffingState.WITHDRAWN
    request.note("withdrawn", session.author_id, instant_text(session.now), reason, _terms(request))
    await session.flush()
    await require_authority(session, request.project_id, ["staffing.request"])
    await _accept(session, request, f"Is the line asked no longer for: {request.role}?", "withdrawn")
    _tell(session, STAFFING_WITHDRAWN, request)
    return request


async def agree(session: WriteSession, request_id: UUID, reason: str) -> tuple[StaffingRequest, dict[str, Any]]:
    """The project takes the offer: whoever was offered becomes a resource for that time, and works on the task.

    A decision, with what it does to the plan. Raises NotNegotiated.
    """
    request = await _load_for_project(session, request_id)
    request.require(StaffingState.OFFERED)
    project_id = request.project_id
    plan = await load_plan(session, project_id, lock=True)
    assert request.offer is not None, "whoever has offered has an offer"
    offer = request.offer
    units = Decimal(offer["units_percent"]) / 100
    resource = await _resource_of(session, request, offer, units)
    request.resource_id = resource.id
    request.state = StaffingState.AGREED
    terms = {name: value for name, value in offer.items() if name != "reason"}
    request.note("agreed", session.author_id, instant_text(session.now), reason, terms)
    task = plan.tasks.get(request.task_id) if request.task_id is not None else None
    if task is not None and not await is_assigned(session, task.id, resource.id):
        new = NewAssignment(task_id=task.id, resource_id=resource.id, units_percent=units * 100)
        assignment, effects = await join_task(session, plan, new, ruling="staffing.agree")
        request.assignment_id = assignment.id
    else:
        await session.flush()
        await reload_resources(session, plan)
        change = PlanChange(
            kinds=["staffing.agree"],
            subject_type="staffing_request",
            subject_id=request.id,
            title=request.role,
            question="",
            chosen="",
            recorded_by_caller=True,
        )
        effects = await settle(session, plan, change)
    decision = await record_decision(
        session,
        project_id=project_id,
        kind="staffing.agree",
        question=f"On which terms does the project get: {request.role}?",
        chosen=f"{offer['name']}, {offer['units_percent']} %, {offer['starts_on']} to {offer['ends_on']}",
        reason=reason,
        impact=session.impact,
        executed_by_id=session.principal.person_id,
        subject_type="staffing_request",
        subject_id=request.id,
    )
    request.decision_id = decision.id
    await session.flush()
    _tell(session, STAFFING_AGREED, request)
    return request, effects


async def _resource_of(
    session: WriteSession, request: StaffingRequest, offer: Mapping[str, Any], units: Decimal
) -> Resource:
    """The resource that the offered person is already, or a new one that is there in the period and at no other time."""
    person_id = UUID(offer["person_id"]) if offer["person_id"] else None
    if person_id is not None:
        known = await resource_of_person(session, request.project_id, person_id)
        if known is not None:
            return await load_resource(session, known)
        if not await active_members(session, request.project_id, [person_id]):
            # Whoever is not on the project is known to it by their name alone.
            person_id = None
    first, last = date.fromisoformat(offer["starts_on"]), date.fromisoformat(offer["ends_on"])
    day = timedelta(days=1)
    resource = Resource(
        project_id=request.project_id,
        name=offer["name"],
        resource_type=ResourceType.WORK,
        work_kind=WorkKind.PERSON,
        max_units=units,
        availability=[
            {"from_date": None, "to_date": (first - day).isoformat(), "units": "0"},
            {"from_date": (last + day).isoformat(), "to_date": None, "units": "0"},
        ],
        person_id=person_id,
        external_refs=[],
    )
    session.add(resource)
    await session.flush()
    tell_resource_added(session, resource)
    return resource


async def _load_for_line(session: WriteSession, request_id: UUID) -> StaffingRequest:
    """The request for whom it asks. Raises NotFound for a stranger, Forbidden for who is not the line owner."""
    require_scope(session.principal, "planning:decide")
    await STAFFING_REQUESTS.require_visible(session, request_id, session.principal.person_id)
    request = await load_request(session, request_id, lock=True)
    if request.line_owner_id != session.principal.person_id:
        raise Forbidden
    return request


async def _load_for_project(session: WriteSession, request_id: UUID) -> StaffingRequest:
    """The request for those who ask. Raises NotFound; to the line owner alone the project is none of theirs: Forbidden."""
    await STAFFING_REQUESTS.require_visible(session, request_id, session.principal.person_id)
    request = await load_request(session, request_id)
    try:
        await require_member(session, session.principal, request.project_id)
    except NotFound:
        raise Forbidden from None
    return await load_request(session, request_id, lock=True)


def _require_order(session: WriteSession, first: date, last: date, answer_by: date | None) -> None:
    if last < first:
        raise PeriodEndsEarly
    if answer_by is not None and not session.now.date() <= answer_by <= last:
        raise AnswerTooLate


def _terms(request: StaffingRequest) -> dict[str, Any]:
    """What the project asks for, as the history keeps it."""
    return {
        "units_percent": f"{request.units * 100:.2f}",
        "starts_on": request.starts_on.isoformat(),
        "ends_on": request.ends_on.isoformat(),
    }


async def _accept(session: WriteSession, request: StaffingRequest, question: str, chosen: str) -> None:
    await record_acceptance(
        session,
        project_id=request.project_id,
        kind="staffing.request",
        question=question,
        chosen=chosen,
        subject_type="staffing_request",
        subject_id=request.id,
    )


def _tell(session: WriteSession, fact_type: FactType, request: StaffingRequest) -> None:
    data = {
        "role": request.role,
        "task_id": request.task_id and str(request.task_id),
        "competence_id": request.competence_id and str(request.competence_id),
        "line_owner_id": str(request.line_owner_id),
        **_terms(request),
        "answer_by": request.answer_by and request.answer_by.isoformat(),
        "state": request.state,
        "resource_id": request.resource_id and str(request.resource_id),
        "assignment_id": request.assignment_id and str(request.assignment_id),
    }
    session.record(fact_type, "staffing_request", request.id, data, project_id=request.project_id)


# Time


async def _expire_in_time(session: WriteSession, request: StaffingRequest) -> None:
    """Let a job end the request behind the day to answer by."""
    if request.answer_by is not None:
        over = datetime.combine(request.answer_by + timedelta(days=1), time(), UTC)
        arguments = {"staffing_request_id": str(request.id)}
        await enqueue_job(session, JOB, arguments, request.project_id, after=over - session.now)


async def expire_request(run: JobRun) -> None:
    """End a request that nobody answered in time; one with a later day by now has a job of its own."""
    async with run.write() as session:
        request = await load_request(session, UUID(run.arguments["staffing_request_id"]), lock=True)
        late = request.answer_by is not None and request.answer_by < session.now.date()
        if late and request.state in _STILL_OPEN:
            request.state = StaffingState.EXPIRED
            request.note("expired", session.author_id, instant_text(session.now), "", _terms(request))
            await session.flush()
            _tell(session, STAFFING_EXPIRED, request)
        await run.succeed(session, f"/v1/staffing-requests/{request.id}")


JOB_FUNCTIONS: Mapping[str, JobFunction] = {JOB: expire_request}


async def read_consequence(read: Read, request_id: UUID, until: date | None) -> Mapping[str, Any]:
    """What comes of waiting until a day; until that by which an answer is wanted, or tomorrow, unless one is named."""
    request = await _visible_request(read, request_id)
    plan = await load_plan(read.session, request.project_id)
    task = plan.tasks.get(request.task_id) if request.task_id is not None else None
    needed_by = request.starts_on if task is None else task.start.date()
    waited = until or request.answer_by or datetime.now(UTC).date() + timedelta(days=1)
    slack = None if task is None else task.total_float_minutes
    impact = {} if request.task_id is None else await _impact_of_waiting(read, plan, request.task_id, waited)
    return {
        "type": "staffing_consequence",
        "staffing_request_id": str(request.id),
        "until": waited.isoformat(),
        "needed_by": needed_by.isoformat(),
        "days_left": (needed_by - waited).days,
        "float_minutes": slack,
        "impact": impact,
    }


async def _impact_of_waiting(read: Read, plan: WorkingPlan, task_id: UUID, until: date) -> dict[str, Any]:
    """The plan as it would be if the task began on that day at the earliest; nothing of it is stored."""
    task = plan.tasks.get(task_id)
    if task is None or task.start.date() >= until or task.actual_start is not None or task.manual or task.summary:
        return {}
    task.constraint_type, task.constraint_date = "start_no_earlier_than", datetime.combine(until, time())
    plan.touch(task)
    plan.reschedule()
    impact = impact_of(plan, await load_ledger(read.session, plan.project_id), read.principal.person_id)
    if not await may_see_costs(read.session, read.principal, plan.project_id):
        shown: dict[str, Any] = without_money(impact)
        return shown
    return impact


async def read_candidates(read: Read, request_id: UUID) -> Mapping[str, Any]:
    """The project's own work resources, the best for what is asked for first: perhaps the line need not be asked."""
    request = await _visible_request(read, request_id)
    plan = await load_plan(read.session, request.project_id)
    asked = [] if request.competence_id is None else [(request.competence_id, request.minimum_level)]
    days = (request.ends_on - request.starts_on).days + 1
    # Five days of seven are worked, in the project's own hours.
    wanted = int(days * 5 * plan.minutes_per_day * request.units / 7)
    ranked = await rank_candidates(read, plan, asked, request.starts_on, request.ends_on, wanted)
    return candidates_json(request.project_id, request.starts_on, request.ends_on, ranked)


async def _visible_request(read: Read, request_id: UUID) -> Asked:
    """The request for members of its project: its plan is nothing for the line. Raises NotFound."""
    request = await read_request(read.session, request_id)
    await require_member(read.session, read.principal, request.project_id)
    return request
