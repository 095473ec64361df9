"""HTTP of this area: path, status, one call."""

from typing import Annotated

from fastapi import Path
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.batch import Unreadable
from services.kernel.problems import NotFound
from services.kernel.requests import Reading
from services.kernel.schemas import ExternalId, ExternalRef, SystemName
from services.kernel.write import Writing
from services.planning.budget.kinds import BUDGET_COMMITMENT, BUDGET_LINE, COST_CODE_RECORD, COST_POSTING
from services.planning.external_refs.repository import find
from services.planning.resources.kinds import RESOURCE_CHANGE
from services.planning.risks.kinds import RISK_RECORD
from services.planning.schedule.kinds import SCHEDULE_DATES, SCOPE_TASK, TASK_EDIT, TASK_PROGRESS
from services.planning.upserts import use_cases
from services.planning.upserts.schemas import EXAMPLE, AnyShape, UpsertBody

router = area_router("external references")

# An id of another system may have slashes in it, so it is the rest of the path.
System = Annotated[SystemName, Path(description="The other system's name.")]
Type = Annotated[SystemName, Path(description="What kind of thing it is there.")]
Id = Annotated[ExternalId, Path(description="What it is called there, percent-encoded.")]


@router.get("/v1/external/{system}/{type}/{external_id:path}", response_model=AnyShape)
async def get_by_external_reference(system: System, type: Type, external_id: Id, read: Reading) -> Response:  # noqa: A002
    """The object that another system calls so, as its own URL shows it; `Content-Location` is that URL."""
    found = await find(read.session, (system, type, external_id))
    if found is None:
        raise NotFound
    noun, object_id = found
    response = await use_cases.UPSERTS[noun].collection.one(read, object_id)
    response.headers["Content-Location"] = _location(noun, str(object_id))
    return response


@router.put(
    "/v1/external/{system}/{type}/{external_id:path}",
    response_model=AnyShape,
    responses={201: {"model": AnyShape, "description": "Nothing was called so; it was created."}},
    openapi_extra={
        "x-if-match": "optional",
        "requestBody": {"content": {"application/json": {"example": EXAMPLE}}},
    },
)
@acts(
    SCOPE_TASK,
    TASK_EDIT,
    TASK_PROGRESS,
    SCHEDULE_DATES,
    RESOURCE_CHANGE,
    COST_CODE_RECORD,
    BUDGET_LINE,
    BUDGET_COMMITMENT,
    COST_POSTING,
    RISK_RECORD,
)
async def put_by_external_reference(
    system: System,
    type: Type,  # noqa: A002 -- the public name of the parameter
    external_id: Id,
    body: UpsertBody,
    write: Writing,
) -> Response:
    """Create what another system calls so, or change it by the members that the body names.

    The other system need not know our versions, so If-Match may be left out; with it a stale version is refused.
    """
    if isinstance(body, Unreadable):
        raise body.problem()
    ref = ExternalRef(system=system, type=type, id=external_id, url=body.external_url)
    upserted = await use_cases.upsert(write.session, ref, body, write.known_version)
    return await write.answer(
        await use_cases.UPSERTS[body.type].collection.represent(write.session, upserted.object_id),
        status=201 if upserted.is_new else 200,
        version=upserted.version,
        location=_location(body.type, str(upserted.object_id)),
        effects=upserted.effects,
    )


def _location(noun: str, object_id: str) -> str:
    return f"/v1/{noun.replace('_', '-')}s/{object_id}"
