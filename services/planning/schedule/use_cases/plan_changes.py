"""The end that every change of a plan has: measured, allowed, stored, recorded as the decision that it is, told."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from services.kernel.access import require_authority
from services.kernel.ids import new_id
from services.kernel.session import WriteSession
from services.planning.decisions.use_cases import record_decision
from services.planning.schedule.events import PLAN_RESCHEDULED, ROWS_IN_A_PART
from services.planning.schedule.forecast import Forecast, Ledger
from services.planning.schedule.impact import impact_of, measures_of, moved_dates
from services.planning.schedule.journal import document_of
from services.planning.schedule.plan_rows import PlanTask, task_row
from services.planning.schedule.repository.loading import baselined, load_ledger
from services.planning.schedule.repository.storing import load_texts, store_plan
from services.planning.schedule.working_plan import WorkingPlan

_ROWS_IN_AN_ANSWER: Final = 1_000


# Under which of several kinds a change is recorded: the one that says most of it.
_TELLING: Final = (
    "levelling.apply",
    "levelling.clear",
    "plan_template.use",
    "staffing.agree",
    "resource.assign",
    "resource.absence",
    "resource.change",
    "calendar.change",
    "schedule.dates",
    "scope.task",
    "task.progress",
    "task.edit",
)
# Changes of a plan whose cause is kept where the journal does not reach.
_KEPT_ELSEWHERE: Final = frozenset(
    {"calendar.change", "resource.absence", "resource.change", "staffing.agree", "levelling.apply", "levelling.clear"}
)
# A change with one of these needs somebody to have decided it, whatever its kind.
_DECISIVE_EFFECTS: Final = frozenset({"finish", "milestones", "cost"})


@dataclass(frozen=True, slots=True)
class JudgedBesides:
    """What another area has judged together with a change of the plan: its kinds, measures, and what it shows of them."""

    kinds: Sequence[str]
    measures: Mapping[str, int]
    impact: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PlanChange:
    """What somebody wants of the plan, in the words in which it is proposed, decided and recorded.

    `kinds` are the authorities that it needs. With `recorded_by_caller` the use case records a decision of its own kind.
    `reverses_id` is the change that it takes back.
    """

    kinds: Iterable[str]
    subject_type: str
    subject_id: UUID
    title: str
    question: str
    chosen: str
    recorded_by_caller: bool = False
    besides: JudgedBesides | None = None
    reverses_id: UUID | None = None


async def settle(
    session: WriteSession, plan: WorkingPlan, change: PlanChange, texts: dict[UUID, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Reschedule, measure, ask for authority, store and record the decision. Returns the `effects` of the answer.

    A decision is recorded of what accepts a proposal, moves the finish or a milestone, or changes the cost.
    Raises what the engine refuses, and AuthorityRequired with the impact; nothing has been stored then.
    """
    plan.reschedule()
    ledger = await load_ledger(session, plan.project_id)
    effect = impact_of(plan, ledger, session.author_id)
    subject = {"type": change.subject_type, "id": str(change.subject_id), "title": change.title}
    impact = effect | {"subject": subject}
    kinds = sorted(change.kinds)
    measures = measures_of(effect) | {
        "scope_tasks": len(plan.added) + len(plan.removed),
        "baselined_tasks": await baselined(session, plan.project_id, [*moved_dates(plan), *plan.removed]),
    }
    if change.besides is not None:
        kinds = sorted({*kinds, *change.besides.kinds})
        measures |= change.besides.measures
        impact |= change.besides.impact
    await require_authority(session, plan.project_id, kinds, measures, impact)
    await store_plan(session, plan, texts, await _entry(session, plan, change, kinds, texts or {}))
    accepted = session.principal.proposal_id is not None
    if not change.recorded_by_caller and (accepted or not _DECISIVE_EFFECTS.isdisjoint(effect)):
        await record_decision(
            session,
            project_id=plan.project_id,
            kind=next(kind for kind in _TELLING if kind in kinds),
            question=change.question,
            chosen=change.chosen,
            impact=impact,
            predicted=prediction_of(plan, ledger),
            executed_by_id=session.principal.person_id,
            subject_type=change.subject_type,
            subject_id=change.subject_id,
        )
    return effects_of(plan)


