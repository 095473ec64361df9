"""How periods are set up, closed and reopened. Whoever changes one waits for the postings that are under way."""

from datetime import date
from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.batch import Verbs
from services.kernel.events import FactType
from services.kernel.problems import error_at
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.decisions.use_cases import record_acceptance, record_decision
from services.planning.periods.accounting_period import AccountingPeriod, PeriodBackwards, PeriodsOverlap, PeriodState
from services.planning.periods.events import (
    PERIOD_CHANGED,
    PERIOD_CLOSED,
    PERIOD_CREATED,
    PERIOD_REMOVED,
    PERIOD_REOPENED,
)
from services.planning.periods.repository import (
    ACCOUNTING_PERIODS,
    hold_periods,
    load_period,
    period_within,
    project_of_period,
)
from services.planning.periods.schemas import AccountingPeriodPatch, Closing, NewAccountingPeriod, Reopening

_RECORD, _CLOSE, _REOPEN = "period.record", "period.close", "period.reopen"


async def create_period(session: WriteSession, project_id: UUID, new: NewAccountingPeriod) -> AccountingPeriod:
    """One more period, which is open. Raises PeriodsOverlap."""
    await require_member(session, session.principal, project_id)
    await hold_periods(session, project_id)
    await _require_free(session, project_id, new.starts_on, new.ends_on)
    period = AccountingPeriod(
        project_id=project_id,
        name=new.name,
        starts_on=new.starts_on,
        ends_on=new.ends_on,
        state=PeriodState.OPEN,
        reopenings=0,
    )
    session.add(period)
    await session.flush()
    await require_authority(session, project_id, [_RECORD], impact=_subject(period))
    await _record_acceptance(session, period, "set up")
    _tell(session, PERIOD_CREATED, period)
    return period


async def change_period(
    session: WriteSession, period_id: UUID, expected_version: int, patch: AccountingPeriodPatch
) -> AccountingPeriod:
    """Another name, or other days while it is open. Raises PeriodNotOpen, PeriodBackwards, PeriodsOverlap."""
    period = await _take(session, period_id)
    await ACCOUNTING_PERIODS.check_version(session, period.id, period.version, expected_version)
    changes = merged(patch)
    starts_on, ends_on = changes.get("starts_on", period.starts_on), changes.get("ends_on", period.ends_on)
    if (starts_on, ends_on) != (period.starts_on, period.ends_on):
        period.require_open()
        if ends_on < starts_on:
            place = "/ends_on" if "ends_on" in changes else "/starts_on"
            raise PeriodBackwards(errors=[error_at(place, PeriodBackwards.code, "ends before it starts")])
        await _require_free(session, period.project_id, starts_on, ends_on, besides=period.id)
    for name, value in changes.items():
        setattr(period, name, value)
    await session.flush()
    await require_authority(session, period.project_id, [_RECORD], impact=_subject(period))
    if period.version == expected_version:
        return period  # The same once more: nothing happened.
    await _record_acceptance(session, period, ", ".join(sorted(changes)).replace("_", " "))
    _tell(session, PERIOD_CHANGED, period)
    return period


async def remove_period(session: WriteSession, period_id: UUID, expected_version: int) -> None:
    """Take a period away that nobody has ever closed; its days are open all the same.

    Raises PeriodNotOpen, PeriodHasDecisions.
    """
    period = await _take(session, period_id)
    await ACCOUNTING_PERIODS.check_version(session, period.id, period.version, expected_version)
    period.require_undecided()
    await session.delete(period)
    await session.flush()
    await require_authority(session, period.project_id, [_RECORD], impact=_subject(period))
    await _record_acceptance(session, period, "removed")
    _tell(session, PERIOD_REMOVED, period)


async def close_period(session: WriteSession, period_id: UUID, closing: Closing) -> AccountingPeriod:
    """Decide that a period takes postings on reasons only, or none at all. Raises IllegalPeriodState."""
    period = await _take(session, period_id)
    period.require_closable(PeriodState(closing.state))
    question = f"May {period.name} still be posted into?"
    return await _decide(session, period, PeriodState(closing.state), _CLOSE, question, closing.reason, PERIOD_CLOSED)


async def reopen_period(session: WriteSession, period_id: UUID, reopening: Reopening) -> AccountingPeriod:
    """Decide that a period takes postings again. Raises IllegalPeriodState for one that is open."""
    period = await _take(session, period_id)
    period.require_reopenable()
    question = f"Is {period.name} to be opened again?"
    return await _decide(session, period, PeriodState.OPEN, _REOPEN, question, reopening.reason, PERIOD_REOPENED)


# What a batch of periods is made of.
PERIOD_VERBS = Verbs(ACCOUNTING_PERIODS, create=create_period, update=change_period)


async def _take(session: WriteSession, period_id: UUID) -> AccountingPeriod:
    """The period for a change, as it is when everybody else has left it. Raises NotFound."""
    project_id = await project_of_period(session, period_id)
    await require_member(session, session.principal, project_id)
    await hold_periods(session, project_id)
    return await load_period(session, period_id)


async def _require_free(
    session: WriteSession, project_id: UUID, starts_on: date, ends_on: date, besides: UUID | None = None
) -> None:
    other = await period_within(session, project_id, starts_on, ends_on, besides=besides)
    if other is not None:
        raise PeriodsOverlap(
            period_id=str(other.id),
            period=other.name,
            starts_on=other.starts_on.isoformat(),
            ends_on=other.ends_on.isoformat(),
        )


async def _decide(
    session: WriteSession,
    period: AccountingPeriod,
    state: PeriodState,
    kind: str,
    question: str,
    reason: str,
    fact_type: FactType,
) -> AccountingPeriod:
    """Ask for the authority, keep the decision, and let the period pass to the state."""
    impact = _subject(period) | {"state": {"before": period.state, "after": str(state)}}
    await require_authority(session, period.project_id, [kind], impact=impact)
    decision = await record_decision(
        session,
        project_id=period.project_id,
        kind=kind,
        question=question,
        chosen=state,
        reason=reason,
        impact=session.impact,
        executed_by_id=session.principal.person_id,
        subject_type="accounting_period",
        subject_id=period.id,
    )
    period.pass_to(state, decision.id, session.now)
    await session.flush()
    _tell(session, fact_type, period, reason=reason, decision_id=str(decision.id))
    return period


async def _record_acceptance(session: WriteSession, period: AccountingPeriod, chosen: str) -> None:
    await record_acceptance(
        session,
        project_id=period.project_id,
        kind=_RECORD,
        question=f"Is {period.name} an accounting period ({period.starts_on} to {period.ends_on})?",
        chosen=chosen,
        impact=session.impact,
        subject_type="accounting_period",
        subject_id=period.id,
    )


def _subject(period: AccountingPeriod) -> dict[str, Any]:
    return {"subject": {"type": "accounting_period", "id": str(period.id), "title": period.name}}


def _tell(session: WriteSession, fact_type: FactType, period: AccountingPeriod, **more: str) -> None:
    session.record(fact_type, "accounting_period", period.id, period.told() | more, project_id=period.project_id)
