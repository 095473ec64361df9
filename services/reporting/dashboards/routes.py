"""HTTP of this area: path, status, one call."""

import hashlib
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import Query
from starlette.responses import Response

from services.kernel.access import may_see_costs, require_member
from services.kernel.app import area_router
from services.kernel.collection import conditional
from services.kernel.problems import Forbidden
from services.kernel.requests import Read, Reading
from services.reporting.dashboards import figure
from services.reporting.dashboards.overview import build_overview
from services.reporting.dashboards.repository import begin_snapshot, decided_before, load_registers, load_state
from services.reporting.dashboards.schemas import CurveShape, OverviewShape

router = area_router("dashboards")

StatusDate = Annotated[
    date | None,
    Query(
        ge=date(1970, 1, 1),
        le=date(2200, 12, 31),
        description="The day to measure at; without it the project's own status date, else the day of its latest fact.",
    ),
]


@router.get("/v1/projects/{project_id}/overview", response_model=OverviewShape)
async def get_overview(project_id: UUID, read: Reading, status_date: StatusDate = None) -> Response:
    """The project at a glance, each number with the place that it was read from."""
    await begin_snapshot(read.session)
    await require_member(read.session, read.principal, project_id)
    state = await load_state(read.session, project_id)
    today = datetime.now(state.zone).date()
    after = await decided_before(read.session, project_id)
    performance = state.measure(status_date or state.own_status_date)
    registers = await load_registers(read.session, project_id, performance.status_date, after)
    costs = await may_see_costs(read.session, read.principal, project_id)
    language = read.context.language
    overview = build_overview(project_id, state, registers, performance, today, costs=costs, language=language)
    return _answer(read, overview)


@router.get("/v1/projects/{project_id}/s-curve", response_model=CurveShape)
async def get_s_curve(project_id: UUID, read: Reading, status_date: StatusDate = None) -> Response:
    """Planned, earned and actual value by the week, for those who see costs; what is earned and spent up to the status date."""
    await begin_snapshot(read.session)
    await require_member(read.session, read.principal, project_id)
    if not await may_see_costs(read.session, read.principal, project_id):
        raise Forbidden
    state = await load_state(read.session, project_id)
    measured_at = status_date or state.own_status_date
    performance = state.measure(measured_at)
    points = [
        {
            "day": point.day.isoformat(),
            "planned": figure.money(point.planned, state.currency, 0).value,
            "earned": figure.money(point.earned, state.currency, 0).value,
            "actual": figure.money(point.actual, state.currency, 0).value,
        }
        for point in state.curve(measured_at)
    ]
    position = max(performance.planned_number, performance.earned_number, performance.actual_number)
    curve = {
        "id": str(project_id),
        "type": "s_curve",
        "project_id": str(project_id),
        "status_date": measured_at.isoformat(),
        "unit": state.currency,
        "source": "planning",
        "position": position,
        "points": points,
    }
    return _answer(read, curve)


def _answer(read: Read, document: dict[str, Any]) -> Response:
    body = orjson.dumps(document)
    return conditional(read, body, f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"')
