"""Rules about the network: what a delay would not be seen to move, and what moves more than it should."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final
from uuid import UUID

from services.planning.lint.changes import change_link, drop_link, link_tasks, of_link, of_task
from services.planning.lint.finding import Finding, RuleArea, Severity, Step, rule
from services.planning.lint.ground import Ground
from services.planning.schedule.plan_rows import PlanLink, PlanTask

LONG_LAG_DAYS: Final = 10
MANY_LINKS: Final = 8
_SHARES: Final = ("percent", "elapsed_percent")
# Which end of the predecessor drives which end of the successor.
_DRIVES_START: Final = ("finish_to_start", "start_to_start")
_FROM_FINISH: Final = ("finish_to_start", "finish_to_finish")

_UNSEEN: Final = (
    "Minutes of delay of this work that no other task would show; the cost is what is still to be spent on it.",
    "Minutter forsinkelse av dette arbeidet som ingen annen oppgave ville vise; kostnaden er det som gjenstår å bruke på det.",
)
_HELD: Final = (
    "Working minutes from the project's start for which nothing but its own date holds the task; the cost is what is still to be spent on it.",
    "Arbeidsminutter fra prosjektets start der bare sin egen dato holder oppgaven; kostnaden er det som gjenstår å bruke på den.",
)
_LAG: Final = (
    "Minutes of the lag, which nobody works and nobody can shorten; the cost is what is still to be spent on the successor.",
    "Minutter forsinkelse i avhengigheten, som ingen arbeider og ingen kan korte inn; kostnaden er det som gjenstår på etterfølgeren.",
)


@rule(
    "open_start",
    RuleArea.LOGIC,
    Severity.WARNING,
    en=("Nothing comes before the task", _HELD[0]),
    nb=("Ingenting kommer før oppgaven", _HELD[1]),
    dcma=1,
)
def open_start(ground: Ground) -> Iterator[Finding]:
    """Every task but the first waits for something (DCMA 1)."""
    first = min(ground.leaves, key=lambda each: (each.start, each.position or 0), default=None)
    for task in ground.unfinished:
        if (
            task is first
            or task.manual
            or ground.links_to(task)
            or (task.start <= ground.plan.start and task.milestone)
        ):
            continue
        minutes = ground.between(ground.plan.start, task.start)
        yield of_task(ground, task, minutes, *_link_before(ground, task))


def _link_before(ground: Ground, task: PlanTask) -> Iterator[Step]:
    """A link from the task above it in the outline that is finished by then, else from the first task."""
    leaves = ground.leaves
    place = leaves.index(task)
    for each in (*reversed(leaves[:place]), *leaves[place + 1 :]):
        if each.finish <= task.start and not ground.reaches(task.id, each.id):
            yield link_tasks(ground, each, task)
            return
    for each in leaves:
        if each is not task and not ground.reaches(task.id, each.id):
            yield link_tasks(ground, each, task)
            return


@rule(
    "open_finish",
    RuleArea.LOGIC,
    Severity.WARNING,
    en=("Nothing comes after the task", _UNSEEN[0]),
    nb=("Ingenting kommer etter oppgaven", _UNSEEN[1]),
    dcma=1,
)
def open_finish(ground: Ground) -> Iterator[Finding]:
    """Every task but the last is waited for (DCMA 1)."""
    for task in ground.unfinished:
        if task is ground.end or ground.links_from(task):
            continue
        yield of_task(ground, task, max(0, task.total_float_minutes), *_link_after(ground, task))


def _link_after(ground: Ground, task: PlanTask) -> Iterator[Step]:
    """A link to the task below it in the outline that begins later, else to the end of the plan."""
    leaves = ground.leaves
    following = leaves[leaves.index(task) + 1 :]
    for each in (*(one for one in following if one.start >= task.finish), *([ground.end] if ground.end else [])):
        if each is not task and each.percent_complete == 0 and not ground.reaches(each.id, task.id):
            yield link_tasks(ground, task, each)
            return


@rule(
    "dangling_start",
    RuleArea.LOGIC,
    Severity.WARNING,
    en=("Only the finish of the task is driven, its start is not", _HELD[0]),
    nb=("Bare slutten av oppgaven styres, ikke starten", _HELD[1]),
)
def dangling_start(ground: Ground) -> Iterator[Finding]:
    """All links to the task end at its finish, so that it may begin at any time."""
    for task in ground.work:
        links = ground.links_to(task)
        if links and not any(link.dependency_type in _DRIVES_START for link in links):
            yield of_task(ground, task, ground.between(ground.plan.start, task.start), *_link_before(ground, task))


@rule(
    "dangling_finish",
    RuleArea.LOGIC,
    Severity.WARNING,
    en=("Only the start of the task drives others, its finish does not", _UNSEEN[0]),
    nb=("Bare starten av oppgaven styrer andre, ikke slutten", _UNSEEN[1]),
)
def dangling_finish(ground: Ground) -> Iterator[Finding]:
    """All links from the task begin at its start, so that it may take as long as it likes."""
    for task in ground.work:
        links = ground.links_from(task)
        if links and not any(link.dependency_type in _FROM_FINISH for link in links):
            minutes = max(0, task.total_float_minutes)
            yield of_task(ground, task, minutes, *_link_after(ground, task))


def _lag_minutes(ground: Ground, link: PlanLink, predecessor: PlanTask) -> int:
    if link.lag_basis in _SHARES:
        return ground.minutes(predecessor.duration) * link.lag // 100
    return ground.minutes(link.lag)


@rule(
    "lead",
    RuleArea.LOGIC,
    Severity.WARNING,
    en=("The dependency has a lead", _LAG[0]),
    nb=("Avhengigheten har negativ forsinkelse", _LAG[1]),
    dcma=2,
)
def lead(ground: Ground) -> Iterator[Finding]:
    """A negative lag foretells when the predecessor will finish (DCMA 2)."""
    for link, *ends in ground.of_unfinished():
        if link.lag < 0:
            minutes = -_lag_minutes(ground, link, ends[0])
            yield of_link(ground, link, (ends[0], ends[1]), minutes, change_link(ground, link, lag_minutes=0))


@rule(
    "lag",
    RuleArea.LOGIC,
    Severity.HINT,
    en=("The dependency has a lag", _LAG[0]),
    nb=("Avhengigheten har forsinkelse", _LAG[1]),
    dcma=3,
)
def lag(ground: Ground) -> Iterator[Finding]:
    """A lag is work that no task shows; at most 5 % of the dependencies should have one (DCMA 3)."""
    for link, *ends in ground.of_unfinished():
        if link.lag > 0:
            minutes = _lag_minutes(ground, link, ends[0])
            yield of_link(ground, link, (ends[0], ends[1]), minutes, change_link(ground, link, lag_minutes=0))


@rule(
    "long_lag",
    RuleArea.LOGIC,
    Severity.WARNING,
    en=("The lag is longer than two weeks", _LAG[0]),
    nb=("Forsinkelsen er lengre enn to uker", _LAG[1]),
)
def long_lag(ground: Ground) -> Iterator[Finding]:
    """More than ten working days of waiting are a task with somebody to watch over it."""
    for link, *ends in ground.of_unfinished():
        minutes = _lag_minutes(ground, link, ends[0])
        if minutes > ground.days(LONG_LAG_DAYS):
            yield of_link(ground, link, (ends[0], ends[1]), minutes, change_link(ground, link, lag_minutes=0))


@rule(
    "relationship_type",
    RuleArea.LOGIC,
    Severity.HINT,
    en=(
        "The dependency is not finish-to-start",
        "Minutes for which predecessor and successor run beside each other; the cost is what is still to be spent on the successor.",
    ),
    nb=(
        "Avhengigheten er ikke slutt-til-start",
        "Minutter der forgjenger og etterfølger går ved siden av hverandre; kostnaden er det som gjenstår på etterfølgeren.",
    ),
    dcma=4,
)
def relationship_type(ground: Ground) -> Iterator[Finding]:
    """At least 90 % of the dependencies should be finish-to-start, which everybody reads alike (DCMA 4)."""
    for link, *ends in ground.of_unfinished():
        if link.dependency_type != "finish_to_start":
            minutes = ground.between(max(ends[0].start, ends[1].start), min(ends[0].finish, ends[1].finish))
            step = change_link(ground, link, dependency_type="finish_to_start")
            told = {"dependency_type": link.dependency_type}
            yield of_link(ground, link, (ends[0], ends[1]), minutes, step, **told)


@rule(
    "start_to_finish",
    RuleArea.LOGIC,
    Severity.WARNING,
    en=(
        "The dependency is start-to-finish",
        "Minutes that the successor would move if it waited for the predecessor's finish; the cost is what is still to be spent on it.",
    ),
    nb=(
        "Avhengigheten er start-til-slutt",
        "Minutter etterfølgeren ville flyttes om den ventet på forgjengerens slutt; kostnaden er det som gjenstår på den.",
    ),
)
def start_to_finish(ground: Ground) -> Iterator[Finding]:
    """It is mostly a finish-to-start dependency that was drawn the wrong way round."""
    for link, *ends in ground.of_unfinished():
        if link.dependency_type == "start_to_finish":
            minutes = ground.between(ends[1].start, ends[0].finish)
            step = change_link(ground, link, dependency_type="finish_to_start")
            yield of_link(ground, link, (ends[0], ends[1]), minutes, step)


@rule(
    "summary_link",
    RuleArea.LOGIC,
    Severity.HINT,
    en=(
        "The dependency is of a summary",
        "The smallest float in minutes of what the dependency holds; the cost is what is still to be spent on the successor.",
    ),
    nb=(
        "Avhengigheten gjelder et sammendrag",
        "Den minste slakken i minutter av det avhengigheten holder; kostnaden er det som gjenstår på etterfølgeren.",
    ),
)
def summary_link(ground: Ground) -> Iterator[Finding]:
    """It makes all of a phase wait where some of it need not; the logic belongs to the tasks."""
    for link, *ends in ground.of_unfinished():
        if not (ends[0].summary or ends[1].summary):
            continue
        last, first = _last_of(ground, ends[0]), _first_of(ground, ends[1])
        steps = [drop_link(ground, link)]
        if last is not None and first is not None and not ground.reaches(first.id, last.id):
            steps.insert(0, link_tasks(ground, last, first))
        yield of_link(ground, link, (ends[0], ends[1]), max(0, ends[1].total_float_minutes), *steps)


def _below(ground: Ground, task: PlanTask) -> Iterator[PlanTask]:
    waiting = [task]
    while waiting:
        each = waiting.pop()
        waiting.extend(ground.children.get(each.id, ()))
        if each.active and not each.summary:
            yield each


def _last_of(ground: Ground, task: PlanTask) -> PlanTask | None:
    return max(_below(ground, task), key=lambda each: (each.finish, each.position or 0), default=None)


def _first_of(ground: Ground, task: PlanTask) -> PlanTask | None:
    return min(_below(ground, task), key=lambda each: (each.start, each.position or 0), default=None)


@rule(
    "redundant_link",
    RuleArea.LOGIC,
    Severity.HINT,
    en=(
        "The dependency says what others say already",
        "No minute would change without it; the cost is what is still to be spent on the successor.",
    ),
    nb=(
        "Avhengigheten sier det andre alt sier",
        "Ingen minutter ville endres uten den; kostnaden er det som gjenstår på etterfølgeren.",
    ),
)
def redundant_link(ground: Ground) -> Iterator[Finding]:
    """A plain finish-to-start link beside a chain of two of them between the same tasks."""
    plain: defaultdict[UUID, set[UUID]] = defaultdict(set)
    for link in ground.plan.links:
        if link.dependency_type == "finish_to_start" and link.lag >= 0:
            plain[link.predecessor_id].add(link.successor_id)
    for link, *ends in ground.of_unfinished():
        if link.dependency_type != "finish_to_start" or link.lag:
            continue
        between = plain[link.predecessor_id] - {link.successor_id}
        if any(link.successor_id in plain.get(each, ()) for each in between):
            yield of_link(ground, link, (ends[0], ends[1]), 0, drop_link(ground, link))


@rule(
    "bottleneck",
    RuleArea.LOGIC,
    Severity.HINT,
    en=(
        "Very many tasks meet here",
        "The smallest float in minutes of those that it waits for; the cost is what is still to be spent on the task.",
    ),
    nb=(
        "Svært mange oppgaver møtes her",
        "Den minste slakken i minutter av dem den venter på; kostnaden er det som gjenstår på oppgaven.",
    ),
)
def bottleneck(ground: Ground) -> Iterator[Finding]:
    """A task that waits for many is late when any of them is (merge bias); a milestone before it can be watched."""
    for task in ground.work:
        links = ground.before.get(task.id, ())
        if len(links) > MANY_LINKS:
            waiting = [ground.plan.tasks[link.predecessor_id] for link in links]
            least = max(0, min(each.total_float_minutes for each in waiting))
            body = {
                "title": f"Ready for: {task.title}"[:200],
                "milestone": True,
                "parent_id": task.parent_id and str(task.parent_id),
            }
            steps = [Step("POST", f"/v1/projects/{ground.plan.project_id}/tasks", body)]
            for link, each in zip(links, waiting, strict=True):
                to_milestone = {"predecessor_id": str(each.id), "successor_id": "$1"}
                steps.append(Step("POST", f"/v1/projects/{ground.plan.project_id}/dependencies", to_milestone))
                steps.append(drop_link(ground, link))
            onward = {"predecessor_id": "$1", "successor_id": str(task.id)}
            steps.append(Step("POST", f"/v1/projects/{ground.plan.project_id}/dependencies", onward))
            yield of_task(ground, task, least, *steps, predecessors=len(links))


@rule(
    "link_to_inactive",
    RuleArea.LOGIC,
    Severity.WARNING,
    en=("The task waits for one that is inactive", _HELD[0]),
    nb=("Oppgaven venter på en som er inaktiv", _HELD[1]),
)
def link_to_inactive(ground: Ground) -> Iterator[Finding]:
    """An inactive task drives nobody, so the dependency is none."""
    for link, *ends in ground.of_unfinished():
        if not ends[0].active:
            minutes = ground.between(ground.plan.start, ends[1].start)
            yield of_link(ground, link, (ends[0], ends[1]), minutes, drop_link(ground, link))
