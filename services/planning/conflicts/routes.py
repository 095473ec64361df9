"""HTTP of this area: path, status, one call."""

from uuid import UUID

import orjson
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing
from services.planning.conflicts import use_cases
from services.planning.conflicts.kinds import CONFLICT_RECORD, CONFLICT_RULE
from services.planning.conflicts.repository import CONFLICTS
from services.planning.conflicts.schemas import ConflictPatch, ConflictShape, DetectedConflicts, NewConflict, Ruling
from services.planning.resources.kinds import RESOURCE_ASSIGN
from services.planning.schedule.kinds import SCHEDULE_DATES, SCOPE_TASK, TASK_EDIT, TASK_PROGRESS

router = area_router("conflicts")


@router.get(
    "/v1/projects/{project_id}/conflicts",
    response_model=Listing[ConflictShape],
    openapi_extra={"parameters": CONFLICTS.list_parameters()},
)
async def list_conflicts(project_id: UUID, read: Reading) -> Response:
    """The project's conflicts."""
    return await CONFLICTS.page(read, project_id)


@router.post("/v1/projects/{project_id}/conflicts/searches", response_model=Listing[ConflictShape])
async def search_conflicts(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The conflicts that meet a combination of conditions."""
    return await CONFLICTS.search(read, query, project_id)


@router.get("/v1/projects/{project_id}/detected-conflicts", response_model=DetectedConflicts)
async def get_detected_conflicts(project_id: UUID, read: Reading) -> Response:
    """Overloaded resources and dates beyond deadline or constraint, as bodies that open conflicts."""
    return Response(orjson.dumps(await use_cases.read_detected(read, project_id)), media_type="application/json")


@router.post("/v1/projects/{project_id}/conflicts", status_code=201, response_model=ConflictShape)
@acts(CONFLICT_RECORD)
async def open_conflict(project_id: UUID, new: NewConflict, write: Writing) -> Response:
    """Record a conflict with its parties and options."""
    conflict = await use_cases.open_conflict(write.session, project_id, new)
    body = await CONFLICTS.represent(write.session, conflict.id)
    return await write.answer(body, status=201, version=conflict.version, location=f"/v1/conflicts/{conflict.id}")


@router.get(
    "/v1/conflicts/{conflict_id}",
    response_model=ConflictShape,
    openapi_extra={"parameters": CONFLICTS.object_parameters()},
)
async def get_conflict(conflict_id: UUID, read: Reading) -> Response:
    """One conflict."""
    return await CONFLICTS.one(read, conflict_id)


@router.patch("/v1/conflicts/{conflict_id}", response_model=ConflictShape)
@acts(CONFLICT_RECORD)
async def change_conflict(conflict_id: UUID, patch: ConflictPatch, write: Writing) -> Response:
    """Change an open conflict, or withdraw it."""
    conflict = await use_cases.change_conflict(write.session, conflict_id, write.expected_version, patch)
    return await write.answer(await CONFLICTS.represent(write.session, conflict_id), version=conflict.version)


@router.post("/v1/conflicts/{conflict_id}/ruling", response_model=ConflictShape)
@acts(CONFLICT_RULE, SCHEDULE_DATES, SCOPE_TASK, TASK_EDIT, TASK_PROGRESS, RESOURCE_ASSIGN)
async def rule_on_conflict(conflict_id: UUID, ruling: Ruling, write: KeyedWriting) -> Response:
    """Settle a conflict by one of its options; what the option says is carried out with the ruling, or neither."""
    conflict, effects = await use_cases.rule_on_conflict(write.session, conflict_id, ruling)
    body = await CONFLICTS.represent(write.session, conflict_id)
    return await write.answer(body, version=conflict.version, effects=effects)
