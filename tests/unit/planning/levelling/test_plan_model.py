"""From a plan to a levelling problem and back: judged by the schedule engine, which knows nothing of levelling problems."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.kernel.working_time import Calendar, to_local, to_ticks
from services.planning.levelling.heuristic import by_rules
from services.planning.levelling.optimizer import Answer
from services.planning.levelling.outcome import Outcome, fingerprint_of, outcome_of
from services.planning.levelling.plan_model import delays_of, is_movable, model_of
from services.planning.levelling.problem import broken_rules
from services.planning.schedule.calendar import default_calendar
from services.planning.schedule.plan_rows import Capacity, PlanAssignment, PlanLink, PlanTask, new_task
from services.planning.schedule.working_plan import WorkingPlan

DAY = 4_500
START = datetime.fromisoformat("2026-03-02T08:00")
NIGHT = UUID(int=900)
NIGHT_HOURS = Calendar.from_json({"days": [[["18:00", "22:00"], ["22:30", "23:00"]]] * 5 + [[], []]})


class PlanMaker:
    """A plan in memory, as a manager would enter it."""

    def __init__(self) -> None:
        calendars: dict[Any, Any] = {"project": default_calendar(450), NIGHT: NIGHT_HOURS}
        self.plan = WorkingPlan(
            UUID(int=1),
            "Bridge",
            "NOK",
            "Europe/Oslo",
            START,
            None,
            450,
            0,
            None,
            START,
            calendars,
            {},
            links=[],
            capacities={},
        )

    def resource(self, units: str = "1", calendar_id: UUID | None = None) -> UUID:
        resource_id = UUID(int=500 + len(self.plan.capacities))
        self.plan.capacities[resource_id] = Capacity(
            resource_id, f"R{len(self.plan.capacities)}", Decimal(units), calendar_id, None
        )
        return resource_id

    def task(self, days: float, *needs: tuple[UUID, str], **values: Any) -> PlanTask:
        number = len(self.plan.tasks) + 1
        task = new_task(UUID(int=1000 + number), f"T{number}", duration=int(days * DAY), position=number, **values)
        self.plan.tasks[task.id] = task
        for resource_id, units in needs:
            calendar_id = self.plan.capacities[resource_id].calendar_id
            work = int(task.duration * Decimal(units))
            part = PlanAssignment(
                task.id, resource_id, calendar_id, Decimal(units), work, None, None, 0, 0, "flat", None
            )
            self.plan.assignments.setdefault(task.id, []).append(part)
        return task

    def link(
        self, before: PlanTask, after: PlanTask, kind: str = "finish_to_start", days: float = 0, basis: str = "working"
    ) -> None:
        lag = int(days * DAY) if basis != "percent" else int(days)
        self.plan.links.append(PlanLink(UUID(int=5000 + len(self.plan.links)), before.id, after.id, kind, lag, basis))

    def placed(self) -> WorkingPlan:
        """The plan with its dates, as it would be stored."""
        plan = self.plan
        plan.reschedule()
        plan.finish_before = plan.finish
        plan.moved.clear()
        plan.before.clear()
        return plan


def levelled(plan: WorkingPlan, *, extend: bool = True) -> Outcome:
    model = model_of(plan, extend=extend)
    found = by_rules(model.problem)
    assert found.misplaced or broken_rules(model.problem, found.starts) == []
    proven = found.makespan <= found.bound and not found.misplaced
    answer = Answer(
        found.starts,
        found.makespan,
        found.changes,
        found.misplaced,
        found.bound,
        proven,
        False,
        False,
        "genetic",
        1,
        0.0,
    )
    return outcome_of(plan, model, answer, extend=extend)


def test_two_tasks_that_want_one_crane_follow_each_other() -> None:
    maker = PlanMaker()
    crane = maker.resource()
    first, second = maker.task(2, (crane, "1"), priority=600), maker.task(3, (crane, "1"))
    outcome = levelled(maker.placed())
    assert (first.start, second.start) == (START, datetime.fromisoformat("2026-03-04T08:00"))
    assert outcome.delays == {second.id: 2 * 24 * 600}
    assert (
        outcome.values["finish_bound"] == outcome.values["finish_after"] == datetime.fromisoformat("2026-03-06T16:00")
    )


def test_what_follows_a_delayed_task_needs_no_delay_of_its_own() -> None:
    maker = PlanMaker()
    crane = maker.resource()
    first, second, third = maker.task(2, (crane, "1"), priority=1000), maker.task(3, (crane, "1")), maker.task(1)
    maker.link(second, third, "start_to_start", 1)
    outcome = levelled(maker.placed())
    assert list(outcome.delays) == [second.id]
    reasons = {move["task_id"]: move["reason"] for move in outcome.values["moves"]}
    assert reasons[str(third.id)]["code"] == "predecessor"
    assert reasons[str(third.id)]["predecessor"]["task_id"] == str(second.id)
    assert reasons[str(second.id)]["held_by"] == [{"task_id": str(first.id), "title": "T1"}]


def test_a_delay_that_serves_nothing_any_more_goes() -> None:
    maker = PlanMaker()
    task = maker.task(2, (maker.resource(), "1"), levelling_delay=7 * 24 * 600)
    outcome = levelled(maker.placed())
    assert (task.start, outcome.delays) == (START, {})
    assert outcome.values["moves"][0]["reason"]["code"] == "room"


@pytest.mark.parametrize(
    "values",
    [
        {"priority": 1000},
        {"constraint_type": "must_start_on", "constraint_date": START},
        {"constraint_type": "as_late_as_possible"},
        {"manual": True, "manual_start": START, "manual_finish": to_local(0)},
        {"percent_complete": 10, "actual_start": START},
        {"external": True, "manual_start": START},
        {"active": False},
        {"summary": True},
    ],
)
def test_levelling_leaves_these_alone(values: dict[str, Any]) -> None:
    assert is_movable(new_task(UUID(int=1), "T"))
    assert not is_movable(new_task(UUID(int=1), "T", **values))


def test_a_predecessor_is_not_delayed_beyond_a_task_that_is_never_moved() -> None:
    maker = PlanMaker()
    crane = maker.resource()
    before = maker.task(1, (crane, "1"))
    pinned = maker.task(
        1,
        (crane, "1"),
        priority=1000,
        constraint_type="start_no_earlier_than",
        constraint_date=datetime.fromisoformat("2026-03-04T08:00"),
    )
    maker.link(before, pinned)
    other = maker.task(2, (crane, "1"), priority=900)
    plan = maker.placed()
    levelled(plan)
    assert pinned.start == datetime.fromisoformat("2026-03-04T08:00")
    assert plan.standing().overallocated == {}
    assert before.finish <= pinned.start < other.start


def test_the_fingerprint_hears_of_all_that_levelling_depends_on() -> None:
    def made(**values: Any) -> str:
        maker = PlanMaker()
        crane = maker.resource(values.pop("units", "1"))
        one, two = maker.task(values.pop("days", 1), (crane, "1"), **values), maker.task(1, (crane, "1"))
        maker.link(one, two)
        return fingerprint_of(maker.placed())

    prints = [made(), made(days=2), made(priority=400), made(units="2"), made(deadline=START)]
    assert len(set(prints)) == len(prints)
    assert made() == prints[0]


KINDS = ("finish_to_start", "start_to_start", "finish_to_finish", "start_to_finish")


def draw_plan(seed: int) -> WorkingPlan:
    """A plan of up to 24 tasks with what plans have: links of all types, lags, leads, hours, summaries, what stays."""
    draw = random.Random(seed)
    maker = PlanMaker()
    calendar_id = NIGHT if seed % 3 == 0 else None
    resources = [maker.resource(draw.choice(["1", "0.5", "2"]), draw.choice([None, calendar_id])) for _ in range(3)]
    tasks: list[PlanTask] = []
    for _ in range(draw.randrange(4, 24)):
        values: dict[str, Any] = {"priority": draw.choice([300, 500, 500, 700])}
        if seed % 4 == 1 and draw.random() < 0.2:
            values |= {"constraint_type": "start_no_earlier_than", "constraint_date": to_local(0)}
            values["constraint_date"] = datetime.fromisoformat(f"2026-03-{draw.randrange(2, 20):02}T08:00")
        needs = draw.sample(resources, draw.randrange(0, 3))
        units = {
            each: str(min(maker.plan.capacities[each].max_units, Decimal(draw.choice(["0.5", "1"])))) for each in needs
        }
        days = draw.choice([0, 0.5, 1, 1, 2, 3, 5]) if not needs else draw.choice([0.5, 1, 2, 3, 5])
        task = maker.task(days, *units.items(), **values)
        if tasks and draw.random() < 0.7:
            for before in draw.sample(tasks, min(len(tasks), draw.randrange(1, 3))):
                kind = draw.choice(KINDS) if seed % 2 else "finish_to_start"
                basis = draw.choice(["working", "working", "elapsed", "percent"]) if seed % 2 else "working"
                lag = draw.choice([0, 0, 1, -0.5, 2]) if basis != "percent" else draw.choice([0, 50])
                maker.link(before, task, kind, lag, basis)
        tasks.append(task)
    return maker.placed()


@pytest.mark.parametrize("seed", range(120))
def test_a_levelled_plan_asks_nobody_for_more_than_there_is(seed: int) -> None:
    plan = draw_plan(seed)
    before = {task.id: (task.start, task.finish) for task in plan.tasks.values()}
    outcome = levelled(plan)
    assert plan.standing().overallocated == {}
    assert outcome.values["resolved"]
    moved = {UUID(move["task_id"]) for move in outcome.values["moves"]}
    assert moved == {task.id for task in plan.tasks.values() if task.start != before[task.id][0]}
    bound = outcome.values["finish_bound"]
    assert bound is None or bound <= outcome.values["finish_after"]
    assert plan.finish == outcome.values["finish_after"]


@pytest.mark.parametrize("seed", range(60))
def test_within_float_the_finish_stays_and_nobody_gets_more_to_do(seed: int) -> None:
    plan = draw_plan(seed)
    overload, finish = plan.standing().overallocated, plan.finish
    levelled(plan, extend=False)
    assert plan.finish is not None
    assert finish is not None
    assert plan.finish <= finish
    assert sum(plan.standing().overallocated.values()) <= sum(overload.values())


def test_a_plan_of_a_thousand_tasks_is_levelled_by_rules_in_seconds() -> None:
    draw = random.Random(7)
    maker = PlanMaker()
    resources = [maker.resource() for _ in range(12)]
    tasks: Sequence[PlanTask] = [maker.task(draw.randrange(1, 6), (draw.choice(resources), "1")) for _ in range(1_000)]
    for place, task in enumerate(tasks[40:]):
        maker.link(tasks[place + draw.randrange(0, 39)], task)
    plan = maker.placed()
    model = model_of(plan, extend=True)
    found = by_rules(model.problem)
    assert broken_rules(model.problem, found.starts) == []
    assert delays_of(plan, model, found.starts)


def test_work_waits_until_the_units_are_there_that_are_missing() -> None:
    maker = PlanMaker()
    digger = maker.resource()
    maker.task(2, (digger, "1"))
    plan = maker.plan
    start, behind = to_ticks(START), to_ticks(datetime.fromisoformat("2026-03-05T00:00"))
    plan.capacities[digger] = replace(plan.capacities[digger], missing=((start, behind, Decimal("0.5")),))
    plan = maker.placed()
    assert plan.standing().overallocated == {digger: 450}
    model = model_of(plan, extend=True)
    found = by_rules(model.problem)
    assert not found.misplaced
    assert to_local(model.axis.moment(found.starts[0])).isoformat() == "2026-03-05T08:00:00"


def test_work_ends_by_its_last_day_where_another_can_wait() -> None:
    maker = PlanMaker()
    welder = maker.resource()
    weld = maker.task(2, (welder, "1"), priority=400)
    paint = maker.task(2, (welder, "1"), priority=600)
    plan = maker.placed()
    last = {weld.id: date(2026, 3, 4)}
    for last_days, first in ((None, paint), (last, weld)):
        model = model_of(plan, extend=True, last_days=last_days)
        starts = by_rules(model.problem).starts
        assert starts[model.task_ids.index(first.id)] == 0
