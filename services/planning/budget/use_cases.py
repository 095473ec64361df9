"""What people and ledgers do with money. Each function does the deed, measures it, and then asks for authority."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.kernel.access import judge, require_authority, require_member
from services.kernel.batch import Outcome, Unreadable, Verbs, begin_batch, refused, require_all, unreadable
from services.kernel.money import Money
from services.kernel.problems import Problem, RuleViolated, UnknownReference, error_at
from services.kernel.schemas import ExternalRef, named
from services.kernel.session import WriteSession
from services.planning.budget.actual import Actual, AlreadyReversed, ExternalRefContradicted, ReversalUnbalanced
from services.planning.budget.budget_line import BudgetLine
from services.planning.budget.commitment import Commitment
from services.planning.budget.cost_code import CostCode
from services.planning.budget.events import (
    ACTUAL_POSTED,
    BUDGET_LINE_CHANGED,
    BUDGET_LINE_CREATED,
    COMMITMENT_RECORDED,
    COST_CODE_CHANGED,
    COST_CODE_CREATED,
)
from services.planning.budget.repository import (
    ACTUALS,
    BUDGET_LINES,
    COMMITMENTS,
    COST_CODES,
    Reference,
    by_external_ref,
    codes_of,
    insert_unless_known,
    known_tasks,
    load_budget_line,
    load_cost_code,
    reversible,
    total,
)
from services.planning.budget.schemas import (
    ActualBatch,
    BudgetLinePatch,
    CostCodePatch,
    NewActual,
    NewBudgetLine,
    NewCommitment,
    NewCostCode,
)
from services.planning.decisions.use_cases import record_acceptance, record_decision
from services.planning.external_refs.external_reference import ExternalRefTaken
from services.planning.external_refs.repository import claim, claim_each, taken_by_other_nouns
from services.planning.external_refs.upsert import Upserting
from services.planning.periods.accounting_period import (
    LockedPeriod,
    PeriodClosed,
    PeriodState,
    ReasonMissing,
    lock_on,
)
from services.planning.periods.repository import hold_periods, locked_periods
from services.planning.projects.repository import load_project
from services.planning.schedule.forecast import Ledger
from services.planning.schedule.planned_cost import cost_impact, money_measures
from services.planning.schedule.repository.loading import load_forecast, load_ledger
from services.planning.schedule.use_cases.forecasts import ledger_impact


class CurrencyMismatched(RuleViolated):
    code = "currency_mismatched"
    title = {"en": "The project is kept in another currency", "nb": "Prosjektet føres i en annen valuta"}
    detail = {"en": "Amounts of this project are in {currency}.", "nb": "Beløp i dette prosjektet er i {currency}."}
    members = ("currency",)


async def create_cost_code(session: WriteSession, project_id: UUID, new: NewCostCode) -> CostCode:
    """One more account. A code that the project has already is refused by its unique index."""
    await require_member(session, session.principal, project_id)
    refs = named(new).get("external_refs", [])
    cost_code = CostCode(project_id=project_id, code=new.code, name=new.name, external_refs=refs)
    session.add(cost_code)
    await session.flush()
    await claim(session, "cost_code", cost_code.id, refs)
    await require_authority(session, project_id, ["cost_code.record"])
    await record_acceptance(
        session,
        project_id=project_id,
        kind="cost_code.record",
        question=f"Shall there be a cost code {cost_code.code}?",
        chosen=cost_code.name,
        subject_type="cost_code",
        subject_id=cost_code.id,
    )
    data = {"code": cost_code.code, "name": cost_code.name}
    session.record(COST_CODE_CREATED, "cost_code", cost_code.id, data, project_id=project_id)
    return cost_code


async def change_cost_code(
    session: WriteSession, cost_code_id: UUID, expected_version: int, patch: CostCodePatch
) -> CostCode:
    """Another code or name of the same account, as when the accounts were renumbered."""
    cost_code = await load_cost_code(session, cost_code_id)
    await require_member(session, session.principal, cost_code.project_id)
    await COST_CODES.check_version(session, cost_code.id, cost_code.version, expected_version)
    changes = named(patch)
    for name, value in changes.items():
        setattr(cost_code, name, value)
    await session.flush()
    if "external_refs" in changes:
        await claim(session, "cost_code", cost_code.id, cost_code.external_refs)
    await require_authority(session, cost_code.project_id, ["cost_code.record"])
    if cost_code.version == expected_version:
        return cost_code  # The same once more: nothing happened.
    await record_acceptance(
        session,
        project_id=cost_code.project_id,
        kind="cost_code.record",
        question=f"Is the cost code {cost_code.code} to be called so?",
        chosen=cost_code.name,
        subject_type="cost_code",
        subject_id=cost_code.id,
    )
    data = {"code": cost_code.code, "name": cost_code.name}
    session.record(COST_CODE_CHANGED, "cost_code", cost_code.id, data, project_id=cost_code.project_id)
    return cost_code


async def create_budget_line(session: WriteSession, project_id: UUID, new: NewBudgetLine) -> BudgetLine:
    """Give a part of the work a budget."""
    await require_member(session, session.principal, project_id)
    code = await _require_allocation(session, project_id, new.task_id, new.cost_code_id, new.amount)
    before = await load_ledger(session, project_id)
    line = BudgetLine(
        project_id=project_id,
        task_id=new.task_id,
        cost_code_id=new.cost_code_id,
        description=new.description,
        amount=new.amount.amount,
        currency=new.amount.currency,
        external_refs=named(new).get("external_refs", []),
    )
    session.add(line)
    await session.flush()
    await claim(session, "budget_line", line.id, line.external_refs)
    predicted = await _require_line(session, line, before, line.amount)
    await _record_line_decision(session, line, predicted)
    session.record(
        BUDGET_LINE_CREATED, "budget_line", line.id, _line_data(line, code), project_id=project_id, audience="costs"
    )
    return line


async def change_budget_line(
    session: WriteSession, line_id: UUID, expected_version: int, patch: BudgetLinePatch
) -> BudgetLine:
    """Give more or less, or to other work. The measured cost is the absolute change of the amount."""
    line = await load_budget_line(session, line_id)
    await BUDGET_LINES.require_visible(session, line.id, session.principal.person_id)
    await BUDGET_LINES.check_version(session, line.id, line.version, expected_version)
    before, held = await load_ledger(session, line.project_id), line.amount
    changes = named(patch)
    amount: Money = changes.pop("amount", Money.of(line.amount, line.currency))
    task_id, cost_code_id = changes.get("task_id", line.task_id), changes.get("cost_code_id", line.cost_code_id)
    code = await _require_allocation(session, line.project_id, task_id, cost_code_id, amount)
    line.amount = amount.amount
    for name, value in changes.items():
        setattr(line, name, value)
    await session.flush()
    if "external_refs" in changes:
        await claim(session, "budget_line", line.id, line.external_refs)
    predicted = await _require_line(session, line, before, line.amount - held)
    if line.version == expected_version:
        return line  # The same once more: nothing was decided.
    await _record_line_decision(session, line, predicted)
    session.record(
        BUDGET_LINE_CHANGED,
        "budget_line",
        line.id,
        _line_data(line, code),
        project_id=line.project_id,
        audience="costs",
    )
    return line


async def record_commitment(session: WriteSession, project_id: UUID, new: NewCommitment) -> tuple[UUID, bool]:
    """Promise money to a supplier. Returns the id, and whether it is new: an external reference is taken in once."""
    await require_member(session, session.principal, project_id)
    await _require_allocation(session, project_id, new.task_id, new.cost_code_id, new.amount)
    before = await total(session, "commitments", project_id)
    row = _allocation_row(project_id, new) | {"supplier": new.supplier} | _reference_row(new.external_ref)
    (commitment_id,) = await insert_unless_known(session, Commitment, [row])
    is_new = commitment_id is not None
    if commitment_id is None:
        key = _key(row)
        stored = (await by_external_ref(session, "commitments", [key]))[key]
        _refuse_contradiction(stored, row)
        commitment_id = UUID(str(stored["id"]))
    elif new.external_ref is not None:
        await claim_each(session, "commitment", [(_key(row), commitment_id)])
    change = new.amount.amount if is_new else Decimal(0)
    impact = cost_impact(before, change, new.amount.currency)
    await require_authority(
        session, project_id, ["budget.commitment"], await _measures(session, project_id, abs(change)), impact
    )
    if not is_new:
        return commitment_id, False
    await record_decision(
        session,
        project_id=project_id,
        kind="budget.commitment",
        question=f"What is promised to {new.supplier}?",
        chosen=str(new.amount),
        impact=impact,
        about_costs=True,
        predicted=(await load_forecast(session, project_id)).prediction(),
        executed_by_id=session.principal.person_id,
        subject_type="commitment",
        subject_id=commitment_id,
    )
    data = {
        "task_id": new.task_id and str(new.task_id),
        "cost_code_id": str(new.cost_code_id),
        "supplier": new.supplier,
        "description": new.description,
        "amount": new.amount.to_json(),
        "external_ref": _reference_data(row),
    }
    session.record(COMMITMENT_RECORDED, "commitment", commitment_id, data, project_id=project_id, audience="costs")
    return commitment_id, True


async def post_actual(session: WriteSession, project_id: UUID, new: NewActual) -> tuple[UUID, bool]:
    """Take in one posting. Returns its id, and whether it is new.

    The same reference with the same content is the posting that is stored already; with other content it raises
    ExternalRefContradicted. Raises PeriodClosed, and ReasonMissing where a soft-closed period asks for one.
    """
    ((actual_id, is_new),), refused = await _post(session, project_id, [new])
    if refused:
        raise refused[0]
    return actual_id, is_new


async def post_actuals(session: WriteSession, project_id: UUID, batch: ActualBatch) -> list[Outcome]:
    """Take in all postings, or those that can be. Raises BatchRefused, which names every operation that stood in the way."""
    await begin_batch(session, project_id)
    outcomes: dict[int, Outcome] = {}
    news: dict[int, NewActual] = {}
    for position, operation in enumerate(batch.read()):
        if isinstance(operation, Unreadable):
            outcomes[position] = unreadable(operation)
        else:
            news[position] = operation.body
    posted, refusals = await _post(session, project_id, list(news.values()), partly=not batch.atomic)
    for index, position in enumerate(news):
        if index in refusals:
            outcomes[position] = refused(refusals[index])
        else:
            actual_id, is_new = posted[index]
            outcomes[position] = Outcome(201 if is_new else 200, actual_id, 1)
    in_order = [outcomes[position] for position in sorted(outcomes)]
    require_all(batch, in_order)
    return in_order


async def _post(
    session: WriteSession, project_id: UUID, news: Sequence[NewActual], *, partly: bool = False
) -> tuple[list[tuple[UUID, bool]], Mapping[int, Problem]]:
    """The ids with their newness, and what refuses the postings at their positions.

    With a refusal nothing may stay; or `partly` the others are taken in.
    """
    await require_member(session, session.principal, project_id)
    # From here on no period is closed until the postings are stored.
    await hold_periods(session, project_id, shared=True)
    locked = await locked_periods(session, project_id, {new.posted_on for new in news})
    refusals = await _refusals(session, project_id, news, locked)
    kept = [position for position in range(len(news)) if position not in refusals]
    if not kept or (refusals and not partly):
        return [(UUID(int=0), False)] * len(news), refusals
    posted, contradictions = await _store_postings(
        session, project_id, [news[position] for position in kept], locked, partly
    )
    refusals |= {kept[index]: problem for index, problem in contradictions.items()}
    ids = dict(zip(kept, posted, strict=True))
    return [ids.get(position, (UUID(int=0), False)) for position in range(len(news))], refusals


async def _store_postings(
    session: WriteSession, project_id: UUID, news: Sequence[NewActual], locked: Sequence[LockedPeriod], partly: bool
) -> tuple[list[tuple[UUID, bool]], Mapping[int, Problem]]:
    """Postings in which nothing is wrong, and which of them contradict what is stored under their reference."""
    refusals: dict[int, Problem] = {}
    before = await load_ledger(session, project_id)
    rows = [
        _allocation_row(project_id, new)
        | {"posted_on": new.posted_on, "reverses_id": new.reverses_id}
        | _reference_row(new.external_ref)
        for new in news
    ]
    inserted = await insert_unless_known(session, Actual, rows)
    fresh = zip(rows, inserted, strict=True)
    await claim_each(session, "actual", [(_key(row), actual_id) for row, actual_id in fresh if actual_id is not None])
    known = await by_external_ref(session, "actuals", [_key(row) for row in rows])
    for position, (row, actual_id) in enumerate(zip(rows, inserted, strict=True)):
        if actual_id is None:
            try:
                _refuse_contradiction(known[_key(row)], row)
            except ExternalRefContradicted as problem:
                refusals[position] = problem
    posted = [
        (actual_id or UUID(str(known[_key(row)]["id"])), actual_id is not None)
        for row, actual_id in zip(rows, inserted, strict=True)
    ]
    if refusals and not partly:
        return posted, refusals
    new_amounts = [row["amount"] for row, actual_id in zip(rows, inserted, strict=True) if actual_id is not None]
    into = _soft_closed((new for new, actual_id in zip(news, inserted, strict=True) if actual_id is not None), locked)
    impact = cost_impact(before.spent, sum(new_amounts, Decimal(0)), rows[0]["currency"])
    effect, predicted = await ledger_impact(session, project_id, before)
    impact |= effect
    if into:
        impact["locked_periods"] = [each.to_json() for each in into]
    measures = await _measures(session, project_id, sum(map(abs, new_amounts), Decimal(0)))
    await require_authority(session, project_id, ["cost.posting"], measures | {"periods_locked": len(into)}, impact)
    chosen = str(Money.rounded(sum(new_amounts, Decimal(0)), rows[0]["currency"]))
    if into:
        names = ", ".join(each.name for each in into)
        reasons = dict.fromkeys(new.reason for new in news if new.reason and lock_on(new.posted_on, into))
        await record_decision(
            session,
            project_id=project_id,
            kind="cost.posting",
            question=f"May {len(new_amounts)} postings still be made into {names}, which is soft-closed?",
            chosen=chosen,
            reason=session.principal.reason or "; ".join(reasons),
            impact=impact,
            about_costs=True,
            predicted=predicted,
            executed_by_id=session.principal.person_id,
            subject_type="accounting_period",
            subject_id=into[0].id,
        )
    elif new_amounts:
        await record_acceptance(
            session,
            project_id=project_id,
            kind="cost.posting",
            question=f"What has been spent ({len(new_amounts)} postings)?",
            chosen=chosen,
            impact=impact,
            about_costs=True,
            predicted=predicted,
            subject_type="project",
            subject_id=project_id,
        )
    for new, row, actual_id in zip(news, rows, inserted, strict=True):
        if actual_id is None:
            continue
        data = {
            "task_id": new.task_id and str(new.task_id),
            "cost_code_id": str(new.cost_code_id),
            "amount": new.amount.to_json(),
            "posted_on": new.posted_on.isoformat(),
            "external_ref": _reference_data(row),
            "description": new.description,
        }
        session.record(ACTUAL_POSTED, "actual", actual_id, data, project_id=project_id, audience="costs")
    return posted, refusals


async def _refusals(
    session: WriteSession, project_id: UUID, news: Sequence[NewActual], locked: Sequence[LockedPeriod]
) -> dict[int, Problem]:
    """What is wrong with the postings before any of them is stored, by position."""
    currency = (await load_project(session, project_id)).currency
    codes = await codes_of(session, project_id, {new.cost_code_id for new in news})
    tasks = await known_tasks(session, project_id, {new.task_id for new in news if new.task_id is not None})
    originals = await reversible(session, project_id, {new.reverses_id for new in news if new.reverses_id is not None})
    taken = await taken_by_other_nouns(session, "actual", [_key(_reference_row(new.external_ref)) for new in news])
    refused = await _kept_out(session, project_id, news, locked)
    reversing: dict[UUID, Reference] = {}
    for position, new in enumerate(news):
        if position in refused:
            continue
        try:
            require_currency(new.amount, currency)
            if _key(_reference_row(new.external_ref)) in taken:
                words = "is what something else is called"
                raise ExternalRefTaken(errors=[error_at("/external_ref", ExternalRefTaken.code, words)])
            if new.cost_code_id not in codes:
                raise UnknownReference("cost_code_id")
            if new.task_id is not None and new.task_id not in tasks:
                raise UnknownReference("task_id")
            if new.reverses_id is not None:
                _require_reversible(new, originals.get(new.reverses_id))
                reference = _key(_reference_row(new.external_ref))
                if reversing.setdefault(new.reverses_id, reference) != reference:
                    raise _reversed_before()
        except Problem as problem:
            refused[position] = problem
    return refused


async def _kept_out(
    session: WriteSession, project_id: UUID, news: Sequence[NewActual], locked: Sequence[LockedPeriod]
) -> dict[int, Problem]:
    """The postings that a period keeps out: a closed one all, a soft-closed one those that somebody could decide who has
    given no reason. Who may not decide them need not give one: whoever accepts the proposal does.

    What is stored under its reference already is no new posting, so a feed may repeat itself at any time.
    """
    if not locked:
        return {}
    meeting = {position: period for position, new in enumerate(news) if (period := lock_on(new.posted_on, locked))}
    keys = {position: _key(_reference_row(news[position].external_ref)) for position in meeting}
    known = await by_external_ref(session, "actuals", list(keys.values())) if keys else {}
    meeting = {position: period for position, period in meeting.items() if keys[position] not in known}
    refused: dict[int, Problem] = {}
    for position, period in meeting.items():
        if period.state == PeriodState.CLOSED:
            error = error_at("/posted_on", PeriodClosed.code, f"lies in {period.name}, which is closed")
            refused[position] = PeriodClosed(errors=[error], **period.words)
    soft = _soft_closed((news[position] for position in meeting), locked)
    wordless = [position for position in meeting if position not in refused and news[position].reason is None]
    if wordless and session.principal.reason is None:
        measures = {"periods_locked": len(soft)}
        authority = await judge(session, session.principal, session.service, project_id, ["cost.posting"], measures)
        if authority.verdict == "decide":
            for position in wordless:
                period = meeting[position]
                error = error_at("/reason", ReasonMissing.code, f"{period.name} is soft-closed")
                refused[position] = ReasonMissing(errors=[error], **period.words)
    return refused


def _soft_closed(news: Iterable[NewActual], locked: Sequence[LockedPeriod]) -> list[LockedPeriod]:
    """The soft-closed periods that these are posted into, each once."""
    met = (lock_on(new.posted_on, locked) for new in news)
    return list(dict.fromkeys(each for each in met if each is not None and each.state == PeriodState.SOFT_CLOSED))


def _require_reversible(new: NewActual, original: tuple[Decimal, Reference | None] | None) -> None:
    """Raise what refuses a reversal of `original` (amount, reference of the posting that reverses it already)."""
    if original is None:
        raise UnknownReference("reverses_id")
    amount, reversed_by = original
    if amount != -new.amount.amount:
        words = "is not the reversed posting's amount with the other sign"
        raise ReversalUnbalanced(errors=[error_at("/amount", ReversalUnbalanced.code, words)])
    # A repetition finds the posting reversed by itself, which is no refusal.
    if reversed_by not in (None, _key(_reference_row(new.external_ref))):
        raise _reversed_before()


def _reversed_before() -> AlreadyReversed:
    return AlreadyReversed(errors=[error_at("/reverses_id", AlreadyReversed.code, "has been reversed before")])


async def _require_allocation(
    session: WriteSession, project_id: UUID, task_id: UUID | None, cost_code_id: UUID, amount: Money
) -> str:
    """The cost code's text, when account, work and currency are the project's. Raises UnknownReference, CurrencyMismatched."""
    currency = (await load_project(session, project_id)).currency
    require_currency(amount, currency)
    codes = await codes_of(session, project_id, [cost_code_id])
    if cost_code_id not in codes:
        raise UnknownReference("cost_code_id")
    if task_id is not None and not await known_tasks(session, project_id, [task_id]):
        raise UnknownReference("task_id")
    return codes[cost_code_id]


def require_currency(amount: Money, currency: str, pointer: str = "/amount/currency") -> None:
    """Let an amount into a project that is kept in `currency`. Raises CurrencyMismatched at `pointer`."""
    if amount.currency != currency:
        error = error_at(pointer, CurrencyMismatched.code, f"the project is kept in {currency}")
        raise CurrencyMismatched(errors=[error], currency=currency)


async def _require_line(session: WriteSession, line: BudgetLine, before: Ledger, change: Decimal) -> Mapping[str, Any]:
    """Ask for the authority, and return what the line lets one predict."""
    impact = cost_impact(before.budget, change, line.currency)
    effect, predicted = await ledger_impact(session, line.project_id, before)
    impact |= effect
    measures = money_measures(abs(change), before.budget)
    await require_authority(session, line.project_id, ["budget.line"], measures, impact)
    return predicted


async def _measures(session: WriteSession, project_id: UUID, amount: Decimal) -> dict[str, int | Decimal]:
    return money_measures(amount, await total(session, "budget_lines", project_id))


async def _record_line_decision(session: WriteSession, line: BudgetLine, predicted: Mapping[str, Any]) -> None:
    await record_decision(
        session,
        project_id=line.project_id,
        kind="budget.line",
        question=f"What may this cost: {line.description}?",
        chosen=str(Money.of(line.amount, line.currency)),
        impact=session.impact,
        about_costs=True,
        predicted=predicted,
        executed_by_id=session.principal.person_id,
        subject_type="budget_line",
        subject_id=line.id,
    )


def _summed(impacts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The impact of several changes of one total, which followed each other."""
    costs = [impact["cost"] for impact in impacts if "cost" in impact]
    if not costs:
        return {}
    currency = costs[0]["before"]["currency"]
    before = Decimal(costs[0]["before"]["amount"])
    return cost_impact(before, Decimal(costs[-1]["after"]["amount"]) - before, currency)


