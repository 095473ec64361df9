"""Rules about progress: what was reported cannot be, or was not reported at all."""

from collections.abc import Iterator
from typing import Final

from services.planning.lint.changes import change_task, of_task
from services.planning.lint.finding import Finding, RuleArea, Severity, rule
from services.planning.lint.ground import Ground
from services.planning.schedule.plan_rows import PlanTask

_STAKE: Final = (" The cost is what is still to be spent on the task.", " Kostnaden er det som gjenstår på oppgaven.")
_AHEAD: Final = (
    "Minutes from the status date to the reported one." + _STAKE[0],
    "Minutter fra statusdatoen til den rapporterte." + _STAKE[1],
)
_BEHIND: Final = (
    "Minutes of planned work that should have been done by the status date." + _STAKE[0],
    "Minutter planlagt arbeid som skulle vært gjort innen statusdatoen." + _STAKE[1],
)


@rule(
    "actual_in_future",
    RuleArea.PROGRESS,
    Severity.ERROR,
    en=("What has happened is dated after the status date", _AHEAD[0]),
    nb=("Noe som har skjedd er datert etter statusdatoen", _AHEAD[1]),
    dcma=9,
)
def actual_in_future(ground: Ground) -> Iterator[Finding]:
    """An actual start or finish that nobody can know yet (DCMA 9)."""
    for task in ground.leaves:
        later = [each for each in (task.actual_start, task.actual_finish) if each is not None and each > ground.now]
        if later:
            patch: dict[str, object] = {"actual_finish": None}
            if task.actual_start is not None and task.actual_start > ground.now:
                patch = {"percent_complete": 0}
            elif task.percent_complete == 100:
                patch = {"percent_complete": 99}
            yield of_task(ground, task, ground.between(ground.now, max(later)), change_task(task, **patch))


@rule(
    "planned_in_past",
    RuleArea.PROGRESS,
    Severity.ERROR,
    en=("Work that is not done is planned before the status date", _BEHIND[0]),
    nb=("Arbeid som ikke er gjort er planlagt før statusdatoen", _BEHIND[1]),
    dcma=9,
)
def planned_in_past(ground: Ground) -> Iterator[Finding]:
    """A forecast lies in the future (DCMA 9)."""
    for task in ground.work:
        if task.start < ground.now and not task.percent_complete and ground.plan.status_date is not None:
            minutes = ground.between(task.start, min(task.finish, ground.now))
            after = {"constraint_type": "start_no_earlier_than", "constraint_date": ground.now.isoformat()}
            yield of_task(ground, task, minutes, change_task(task, **after))


@rule(
    "not_started",
    RuleArea.PROGRESS,
    Severity.WARNING,
    en=("The task should have begun", _BEHIND[0]),
    nb=("Oppgaven skulle ha begynt", _BEHIND[1]),
)
def not_started(ground: Ground) -> Iterator[Finding]:
    """Its start has passed, and nothing was reported of it."""
    for task in ground.work:
        if task.start < ground.now < task.finish and not task.percent_complete:
            step = change_task(task, percent_complete=_due_percent(ground, task))
            yield of_task(ground, task, ground.between(task.start, ground.now), step)


