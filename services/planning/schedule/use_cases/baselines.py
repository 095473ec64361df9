"""Baselines: the plan as it stands becomes, by a decision, the plan that was agreed upon."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.session import WriteSession
from services.planning.decisions.use_cases import record_decision
from services.planning.schedule.baseline import Baseline, NothingToBaseline
from services.planning.schedule.events import BASELINE_SET
from services.planning.schedule.repository.loading import last_baseline_finish, lock_plan, next_baseline_number
from services.planning.schedule.repository.storing import keep_baseline_tasks
from services.planning.schedule.schemas import NewBaseline
from services.planning.schedule.use_cases.plan_changes import parts_of


async def set_baseline(session: WriteSession, project_id: UUID, new: NewBaseline) -> Baseline:
    """Keep the dates of all tasks and record the decision. Raises NothingToBaseline for an empty plan."""
    await require_member(session, session.principal, project_id)
    start, finish = await lock_plan(session, project_id)
    if finish is None:
        raise NothingToBaseline
    number = await next_baseline_number(session, project_id)
    before = await last_baseline_finish(session, project_id)
    baseline = Baseline(
        project_id=project_id,
        number=number,
        name=new.name,
        reason=new.reason,
        set_at=session.now,
        start=start,
        finish=finish,
    )
    session.add(baseline)
    await session.flush()
    rows = await keep_baseline_tasks(session, project_id, baseline.id)
    impact = baseline_impact(number, len(rows), before, finish)
    await require_authority(session, project_id, ["baseline.set"], None, impact)
    decision = await record_decision(
        session,
        project_id=project_id,
        kind="baseline.set",
        question="Is this the plan that we agree upon?",
        chosen=new.name,
        reason=new.reason,
        impact=impact,
        predicted={"finish": finish.isoformat()},
        executed_by_id=session.principal.person_id,
        subject_type="baseline",
        subject_id=baseline.id,
    )
    baseline.decision_id = decision.id
    await session.flush()
    tell_baseline(session, baseline, [tuple(row) for row in rows])
    return baseline


def baseline_impact(number: int, tasks: int, before: datetime | None, after: datetime) -> dict[str, Any]:
    """What a baseline changes: the finish that was agreed upon, from the last baseline's (None without one) to its own."""
    finish = {"before": before and before.isoformat(), "after": after.isoformat()}
    return {"baseline": {"number": number, "tasks": tasks, "finish": finish}}


def tell_baseline(
    session: WriteSession, baseline: Baseline, rows: Sequence[tuple[UUID, datetime, datetime, int]]
) -> None:
    """Record that a baseline stands, with its tasks (id, start, finish, minutes) in parts."""
    parts = parts_of(rows)
    for part_number, part in enumerate(parts, 1):
        data = {
            "baseline_id": str(baseline.id),
            "name": baseline.name,
            "number": baseline.number,
            "finish": baseline.finish.isoformat(),
            "tasks": [
                {
                    "id": str(task_id),
                    "start": start.isoformat(),
                    "finish": finish.isoformat(),
                    "duration_minutes": minutes,
                }
                for task_id, start, finish, minutes in part
            ],
            "decision_id": str(baseline.decision_id),
            "part": part_number,
            "parts": len(parts),
        }
        session.record(BASELINE_SET, "baseline", baseline.id, data, project_id=baseline.project_id)
