"""Every SQL statement of this area."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.kernel.access import sees_costs
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.ids import new_id
from services.kernel.money import money_json
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.budget.actual import Actual
from services.planning.budget.budget_line import BudgetLine
from services.planning.budget.commitment import Commitment
from services.planning.budget.cost_code import CostCode

# System, type and id of a thing in another system.
Reference = tuple[str, str, str]

_CREATED = Sort("t.created_at", "instant", nullable=False)
_AMOUNT = Sort("t.amount", "decimal", nullable=False)
_EXTERNAL_REF = (
    "case when t.external_id is not null then json_build_object('system', t.external_system, 'type', t.external_type,"
    " 'id', t.external_id, 'url', t.external_url) end"
)
_ALLOCATION = {
    "project_id": "t.project_id",
    "task_id": "t.task_id",
    "cost_code_id": "t.cost_code_id",
    "description": "t.description",
    "amount": money_json("t.amount", "t.currency"),
}
_ALLOCATION_FILTERS = {
    "task_id": Filter("t.task_id", "uuid"),
    "cost_code_id": Filter("t.cost_code_id", "uuid"),
    "amount": Filter("t.amount", "decimal"),
}
_EXTERNAL_REF_FILTERS = {
    "external_system": Filter("t.external_system", "text"),
    "external_type": Filter("t.external_type", "text"),
    "external_id": Filter("t.external_id", "text"),
}

COST_CODES = Collection(
    noun="cost_code",
    source="cost_codes t",
    columns=object_columns("cost_code")
    | {"project_id": "t.project_id", "code": "t.code", "name": "t.name", "external_refs": "t.external_refs"},
    filters={"code": Filter("t.code", "text"), "name": Filter("t.name", "text")},
    sorts={"code": Sort("t.code", "text", nullable=False), "created_at": _CREATED},
    default_sort="code",
    searched=("t.code", "t.name"),
    viewer_kinds={"update": "cost_code.record"},
)
BUDGET_LINES = Collection(
    noun="budget_line",
    source="budget_lines t",
    visible=sees_costs,
    list_visible=sees_costs,
    columns=object_columns("budget_line") | _ALLOCATION | {"external_refs": "t.external_refs"},
    filters=_ALLOCATION_FILTERS,
    sorts={"created_at": _CREATED, "amount": _AMOUNT},
    searched=("t.description",),
    viewer_kinds={"update": "budget.line"},
)
COMMITMENTS = Collection(
    noun="commitment",
    source="commitments t",
    visible=sees_costs,
    list_visible=sees_costs,
    columns=object_columns("commitment") | _ALLOCATION | {"supplier": "t.supplier", "external_ref": _EXTERNAL_REF},
    filters=_ALLOCATION_FILTERS | _EXTERNAL_REF_FILTERS | {"supplier": Filter("t.supplier", "text")},
    sorts={
        "created_at": _CREATED,
        "amount": _AMOUNT,
        "supplier": Sort("t.supplier", "text", nullable=False, by_language=True),
    },
    searched=("t.supplier", "t.description"),
)
ACTUALS = Collection(
    noun="actual",
    source="actuals t",
    visible=sees_costs,
    list_visible=sees_costs,
    columns=object_columns("actual")
    | _ALLOCATION
    | {"posted_on": "t.posted_on", "reverses_id": "t.reverses_id", "external_ref": _EXTERNAL_REF},
    filters=_ALLOCATION_FILTERS
    | _EXTERNAL_REF_FILTERS
    | {"posted_on": Filter("t.posted_on", "date"), "reverses_id": Filter("t.reverses_id", "uuid")},
    sorts={"posted_on": Sort("t.posted_on", "date", nullable=False), "created_at": _CREATED, "amount": _AMOUNT},
    default_sort="posted_on",
    searched=("t.description",),
)


async def load_budget_line(session: WriteSession, line_id: UUID) -> BudgetLine:
    """The budget line for a change. Raises NotFound."""
    line = await session.scalar(
        select(BudgetLine).where(BudgetLine.tenant_id == session.tenant_id, BudgetLine.id == line_id)
    )
    if line is None:
        raise NotFound
    return line


async def load_cost_code(session: WriteSession, cost_code_id: UUID) -> CostCode:
    """The cost code for a change. Raises NotFound."""
    cost_code = await session.scalar(
        select(CostCode).where(CostCode.tenant_id == session.tenant_id, CostCode.id == cost_code_id)
    )
    if cost_code is None:
        raise NotFound
    return cost_code


async def codes_of(reader: Reader, project_id: UUID, cost_code_ids: Iterable[UUID]) -> dict[UUID, str]:
    """The codes by id of those cost codes that are the project's."""
    rows = await reader.rows(
        "select id, code from cost_codes where tenant_id = $1 and project_id = $2 and id = any($3)",
        reader.tenant_id,
        project_id,
        list(cost_code_ids),
    )
    return {row["id"]: row["code"] for row in rows}


