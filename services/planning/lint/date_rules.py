"""Rules about dates: what cannot be kept, what hides a delay, and what is dated by hand where the plan should."""

from collections.abc import Iterator
from typing import Final

from services.planning.lint.changes import change_task, of_task
from services.planning.lint.finding import Finding, RuleArea, Severity, rule
from services.planning.lint.ground import Ground

LONG_DAYS: Final = 44
NEAR_DAYS: Final = 5
SPLINTER_SHARE: Final = 0.25
_HARD: Final = ("must_start_on", "must_finish_on", "start_no_later_than", "finish_no_later_than")
_FREE: Final = "as_soon_as_possible"
_STAKE: Final = (" The cost is what is still to be spent on the task.", " Kostnaden er det som gjenstår på oppgaven.")
_HELD: Final = (
    "Minutes that the date keeps the task from its place in the network." + _STAKE[0],
    "Minutter datoen holder oppgaven borte fra plassen i nettverket." + _STAKE[1],
)
_LATE: Final = (
    "Minutes by which the date is missed." + _STAKE[0],
    "Minutter datoen overskrides med." + _STAKE[1],
)


@rule(
    "hard_constraint",
    RuleArea.DATES,
    Severity.WARNING,
    en=("The task has a hard constraint", _HELD[0]),
    nb=("Oppgaven har en hard begrensning", _HELD[1]),
    dcma=5,
)
def hard_constraint(ground: Ground) -> Iterator[Finding]:
    """It keeps a delay from showing; a deadline says the same without moving dates (DCMA 5)."""
    for task in ground.unfinished:
        if task.constraint_type in _HARD and task.constraint_date is not None:
            by_finish = task.constraint_type in ("must_finish_on", "finish_no_later_than")
            deadline = task.constraint_date if by_finish else task.finish
            step = change_task(task, constraint_type=_FREE, deadline=deadline.isoformat())
            minutes = abs(task.total_float_minutes)
            yield of_task(ground, task, minutes, step, constraint_type=task.constraint_type)


@rule(
    "idle_constraint",
    RuleArea.DATES,
    Severity.HINT,
    en=("The constraint has no effect any more", _HELD[0]),
    nb=("Begrensningen har ingen virkning lenger", _HELD[1]),
)
def idle_constraint(ground: Ground) -> Iterator[Finding]:
    """The links drive the task beyond the date that it was not to start or finish before."""
    for task in ground.unfinished:
        if task.constraint_date is None or task.driver == "constraint":
            continue
        bounded = {"start_no_earlier_than": task.start, "finish_no_earlier_than": task.finish}
        placed = bounded.get(task.constraint_type)
        if placed is not None and placed > task.constraint_date:
            step = change_task(task, constraint_type=_FREE)
            yield of_task(ground, task, ground.between(task.constraint_date, placed), step)


@rule(
    "past_constraint",
    RuleArea.DATES,
    Severity.HINT,
    en=("The constraint's date has passed", _HELD[0]),
    nb=("Begrensningens dato er passert", _HELD[1]),
)
def past_constraint(ground: Ground) -> Iterator[Finding]:
    """The task has not begun, and the date that it was to wait for lies behind the status date."""
    for task in ground.unfinished:
        if task.constraint_date is not None and not task.percent_complete and task.constraint_date < ground.now:
            if task.constraint_type in _HARD:
                continue
            minutes = ground.between(task.constraint_date, ground.now)
            yield of_task(ground, task, minutes, change_task(task, constraint_type=_FREE))


@rule(
    "summary_constraint",
    RuleArea.DATES,
    Severity.WARNING,
    en=("A summary has a constraint", _HELD[0]),
    nb=("Et sammendrag har en begrensning", _HELD[1]),
)
def summary_constraint(ground: Ground) -> Iterator[Finding]:
    """It moves every task below, none of which says why."""
    for task in ground.summaries:
        if task.constraint_date is not None and task.percent_complete < 100:
            minutes = ground.between(ground.plan.start, task.constraint_date)
            yield of_task(ground, task, minutes, change_task(task, constraint_type=_FREE))


