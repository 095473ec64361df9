"""Every SQL statement of this area."""

from typing import Final
from uuid import UUID

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.checklists.checklist_item import ChecklistItem

CHECKLIST_ITEMS: Final = Collection(
    noun="checklist_item",
    source="checklist_items t join tasks k on k.tenant_id = t.tenant_id and k.id = t.task_id",
    columns=object_columns("checklist_item")
    | {
        name: f"t.{name}"
        for name in (
            *("project_id", "task_id", "title", "rank"),
            *("done", "done_at", "done_by_id", "assignee_id", "due_on"),
        )
    },
    filters={
        "task_id": Filter("t.task_id", "uuid"),
        "done": Filter("t.done", "boolean"),
        "assignee_id": Filter("t.assignee_id", "uuid"),
        "due_on": Filter("t.due_on", "date"),
    },
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        # The place of its task in the outline; no two tasks share one for long.
        "task": Sort("lpad(k.position::text, 20, '0') || k.id::text", "text", nullable=False),
        "rank": Sort("t.rank", "text", nullable=False),
        "due_on": Sort("t.due_on", "date"),
    },
    default_sort="task,rank",
    searched=("t.title",),
    expansions={
        "task": "json_build_object('id', k.id, 'type', 'task', 'title', k.title, 'wbs_code', k.wbs_code)",
        "assignee": "(select json_build_object('id', p.id, 'type', 'person', 'name', p.name) from people p"
        " where p.tenant_id = t.tenant_id and p.id = t.assignee_id)",
    },
    viewer_kinds={"update": "checklist.keep", "delete": "checklist.keep", "become_subtask": "scope.task"},
)


async def load_item(session: WriteSession, item_id: UUID, *, again: bool = False) -> ChecklistItem:
    """An item for a change, `again` as it is behind a lock that was waited for. Raises NotFound."""
    item = await session.get(ChecklistItem, (session.tenant_id, item_id), populate_existing=again)
    if item is None:
        raise NotFound
    return item


async def ranks_of(reader: Reader, task_id: UUID) -> dict[UUID, str]:
    """The ranks of a task's items, in their order."""
    rows = await reader.rows(
        "select id, rank from checklist_items where tenant_id = $1 and task_id = $2 order by rank, id",
        reader.tenant_id,
        task_id,
    )
    return {row["id"]: row["rank"] for row in rows}


async def give_ranks(session: WriteSession, ranks: dict[UUID, str]) -> None:
    """Write new ranks of items that nobody has moved."""
    await session.flush()
    await (await session.driver()).execute(
        """update checklist_items t set version = t.version + 1, rank = given.rank
           from unnest($2::uuid[], $3::text[]) as given(id, rank) where t.tenant_id = $1 and t.id = given.id""",
        session.tenant_id,
        list(ranks),
        list(ranks.values()),
    )
