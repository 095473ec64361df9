"""Rules about the outline and the words of the plan: what its readers will not understand."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from services.planning.lint.changes import add_milestone, change_task, of_project, of_task
from services.planning.lint.finding import Finding, RuleArea, Severity, rule
from services.planning.lint.ground import Ground
from services.planning.schedule.plan_rows import PlanTask

DEEPEST: Final = 8
MANY_CHILDREN: Final = 50
SHORTEST_TITLE: Final = 3
# What tools call a task that nobody has named, in both languages.
_NAMELESS: Final = frozenset(
    {"new task", "task", "untitled", "todo", "tbd", "test", "xxx", "ny oppgave", "oppgave", "uten navn"}
)
_WORDS: Final = (
    "No date depends on it; the cost is what is still to be spent on the task.",
    "Ingen datoer avhenger av det; kostnaden er det som gjenstår på oppgaven.",
)


@rule(
    "single_child",
    RuleArea.OUTLINE,
    Severity.HINT,
    en=("A summary has only one task below it", _WORDS[0]),
    nb=("Et sammendrag har bare én oppgave under seg", _WORDS[1]),
)
def single_child(ground: Ground) -> Iterator[Finding]:
    """The level says nothing that the task does not."""
    for task in ground.summaries:
        below = ground.children.get(task.id, ())
        if len(below) == 1:
            parent_id = task.parent_id and str(task.parent_id)
            step = change_task(below[0], parent_id=parent_id, after_id=str(task.id))
            yield of_task(ground, task, 0, step)


@rule(
    "duplicate_title",
    RuleArea.OUTLINE,
    Severity.HINT,
    en=("Two tasks below one summary have the same title", _WORDS[0]),
    nb=("To oppgaver under samme sammendrag har samme tittel", _WORDS[1]),
)
def duplicate_title(ground: Ground) -> Iterator[Finding]:
    """Nobody can tell which of them a report is about."""
    seen: defaultdict[tuple[object, str], list[PlanTask]] = defaultdict(list)
    for task in ground.plan.tasks.values():
        if task.active and not task.external:
            seen[task.parent_id, task.title.casefold()].append(task)
    for tasks in seen.values():
        for number, task in enumerate(tasks[1:], 2):
            yield of_task(ground, task, 0, change_task(task, title=f"{task.title[:190]} ({number})"))


@rule(
    "vague_title",
    RuleArea.OUTLINE,
    Severity.HINT,
    en=("The title says nothing", _WORDS[0]),
    nb=("Tittelen sier ingenting", _WORDS[1]),
)
def vague_title(ground: Ground) -> Iterator[Finding]:
    """Too short to be understood, or what a tool writes when nobody has."""
    for task in ground.leaves:
        words = task.title.strip().casefold().rstrip(" 0123456789")
        if len(task.title.strip()) < SHORTEST_TITLE or words in _NAMELESS:
            above = ground.plan.tasks.get(task.parent_id) if task.parent_id is not None else None
            title = f"{above.title if above else ground.plan.name}: {task.title}"[:200]
            yield of_task(ground, task, 0, change_task(task, title=title))


@rule(
    "deep_outline",
    RuleArea.OUTLINE,
    Severity.HINT,
    en=("The task lies deeper than eight levels", _WORDS[0]),
    nb=("Oppgaven ligger dypere enn åtte nivåer", _WORDS[1]),
)
def deep_outline(ground: Ground) -> Iterator[Finding]:
    """Nobody opens so many levels."""
    for task in ground.leaves:
        if task.outline_level > DEEPEST and task.parent_id is not None:
            above = ground.plan.tasks[task.parent_id]
            parent_id = above.parent_id and str(above.parent_id)
            yield of_task(ground, task, 0, change_task(task, parent_id=parent_id, after_id=str(above.id)))


@rule(
    "wide_outline",
    RuleArea.OUTLINE,
    Severity.HINT,
    en=("More than fifty tasks stand side by side", _WORDS[0]),
    nb=("Mer enn femti oppgaver står ved siden av hverandre", _WORDS[1]),
)
def wide_outline(ground: Ground) -> Iterator[Finding]:
    """A list that long wants phases; the second half could lie below its first task."""
    for parent_id, below in ground.children.items():
        if len(below) > MANY_CHILDREN:
            head, first = below[len(below) // 2], below[len(below) // 2 + 1]
            step = change_task(first, parent_id=str(head.id))
            above = ground.plan.tasks.get(parent_id) if parent_id is not None else None
            if above is not None:
                yield of_task(ground, above, 0, step, tasks=len(below))
            else:
                yield of_project(ground, 0, step, tasks=len(below))


@rule(
    "phase_without_milestone",
    RuleArea.OUTLINE,
    Severity.HINT,
    en=(
        "A phase ends without a milestone",
        "Minutes of work until somebody can check it; the cost is what is still to be spent on it.",
    ),
    nb=(
        "En fase slutter uten milepæl",
        "Minutter arbeid til noen kan kontrollere det; kostnaden er det som gjenstår på den.",
    ),
)
def phase_without_milestone(ground: Ground) -> Iterator[Finding]:
    """A phase is over when a milestone says so."""
    for task in ground.summaries:
        if task.outline_level != 1 or task.percent_complete == 100:
            continue
        below = _below(ground, task)
        if not any(each.milestone for each in below):
            minutes = ground.between(task.start, task.finish)
            cost = ground.cost_of(*below)
            step = add_milestone(ground, f"{task.title[:180]}: finished", task)
            yield Finding("task", task.id, task.title, minutes, cost, (step,))


def _below(ground: Ground, task: PlanTask) -> list[PlanTask]:
    found, waiting = [], list(ground.children.get(task.id, ()))
    while waiting:
        each = waiting.pop()
        found.append(each)
        waiting.extend(ground.children.get(each.id, ()))
    return found
