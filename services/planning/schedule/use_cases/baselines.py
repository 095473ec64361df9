"""Baselines: the plan as it stands becomes, by a decision, the plan that was agreed upon."""

from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.session import WriteSession
from services.planning.decisions.use_cases import record_decision
from services.planning.schedule.baseline import Baseline, NothingToBaseline
from services.planning.schedule.events import BASELINE_SET
from services.planning.schedule.repository.loading import lock_plan, next_baseline_number
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
    await require_authority(session, project_id, ["baseline.set"])
    rows = await keep_baseline_tasks(session, project_id, baseline.id)
    decision = await record_decision(
        session,
        project_id=project_id,
        kind="baseline.set",
        question="Is this the plan that we agree upon?",
        chosen=new.name,
        reason=new.reason,
        impact=session.impact,
        subject_type="baseline",
        subject_id=baseline.id,
    )
    baseline.decision_id = decision.id
    await session.flush()
    parts = parts_of(rows)
    for part_number, part in enumerate(parts, 1):
        data = {
            "baseline_id": str(baseline.id),
            "name": baseline.name,
            "number": number,
            "finish": finish.isoformat(),
            "tasks": [
                {
                    "id": str(row["task_id"]),
                    "start": row["start"].isoformat(),
                    "finish": row["finish"].isoformat(),
                    "duration_minutes": row["duration_minutes"],
                }
                for row in part
            ],
            "decision_id": str(decision.id),
            "part": part_number,
            "parts": len(parts),
        }
        session.record(BASELINE_SET, "baseline", baseline.id, data, project_id=project_id)
    return baseline