@rule(
    "negative_float",
    RuleArea.DATES,
    Severity.ERROR,
    en=("The task has negative float", "Minutes that the plan is beyond what was promised." + _STAKE[0]),
    nb=("Oppgaven har negativ slakk", "Minutter planen er forbi det som er lovet." + _STAKE[1]),
    dcma=7,
)
def negative_float(ground: Ground) -> Iterator[Finding]:
    """It cannot be done in time as planned (DCMA 7). The least that mends it: a day less work where it takes longest."""
    for task in ground.unfinished:
        if task.total_float_minutes < 0:
            shorter = max(0, ground.minutes(task.duration) + task.total_float_minutes)
            step = change_task(task, duration_minutes=shorter)
            if task.milestone or not task.duration:
                step = change_task(task, deadline=task.finish.isoformat(), constraint_type=_FREE)
            yield of_task(ground, task, -task.total_float_minutes, step)


@rule(
    "high_float",
    RuleArea.DATES,
    Severity.HINT,
    en=("The task has more than 44 days of float", "Minutes that it could be late unseen." + _STAKE[0]),
    nb=("Oppgaven har mer enn 44 dager slakk", "Minutter den kan bli forsinket uten at det ses." + _STAKE[1]),
    dcma=6,
)
def high_float(ground: Ground) -> Iterator[Finding]:
    """Mostly a link is missing (DCMA 6); a deadline where it is needed shows a delay."""
    for task in ground.work:
        if task.total_float_minutes > ground.days(LONG_DAYS):
            step = change_task(task, deadline=task.late_finish.isoformat())
            yield of_task(ground, task, task.total_float_minutes, step)


@rule(
    "high_duration",
    RuleArea.DATES,
    Severity.HINT,
    en=("The task takes more than 44 days", "Minutes of work between two moments that can be checked." + _STAKE[0]),
    nb=("Oppgaven tar mer enn 44 dager", "Minutter arbeid mellom to tidspunkter som kan kontrolleres." + _STAKE[1]),
    dcma=8,
)
def high_duration(ground: Ground) -> Iterator[Finding]:
    """What takes two months is reported as well for one and a half (DCMA 8)."""
    for task in ground.work:
        minutes = ground.minutes(task.duration)
        if minutes > ground.days(LONG_DAYS) and not task.elapsed:
            yield of_task(ground, task, minutes, change_task(task, duration_minutes=ground.days(LONG_DAYS)))


@rule(
    "splinter",
    RuleArea.DATES,
    Severity.HINT,
    en=("The task takes less than a quarter of a day", "Minutes of work that a checklist could hold." + _STAKE[0]),
    nb=("Oppgaven tar under en kvart dag", "Minutter arbeid som en sjekkliste kunne romme." + _STAKE[1]),
)
def splinter(ground: Ground) -> Iterator[Finding]:
    """A plan of very small tasks is followed by nobody."""
    for task in ground.work:
        minutes = ground.minutes(task.duration)
        if minutes < ground.days(SPLINTER_SHARE):
            yield of_task(ground, task, minutes, change_task(task, duration_minutes=ground.days(SPLINTER_SHARE)))


@rule(
    "deadline_missed",
    RuleArea.DATES,
    Severity.ERROR,
    en=("The task finishes after its deadline", _LATE[0]),
    nb=("Oppgaven slutter etter fristen", _LATE[1]),
)
def deadline_missed(ground: Ground) -> Iterator[Finding]:
    """What was promised is not planned to be kept."""
    for task in (*ground.unfinished, *ground.summaries):
        if task.deadline is not None and task.finish > task.deadline and task.percent_complete < 100:
            step = change_task(task, deadline=task.finish.isoformat())
            yield of_task(ground, task, ground.between(task.deadline, task.finish), step)


@rule(
    "deadline_near",
    RuleArea.DATES,
    Severity.HINT,
    en=("Less than a week lies between finish and deadline", "Minutes that are left." + _STAKE[0]),
    nb=("Mindre enn en uke ligger mellom slutt og frist", "Minutter som er igjen." + _STAKE[1]),
)
def deadline_near(ground: Ground) -> Iterator[Finding]:
    """A promise with no reserve for what is not known yet."""
    for task in ground.work:
        if task.deadline is None or task.finish > task.deadline:
            continue
        left = ground.between(task.finish, task.deadline)
        if left < ground.days(NEAR_DAYS) and ground.minutes(task.duration) > ground.days(NEAR_DAYS):
            yield of_task(ground, task, left, change_task(task, priority=min(1000, task.priority + 100)))


