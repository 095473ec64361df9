"""HTTP of the forecast."""

from uuid import UUID

import orjson
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.requests import Reading
from services.planning.schedule.schemas import ForecastShape
from services.planning.schedule.use_cases.forecasts import read_forecast

router = area_router("forecasts")


@router.get("/v1/projects/{project_id}/forecast", response_model=ForecastShape)
async def get_forecast(project_id: UUID, read: Reading) -> Response:
    """When the project finishes by its plan, what it will have cost, and what contingency is left."""
    return Response(orjson.dumps(await read_forecast(read, project_id)), media_type="application/json")
