"""HTTP of this area: path, status, one call."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Query
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.requests import Reading
from services.kernel.schemas import Day
from services.planning.loads import use_cases
from services.planning.loads.buckets import BucketSize
from services.planning.loads.schemas import (
    OverAllocationsShape,
    PlannedCostsShape,
    ResourceLoadShape,
    ResourceLoadsShape,
)

router = area_router("loads")

From = Annotated[Day | None, Query(alias="from", description="The first day; that of the plan, unless named.")]
To = Annotated[Day | None, Query(alias="to", description="The last day; that of the plan, unless named.")]
By = Annotated[BucketSize, Query(alias="by", description="Weeks begin on Monday.")]


def _json(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")


@router.get("/v1/projects/{project_id}/resource-loads", response_model=ResourceLoadsShape)
async def get_resource_loads(
    project_id: UUID,
    read: Reading,
    by: Annotated[BucketSize | None, Query(description="Tell it by days, weeks or months as well.")] = None,
    first: From = None,
    last: To = None,
) -> Response:
    """Who has how much left to do, and how much of it is more than they have time for."""
    return _json(await use_cases.read_resource_loads(read, project_id, by, first, last))


@router.get("/v1/projects/{project_id}/over-allocations", response_model=OverAllocationsShape)
async def get_over_allocations(project_id: UUID, read: Reading) -> Response:
    """Who has more to do than time for it: from when to when, by how much, and on which tasks."""
    return _json(await use_cases.read_over_allocations(read, project_id))


@router.get("/v1/resources/{resource_id}/load", response_model=ResourceLoadShape)
async def get_resource_load(
    resource_id: UUID, read: Reading, by: By = BucketSize.WEEK, first: From = None, last: To = None
) -> Response:
    """What one resource has to do, and where it is a person in all projects; what the reader does not see is `busy`."""
    return _json(await use_cases.read_resource_load(read, resource_id, by, first, last))


@router.get("/v1/projects/{project_id}/planned-costs", response_model=PlannedCostsShape)
async def get_planned_costs(
    project_id: UUID, read: Reading, by: By = BucketSize.MONTH, first: From = None, last: To = None
) -> Response:
    """What the plan costs by days, weeks or months, at the rates of the days and as each resource's cost accrues."""
    return _json(await use_cases.read_planned_costs(read, project_id, by, first, last))