@rule(
    "milestone_with_duration",
    RuleArea.DATES,
    Severity.WARNING,
    en=("A milestone takes time", "Minutes of work that hide in it." + _STAKE[0]),
    nb=("En milepæl tar tid", "Minutter arbeid som skjuler seg i den." + _STAKE[1]),
)
def milestone_with_duration(ground: Ground) -> Iterator[Finding]:
    """A milestone is a moment."""
    for task in ground.unfinished:
        if task.milestone and task.duration:
            yield of_task(ground, task, ground.minutes(task.duration), change_task(task, milestone=False))


@rule(
    "no_duration",
    RuleArea.DATES,
    Severity.WARNING,
    en=("The task takes no time and is no milestone", "A working day, as long as nobody has said." + _STAKE[0]),
    nb=("Oppgaven tar ingen tid og er ingen milepæl", "En arbeidsdag, så lenge ingen har sagt noe." + _STAKE[1]),
)
def no_duration(ground: Ground) -> Iterator[Finding]:
    """Nobody has estimated it, or it is a milestone that does not say so."""
    for task in ground.unfinished:
        if not task.milestone and not task.duration:
            yield of_task(ground, task, ground.days(1), change_task(task, milestone=True))


@rule(
    "manual_dates",
    RuleArea.DATES,
    Severity.HINT,
    en=("The task is scheduled by hand", "Minutes of float that its dates would not show." + _STAKE[0]),
    nb=("Oppgaven er planlagt for hånd", "Minutter slakk som datoene ikke viser." + _STAKE[1]),
)
def manual_dates(ground: Ground) -> Iterator[Finding]:
    """Its dates stay whatever happens before it."""
    for task in ground.unfinished:
        if task.manual:
            yield of_task(ground, task, abs(task.total_float_minutes), change_task(task, manual=False))


@rule(
    "manual_before_logic",
    RuleArea.DATES,
    Severity.ERROR,
    en=("The task is dated by hand before what it waits for", "Minutes that it begins too early." + _STAKE[0]),
    nb=("Oppgaven er datert for hånd før det den venter på", "Minutter den begynner for tidlig." + _STAKE[1]),
)
def manual_before_logic(ground: Ground) -> Iterator[Finding]:
    """It would begin while its predecessor is still under way."""
    for task in ground.unfinished:
        if not task.manual or task.percent_complete:
            continue
        ends = [
            ground.plan.tasks[link.predecessor_id].finish
            for link in ground.before.get(task.id, ())
            if link.dependency_type == "finish_to_start" and link.predecessor_id in ground.plan.tasks
        ]
        minutes = ground.between(task.start, max(ends)) if ends else 0
        if minutes:
            yield of_task(ground, task, minutes, change_task(task, manual=False))


@rule(
    "before_project",
    RuleArea.DATES,
    Severity.WARNING,
    en=("The task begins before the project", "Minutes between the two starts." + _STAKE[0]),
    nb=("Oppgaven begynner før prosjektet", "Minutter mellom de to startene." + _STAKE[1]),
)
def before_project(ground: Ground) -> Iterator[Finding]:
    """A date from before the project, mostly one that was typed."""
    for task in ground.unfinished:
        if task.start < ground.plan.start and not task.actual_start:
            minutes = ground.between(task.start, ground.plan.start)
            yield of_task(ground, task, minutes, change_task(task, constraint_type=_FREE, manual=False))


@rule(
    "as_late_as_possible",
    RuleArea.DATES,
    Severity.WARNING,
    en=("The task is as late as possible", "Minutes of float that it gives away." + _STAKE[0]),
    nb=("Oppgaven er så sent som mulig", "Minutter slakk den gir fra seg." + _STAKE[1]),
)
def as_late_as_possible(ground: Ground) -> Iterator[Finding]:
    """Without float every delay of it is a delay of what follows."""
    if ground.plan.options.finish_target is not None:
        return
    for task in ground.unfinished:
        if task.constraint_type == "as_late_as_possible" and not task.percent_complete:
            minutes = ground.between(task.early_start, task.late_start)
            yield of_task(ground, task, minutes, change_task(task, constraint_type=_FREE))
