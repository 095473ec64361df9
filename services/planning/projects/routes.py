"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import KeyedWriting, Writing
from services.planning.projects import use_cases
from services.planning.projects.kinds import (
    GOAL_SET,
    PROJECT_CHANGE,
    PROJECT_CREATE,
    PROJECT_STATUS,
    SUCCESS_CRITERION_JUDGE,
)
from services.planning.projects.repository import GOALS, PROJECTS, SUCCESS_CRITERIA
from services.planning.projects.schemas import (
    GoalPatch,
    GoalShape,
    NewGoal,
    NewProject,
    NewSuccessCriterion,
    ProjectPatch,
    ProjectShape,
    SuccessCriterionPatch,
    SuccessCriterionShape,
)

router = area_router("projects")


@router.get(
    "/v1/projects", response_model=Listing[ProjectShape], openapi_extra={"parameters": PROJECTS.list_parameters()}
)
async def list_projects(read: Reading) -> Response:
    """The projects that the caller is on."""
    return await PROJECTS.page(read)


@router.post("/v1/projects", status_code=201, response_model=ProjectShape)
@acts(PROJECT_CREATE)
async def create_project(new: NewProject, write: Writing) -> Response:
    """Create a project; its creator becomes its manager."""
    project = await use_cases.create_project(write.session, new)
    body = await PROJECTS.represent(write.session, project.id)
    return await write.answer(body, status=201, version=project.version, location=f"/v1/projects/{project.id}")


@router.get(
    "/v1/projects/{project_id}", response_model=ProjectShape, openapi_extra={"parameters": PROJECTS.object_parameters()}
)
async def get_project(project_id: UUID, read: Reading) -> Response:
    """One project."""
    return await PROJECTS.one(read, project_id)


@router.patch("/v1/projects/{project_id}", response_model=ProjectShape)
@acts(PROJECT_CHANGE, PROJECT_STATUS)
async def change_project(project_id: UUID, patch: ProjectPatch, write: Writing) -> Response:
    """Change the project's frame; a passage along its life is a decision."""
    project = await use_cases.change_project(write.session, project_id, write.expected_version, patch)
    return await write.answer(await PROJECTS.represent(write.session, project_id), version=project.version)


@router.get(
    "/v1/projects/{project_id}/goals",
    response_model=Listing[GoalShape],
    openapi_extra={"parameters": GOALS.list_parameters()},
)
async def list_goals(project_id: UUID, read: Reading) -> Response:
    """What the project is to achieve."""
    return await GOALS.page(read, project_id)


@router.post("/v1/projects/{project_id}/goals/searches", response_model=Listing[GoalShape])
async def search_goals(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The goals that meet a combination of conditions."""
    return await GOALS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/goals", status_code=201, response_model=GoalShape)
@acts(GOAL_SET)
async def set_goal(project_id: UUID, new: NewGoal, write: KeyedWriting) -> Response:
    """Set a goal with its targets and criteria; `effects.success_criteria` names the criteria."""
    goal, criteria = await use_cases.set_goal(write.session, project_id, new)
    body = await GOALS.represent(write.session, goal.id)
    effects = {"success_criteria": [{"id": str(each.id), "statement": each.statement} for each in criteria]}
    return await write.answer(body, status=201, version=goal.version, location=f"/v1/goals/{goal.id}", effects=effects)


@router.get("/v1/goals/{goal_id}", response_model=GoalShape, openapi_extra={"parameters": GOALS.object_parameters()})
async def get_goal(goal_id: UUID, read: Reading) -> Response:
    """One goal."""
    return await GOALS.one(read, goal_id)


@router.patch("/v1/goals/{goal_id}", response_model=GoalShape)
@acts(GOAL_SET)
async def change_goal(goal_id: UUID, patch: GoalPatch, write: Writing) -> Response:
    """Change what a goal aims at."""
    goal = await use_cases.change_goal(write.session, goal_id, write.expected_version, patch)
    return await write.answer(await GOALS.represent(write.session, goal_id), version=goal.version)


@router.get(
    "/v1/projects/{project_id}/success-criteria",
    response_model=Listing[SuccessCriterionShape],
    openapi_extra={"parameters": SUCCESS_CRITERIA.list_parameters()},
)
async def list_success_criteria(project_id: UUID, read: Reading) -> Response:
    """By what the project's goals will be judged."""
    return await SUCCESS_CRITERIA.page(read, project_id)


@router.post("/v1/projects/{project_id}/success-criteria/searches", response_model=Listing[SuccessCriterionShape])
async def search_success_criteria(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The criteria that meet a combination of conditions."""
    return await SUCCESS_CRITERIA.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/success-criteria", status_code=201, response_model=SuccessCriterionShape)
@acts(GOAL_SET)
async def add_success_criterion(project_id: UUID, new: NewSuccessCriterion, write: KeyedWriting) -> Response:
    """Add a criterion to a goal."""
    criterion = await use_cases.add_success_criterion(write.session, project_id, new)
    body = await SUCCESS_CRITERIA.represent(write.session, criterion.id)
    location = f"/v1/success-criteria/{criterion.id}"
    return await write.answer(body, status=201, version=criterion.version, location=location)


@router.get(
    "/v1/success-criteria/{criterion_id}",
    response_model=SuccessCriterionShape,
    openapi_extra={"parameters": SUCCESS_CRITERIA.object_parameters()},
)
async def get_success_criterion(criterion_id: UUID, read: Reading) -> Response:
    """One criterion."""
    return await SUCCESS_CRITERIA.one(read, criterion_id)


@router.patch("/v1/success-criteria/{criterion_id}", response_model=SuccessCriterionShape)
@acts(GOAL_SET, SUCCESS_CRITERION_JUDGE)
async def change_success_criterion(criterion_id: UUID, patch: SuccessCriterionPatch, write: Writing) -> Response:
    """Reword a criterion, or judge it on evidence."""
    criterion = await use_cases.change_success_criterion(write.session, criterion_id, write.expected_version, patch)
    return await write.answer(await SUCCESS_CRITERIA.represent(write.session, criterion_id), version=criterion.version)
