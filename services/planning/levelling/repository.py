"""Every SQL statement of this area."""

from typing import Final
from uuid import UUID

from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import WriteSession
from services.planning.levelling.levelling_run import LevellingMode, LevellingRun

_PLAIN: Final = (
    "project_id",
    "job_id",
    "mode",
    "seconds",
    "seed",
    "fingerprint",
    "method",
    "optimizer",
    "proven",
    "changes_proven",
    "resolved",
    "finish_before",
    "finish_after",
    "finish_bound",
    "makespan",
    "search",
    "load",
    "moves",
    "competences_lost",
    "applied_at",
)

LEVELLING_RUNS: Final = Collection(
    noun="levelling_run",
    source="levelling_runs t",
    columns=object_columns("levelling_run") | {name: f"t.{name}" for name in _PLAIN} | {"gap": "t.gap::text"},
    filters={
        "mode": Filter("t.mode", "text", tuple(LevellingMode)),
        "proven": Filter("t.proven", "boolean"),
        "resolved": Filter("t.resolved", "boolean"),
    },
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    default_sort="-created_at",
    viewer_kinds={"apply": "levelling.apply"},
)


async def load_run(session: WriteSession, run_id: UUID) -> LevellingRun:
    """The run. Raises NotFound."""
    statement = select(LevellingRun).where(LevellingRun.tenant_id == session.tenant_id, LevellingRun.id == run_id)
    run = await session.scalar(statement)
    if run is None:
        raise NotFound
    return run
