"""Every SQL statement of this area."""

from typing import Final, TypeVar
from uuid import UUID

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.money import money_json
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.contracts.alerts import AlertCode, Deadline
from services.planning.contracts.contract import (
    ChangeOrderState,
    Contract,
    ContractChangeOrder,
    ContractKind,
    ContractMilestone,
    ContractOption,
    ContractStatus,
    MilestoneState,
    OptionState,
)

_CREATED: Final = Sort("t.created_at", "instant", nullable=False)
_Noun = TypeVar("_Noun", Contract, ContractMilestone, ContractOption, ContractChangeOrder)


def _money(amount: str, currency: str) -> str:
    return f"case when $costs then {money_json(amount, currency)} end"


CONTRACTS: Final = Collection(
    noun="contract",
    source="contracts t",
    columns=object_columns("contract")
    | {
        **{name: f"t.{name}" for name in ("project_id", "number", "title", "counterparty", "kind", "status")},
        "value": _money("t.value", "t.currency"),
        "current_value": _money("(coalesce(t.value, 0) + t.agreed_changes)", "t.currency"),
        **{name: f"t.{name}" for name in ("signed_on", "starts_on", "ends_on")},
        "retention_percent": "t.retention_percent::text",
        **{name: f"t.{name}" for name in ("retention_until", "document_id", "notes")},
    },
    filters={
        "number": Filter("t.number", "text"),
        "counterparty": Filter("t.counterparty", "text"),
        "kind": Filter("t.kind", "text", tuple(ContractKind)),
        "status": Filter("t.status", "text", tuple(ContractStatus)),
        "ends_on": Filter("t.ends_on", "date"),
    },
    sorts={
        "created_at": _CREATED,
        "number": Sort("t.number", "text", nullable=False),
        "title": Sort("t.title", "text", nullable=False, by_language=True),
        "ends_on": Sort("t.ends_on", "date"),
    },
    searched=("t.number", "t.title", "t.counterparty", "t.notes"),
    viewer_kinds={"update": "contract.record"},
)


def _part(noun: str, columns: dict[str, str], state: Filter, day: str, kinds: dict[str, str]) -> Collection:
    """A collection of parts of contracts, whose currency is the contract's."""
    days = {day: Filter(f"t.{day}", "date")} if day else {}
    by_day = {day: Sort(f"t.{day}", "date", nullable=False)} if day else {}
    return Collection(
        noun=noun,
        source=f"{noun}s t join contracts within on within.tenant_id = t.tenant_id and within.id = t.contract_id",
        columns=object_columns(noun)
        | {name: f"t.{name}" for name in ("project_id", "contract_id", "title")}
        | columns
        | {"state": "t.state"},
        filters={"contract_id": Filter("t.contract_id", "uuid"), "state": state} | days,
        sorts={"created_at": _CREATED} | by_day,
        searched=("t.title",),
        viewer_kinds=kinds,
    )


CONTRACT_MILESTONES: Final = _part(
    "contract_milestone",
    {
        **{name: f"t.{name}" for name in ("due_on", "task_id", "reached_on")},
        "payment": _money("t.payment", "within.currency"),
    },
    Filter("t.state", "text", tuple(MilestoneState)),
    "due_on",
    {"update": "contract.record", "follow": "contract.follow"},
)
CONTRACT_OPTIONS: Final = _part(
    "contract_option",
    {
        **{name: f"t.{name}" for name in ("description", "exercise_by", "decision_id")},
        "value": _money("t.value", "within.currency"),
    },
    Filter("t.state", "text", tuple(OptionState)),
    "exercise_by",
    {"update": "contract.record", "decide": "contract.change"},
)
CONTRACT_CHANGE_ORDERS: Final = _part(
    "contract_change_order",
    {
        **{name: f"t.{name}" for name in ("description", "extension_days", "decision_id")},
        "value": _money("t.value", "within.currency"),
    },
    Filter("t.state", "text", tuple(ChangeOrderState)),
    "",
    {"update": "contract.follow", "decide": "contract.change"},
)


async def load(session: WriteSession, noun: type[_Noun], object_id: UUID, *, lock: bool = False) -> _Noun:
    """A contract or a part of one for a change; `lock` makes others wait who decide on it. Raises NotFound."""
    key = (session.tenant_id, object_id)
    found = await session.get(noun, key)
    if found is None:
        raise NotFound
    if lock:
        await session.refresh(found, with_for_update=True)
    return found


async def deadlines_of(reader: Reader, project_id: UUID) -> list[tuple[Deadline, str]]:
    """Everything of the project's signed contracts that has a day and is not done, with the contract's title.

    A completed contract may still hold money back.
    """
    rows = await reader.rows(
        """with own as (select * from contracts where tenant_id = $1 and project_id = $2 and status = 'signed')
           select case m.state when 'planned' then 'milestone_due' else 'milestone_unpaid' end as code,
             own.id as contract_id, own.title as contract, 'contract_milestone' as subject_type, m.id as subject_id,
             m.title, m.due_on, case when m.state = 'planned' then t.finish::date end as forecast_on, m.payment as amount
           from own join contract_milestones m on m.tenant_id = $1 and m.contract_id = own.id
             left join tasks t on t.tenant_id = $1 and t.id = m.task_id
           where m.state = 'planned' or m.state = 'reached' and m.payment is not null
           union all
           select 'option_due', own.id, own.title, 'contract_option', o.id, o.title, o.exercise_by, null, o.value
           from own join contract_options o on o.tenant_id = $1 and o.contract_id = own.id where o.state = 'open'
           union all
           select 'change_order_open', own.id, own.title, 'contract_change_order', c.id, c.title, c.created_at::date, null, c.value
           from own join contract_change_orders c on c.tenant_id = $1 and c.contract_id = own.id
           where c.state = 'proposed'
           union all
           select 'contract_ends', own.id, own.title, 'contract', own.id, own.title, own.ends_on, null, null
           from own where own.ends_on is not null
           union all
           select 'retention_due', c.id, c.title, 'contract', c.id, c.title, c.retention_until, null,
             (select sum(m.payment) from contract_milestones m where m.tenant_id = $1 and m.contract_id = c.id
               and m.state = 'paid') * c.retention_percent / 100 from contracts c
           where c.tenant_id = $1 and c.project_id = $2 and c.status in ('signed', 'completed')
             and c.retention_until is not null and c.retention_percent > 0""",
        reader.tenant_id,
        project_id,
    )
    return [
        (
            Deadline(
                AlertCode(row["code"]),
                row["contract_id"],
                row["subject_type"],
                row["subject_id"],
                row["title"],
                row["due_on"],
                row["forecast_on"],
                row["amount"],
            ),
            row["contract"],
        )
        for row in rows
    ]
