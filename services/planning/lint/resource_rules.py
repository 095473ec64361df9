"""Rules about people and resources: work that nobody does, and people who cannot do what they are asked."""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from typing import Final
from uuid import UUID

from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.lint.changes import assign, change_resource, change_task, of_task, unassign
from services.planning.lint.finding import Finding, RuleArea, Severity, Step, rule
from services.planning.lint.ground import Ground, ResourceRow
from services.planning.schedule.plan_rows import PlanTask
from services.planning.schedule.resource_load import colliding, overallocated_minutes

CRITICAL_SHARE: Final = 0.5
_UNDONE: Final = (
    "Minutes of work that nobody was asked to do; the cost is that of as much delay.",
    "Minutter arbeid ingen er bedt om å gjøre; kostnaden er den av like mye forsinkelse.",
)
_UNPRICED: Final = (
    "Minutes of work that the plan's cost leaves out; the cost is that of as much delay.",
    "Minutter arbeid som mangler i planens kostnad; kostnaden er den av like mye forsinkelse.",
)


def _work_resources(ground: Ground) -> list[ResourceRow]:
    return [each for each in ground.resources if each.resource_type == "work"]


def _undone(ground: Ground, task: PlanTask, *steps: Step) -> Finding:
    minutes = ground.minutes(task.duration)
    return Finding("task", task.id, task.title, minutes, ground.cost_of_delay(minutes), steps)


@rule(
    "no_resource",
    RuleArea.RESOURCES,
    Severity.WARNING,
    en=("No resource is assigned to the task", _UNDONE[0]),
    nb=("Ingen ressurs er tilordnet oppgaven", _UNDONE[1]),
    dcma=10,
)
def no_resource(ground: Ground) -> Iterator[Finding]:
    """Work of a day or more has somebody who does it (DCMA 10). The one with the least to do is proposed."""
    assigned = {each.task_id for each in ground.assignments}
    load = Counter[UUID]()
    for each in ground.assignments:
        load[each.resource_id] += each.work
    least = min(_work_resources(ground), key=lambda each: (load[each.id], each.name), default=None)
    for task in ground.work:
        if task.id not in assigned:
            steps = [assign(ground, task, least)] if least is not None else _ask(ground, task)
            yield _undone(ground, task, *steps)


def _ask(ground: Ground, task: PlanTask) -> list[Step]:
    """Whoever answers for the project answers for the task, as long as nobody else does."""
    return [change_task(task, assignee_id=str(ground.members[0]))] if ground.members else []


@rule(
    "no_assignee",
    RuleArea.RESOURCES,
    Severity.WARNING,
    en=("Nobody answers for the task", _UNDONE[0]),
    nb=("Ingen er ansvarlig for oppgaven", _UNDONE[1]),
)
def no_assignee(ground: Ground) -> Iterator[Finding]:
    """Nobody will report of it. Who answers for the work beside it is proposed, else whoever answers for the project."""
    for task in ground.work:
        if task.assignee_id is None:
            beside = Counter(each.assignee_id for each in ground.children[task.parent_id] if each.assignee_id)
            near = [person for person, _ in beside.most_common() if person in ground.members]
            steps = [change_task(task, assignee_id=str(near[0]))] if near else _ask(ground, task)
            yield _undone(ground, task, *steps)


@rule(
    "assignee_gone",
    RuleArea.RESOURCES,
    Severity.ERROR,
    en=("Who answers for the task is not on the project any more", _UNDONE[0]),
    nb=("Den ansvarlige for oppgaven er ikke lenger på prosjektet", _UNDONE[1]),
)
def assignee_gone(ground: Ground) -> Iterator[Finding]:
    """The person has left, or may not act any more."""
    for task in ground.unfinished:
        if task.assignee_id is not None and task.assignee_id not in ground.members:
            yield _undone(ground, task, *_ask(ground, task))


@rule(
    "overallocated",
    RuleArea.RESOURCES,
    Severity.WARNING,
    en=(
        "A resource has more to do than time for it",
        "Minutes of work beyond what it has time for; the cost is that of as much delay.",
    ),
    nb=(
        "En ressurs har mer å gjøre enn den har tid til",
        "Minutter arbeid ut over det den har tid til; kostnaden er den av like mye forsinkelse.",
    ),
)
def overallocated(ground: Ground) -> Iterator[Finding]:
    """What has the most float waits for what has the least."""
    plan = ground.plan
    bookings, blocks = plan.bookings(), plan.blocks()
    for resource_id, minutes in overallocated_minutes(bookings, plan.capacities, blocks).items():
        capacity = plan.capacities[resource_id]
        missing = blocks.get(resource_id, ())
        tasks = [plan.tasks[each] for each in colliding(bookings[resource_id], capacity.max_units, missing)]
        tasks.sort(key=lambda each: (each.total_float_minutes, each.start, str(each.id)))
        waiting = [each for each in tasks[1:] if not each.percent_complete]
        steps = []
        if waiting:
            after = tasks[0].finish.isoformat()
            step = change_task(waiting[-1], constraint_type="start_no_earlier_than", constraint_date=after)
            steps.append(step)
        cost = ground.cost_of_delay(minutes)
        told = {"task_ids": [str(each.id) for each in tasks[:20]]}
        yield Finding("resource", resource_id, capacity.name, minutes, cost, tuple(steps), told)


