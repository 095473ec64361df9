"""Each rule finds the defect that was planted for it, and a sound plan is told to be one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from services.planning.lint.assessment import Point
from services.planning.lint.checker import MOST_TOLD, lint
from services.planning.lint.finding import RULES, Finding
from services.planning.lint.ground import AssignmentRow, BaselineDates, Ground, ResourceRow
from services.planning.schedule.calendar import default_calendar
from services.planning.schedule.plan_rows import Capacity, PlanAssignment, PlanLink, PlanTask, new_task
from services.planning.schedule.pricing import flat
from services.planning.schedule.working_plan import WorkingPlan

DAY = 4_500
START = datetime.fromisoformat("2026-03-02T08:00")
NOW = datetime.fromisoformat("2026-03-02T08:00")
ANN, BO = UUID(int=1), UUID(int=2)


class Planted:
    """A sound plan of four tasks and a milestone in a phase, into which a test plants what is wrong."""

    def __init__(self) -> None:
        self.tasks: dict[UUID, PlanTask] = {}
        self.links: list[PlanLink] = []
        self.parts: list[AssignmentRow] = []
        self.rate: Decimal | None = Decimal(1000)
        self.members = [ANN, BO]
        self.now = NOW
        self.status_date: datetime | None = NOW
        self.today = NOW
        self.budget = Decimal(1_000_000)
        self.baselined = True
        self.unacknowledged: dict[UUID, list[UUID]] = {}
        self.later_baseline = timedelta()
        self.phase = self.task("Bridge", 0)
        self.survey = self.task("Survey the ground", 3, parent=self.phase)
        self.drawings = self.task("Draw the bridge", 5, parent=self.phase)
        self.piers = self.task("Build the piers", 8, parent=self.phase)
        self.deck = self.task("Lay the deck", 6, parent=self.phase)
        self.opening = self.task("The bridge is open", 0, parent=self.phase, milestone=True, assignee_id=None)
        chain = [self.survey, self.drawings, self.piers, self.deck, self.opening]
        self.chain = [self.link(before, after) for before, after in pairwise(chain)]
        for number, each in enumerate((self.survey, self.drawings, self.piers, self.deck)):
            self.assign(each, number % 2)

    def task(self, title: str, days: float, parent: PlanTask | None = None, **values: Any) -> PlanTask:
        number = len(self.tasks) + 1
        values = {"assignee_id": ANN, "parent_id": parent and parent.id} | values
        made = new_task(UUID(int=100 + number), title, duration=int(days * DAY), position=number, version=1, **values)
        made.outline_level = 1 if parent is None else parent.outline_level + 1
        if parent is not None:
            parent.summary = True
        self.tasks[made.id] = made
        return made

    def link(
        self, before: PlanTask, after: PlanTask, kind: str = "finish_to_start", lag: float = 0, basis: str = "working"
    ) -> PlanLink:
        lag_stored = int(lag) if basis == "percent" else int(lag * DAY)
        made = PlanLink(UUID(int=500 + len(self.links)), before.id, after.id, kind, lag_stored, basis)
        self.links.append(made)
        return made

    def assign(self, task: PlanTask, resource: int, work: int | None = None) -> None:
        worked = task.duration if work is None else work
        self.parts.append(AssignmentRow(UUID(int=900 + len(self.parts)), 1, task.id, UUID(int=700 + resource), worked))

    def ground(self) -> Ground:
        capacities = {
            UUID(int=700 + number): Capacity(UUID(int=700 + number), name, Decimal(1), None, None)
            for number, name in enumerate(("Ann", "Bo"))
        }
        price = None if self.rate is None else flat(self.rate)
        assignments: dict[UUID, list[PlanAssignment]] = {}
        for each in self.parts:
            part = PlanAssignment(
                each.task_id, each.resource_id, None, Decimal(1), each.work, None, None, 0, 0, "flat", price
            )
            assignments.setdefault(each.task_id, []).append(part)
        plan = WorkingPlan(
            UUID(int=9),
            "Bridge",
            "NOK",
            "Europe/Oslo",
            START,
            self.status_date,
            450,
            0,
            None,
            START,
            {"project": default_calendar(450)},
            self.tasks,
            links=self.links,
            assignments=assignments,
            capacities=capacities,
        )
        plan.reschedule()
        plan.standing_before = plan.standing()
        baseline = {
            each.id: BaselineDates(each.start, each.finish + self.later_baseline)
            for each in plan.tasks.values()
            if not each.summary
        }
        resources = [ResourceRow(each.id, 1, each.name, "work", self.rate, None) for each in capacities.values()]
        return Ground(
            plan,
            1,
            self.now,
            self.today,
            {link.id: 1 for link in self.links},
            baseline if self.baselined else None,
            resources,
            self.parts,
            self.members,
            self.budget,
            Decimal(0),
            UUID(int=44),
            self.unacknowledged,
        )


def findings(ground: Ground, code: str) -> list[Finding]:
    return list(RULES[code].check(ground))


def point(ground: Ground, number: int) -> Point:
    return next(each for each in lint(ground).points if each.number == number)


Plant = Callable[[Planted], object]


def beside(planted: Planted, **values: Any) -> PlanTask:
    """A task between survey and opening, beside the others."""
    made = planted.task("Order the steel", 2, parent=planted.phase, **values)
    planted.link(planted.survey, made)
    planted.link(made, planted.opening)
    planted.assign(made, 0)
    return made


def constrain(task: PlanTask, kind: str, day: str) -> None:
    task.constraint_type, task.constraint_date = kind, datetime.fromisoformat(day)


def many(planted: Planted, count: int) -> None:
    for number in range(count):
        planted.link(planted.survey, planted.task(f"Pile {number:02}", 1, parent=planted.phase))


def bottleneck(planted: Planted) -> None:
    many(planted, 9)
    for each in list(planted.tasks.values()):
        if each.title.startswith("Pile"):
            planted.link(each, planted.deck)


def high_float(planted: Planted) -> None:
    planted.link(planted.survey, planted.task("Plant trees", 1, parent=planted.phase))
    planted.deck.duration = 60 * DAY


def progressed(planted: Planted, task: PlanTask, percent: int, start: str, finish: str | None = None) -> None:
    task.percent_complete = percent
    task.actual_start = datetime.fromisoformat(start)
    task.actual_finish = datetime.fromisoformat(finish) if finish else None


def deeper(planted: Planted) -> None:
    parent = planted.phase
    for level in range(9):
        parent = planted.task(f"Level {level}", 1, parent=parent)


def at(day: str) -> datetime:
    return datetime.fromisoformat(day)


PLANTED: dict[str, Plant] = {
    "open_start": lambda p: p.links.remove(p.chain[1]),
    "open_finish": lambda p: p.links.remove(p.chain[2]),
    "dangling_start": lambda p: setattr(p.chain[1], "dependency_type", "finish_to_finish"),
    "dangling_finish": lambda p: setattr(p.chain[2], "dependency_type", "start_to_start"),
    "lead": lambda p: setattr(p.chain[1], "lag", -DAY),
    "lag": lambda p: setattr(p.chain[1], "lag", DAY),
    "long_lag": lambda p: setattr(p.chain[1], "lag", 11 * DAY),
    "relationship_type": lambda p: setattr(p.chain[1], "dependency_type", "start_to_start"),
    "start_to_finish": lambda p: setattr(p.chain[1], "dependency_type", "start_to_finish"),
    "summary_link": lambda p: (p.link(p.phase, p.task("Afterwards", 2)), None)[1],
    "redundant_link": lambda p: (p.link(p.survey, p.piers), None)[1],
    "bottleneck": bottleneck,
    "link_to_inactive": lambda p: setattr(p.survey, "active", False),
    "hard_constraint": lambda p: constrain(p.piers, "must_start_on", "2026-03-20T08:00"),
    "idle_constraint": lambda p: constrain(p.deck, "start_no_earlier_than", "2026-03-03T08:00"),
    "past_constraint": lambda p: (
        constrain(p.deck, "start_no_earlier_than", "2026-03-03T08:00"),
        setattr(p, "now", at("2026-03-09T08:00")),
    )[0],
    "summary_constraint": lambda p: constrain(p.phase, "start_no_earlier_than", "2026-03-04T08:00"),
    "negative_float": lambda p: setattr(p.deck, "deadline", at("2026-03-10T16:00")),
    "high_float": high_float,
    "high_duration": lambda p: setattr(p.deck, "duration", 45 * DAY),
    "splinter": lambda p: setattr(beside(p), "duration", 450),
    "deadline_missed": lambda p: setattr(p.deck, "deadline", at("2026-03-10T16:00")),
    "deadline_near": lambda p: setattr(p.deck, "deadline", at("2026-04-01T16:00")),
    "milestone_with_duration": lambda p: setattr(beside(p), "milestone", True),
    "no_duration": lambda p: setattr(beside(p), "duration", 0),
    "manual_dates": lambda p: beside(
        p, manual=True, manual_start=at("2026-03-12T08:00"), manual_finish=at("2026-03-13T16:00")
    ),
    "manual_before_logic": lambda p: beside(
        p, manual=True, manual_start=at("2026-03-02T08:00"), manual_finish=at("2026-03-03T16:00")
    ),
    "before_project": lambda p: beside(
        p, manual=True, manual_start=at("2026-02-20T08:00"), manual_finish=at("2026-02-23T16:00")
    ),
    "as_late_as_possible": lambda p: setattr(beside(p), "constraint_type", "as_late_as_possible"),
    "actual_in_future": lambda p: progressed(p, p.survey, 50, "2026-03-03T08:00"),
    "planned_in_past": lambda p: (setattr(p, "now", at("2026-03-04T08:00")), setattr(p, "status_date", p.now))[0],
    "not_started": lambda p: setattr(p, "now", at("2026-03-04T08:00")),
    "not_finished": lambda p: setattr(p, "now", at("2026-03-09T08:00")),
    "behind_schedule": lambda p: (
        progressed(p, p.survey, 1, "2026-03-02T08:00"),
        setattr(p, "now", at("2026-03-04T12:00")),
    )[0],
    "out_of_sequence": lambda p: (
        progressed(p, p.drawings, 20, "2026-03-03T08:00"),
        setattr(p, "now", at("2026-03-04T12:00")),
    )[0],
    "stopped": lambda p: (
        progressed(p, p.survey, 34, "2026-03-02T08:00"),
        setattr(p.survey, "stop", at("2026-03-02T16:00")),
        setattr(p.survey, "resume", at("2026-03-09T08:00")),
    )[0],
    "missed_task": lambda p: (
        setattr(p, "now", at("2026-03-04T12:00")),
        setattr(p, "later_baseline", timedelta(days=-3)),
    )[0],
    "slipping": lambda p: setattr(p, "later_baseline", timedelta(days=-4)),
    "no_resource": lambda p: p.parts.pop(0),
    "no_assignee": lambda p: setattr(p.piers, "assignee_id", None),
    "assignee_gone": lambda p: setattr(p.piers, "assignee_id", UUID(int=77)),
    "overallocated": lambda p: p.assign(beside(p), 1),
    "idle_resource": lambda p: p.parts.__setitem__(
        slice(None), [each for each in p.parts if each.resource_id.int == 700]
    ),
    "no_rate": lambda p: setattr(p, "rate", None),
    "no_work": lambda p: p.parts.__setitem__(0, replace(p.parts[0], work=0)),
    "summary_assignment": lambda p: p.assign(p.phase, 0, DAY),
    "indispensable": lambda p: p.parts.__setitem__(
        slice(None), [replace(each, resource_id=UUID(int=700)) for each in p.parts]
    ),
    "single_child": lambda p: (p.task("Inspect the piers", 1, parent=p.piers), None)[1],
    "duplicate_title": lambda p: setattr(p.deck, "title", p.piers.title.upper()),
    "vague_title": lambda p: setattr(p.deck, "title", "New task 7"),
    "deep_outline": deeper,
    "wide_outline": lambda p: many(p, 51),
    "phase_without_milestone": lambda p: setattr(p.opening, "milestone", False),
    "no_baseline": lambda p: setattr(p, "baselined", False),
    "not_in_baseline": lambda _: None,
    "no_status_date": lambda p: (setattr(p, "status_date", None), progressed(p, p.survey, 50, "2026-03-02T08:00"))[0],
    "old_status_date": lambda p: setattr(p, "today", at("2026-04-15T08:00")),
    "no_milestone": lambda p: setattr(p.opening, "milestone", False),
    "too_critical": lambda p: (
        [p.link(p.task(f"Pile {n}", 1, parent=p.phase), p.survey) for n in range(3)] and many(p, 0)
    ),
    "finish_beyond_baseline": lambda p: setattr(p, "later_baseline", timedelta(days=-3)),
    "no_budget": lambda p: setattr(p, "budget", Decimal(0)),
    "unacknowledged_start": lambda p: p.unacknowledged.update({p.survey.id: [BO, ANN], p.deck.id: [ANN]}),
    "over_budget": lambda p: setattr(p, "budget", Decimal(1)),
}


def test_every_rule_has_a_defect_planted_for_it_and_there_are_forty_and_more() -> None:
    assert PLANTED.keys() == RULES.keys()
    assert len(RULES) >= 40
    assert {each.dcma for each in RULES.values() if each.dcma} == set(range(1, 12))


@pytest.mark.parametrize("code", [each for each in PLANTED if each not in {"not_in_baseline", "too_critical"}])
def test_a_planted_defect_is_found_where_it_is_and_was_not_there_before(code: str) -> None:
    assert findings(Planted().ground(), code) == []
    planted = Planted()
    PLANTED[code](planted)
    found = findings(planted.ground(), code)
    assert found
    for each in found:
        assert each.minutes >= 0
        assert each.steps, each
        for step in each.steps:
            told = step.told()
            assert told["path"].startswith("/v1/")
            assert (told["method"] == "POST") == (told["if_match"] is None)


def test_work_that_came_after_the_baseline_is_found() -> None:
    ground = Planted().ground()
    assert ground.baseline is not None
    left_out = next(each for each in ground.leaves if each.title == "Lay the deck")
    others = {task_id: dates for task_id, dates in ground.baseline.items() if task_id != left_out.id}
    assert [each.subject_id for each in findings(replace(ground, baseline=others), "not_in_baseline")] == [left_out.id]


def test_a_plan_of_which_half_is_critical_is_found() -> None:
    planted = Planted()
    before = planted.opening
    for number in range(8):
        after = planted.task(f"Inspection {number}", 1, parent=planted.phase)
        planted.link(before, after)
        before = after
    assert [each.values["critical"] for each in findings(planted.ground(), "too_critical")] == [12]


def test_a_sound_plan_has_nothing_but_its_score() -> None:
    report = lint(Planted().ground())
    assert [each.rule.code for each in report.found if each.count] == []
    assert report.score == 100
    assert [each.number for each in report.points] == list(range(1, 15))
    assert [each.number for each in report.points if each.met is False] == []


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (1, "open_start"),
        (2, "lead"),
        (3, "lag"),
        (4, "relationship_type"),
        (5, "hard_constraint"),
        (6, "high_float"),
        (7, "negative_float"),
        (8, "high_duration"),
        (9, "actual_in_future"),
        (10, "no_resource"),
        (11, "missed_task"),
    ],
)
def test_a_point_of_the_dcma_is_missed_by_what_its_rules_find(number: int, code: str) -> None:
    planted = Planted()
    PLANTED[code](planted)
    found = point(planted.ground(), number)
    assert found.found > 0
    assert found.met is False


def test_the_critical_path_test_fails_where_the_end_does_not_hear_of_a_delay() -> None:
    planted = Planted()
    assert point(planted.ground(), 12).met is True
    planted.links.remove(planted.chain[3])
    constrain(planted.opening, "start_no_earlier_than", "2026-04-20T08:00")
    planted.deck.deadline = at("2026-03-31T16:00")
    assert point(planted.ground(), 12).met is False


def test_the_indices_are_those_of_the_pamphlet() -> None:
    planted = Planted()
    planted.now = at("2026-03-12T08:00")
    planted.status_date = planted.now
    progressed(planted, planted.survey, 100, "2026-03-02T08:00", "2026-03-04T16:00")
    ground = planted.ground()
    # Survey is finished and the drawings, due on the 11th, are not: one of two.
    assert point(ground, 14).value == 0.5
    # 14 working days are left of a path that has no reserve.
    assert point(ground, 13).value == 1.0
    planted.later_baseline = timedelta(days=7)
    assert point(planted.ground(), 13).value is not None
    assert (point(planted.ground(), 13).value or 0) > 1


def test_consequences_are_days_and_money_of_the_plan() -> None:
    planted = Planted()
    planted.chain[1].lag = -2 * DAY
    (lead,) = findings(planted.ground(), "lead")
    assert lead.minutes == 2 * 450
    assert lead.cost == Decimal("60000.00"), "eight days of 7.5 hours at 1,000"
    assert lead.steps[0].told() == {
        "method": "PATCH",
        "path": f"/v1/dependencies/{planted.chain[1].id}",
        "if_match": '"1"',
        "body": {"lag_minutes": 0},
    }
    (budget,) = findings(replace(planted.ground(), budget=Decimal(1000)), "over_budget")
    assert budget.cost == Decimal("164000.00"), "22 days at 7,500 less the budget"


def test_a_proposed_link_closes_no_circle() -> None:
    planted = Planted()
    planted.links.remove(planted.chain[1])
    (open_start,) = findings(planted.ground(), "open_start")
    assert open_start.subject_id == planted.piers.id
    body = open_start.steps[0].body
    assert body is not None
    assert body["successor_id"] == str(planted.piers.id)
    proposed = UUID(body["predecessor_id"])
    assert not planted.ground().reaches(planted.piers.id, proposed)


def test_of_many_findings_the_weightiest_are_told_and_all_are_counted() -> None:
    planted = Planted()
    many(planted, MOST_TOLD + 20)
    found = next(each for each in lint(planted.ground()).found if each.rule.code == "open_finish")
    assert (found.count, len(found.findings)) == (MOST_TOLD + 20, MOST_TOLD)
