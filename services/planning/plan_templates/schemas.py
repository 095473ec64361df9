"""Request and response shapes of plan templates."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.kernel.schemas import Body, Effects, Flag, Line, LocalTime, ObjectShape, Prose, Shape
from services.planning.projects.schemas import Local

_ID = "0197d1c0-0000-7000-8000-000000000001"
_TEMPLATE: Any = {"name": "Single-span bridge", "description": "From survey to handover."}


class ResourceRole(Body):
    """What a resource is called in the template."""

    resource_id: UUID
    role: Line


class NewPlanTemplate(Body):
    """Made of the project's plan as it is now: outline, dependencies, calendars, resources, assignments and briefs, dates in
    working days from the start. People become roles: by `roles`, or by a number. Rates, costs and progress are left out."""

    model_config = {"extra": "forbid", "json_schema_extra": {"example": _TEMPLATE}}

    name: Line
    description: Prose = ""
    roles: Annotated[list[ResourceRole], Field(max_length=1_000)] = Field(default_factory=list)
    with_risks: Annotated[Flag, Field(description="Also the open risks.")] = False
    with_budget: Annotated[
        Flag, Field(description="Also the budget lines, and what risks cost; for those who see costs.")
    ] = False


class PlanTemplatePatch(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"description": "For spans up to 40 m."}}}

    name: Line = ""
    description: Prose = ""


class TemplateCounts(Shape):
    tasks: int
    milestones: int
    dependencies: int
    calendars: int
    resources: int
    assignments: int
    briefs: int
    risks: int
    budget_lines: int


class PlanTemplateShape(ObjectShape):
    """`source_project_id` is null for those who do not see that project; `span_days` counts working days."""

    source_project_id: UUID | None
    name: str
    description: str
    span_days: int
    counts: TemplateCounts
    effects: Effects | None = None


class TemplateTask(Shape):
    """`number` is what a parent and a dependency call it by. Days are working days from the start, which is 0."""

    number: int
    parent: int | None
    title: str
    milestone: bool
    duration_minutes: int
    constraint_type: str
    constraint_day: int | None
    deadline_day: int | None


class TemplateDependency(Shape):
    """`lag` is in minutes, or in per cent where the basis says so."""

    predecessor: int
    successor: int
    dependency_type: str
    lag: int
    lag_basis: str


class TemplateRole(Shape):
    role: str
    resource_type: str
    work_kind: str | None


class TemplateContentsShape(Shape):
    type: str
    plan_template_id: UUID
    tasks: list[TemplateTask]
    dependencies: list[TemplateDependency]
    roles: list[TemplateRole]
    calendars: list[str]
    risks: list[str]


class NewPlanInstantiation(Body):
    """Plan an empty project by a template. Without a start the project keeps its own. Risks and budget lines are entered as if
    one by one, and judged with the whole."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"plan_template_id": _ID, "start": "2026-09-01T08:00:00"}},
    }

    plan_template_id: UUID
    start: Local | None = None
    with_risks: Flag = False
    with_budget: Flag = False


class PlanInstantiationShape(Shape):
    """What came of it; the plan was scheduled as a whole."""

    type: str
    project_id: UUID
    plan_template_id: UUID
    start: LocalTime
    finish: LocalTime | None
    counts: TemplateCounts
    effects: Effects | None = None
