"""Tasks moved in the outline as Microsoft Project does it: in, out and elsewhere, with the order of the list kept."""

from collections.abc import Sequence
from typing import Final, Literal
from uuid import UUID

from services.kernel.problems import RuleViolated, UnknownReference, error_at
from services.planning.schedule.editing import change_task
from services.planning.schedule.plan_rows import PlanTask
from services.planning.schedule.working_plan import WorkingPlan

Direction = Literal["indent", "outdent"]
MOST_MOVED: Final = 1_000


class NoLevelThere(RuleViolated):
    code = "no_level_there"
    title = {"en": "There is no such level for this task", "nb": "Det finnes ikke noe slikt nivå for denne oppgaven"}
    detail = {
        "en": "Only a task behind another one goes in, and only one below another goes out.",
        "nb": "Bare en oppgave etter en annen kan rykkes inn, og bare en under en annen kan rykkes ut.",
    }


def blocks(plan: WorkingPlan, chosen: Sequence[UUID]) -> list[PlanTask]:
    """The chosen tasks in the order of the outline, without those that lie below another of them."""
    wanted = set(chosen)
    below: set[UUID] = set()
    found = []
    for task in plan.tasks.values():  # A parent stands before its children.
        if task.parent_id in below or task.parent_id in wanted:
            below.add(task.id)
        elif task.id in wanted:
            found.append(task)
    return found


def indent(plan: WorkingPlan, chosen: Sequence[UUID]) -> list[UUID]:
    """Put each of the tasks below the sibling in front of it. Returns those moved. Raises NoLevelThere."""
    moved = blocks(plan, chosen)
    for task in moved:
        siblings = plan.outline.children(task.parent_id)
        index = next(number for number, each in enumerate(siblings) if each is task)
        if index == 0:
            raise _no_level(chosen, task)
        change_task(plan, task, {"parent_id": siblings[index - 1].id}, {})
    return [task.id for task in moved]


def outdent(plan: WorkingPlan, chosen: Sequence[UUID]) -> list[UUID]:
    """Put each of the tasks behind the one that it lies below; the siblings behind it come to lie below it.

    Raises NoLevelThere.
    """
    moved = blocks(plan, chosen)
    # From the last one on, so that nothing becomes a summary for a moment and forgets its progress.
    for task in reversed(moved):
        parent = plan.tasks.get(task.parent_id) if task.parent_id is not None else None
        if parent is None:
            raise _no_level(chosen, task)
        siblings = plan.outline.children(parent.id)
        behind = list(siblings[next(number for number, each in enumerate(siblings) if each is task) + 1 :])
        change_task(plan, task, {"parent_id": parent.parent_id, "after_id": parent.id}, {})
        for each in behind:
            change_task(plan, each, {"parent_id": task.id}, {})
    return [task.id for task in moved]


def move(plan: WorkingPlan, chosen: Sequence[UUID], place: dict[str, UUID | None]) -> list[UUID]:
    """Put the tasks below a parent (None: at the top), behind a sibling (None: first; not named: last), in their order.

    Raises UnknownReference, ParentCycle.
    """
    moved = blocks(plan, chosen)
    after_id = place.get("after_id")
    if after_id is not None and after_id in {task.id for task in moved}:
        raise UnknownReference("after_id")
    for task in moved:
        change_task(plan, task, place, {})
        place = {"parent_id": task.parent_id, "after_id": task.id}
    return [task.id for task in moved]


def _no_level(chosen: Sequence[UUID], task: PlanTask) -> NoLevelThere:
    pointer = f"/task_ids/{list(chosen).index(task.id)}"
    return NoLevelThere(errors=[error_at(pointer, NoLevelThere.code, NoLevelThere.title["en"])])