async def _entry(
    session: WriteSession,
    plan: WorkingPlan,
    change: PlanChange,
    kinds: list[str],
    texts: dict[UUID, dict[str, Any]],
) -> dict[str, Any]:
    """What the journal keeps of the change; `change_id` of the plan is its id from here on."""
    wanted = [*plan.removed, *(task_id for task_id in texts if task_id in plan.edited)]
    texts_before = await load_texts(session, wanted) if wanted else {}
    plan.change_id = new_id()
    document = document_of(plan, texts, texts_before)
    moved = sum(1 for task in plan.moved.values() if not task.summary)
    return entry_of(
        change, plan.project_id, kinds, document, moved, frame=(plan.finish_before, plan.finish if plan.tasks else None)
    )


def entry_of(
    change: PlanChange,
    project_id: UUID,
    kinds: list[str],
    document: dict[str, Any],
    moved: int = 0,
    frame: tuple[datetime | None, datetime | None] = (None, None),
) -> dict[str, Any]:
    """A row of the journal: the change in the words in which it was decided, and what was entered."""
    return {
        "project_id": project_id,
        "kinds": kinds,
        "subject_type": change.subject_type,
        "subject_id": change.subject_id,
        "title": change.title,
        "question": change.question,
        "chosen": change.chosen,
        "document": orjson.dumps(document).decode(),
        "tasks_changed": sum(len(document.get(name, ())) for name in ("tasks", "added", "removed")),
        "tasks_moved": moved,
        "finish_before": frame[0],
        "finish_after": frame[1],
        "reversible": bool(document) and _KEPT_ELSEWHERE.isdisjoint(kinds),
        "reverses_id": change.reverses_id,
    }


def prediction_of(plan: WorkingPlan, ledger: Ledger) -> dict[str, Any]:
    """What the changed plan lets one predict."""
    standing = plan.standing()
    return Forecast(plan.currency, standing.cost, standing.remaining_cost, ledger, plan.finish).prediction()


def effects_of(plan: WorkingPlan) -> dict[str, Any]:
    """The tasks that others' changes moved, as rows with their new versions, and how many they are in all."""
    moved = moved_tasks(plan)
    rows = [task_row(task) | {"version": task.version} for task in moved[:_ROWS_IN_AN_ANSWER]]
    effects: dict[str, Any] = {"changed_tasks": rows, "changed_tasks_total": len(moved)}
    return effects if plan.change_id is None else effects | {"plan_change_id": str(plan.change_id)}


def moved_tasks(plan: WorkingPlan) -> list[PlanTask]:
    """The tasks that nobody touched and that changed all the same."""
    return [task for task in plan.moved.values() if task.id in plan.tasks]


def plan_dates(start: datetime, finish: datetime | None) -> dict[str, str | None]:
    """The plan's frame as facts show it."""
    return {"start": start.isoformat(), "finish": finish.isoformat() if finish is not None else None}


def first_part(plan: WorkingPlan) -> dict[str, Any]:
    """`moved` and `plan` of a fact about one task; the rows beyond a part follow by `tell_rest`."""
    rows = [task_row(task) for task in moved_tasks(plan)[:ROWS_IN_A_PART]]
    return {"moved": rows, "plan": plan_dates(plan.start, plan.finish)}


def tell_rest(session: WriteSession, plan: WorkingPlan, cause: str, skip: int = ROWS_IN_A_PART) -> None:
    """Record the moved tasks beyond the first `skip` in parts."""
    rest = moved_tasks(plan)[skip:]
    parts = parts_of(rest)
    for number, part in enumerate(parts, 1):
        data = {
            "cause": cause,
            "moved": [task_row(task) for task in part],
            "plan": plan_dates(plan.start, plan.finish),
            "part": number,
            "parts": len(parts),
        }
        session.record(PLAN_RESCHEDULED, "project", plan.project_id, data, project_id=plan.project_id)


def parts_of(rows: Sequence[Any]) -> list[Sequence[Any]]:
    """Rows in parts that a message can carry."""
    return [rows[start : start + ROWS_IN_A_PART] for start in range(0, len(rows), ROWS_IN_A_PART)]
