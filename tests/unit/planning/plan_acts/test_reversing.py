"""Undo as a law: whatever is entered into a plan in memory, its reversal leads back, and the reversal of that on again."""

import random
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest

from services.kernel.ids import new_id
from services.kernel.problems import Problem
from services.planning.plan_acts.copying import copy_tasks
from services.planning.plan_acts.outlining import indent, move, outdent
from services.planning.plan_acts.reversing import Reversing
from services.planning.plan_acts.shifting import shift_tasks
from services.planning.schedule.calendar import default_calendar
from services.planning.schedule.editing import change_task, create_task
from services.planning.schedule.journal import document_of
from services.planning.schedule.plan_change import PlanMovedOn
from services.planning.schedule.plan_rows import COLUMNS, PlanLink, PlanTask, Stored
from services.planning.schedule.working_plan import WorkingPlan

START = datetime.fromisoformat("2026-03-02T08:00")
PROJECT = UUID(int=1)
Texts = dict[UUID, dict[str, Any]]
# What a schedule run settles, and where a task stands in the sparse order, follow from the rest.
FOLLOWING = {"version", "position"}


def plan_of(tasks: list[PlanTask], links: list[PlanLink]) -> WorkingPlan:
    """A plan as if it had been loaded from these rows."""
    calendars: dict[Any, Any] = {"project": default_calendar(450)}
    rows = [
        tuple(
            orjson.dumps(value).decode() if name == "splits" and value is not None else value
            for name, value in ((name, getattr(each, name)) for name in COLUMNS)
        )
        for each in tasks
    ]
    plan = WorkingPlan(PROJECT, "Bridge", "NOK", "Europe/Oslo", START, None, 450, 0, None, START, calendars, {})
    plan.tasks = {each.id: deepcopy(each) for each in tasks}
    links = sorted(links, key=lambda link: link.id)
    plan.links = [replace(each) for each in links]
    stored_links = [
        (each.id, each.predecessor_id, each.successor_id, each.dependency_type, each.lag, each.lag_basis)
        for each in links
    ]
    plan.stored = Stored(rows, stored_links, [])
    return plan


def reloaded(plan: WorkingPlan) -> WorkingPlan:
    """The plan as the next writer finds it."""
    for each in plan.tasks.values():
        each.version += 1
    return plan_of(list(plan.tasks.values()), plan.links)


def seen(plan: WorkingPlan) -> tuple[Any, ...]:
    tasks = [{name: getattr(each, name) for name in COLUMNS if name not in FOLLOWING} for each in plan.tasks.values()]
    return tasks, sorted(map(replace, plan.links), key=lambda link: link.id), [each.id for each in plan.tasks.values()]


def some_plan(dice: random.Random) -> WorkingPlan:
    plan = plan_of([], [])
    for number in range(dice.randint(2, 12)):
        parent = dice.choice([None, None, *plan.tasks])
        create_task(plan, {"title": f"T{number}", "duration_minutes": dice.randint(1, 2000), "parent_id": parent}, {})
    plan.reschedule()
    plan = reloaded(plan)
    for _ in range(dice.randint(0, 8)):
        _link(plan, dice)
    plan.reschedule()
    return reloaded(plan)


def _link(plan: WorkingPlan, dice: random.Random) -> None:
    """A link that leads from one task to a later one of the list, outside of its summaries."""
    ids = list(plan.tasks)
    if len(ids) < 2:
        return
    first, second = sorted(dice.sample(range(len(ids)), 2))
    predecessor, successor = ids[first], ids[second]
    above = {predecessor}
    follow: UUID | None = successor
    while follow is not None:
        if follow in above:
            return
        follow = plan.tasks[follow].parent_id
    if any((each.predecessor_id, each.successor_id) == (predecessor, successor) for each in plan.links):
        return
    plan.links.append(
        PlanLink(new_id(), predecessor, successor, "finish_to_start", dice.choice([0, 450, -300]), "working")
    )
    plan.links.sort(key=lambda link: link.id)
    plan.relinked = True


