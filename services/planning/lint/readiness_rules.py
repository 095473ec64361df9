"""Rules about what those who do the work know of it before it starts."""

from collections.abc import Iterator
from typing import Final

from services.planning.lint.changes import of_task
from services.planning.lint.finding import Finding, RuleArea, Severity, Step, rule
from services.planning.lint.ground import Ground

NEAR_DAYS: Final = 5


@rule(
    "unacknowledged_start",
    RuleArea.READINESS,
    Severity.WARNING,
    en=(
        "The task is about to start, and its brief has not been acknowledged",
        "Minutes of work that nobody has said they understand; the cost is what is still to be spent on it.",
    ),
    nb=(
        "Oppgaven skal snart starte, og oppgavebeskrivelsen er ikke bekreftet",
        "Minutter arbeid ingen har bekreftet at de forstår; kostnaden er det som gjenstår på oppgaven.",
    ),
)
def unacknowledged_start(ground: Ground) -> Iterator[Finding]:
    """Within a working week of its start, or behind it; whoever is first on the project takes it on."""
    for task in ground.unfinished:
        waiting = ground.unacknowledged.get(task.id, ())
        begun = task.actual_start is not None or task.percent_complete > 0
        if (
            waiting
            and not begun
            and ground.members
            and ground.between(ground.now, task.start) <= ground.days(NEAR_DAYS)
        ):
            body = {
                "task_id": str(task.id),
                "missing": "acknowledgement",
                "subject_id": str(waiting[0]),
                "owner_id": str(ground.members[0]),
            }
            step = Step("POST", f"/v1/projects/{ground.plan.project_id}/make-ready-actions", body)
            told = [str(each) for each in waiting]
            yield of_task(ground, task, ground.minutes(task.duration), step, unacknowledged_by_ids=told)