# What batches of these nouns are made of.
COST_CODE_UPSERT = Upserting(COST_CODES, NewCostCode, create_cost_code, CostCodePatch, change_cost_code)
COST_CODE_VERBS = Verbs(COST_CODES, create=create_cost_code, update=change_cost_code, upsert=COST_CODE_UPSERT.operate)
BUDGET_LINE_UPSERT = Upserting(BUDGET_LINES, NewBudgetLine, create_budget_line, BudgetLinePatch, change_budget_line)
BUDGET_LINE_VERBS = Verbs(
    BUDGET_LINES,
    create=create_budget_line,
    update=change_budget_line,
    upsert=BUDGET_LINE_UPSERT.operate,
    impact=_summed,
)
# What is written once: the same again is the same, and anything else a contradiction.
COMMITMENT_UPSERT = Upserting(COMMITMENTS, NewCommitment, record_commitment)
ACTUAL_UPSERT = Upserting(ACTUALS, NewActual, post_actual)
COMMITMENT_VERBS = Verbs(COMMITMENTS, create=record_commitment, impact=_summed)


def _line_data(line: BudgetLine, code: str) -> dict[str, Any]:
    return {
        "task_id": line.task_id and str(line.task_id),
        "cost_code_id": str(line.cost_code_id),
        "cost_code": code,
        "description": line.description,
        "amount": Money.of(line.amount, line.currency).to_json(),
    }