@rule(
    "idle_resource",
    RuleArea.RESOURCES,
    Severity.HINT,
    en=("A resource has nothing to do", "No minute depends on it; it costs nothing by the plan."),
    nb=("En ressurs har ingenting å gjøre", "Ingen minutter avhenger av den; den koster ingenting etter planen."),
)
def idle_resource(ground: Ground) -> Iterator[Finding]:
    """It was entered and is used by no task."""
    used = {each.resource_id for each in ground.assignments}
    for each in ground.resources:
        if each.id not in used:
            step = Step("DELETE", f"/v1/resources/{each.id}", None, each.version)
            yield Finding("resource", each.id, each.name, 0, Decimal(0), (step,))


@rule(
    "no_rate",
    RuleArea.RESOURCES,
    Severity.WARNING,
    en=("A resource with work has no rate", _UNPRICED[0]),
    nb=("En ressurs med arbeid har ingen sats", _UNPRICED[1]),
)
def no_rate(ground: Ground) -> Iterator[Finding]:
    """Its work costs nothing in every figure. The average rate of the others is proposed."""
    work = Counter[UUID]()
    for part in ground.assignments:
        work[part.resource_id] += part.work
    rates = [each.standard_rate for each in _work_resources(ground) if each.standard_rate]
    average = sum(rates, Decimal(0)) / len(rates) if rates else Decimal(1)
    for each in _work_resources(ground):
        if not each.standard_rate and work[each.id]:
            minutes = work[each.id] // TICKS_PER_MINUTE
            rate = {"amount": f"{average:.2f}", "currency": ground.plan.currency}
            cost = ground.cost_of_delay(minutes)
            yield Finding("resource", each.id, each.name, minutes, cost, (change_resource(each, standard_rate=rate),))


@rule(
    "no_work",
    RuleArea.RESOURCES,
    Severity.WARNING,
    en=("An assignment has no work", _UNPRICED[0]),
    nb=("En tilordning har ikke noe arbeid", _UNPRICED[1]),
)
def no_work(ground: Ground) -> Iterator[Finding]:
    """Somebody stands beside the task without anything to do."""
    names = {each.id: each for each in _work_resources(ground)}
    work = {each.id: each for each in ground.work}
    for each in ground.assignments:
        task = work.get(each.task_id)
        if task is not None and each.resource_id in names and not each.work:
            yield _undone(ground, task, unassign(each))


@rule(
    "summary_assignment",
    RuleArea.RESOURCES,
    Severity.WARNING,
    en=("A resource is assigned to a summary", _UNPRICED[0]),
    nb=("En ressurs er tilordnet et sammendrag", _UNPRICED[1]),
)
def summary_assignment(ground: Ground) -> Iterator[Finding]:
    """The work is counted beside that of the tasks below, and levelling cannot move it."""
    summaries = {each.id: each for each in ground.summaries}
    for each in ground.assignments:
        task = summaries.get(each.task_id)
        if task is not None:
            minutes = each.work // TICKS_PER_MINUTE
            yield of_task(ground, task, minutes, unassign(each), resource_id=str(each.resource_id))


@rule(
    "indispensable",
    RuleArea.RESOURCES,
    Severity.HINT,
    en=(
        "One resource does more than half of the critical work",
        "Minutes of critical work that wait when it is away; the cost is that of as much delay.",
    ),
    nb=(
        "Én ressurs gjør mer enn halvparten av det kritiske arbeidet",
        "Minutter kritisk arbeid som venter når den er borte; kostnaden er den av like mye forsinkelse.",
    ),
)
def indispensable(ground: Ground) -> Iterator[Finding]:
    """The plan falls ill with one person; whoever has the least to do could take the longest of it."""
    critical = {each.id: each for each in ground.work if each.critical}
    work, load = Counter[UUID](), Counter[UUID]()
    for part in ground.assignments:
        load[part.resource_id] += part.work
        if part.task_id in critical:
            work[part.resource_id] += part.work
    resources = _work_resources(ground)
    whole = sum(work.values())
    for each in resources:
        if len(resources) > 1 and whole and work[each.id] > whole * CRITICAL_SHARE:
            own = [part for part in ground.assignments if part.resource_id == each.id and part.task_id in critical]
            longest = max(own, key=lambda part: part.work)
            others = (one for one in resources if one.id != each.id)
            relief = min(others, key=lambda one: (load[one.id], one.name))
            minutes = work[each.id] // TICKS_PER_MINUTE
            steps = (assign(ground, critical[longest.task_id], relief), unassign(longest))
            yield Finding("resource", each.id, each.name, minutes, ground.cost_of_delay(minutes), steps)
