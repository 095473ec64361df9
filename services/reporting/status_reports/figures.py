"""The figures of a report, built from the read tables: what page and PDF are set from, and what a manager signs.

Texts made here (an impact, a list of names) use the project's own terms and are the same in every language.
"""

from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson

from services.kernel.session import Reader
from services.reporting.dashboards import figure
from services.reporting.dashboards.overview import age_of, earned_value_figures, hundredfold, schedule_figures
from services.reporting.dashboards.performance import ProjectState, last_day
from services.reporting.dashboards.phase import Standing, phase_title
from services.reporting.dashboards.repository import Registers, decided_before, load_registers, load_state
from services.reporting.status_reports.rendering import figures as tree
from services.reporting.status_reports.rendering.figures import StatusReportFigures
from services.reporting.status_reports.repository import manager_of, names_of
from services.reporting.status_reports.status_report import Audience, FiguresOutOfRange, StatusReport

_COST_FIGURES = (
    "budget_at_completion", "planned_value", "earned_value", "actual_cost", "cost_performance_index",
    "schedule_performance_index", "estimate_at_completion", "variance_at_completion", "earned_schedule",
    "schedule_performance_index_time",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a report's figures are built from, read at one moment; `today` is that moment's day in the project's zone."""

    state: ProjectState
    registers: Registers
    names: dict[UUID, str]
    manager_id: UUID | None
    today: date


async def read_evidence(reader: Reader, project_id: UUID, audience: str, now: datetime) -> Evidence:
    """What the read tables know of the project, with the decisions that this audience has not been told of yet.

    Raises NotFound for a project that no fact has told of.
    """
    state = await load_state(reader, project_id)
    today = now.astimezone(state.zone).date()
    after = await decided_before(reader, project_id, audience)
    registers = await load_registers(reader, project_id, state.own_status_date, after)
    manager_id = await manager_of(reader, project_id)
    names = await names_of(reader, {each for each in (*_people(registers), manager_id) if each is not None})
    return Evidence(state, registers, names, manager_id, today)


def build_figures(report: StatusReport, evidence: Evidence) -> dict[str, Any]:
    """The report's figures as a JSON document. Raises FiguresOutOfRange for what no report holds.

    The plan is measured at the project's status date, or at the period's end when that is earlier: a report does not
    tell what came after its period.
    """
    try:
        document = _Builder(report, evidence).build().to_json()
        # What is signed must be readable by the renderer, in every part.
        StatusReportFigures.from_json(document)
    except ValueError as error:
        raise FiguresOutOfRange from error
    return document


def _people(registers: Registers) -> set[UUID | None]:
    """Everybody whom the registers refer to."""
    referred = {row["owner_id"] for row in (*registers.risks, *registers.overdue_actions)}
    referred |= {row["decided_by_id"] for row in registers.decisions} | {
        row["proposer_id"] for row in registers.proposals
    }
    deciders = (each for row in registers.proposals for each in orjson.loads(row["decidable_text"]))
    return referred | {UUID(each["person_id"]) for each in deciders}


class _Builder:
    """One report's figures from values that have been read; pure from here on."""

    def __init__(self, report: StatusReport, evidence: Evidence) -> None:
        self.report = report
        self.state = evidence.state
        self.registers = evidence.registers
        self.names = evidence.names
        self.manager_id = evidence.manager_id
        self.today = evidence.today
        self.performance = evidence.state.measure(min(evidence.state.own_status_date, report.period_end))

    def build(self) -> StatusReportFigures:
        """The whole tree for the team; a client's has no money, risks, proposals and actions in it."""
        report, project = self.report, self.registers.project
        figures = StatusReportFigures(
            project=tree.Project(project["name"], project["key"], self._name(self.manager_id)),
            period=tree.Period(report.period_start, report.period_end),
            status_date=self.performance.status_date,
            summary=tree.Summary(report.progress, report.challenges, report.decisions_needed),
            schedule=self._schedule(),
            phase=self._phase(),
            gantt=self._gantt(),
            milestones=self._milestones(),
            decisions=self._decisions(),
            goals=self._goals(),
        )
        if report.audience == Audience.CLIENT:
            return figures
        return replace(
            figures,
            cost=self._cost(),
            curve=self._curve(),
            risks=self._risks(),
            proposals=self._proposals(),
            overdue_actions=self._overdue_actions(),
        )

    def _name(self, person_id: UUID | None) -> str:
        return self.names.get(person_id, "") if person_id is not None else ""

    def _schedule(self) -> tree.Schedule:
        dates = {name: _shown(each) for name, each in schedule_figures(self.state).items()}
        return tree.Schedule(
            **dates,
            percent_complete=_shown(figure.percent(self.state.percent_by_duration, self.state.plan_number)),
            critical_tasks=_shown(figure.count(self.registers.counts["critical_tasks"], self.state.plan_number)),
        )

    def _phase(self) -> tree.Phase | None:
        """Where the project stands between its gates; None where it has none."""
        standing = Standing.at(self.registers.gates)
        if standing is None:
            return None
        english, norwegian = (phase_title(standing.phase, language) for language in ("en", "nb"))
        following = None
        if (gate := standing.next_gate) is not None:
            until = (gate.planned_date - self.performance.status_date).days if gate.planned_date is not None else None
            following = tree.NextGate(
                code=gate.code,
                title=tree.Wording(gate.titles["en"], gate.titles["nb"]),
                planned=_shown(figure.day(gate.planned_date, gate.number)),
                days_until=_shown(figure.days(until, gate.number)),
            )
        return tree.Phase(
            current=tree.Wording(english, norwegian) if english is not None and norwegian is not None else None,
            next_gate=following,
            stopped=standing.stopped,
            gates_passed=_shown(figure.count(standing.passed, standing.number)),
            gates=_shown(figure.count(standing.gates, standing.number)),
        )

    def _cost(self) -> tree.Cost:
        figures = earned_value_figures(self.state, self.performance)
        return tree.Cost(**{name: _shown(figures[name]) for name in _COST_FIGURES})

    def _curve(self) -> tree.Curve | None:
        """The S-curve, with the forecast as a straight line from the cost so far to the estimate at completion."""
        performance, state = self.performance, self.state
        points = [
            tree.CurvePoint(
                point.day, self._rounded(point.planned), self._rounded(point.earned), self._rounded(point.actual)
            )
            for point in state.curve(performance.status_date)
        ]
        estimate, finish = performance.value.estimate_at_completion, state.forecast_finish
        if estimate is not None and finish is not None and finish > performance.status_date:
            start = next(n for n, point in enumerate(points) if point.day == performance.status_date)
            points[start] = replace(points[start], forecast=points[start].actual)
            by_day = {point.day: point for point in points}
            last = by_day.get(finish, tree.CurvePoint(finish))
            by_day[finish] = replace(last, forecast=self._rounded(estimate))
            points = [by_day[day] for day in sorted(by_day)]
        position = max(performance.planned_number, performance.earned_number, performance.actual_number)
        return tree.Curve(tuple(points), state.currency, tree.Citation("planning", position))

    def _rounded(self, amount: Decimal | None) -> Decimal | None:
        text = figure.money(amount, self.state.currency, 0).value
        return None if text is None else Decimal(text)

    def _gantt(self) -> tree.Gantt | None:
        rows = []
        baseline = self.state.baseline or {}
        for task in self.state.tasks:
            if task.start is None or task.finish is None:
                continue
            agreed = baseline.get(task.id)
            finish = last_day(task.finish)
            rows.append(
                tree.GanttRow(
                    wbs=task.wbs_code,
                    name=task.title,
                    level=max(task.outline_level, 1),
                    start=min(task.start.date(), finish),
                    finish=finish,
                    baseline_start=agreed.start.date() if agreed and agreed.start else None,
                    baseline_finish=last_day(agreed.finish) if agreed and agreed.finish else None,
                    percent=task.percent_complete,
                    milestone=task.milestone,
                    summary=task.summary,
                    critical=task.critical,
                )
            )
        return tree.Gantt(tuple(rows), tree.Citation("planning", self.state.plan_number)) if rows else None

    def _milestones(self) -> tuple[tree.Milestone, ...]:
        milestones = []
        for task in self.state.tasks:
            if not task.milestone or task.finish is None:
                continue
            agreed = (self.state.baseline or {}).get(task.id)
            baseline = last_day(agreed.finish) if agreed and agreed.finish else None
            forecast = last_day(task.finish)
            at = max(task.number, agreed.number if agreed else 0)
            milestones.append(
                tree.Milestone(
                    name=task.title,
                    baseline=_shown(figure.day(baseline, agreed.number if agreed else self.state.baseline_number)),
                    forecast=_shown(figure.day(forecast, task.number)),
                    variance=_shown(figure.days((forecast - baseline).days if baseline else None, at)),
                )
            )
        return tuple(milestones)

    def _risks(self) -> tuple[tree.Risk, ...]:
        risks = []
        for row in self.registers.risks:
            at, currency = row["reached"], row["currency"] or self.state.currency
            likely = (orjson.loads(row["cost_impact_text"] or "null") or {}).get("likely")
            impact = Decimal(likely["amount"]) if likely else None
            risks.append(
                tree.Risk(
                    title=row["title"],
                    probability=_shown(figure.percent(hundredfold(row["probability"]), at)),
                    impact=_shown(figure.money(impact, likely["currency"] if likely else currency, at)),
                    exposure=_shown(figure.money(row["expected_cost"], currency, at)),
                    response=row["responses"] or "",
                    owner=self._name(row["owner_id"]),
                )
            )
        return tuple(risks)

    def _proposals(self) -> tuple[tree.Proposal, ...]:
        proposals = []
        for row in self.registers.proposals:
            deciders = orjson.loads(row["decidable_text"])
            named = [self._name(UUID(each["person_id"])) or each.get("role", "") for each in deciders]
            proposals.append(
                tree.Proposal(
                    title=row["title"],
                    proposer=self._name(row["proposer_id"]),
                    age=_shown(age_of(row, self.registers, self.today)),
                    impact=_impact(row["impact_text"]),
                    decidable_by=", ".join(named),
                )
            )
        return tuple(proposals)

    def _decisions(self) -> tuple[tree.Decision, ...]:
        """What was decided since the last report; what it cost is not for a client."""
        hidden = self.report.audience == Audience.CLIENT
        return tuple(
            tree.Decision(
                question=row["question"],
                chosen="" if hidden and row["about_costs"] else row["chosen"],
                decided_by=self._name(row["decided_by_id"]),
                decided_date=row["decided_at"].astimezone(self.registers.zone).date(),
                impact="" if hidden else _impact(row["impact_text"]),
                cited=tree.Citation("planning", row["number"]),
            )
            for row in self.registers.decisions
        )

    def _overdue_actions(self) -> tuple[tree.OverdueAction, ...]:
        measured = self.performance.status_date
        return tuple(
            tree.OverdueAction(
                title=row["title"],
                owner=self._name(row["owner_id"]),
                due_date=row["due_date"],
                days_late=_shown(figure.days((measured - row["due_date"]).days, row["number"], "coordination")),
            )
            for row in self.registers.overdue_actions
            if row["due_date"] < measured
        )

    def _goals(self) -> tuple[tree.Goal, ...]:
        """One line for each measured target; what is measured today is not known here yet."""
        goals = []
        for row in self.registers.goals:
            for target in orjson.loads(row["targets_text"]) or [{}]:
                unit, measure = str(target.get("unit") or ""), str(target.get("measure") or "")
                goals.append(
                    tree.Goal(
                        name=f"{row['title']}: {measure}" if measure else row["title"],
                        target=_target(target.get("target"), unit, row["number"]),
                        current=_target(None, unit, row["number"]),
                    )
                )
        return tuple(goals)


def _shown(each: figure.Figure) -> tree.Figure:
    return tree.Figure(**asdict(each))


def _target(value: Any, unit: str, number: int) -> tree.Figure:
    """A target as somebody wrote it; one that is no number of its unit is left undefined."""
    try:
        return tree.Figure(None if value is None else str(value), unit, "planning", number)
    except ValueError:
        return tree.Figure(None, unit, "planning", number)


def _impact(text: str | None) -> str:
    """The finish's move in calendar days and the change of cost, as far as they were measured: "+12 d, +120000.00 NOK"."""
    impact = orjson.loads(text or "null") or {}
    parts = []
    finish = impact.get("finish") or {}
    if finish.get("before") and finish.get("after"):
        moved = (date.fromisoformat(finish["after"][:10]) - date.fromisoformat(finish["before"][:10])).days
        if moved:
            parts.append(f"{moved:+d} d")
    change = (impact.get("cost") or {}).get("change")
    if change and Decimal(change["amount"]):
        parts.append(f"{Decimal(change['amount']):+f} {change['currency']}")
    return ", ".join(parts)