def _due_percent(ground: Ground, task: PlanTask) -> int:
    """How much of the task should be done by now."""
    whole = ground.between(task.start, task.finish)
    return min(99, max(1, ground.between(task.start, ground.now) * 100 // whole)) if whole else 1


@rule(
    "not_finished",
    RuleArea.PROGRESS,
    Severity.WARNING,
    en=("The task should be finished", "Minutes since its finish." + _STAKE[0]),
    nb=("Oppgaven skulle vært ferdig", "Minutter siden slutten." + _STAKE[1]),
)
def not_finished(ground: Ground) -> Iterator[Finding]:
    """Its finish has passed, and it was not reported as done."""
    for task in ground.unfinished:
        if task.finish < ground.now:
            step = change_task(task, percent_complete=100)
            yield of_task(ground, task, ground.between(task.finish, ground.now), step)


@rule(
    "behind_schedule",
    RuleArea.PROGRESS,
    Severity.WARNING,
    en=("Less is done than should be", _BEHIND[0]),
    nb=("Mindre er gjort enn det skulle", _BEHIND[1]),
)
def behind_schedule(ground: Ground) -> Iterator[Finding]:
    """A task in progress that is a day or more behind what its dates say."""
    for task in ground.work:
        if not task.percent_complete or task.finish <= ground.now or task.start >= ground.now:
            continue
        due = ground.minutes(task.duration) * _due_percent(ground, task) // 100
        done = ground.minutes(task.duration) * task.percent_complete // 100
        if due - done >= ground.days(1):
            left = ground.minutes(task.duration) - done
            yield of_task(ground, task, due - done, change_task(task, remaining_minutes=left + (due - done) // 2))


@rule(
    "out_of_sequence",
    RuleArea.PROGRESS,
    Severity.WARNING,
    en=("The task was begun before what it waits for was finished", "Minutes of overlap." + _STAKE[0]),
    nb=("Oppgaven ble begynt før det den venter på var ferdig", "Minutter overlapp." + _STAKE[1]),
)
def out_of_sequence(ground: Ground) -> Iterator[Finding]:
    """Either the link is wrong or the work has to be done again."""
    for link, predecessor, successor in ground.of_unfinished():
        if (
            link.dependency_type == "finish_to_start"
            and successor.actual_start is not None
            and predecessor.percent_complete < 100
            and successor.actual_start < predecessor.finish
        ):
            minutes = ground.between(successor.actual_start, predecessor.finish)
            step = change_task(predecessor, percent_complete=100)
            yield of_task(ground, successor, minutes, step, predecessor_id=str(predecessor.id))


@rule(
    "stopped",
    RuleArea.PROGRESS,
    Severity.WARNING,
    en=("Work was stopped and goes on later", "Minutes of the pause." + _STAKE[0]),
    nb=("Arbeidet er stanset og fortsetter senere", "Minutter pause." + _STAKE[1]),
)
def stopped(ground: Ground) -> Iterator[Finding]:
    """A task in progress whose remaining work waits for more than a day."""
    for task in ground.work:
        if task.stop is not None and task.resume is not None and task.percent_complete:
            minutes = ground.between(task.stop, task.resume)
            if minutes >= ground.days(1):
                yield of_task(ground, task, minutes, change_task(task, resume=max(task.stop, ground.now).isoformat()))


@rule(
    "missed_task",
    RuleArea.PROGRESS,
    Severity.WARNING,
    en=("The task missed its baseline finish", "Minutes after the baseline's finish." + _STAKE[0]),
    nb=("Oppgaven nådde ikke slutten i basisplanen", "Minutter etter slutten i basisplanen." + _STAKE[1]),
    dcma=11,
)
def missed_task(ground: Ground) -> Iterator[Finding]:
    """It was to be finished by the status date, and was not or is finished late (DCMA 11)."""
    for task in ground.leaves:
        agreed = (ground.baseline or {}).get(task.id)
        finish = task.actual_finish or task.finish
        if agreed is not None and agreed.finish <= ground.now and finish > agreed.finish:
            if task.percent_complete == 100:
                continue
            step = change_task(task, deadline=finish.isoformat())
            yield of_task(ground, task, ground.between(agreed.finish, finish), step)


@rule(
    "slipping",
    RuleArea.PROGRESS,
    Severity.HINT,
    en=("The task is planned later than its baseline", "Minutes after the baseline's finish." + _STAKE[0]),
    nb=("Oppgaven er planlagt senere enn i basisplanen", "Minutter etter slutten i basisplanen." + _STAKE[1]),
)
def slipping(ground: Ground) -> Iterator[Finding]:
    """Not due yet, and more than a day later than was agreed upon."""
    for task in ground.work:
        agreed = (ground.baseline or {}).get(task.id)
        if agreed is None or agreed.finish <= ground.now:
            continue
        minutes = ground.between(agreed.finish, task.finish)
        if minutes > ground.days(1):
            shorter = max(ground.days(1), ground.minutes(task.duration) - minutes)
            yield of_task(ground, task, minutes, change_task(task, duration_minutes=shorter))
