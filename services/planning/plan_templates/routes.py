"""HTTP of this area: path, status, one call."""

from uuid import UUID

import orjson
from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing
from services.planning.budget.kinds import BUDGET_LINE, COST_CODE_RECORD
from services.planning.plan_templates import use_cases
from services.planning.plan_templates.kinds import PLAN_TEMPLATE_KEEP, PLAN_TEMPLATE_PUBLISH, PLAN_TEMPLATE_USE
from services.planning.plan_templates.repository import PLAN_TEMPLATES
from services.planning.plan_templates.schemas import (
    NewPlanInstantiation,
    NewPlanTemplate,
    PlanInstantiationShape,
    PlanTemplatePatch,
    PlanTemplateShape,
    TemplateContentsShape,
)
from services.planning.risks.kinds import RISK_RECORD

router = area_router("plan-templates")
_PATH = "/v1/plan-templates/{plan_template_id}"


@router.get(
    "/v1/plan-templates",
    response_model=Listing[PlanTemplateShape],
    openapi_extra={"parameters": PLAN_TEMPLATES.list_parameters()},
)
async def list_plan_templates(read: Reading) -> Response:
    """The tenant's templates for plans."""
    return await PLAN_TEMPLATES.page(read)


@router.post("/v1/projects/{project_id}/plan-templates", status_code=201, response_model=PlanTemplateShape)
@acts(PLAN_TEMPLATE_PUBLISH)
async def publish_plan_template(project_id: UUID, new: NewPlanTemplate, write: Writing) -> Response:
    """Make a template of the project's plan, which the whole tenant reads from then on: a decision."""
    made = await use_cases.publish_template(write.session, project_id, new)
    body = await PLAN_TEMPLATES.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/plan-templates/{made.id}")


@router.get(_PATH, response_model=PlanTemplateShape, openapi_extra={"parameters": PLAN_TEMPLATES.object_parameters()})
async def get_plan_template(plan_template_id: UUID, read: Reading) -> Response:
    """One template."""
    return await PLAN_TEMPLATES.one(read, plan_template_id)


@router.get(f"{_PATH}/contents", response_model=TemplateContentsShape)
async def get_plan_template_contents(plan_template_id: UUID, read: Reading) -> Response:
    """What is in it: tasks, dependencies, roles and calendars."""
    found = await use_cases.read_contents(read, plan_template_id)
    return Response(orjson.dumps(found), media_type="application/json")


@router.patch(_PATH, response_model=PlanTemplateShape)
@acts(PLAN_TEMPLATE_KEEP)
async def change_plan_template(plan_template_id: UUID, patch: PlanTemplatePatch, write: Writing) -> Response:
    """Call a template otherwise."""
    made = await use_cases.change_template(write.session, plan_template_id, write.expected_version, patch)
    return await write.answer(await PLAN_TEMPLATES.represent(write.session, plan_template_id), version=made.version)


@router.delete(_PATH, status_code=204)
@acts(PLAN_TEMPLATE_KEEP)
async def remove_plan_template(plan_template_id: UUID, write: Writing) -> Response:
    """The tenant has it no more; what was planned by it stays."""
    await use_cases.remove_template(write.session, plan_template_id, write.expected_version)
    return await write.answer_empty()


@router.post("/v1/projects/{project_id}/plan-instantiations", status_code=201, response_model=PlanInstantiationShape)
@acts(PLAN_TEMPLATE_USE, COST_CODE_RECORD, BUDGET_LINE, RISK_RECORD)
async def instantiate_plan(project_id: UUID, new: NewPlanInstantiation, write: Writing) -> Response:
    """Plan an empty project by a template, from a start on; all dates are computed there."""
    answer, effects = await use_cases.instantiate(write.session, project_id, new)
    return await write.answer(answer, status=201, effects=effects)