async def known_tasks(reader: Reader, project_id: UUID, task_ids: Iterable[UUID]) -> set[UUID]:
    """Those of the tasks that are the project's."""
    wanted = list(task_ids)
    if not wanted:
        return set()
    rows = await reader.rows(
        "select id from tasks where tenant_id = $1 and project_id = $2 and id = any($3)",
        reader.tenant_id,
        project_id,
        wanted,
    )
    return {row["id"] for row in rows}


async def reversible(
    reader: Reader, project_id: UUID, actual_ids: Iterable[UUID]
) -> dict[UUID, tuple[Decimal, Reference | None]]:
    """Of those postings that are the project's: the amount, and the reference of the one that reverses it already."""
    rows = await reader.rows(
        """select t.id, t.amount, r.external_system, r.external_type, r.external_id
           from actuals t left join actuals r on r.tenant_id = t.tenant_id and r.reverses_id = t.id
           where t.tenant_id = $1 and t.project_id = $2 and t.id = any($3)""",
        reader.tenant_id,
        project_id,
        list(actual_ids),
    )
    return {
        row["id"]: (
            row["amount"],
            (row["external_system"], row["external_type"], row["external_id"])
            if row["external_id"] is not None
            else None,
        )
        for row in rows
    }


async def total(reader: Reader, table: Literal["budget_lines", "commitments", "actuals"], project_id: UUID) -> Decimal:
    """The sum of the project's amounts, all of them in its currency."""
    value: Decimal = await reader.value(
        f"select coalesce(sum(amount), 0) from {table} where tenant_id = $1 and project_id = $2",
        reader.tenant_id,
        project_id,
    )
    return value


async def insert_unless_known(
    session: WriteSession, entity: type[Commitment] | type[Actual], rows: Sequence[Mapping[str, Any]]
) -> list[UUID | None]:
    """Insert each row but those whose external reference the tenant has already; the new ids, None for the known.

    The references are inserted in one order by everybody, so that two batches wait for each other instead of locking up.
    """
    stamp = {
        "tenant_id": session.tenant_id,
        "version": 1,
        "created_at": session.now,
        "updated_at": session.now,
        "created_by_id": session.author_id,
        "updated_by_id": session.author_id,
    }
    stamped = [{**stamp, "id": new_id(), **row} for row in rows]
    in_order = sorted(
        stamped, key=lambda row: tuple(row[name] or "" for name in ("external_system", "external_type", "external_id"))
    )
    statement = (
        insert(entity)
        .values(in_order)
        .on_conflict_do_nothing(index_elements=["tenant_id", "external_system", "external_type", "external_id"])
        .returning(entity.id)
    )
    inserted = set(await session.scalars(statement))
    return [row["id"] if row["id"] in inserted else None for row in stamped]


async def by_external_ref(
    reader: Reader, table: Literal["commitments", "actuals"], references: Sequence[Reference]
) -> dict[Reference, Mapping[str, Any]]:
    """What the tenant knows under these references (system, type, id), whichever project it belongs to."""
    systems, types, ids = zip(*references, strict=True)
    rows = await reader.rows(
        f"""select t.* from {table} t
            join (select distinct * from unnest($2::text[], $3::text[], $4::text[])) r (system, type, id)
              on t.external_system = r.system and t.external_type = r.type and t.external_id = r.id
            where t.tenant_id = $1""",
        reader.tenant_id,
        list(systems),
        list(types),
        list(ids),
    )
    return {(row["external_system"], row["external_type"], row["external_id"]): dict(row) for row in rows}