def enter(plan: WorkingPlan, dice: random.Random, texts: Texts) -> None:
    """One thing that somebody might do; what a rule refuses is left undone."""
    task = dice.choice(list(plan.tasks.values())) if plan.tasks else None
    deed = dice.randrange(12)
    if task is None or deed == 0:
        create_task(plan, {"title": "New", "parent_id": dice.choice([None, *plan.tasks])}, texts)
    elif deed == 1:
        plan.remove(task)
    elif deed == 2:
        _link(plan, dice)
    elif deed == 3 and plan.links:
        plan.links.pop(dice.randrange(len(plan.links)))
        plan.relinked = True
    elif deed == 4 and plan.links:
        dice.choice(plan.links).lag += 450
        plan.relinked = True
    elif deed == 5:
        change_task(plan, task, {"parent_id": dice.choice([None, *plan.tasks])}, texts)
    elif deed == 6:
        change_task(plan, task, {"after_id": dice.choice([None, *plan.tasks])}, texts)
    else:
        change_task(plan, task, dice.choice(CHANGES), texts)


CHANGES: tuple[dict[str, Any], ...] = (
    {"duration_minutes": 900},
    {"percent_complete": 30},
    {"percent_complete": 100},
    {"title": "Other", "milestone": True},
    {"constraint_type": "must_start_on", "constraint_date": START + timedelta(days=9)},
    {"deadline": START + timedelta(days=30), "priority": 1},
    {"manual": True, "manual_start": START + timedelta(days=1), "manual_finish": START + timedelta(days=2)},
    {"active": False},
    {"wbs_code": "X.1"},
    {"elapsed": True},
)


def reverse(plan: WorkingPlan, document: dict[str, Any]) -> dict[str, Any]:
    """Take a document back in a fresh plan. Returns the document of that."""
    done = Reversing(plan, document, texts={}, options={}, means={}, prices={}).carry_out()
    plan.reschedule()
    return document_of(plan, done.texts, {})


@pytest.mark.parametrize("seed", range(300))
def test_a_reversal_leads_back_and_its_reversal_on_again(seed: int) -> None:
    dice = random.Random(seed)
    before = some_plan(dice)
    changed = plan_of(list(before.tasks.values()), before.links)
    changed.reschedule()
    was = seen(changed)
    texts: Texts = {}
    for _ in range(dice.randint(1, 4)):
        copied = (deepcopy(changed), deepcopy(texts))
        try:
            enter(changed, dice, texts)
            deepcopy(changed).reschedule()
        except Problem:
            changed, texts = copied
    changed.reschedule()
    document = document_of(changed, texts, {})
    entered = seen(changed)
    undone = reloaded(changed)
    undo = reverse(undone, document)
    assert seen(undone) == was, document
    redone = reloaded(undone)
    reverse(redone, undo)
    assert seen(redone) == entered, (document, undo)


@pytest.mark.parametrize("seed", range(60))
def test_acts_on_many_tasks_are_reversed_whole(seed: int) -> None:
    dice = random.Random(seed)
    plan = some_plan(dice)
    was = seen(plan)
    chosen = dice.sample(list(plan.tasks), dice.randint(1, len(plan.tasks)))
    try:
        match dice.randrange(6):
            case 0:
                shift_tasks(plan, chosen, dice.choice([-3, 5]), deadlines=True)
            case 1:
                indent(plan, chosen)
            case 2:
                outdent(plan, chosen)
            case 3:
                move(plan, chosen, {"parent_id": dice.choice([None, *plan.tasks])})
            case 4:
                copy_tasks(plan, chosen, {}, links=True)
            case 5:
                plan.remove_all([plan.tasks[each] for each in chosen])
        plan.reschedule()
    except Problem:
        return  # A rule refuses it, and then there is nothing to take back.
    document = document_of(plan, {}, {})
    entered = seen(plan)
    undone = reloaded(plan)
    undo = reverse(undone, document)
    assert seen(undone) == was, document
    redone = reloaded(undone)
    reverse(redone, undo)
    assert seen(redone) == entered, (document, undo)


def test_what_somebody_else_has_changed_is_named_and_nothing_is_touched() -> None:
    plan = plan_of([], [])
    first = create_task(plan, {"title": "First", "duration_minutes": 450}, {})
    plan.reschedule()
    loaded = reloaded(plan)
    change_task(loaded, loaded.tasks[first.id], {"duration_minutes": 900, "priority": 1}, {})
    loaded.reschedule()
    document = document_of(loaded, {}, {})
    later = reloaded(loaded)
    later.tasks[first.id].duration = 1
    with pytest.raises(PlanMovedOn) as refused:
        Reversing(later, document, texts={}, options={}, means={}, prices={}).carry_out()
    assert refused.value.values["places"] == [{"type": "task", "id": str(first.id), "member": "duration_minutes"}]
    assert not later.edited