def _allocation_row(project_id: UUID, new: NewCommitment | NewActual) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "task_id": new.task_id,
        "cost_code_id": new.cost_code_id,
        "description": new.description,
        "amount": new.amount.amount,
        "currency": new.amount.currency,
    }


def _reference_row(reference: ExternalRef | None) -> dict[str, Any]:
    """The columns of a reference."""
    return {f"external_{name}": reference and getattr(reference, name) for name in ("system", "type", "id", "url")}


def _reference_data(row: Mapping[str, Any]) -> dict[str, Any] | None:
    if row["external_id"] is None:
        return None
    return {name: row[f"external_{name}"] for name in ("system", "type", "id", "url")}


def _key(row: Mapping[str, Any]) -> Reference:
    return row["external_system"], row["external_type"], row["external_id"]


def _refuse_contradiction(stored: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    """Raise ExternalRefContradicted unless the stored row says the same; the link to the other system may differ."""
    differing = [name for name, value in row.items() if name != "external_url" and stored[name] != value]
    if not differing:
        return
    # Of another project's posting nothing is told but that the reference is in use.
    shown = ["external_ref"] if "project_id" in differing else differing
    errors = [error_at(f"/{name}", ExternalRefContradicted.code, "differs from what is stored") for name in shown]
    raise ExternalRefContradicted(errors=errors)
