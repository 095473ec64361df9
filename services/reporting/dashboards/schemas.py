"""Response shapes of dashboards."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import ConfigDict

from services.kernel.schemas import Shape


class FigureShape(Shape):
    """A number that explains itself; `value` is a decimal string, a day for the unit `date`, null where undefined."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"value": "148.00", "unit": "NOK", "source": "planning", "position": 204}},
    )

    value: str | None
    unit: str
    source: str
    position: int


class NextGateShape(Shape):
    """The days are counted from the status date; below zero the planned day has passed."""

    id: UUID
    code: str
    title: str
    state: str
    opens_phase: str | None
    phase_title: str | None
    planned_date: FigureShape
    days_until: FigureShape


class PhaseShape(Shape):
    """`current` is null before the first gate; `next_gate` when none is left, or the project was stopped."""

    current: str | None
    title: str | None
    entered_at: datetime | None
    stopped: bool
    next_gate: NextGateShape | None
    gates_passed: FigureShape
    gates: FigureShape


class ProgressShape(Shape):
    by_duration: FigureShape
    by_budget: FigureShape


class ScheduleShape(Shape):
    """The variance is in calendar days."""

    baseline_finish: FigureShape
    forecast_finish: FigureShape
    finish_variance: FigureShape


class EarnedValueShape(Shape):
    """Without a baseline, planned value and what follows from it is null."""

    budget_at_completion: FigureShape
    planned_value: FigureShape
    earned_value: FigureShape
    actual_cost: FigureShape
    cost_variance: FigureShape
    schedule_variance: FigureShape
    cost_performance_index: FigureShape
    schedule_performance_index: FigureShape
    estimate_at_completion: FigureShape
    estimate_to_complete: FigureShape
    variance_at_completion: FigureShape
    to_complete_performance_index: FigureShape
    earned_schedule: FigureShape
    schedule_variance_time: FigureShape
    schedule_performance_index_time: FigureShape
    duration_at_completion: FigureShape


class RiskShape(Shape):
    id: UUID
    title: str
    status: str
    owner_id: UUID | None
    probability: FigureShape
    expected_cost: FigureShape | None
    expected_minutes: FigureShape


class ProposalShape(Shape):
    id: UUID
    title: str
    kinds: list[str]
    state: str
    proposer_id: UUID | None
    submitted_at: datetime
    age: FigureShape
    decidable_by: list[dict[str, Any]]
    impact: dict[str, Any]


class DecisionShape(Shape):
    id: UUID
    kind: str
    question: str
    chosen: str | None
    decided_by_id: UUID | None
    decided_at: datetime
    source: str
    position: int


class ActionShape(Shape):
    id: UUID
    title: str
    owner_id: UUID | None
    due_date: date
    days_late: FigureShape


class CountsShape(Shape):
    tasks: FigureShape
    critical_tasks: FigureShape
    open_risks: FigureShape
    open_proposals: FigureShape
    open_actions: FigureShape
    meetings: FigureShape
    documents: FigureShape
    foreign_amounts: FigureShape
    committed: FigureShape | None


class OverviewShape(Shape):
    """What tells of money is null for those who do not see costs, and `phase` of a project without gates."""

    id: UUID
    type: str
    project_id: UUID
    key: str
    name: str
    status: str
    currency: str
    status_date: date
    positions: dict[str, int]
    phase: PhaseShape | None
    progress: ProgressShape
    schedule: ScheduleShape
    earned_value: EarnedValueShape | None
    top_risks: list[RiskShape]
    open_proposals: list[ProposalShape]
    decisions: list[DecisionShape]
    overdue_actions: list[ActionShape]
    counts: CountsShape


class CurvePointShape(Shape):
    """Cumulative values at the end of the day, as decimal strings; null where a line does not run."""

    day: date
    planned: str | None
    earned: str | None
    actual: str | None


class CurveShape(Shape):
    id: UUID
    type: str
    project_id: UUID
    status_date: date
    unit: str
    source: str
    position: int
    points: list[CurvePointShape]
