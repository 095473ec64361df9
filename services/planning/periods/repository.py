"""Every SQL statement of this area."""

from collections.abc import Collection as Days
from datetime import date
from uuid import UUID

from sqlalchemy import select

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.periods.accounting_period import AccountingPeriod, LockedPeriod, PeriodState

ACCOUNTING_PERIODS = Collection(
    noun="accounting_period",
    source="accounting_periods t",
    columns=object_columns("accounting_period")
    | {
        "project_id": "t.project_id",
        "name": "t.name",
        "starts_on": "t.starts_on",
        "ends_on": "t.ends_on",
        "state": "t.state",
        "reopenings": "t.reopenings",
        "decided_at": "t.decided_at",
        "decision_id": "t.decision_id",
    },
    filters={
        "name": Filter("t.name", "text"),
        "starts_on": Filter("t.starts_on", "date"),
        "ends_on": Filter("t.ends_on", "date"),
        "state": Filter("t.state", "text", tuple(PeriodState)),
        "reopenings": Filter("t.reopenings", "integer"),
        "decided_at": Filter("t.decided_at", "instant"),
        "decision_id": Filter("t.decision_id", "uuid"),
    },
    sorts={
        "starts_on": Sort("t.starts_on", "date", nullable=False),
        "name": Sort("t.name", "text", nullable=False, by_language=True),
        "created_at": Sort("t.created_at", "instant", nullable=False),
    },
    default_sort="starts_on",
    searched=("t.name",),
    viewer_kinds={
        "update": "period.record",
        "delete": "period.record",
        "close": "period.close",
        "reopen": "period.reopen",
    },
)


async def hold_periods(session: WriteSession, project_id: UUID, *, shared: bool = False) -> None:
    """Let nobody change the project's periods until the transaction ends, and nobody post meanwhile either.

    Postings share the lock: they wait for whoever changes periods, and not for each other.
    """
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    await session.value(
        f"select {function}(hashtextextended($1, 0))", f"accounting periods/{session.tenant_id}/{project_id}"
    )


async def project_of_period(reader: Reader, period_id: UUID) -> UUID:
    """The project that a period is of. Raises NotFound."""
    project_id: UUID | None = await reader.value(
        "select project_id from accounting_periods where tenant_id = $1 and id = $2", reader.tenant_id, period_id
    )
    if project_id is None:
        raise NotFound
    return project_id


async def load_period(session: WriteSession, period_id: UUID) -> AccountingPeriod:
    """The period for a change. Raises NotFound."""
    period = await session.scalar(
        select(AccountingPeriod).where(
            AccountingPeriod.tenant_id == session.tenant_id, AccountingPeriod.id == period_id
        )
    )
    if period is None:
        raise NotFound
    return period


async def period_within(
    session: WriteSession, project_id: UUID, starts_on: date, ends_on: date, *, besides: UUID | None
) -> AccountingPeriod | None:
    """The first other period of the project that has one of the days, both ends counted."""
    found: AccountingPeriod | None = await session.scalar(
        select(AccountingPeriod)
        .where(
            AccountingPeriod.tenant_id == session.tenant_id,
            AccountingPeriod.project_id == project_id,
            AccountingPeriod.starts_on <= ends_on,
            AccountingPeriod.ends_on >= starts_on,
            AccountingPeriod.id.is_distinct_from(besides),
        )
        .order_by(AccountingPeriod.starts_on)
        .limit(1)
    )
    return found


async def locked_periods(reader: Reader, project_id: UUID, days: Days[date]) -> list[LockedPeriod]:
    """The project's periods that are not open and have one of the days."""
    if not days:
        return []
    rows = await reader.rows(
        """select id, name, starts_on, ends_on, state from accounting_periods p
           where tenant_id = $1 and project_id = $2 and state <> 'open'
             and exists (select from unnest($3::date[]) day where day between p.starts_on and p.ends_on)
           order by starts_on""",
        reader.tenant_id,
        project_id,
        list(days),
    )
    return [
        LockedPeriod(row["id"], row["name"], row["starts_on"], row["ends_on"], PeriodState(row["state"]))
        for row in rows
    ]
