"""HTTP of the forecast and of the load of the resources."""

from uuid import UUID

import orjson
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.requests import Reading
from services.planning.schedule.schemas import ForecastShape, ResourceLoadsShape
from services.planning.schedule.use_cases.forecasts import read_forecast, read_resource_loads

router = area_router("forecasts")


@router.get("/v1/projects/{project_id}/forecast", response_model=ForecastShape)
async def get_forecast(project_id: UUID, read: Reading) -> Response:
    """When the project finishes by its plan, what it will have cost, and what contingency is left."""
    return Response(orjson.dumps(await read_forecast(read, project_id)), media_type="application/json")


@router.get("/v1/projects/{project_id}/resource-loads", response_model=ResourceLoadsShape)
async def get_resource_loads(project_id: UUID, read: Reading) -> Response:
    """Who has how much left to do, and how much of it is more than they have time for."""
    return Response(orjson.dumps(await read_resource_loads(read, project_id)), media_type="application/json")
