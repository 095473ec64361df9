"""Subtrees copied inside their plan: as they were planned, without what has been done of them."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from services.kernel.ids import new_id
from services.kernel.problems import RuleViolated, UnknownReference
from services.planning.plan_acts.outlining import blocks
from services.planning.schedule.editing import become_summary
from services.planning.schedule.plan_rows import PlanLink, PlanTask
from services.planning.schedule.task import MAXIMUM_TASKS, PlanTooLarge, TaskStatus
from services.planning.schedule.working_plan import WorkingPlan

# More than this is an import.
MOST_COPIED: Final = 1_000


class TooManyCopies(RuleViolated):
    code = "too_many_copies"
    title = {"en": "So much is not copied at once", "nb": "Så mye kopieres ikke på en gang"}
    detail = {"en": "At most 1,000 tasks.", "nb": "Høyst 1 000 oppgaver."}


@dataclass(slots=True)
class Copies:
    """What came of a copying: the new task by the copied one, in order, and the new links."""

    made: dict[UUID, PlanTask] = field(default_factory=dict)
    links: list[PlanLink] = field(default_factory=list)


def copy_tasks(plan: WorkingPlan, chosen: Sequence[UUID], place: dict[str, UUID | None], *, links: bool) -> Copies:
    """Copy the tasks with all below them, and the links inside of what is copied, into the plan in memory.

    The copies stand behind the last of the chosen unless the place (`parent_id`, `after_id`) says otherwise. They keep
    constraints, deadlines and people, and have no progress and no codes of their own. Raises TooManyCopies,
    UnknownReference and what the engine refuses.
    """
    roots = blocks(plan, chosen)
    subtrees = [plan.outline.subtree(root) for root in roots]
    if sum(map(len, subtrees)) > MOST_COPIED:
        raise TooManyCopies
    if len(plan.tasks) + sum(map(len, subtrees)) > MAXIMUM_TASKS:
        raise PlanTooLarge
    parent_id, after_id, first = _place(plan, roots, place)
    copies = Copies()
    for subtree in subtrees:
        for number, task in enumerate(subtree):
            copy = _unbegun(task)
            copies.made[task.id] = copy
            if number:
                assert task.parent_id is not None, "only the first of a subtree is its root"
                plan.add(copy, copies.made[task.parent_id].id)
            else:
                plan.add(copy, parent_id, after_id, first=first)
                after_id, first = copy.id, False
    become_summary(plan, parent_id)
    if links:
        copies.links = [
            replace(
                link,
                id=new_id(),
                predecessor_id=copies.made[link.predecessor_id].id,
                successor_id=copies.made[link.successor_id].id,
            )
            for link in plan.links
            if link.predecessor_id in copies.made and link.successor_id in copies.made
        ]
        plan.links.extend(copies.links)
        plan.relinked = True
    return copies


def _place(
    plan: WorkingPlan, roots: Sequence[PlanTask], place: dict[str, UUID | None]
) -> tuple[UUID | None, UUID | None, bool]:
    """The parent, the sibling to stand behind, and whether the copies come first. Raises UnknownReference."""
    if not place:
        return roots[-1].parent_id, roots[-1].id, False
    after_id = place.get("after_id")
    after = plan.tasks.get(after_id) if after_id is not None else None
    if after_id is not None and after is None:
        raise UnknownReference("after_id")
    parent_id = place.get("parent_id", after.parent_id if after is not None else None)
    if parent_id is not None and parent_id not in plan.tasks:
        raise UnknownReference("parent_id")
    if after is not None and after.parent_id != parent_id:
        raise UnknownReference("after_id")
    return parent_id, after_id, "after_id" in place and after_id is None


def _unbegun(task: PlanTask) -> PlanTask:
    splits = task.splits if task.splits is not None and "gaps" in task.splits else None
    return replace(
        task,
        id=new_id(),
        version=0,
        position=None,
        wbs_custom=None,
        external=False,
        splits=splits,
        percent_complete=0,
        actual_start=None,
        actual_finish=None,
        remaining=None,
        stop=None,
        resume=None,
        status=TaskStatus.TODO.value,
    )
