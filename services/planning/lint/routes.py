"""HTTP of this area: path, status, one call."""

from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Query
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.requests import Reading
from services.planning.lint import use_cases
from services.planning.lint.finding import Severity
from services.planning.lint.schemas import PlanLintShape

router = area_router("lint")


@router.get("/v1/projects/{project_id}/plan-lint", response_model=PlanLintShape)
async def get_plan_lint(
    project_id: UUID,
    read: Reading,
    severity: Annotated[Severity | None, Query(description="Only the rules of this severity.")] = None,
    rule: Annotated[
        list[Annotated[str, Query(max_length=60)]] | None,
        Query(max_length=100, description="Only these rules, by their codes; may be repeated."),
    ] = None,
    with_clean: Annotated[bool, Query(description="Also the rules that found nothing.")] = False,
) -> Response:
    """What is wrong with the plan: by rule what was found, what follows from it, and the change that would mend it."""
    found = await use_cases.read_lint(read, project_id, severity, rule or (), with_clean=with_clean)
    return Response(orjson.dumps(found), media_type="application/json")
