"""Rules about the project as a whole: whether anybody could tell that it goes wrong."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from services.planning.lint.changes import add_milestone, change_task, of_project, of_task
from services.planning.lint.finding import Finding, RuleArea, Severity, Step, rule
from services.planning.lint.ground import Ground

STATUS_DAYS: Final = 10
CRITICAL_SHARE: Final = 0.5
FEW: Final = 10
_DELAY: Final = ("; the cost is that of as much delay.", "; kostnaden er den av like mye forsinkelse.")


@rule(
    "no_baseline",
    RuleArea.CONTROL,
    Severity.WARNING,
    en=("The plan has no baseline", "Minutes of work that nobody has agreed upon" + _DELAY[0]),
    nb=("Planen har ingen basisplan", "Minutter arbeid ingen er blitt enige om" + _DELAY[1]),
)
def no_baseline(ground: Ground) -> Iterator[Finding]:
    """Without one nothing is late."""
    if ground.baseline is None and ground.leaves:
        body = {"name": "Baseline", "reason": "The plan as it stands is what everybody has agreed upon."}
        step = Step("POST", f"/v1/projects/{ground.plan.project_id}/baselines", body)
        yield of_project(ground, ground.between(ground.plan.start, ground.finish), step)


@rule(
    "not_in_baseline",
    RuleArea.CONTROL,
    Severity.HINT,
    en=(
        "The task is not in the baseline",
        "Minutes of work that came after the agreement; the cost is what is still to be spent on it.",
    ),
    nb=(
        "Oppgaven er ikke i basisplanen",
        "Minutter arbeid som kom etter avtalen; kostnaden er det som gjenstår på den.",
    ),
)
def not_in_baseline(ground: Ground) -> Iterator[Finding]:
    """Scope that was added since; a new baseline takes it in, or the task is inactive until then."""
    for task in ground.work:
        if ground.baseline is not None and task.id not in ground.baseline:
            yield of_task(ground, task, ground.minutes(task.duration), change_task(task, active=False))


@rule(
    "no_status_date",
    RuleArea.CONTROL,
    Severity.HINT,
    en=("The plan has no status date", "Minutes since the plan began that nobody counts up to" + _DELAY[0]),
    nb=("Planen har ingen statusdato", "Minutter siden planen begynte som ingen teller opp til" + _DELAY[1]),
)
def no_status_date(ground: Ground) -> Iterator[Finding]:
    """Progress is of a day; without one every report means another."""
    if ground.plan.status_date is None and any(each.percent_complete for each in ground.leaves):
        yield of_project(ground, ground.between(ground.plan.start, ground.today), _status_date(ground))


def _status_date(ground: Ground) -> Step:
    body = {"status_date": ground.today.isoformat()}
    return Step("PATCH", f"/v1/projects/{ground.plan.project_id}", body, ground.project_version)


@rule(
    "old_status_date",
    RuleArea.CONTROL,
    Severity.WARNING,
    en=("The status date is more than two weeks old", "Minutes since then" + _DELAY[0]),
    nb=("Statusdatoen er mer enn to uker gammel", "Minutter siden da" + _DELAY[1]),
)
def old_status_date(ground: Ground) -> Iterator[Finding]:
    """Nobody has reported since."""
    reported = ground.plan.status_date
    if reported is not None and ground.unfinished:
        minutes = ground.between(reported, ground.today)
        if minutes > ground.days(STATUS_DAYS):
            yield of_project(ground, minutes, _status_date(ground))


@rule(
    "no_milestone",
    RuleArea.CONTROL,
    Severity.WARNING,
    en=("The plan has no milestone", "Minutes of work without a moment that can be checked" + _DELAY[0]),
    nb=("Planen har ingen milepæl", "Minutter arbeid uten et tidspunkt som kan kontrolleres" + _DELAY[1]),
)
def no_milestone(ground: Ground) -> Iterator[Finding]:
    """The owner has nothing to look at until the end."""
    if ground.work and not any(each.milestone for each in ground.leaves):
        step = add_milestone(ground, f"{ground.plan.name[:180]}: finished", None)
        yield of_project(ground, ground.between(ground.plan.start, ground.finish), step)


@rule(
    "too_critical",
    RuleArea.CONTROL,
    Severity.WARNING,
    en=("More than half of the work is critical", "Minutes until the finish without any reserve" + _DELAY[0]),
    nb=("Mer enn halvparten av arbeidet er kritisk", "Minutter til slutten uten noen reserve" + _DELAY[1]),
)
def too_critical(ground: Ground) -> Iterator[Finding]:
    """Any delay of any of it is a delay of all; the longest critical task is where a day can be found most easily."""
    critical = [each for each in ground.work if each.critical]
    if len(ground.work) > FEW and len(critical) > len(ground.work) * CRITICAL_SHARE:
        longest = max(critical, key=lambda each: each.duration)
        shorter = max(ground.days(1), ground.minutes(longest.duration) - ground.days(1))
        minutes = ground.between(max(ground.now, ground.plan.start), ground.finish)
        yield of_project(ground, minutes, change_task(longest, duration_minutes=shorter), critical=len(critical))


@rule(
    "finish_beyond_baseline",
    RuleArea.CONTROL,
    Severity.ERROR,
    en=("The plan finishes after its baseline", "Minutes after the agreed finish" + _DELAY[0]),
    nb=("Planen slutter etter basisplanen", "Minutter etter avtalt slutt" + _DELAY[1]),
)
def finish_beyond_baseline(ground: Ground) -> Iterator[Finding]:
    """The project is late by its own forecast; the longest critical task is where time can be found most easily."""
    if not ground.baseline or not ground.leaves:
        return
    minutes = ground.between(max(each.finish for each in ground.baseline.values()), ground.finish)
    if minutes > 0:
        critical = [each for each in ground.work if each.critical] or ground.work
        steps = []
        if critical:
            longest = max(critical, key=lambda each: each.duration)
            shorter = max(ground.days(1), ground.minutes(longest.duration) - minutes)
            steps.append(change_task(longest, duration_minutes=shorter))
        yield of_project(ground, minutes, *steps)


@rule(
    "no_budget",
    RuleArea.CONTROL,
    Severity.WARNING,
    en=("The plan costs money and there is no budget", "No minute; the cost is what the plan comes to."),
    nb=("Planen koster penger og det er ikke noe budsjett", "Ingen minutter; kostnaden er det planen kommer på."),
)
def no_budget(ground: Ground) -> Iterator[Finding]:
    """Nobody has said that there is money for it."""
    planned = ground.plan.standing_before.cost
    if planned > 0 and ground.budget <= 0:
        yield _about_money(ground, planned)


@rule(
    "over_budget",
    RuleArea.CONTROL,
    Severity.ERROR,
    en=("The project will cost more than its budget", "No minute; the cost is what is missing."),
    nb=("Prosjektet vil koste mer enn budsjettet", "Ingen minutter; kostnaden er det som mangler."),
)
def over_budget(ground: Ground) -> Iterator[Finding]:
    """What was spent and what is left to do come to more than there is."""
    forecast = ground.spent + ground.plan.standing_before.remaining_cost
    if 0 < ground.budget < forecast:
        yield _about_money(ground, forecast - ground.budget)


def _about_money(ground: Ground, missing: Decimal) -> Finding:
    plan = ground.plan
    steps = []
    if ground.cost_code_id is None:
        steps.append(
            Step("POST", f"/v1/projects/{plan.project_id}/cost-codes", {"code": "PLAN", "name": "Planned work"})
        )
    body = {
        "cost_code_id": "$1" if ground.cost_code_id is None else str(ground.cost_code_id),
        "description": "What the plan needs",
        "amount": {"amount": f"{missing:.2f}", "currency": plan.currency},
    }
    steps.append(Step("POST", f"/v1/projects/{plan.project_id}/budget-lines", body))
    return Finding("project", plan.project_id, plan.name, 0, missing, tuple(steps))
