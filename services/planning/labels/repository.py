"""Every SQL statement of this area."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.labels.label import Label

LABELS: Final = Collection(
    noun="label",
    source="labels t",
    columns=object_columns("label") | {name: f"t.{name}" for name in ("project_id", "name", "colour")},
    filters={"name": Filter("t.name", "text"), "colour": Filter("t.colour", "text")},
    sorts={
        "created_at": Sort("t.created_at", "instant", nullable=False),
        "name": Sort("t.name", "text", nullable=False, by_language=True),
    },
    default_sort="name",
    searched=("t.name",),
    viewer_kinds={"update": "label.record", "delete": "label.record"},
)


async def load_label(session: WriteSession, label_id: UUID) -> Label:
    """A label for a change. Raises NotFound."""
    label = await session.get(Label, (session.tenant_id, label_id))
    if label is None:
        raise NotFound
    return label


async def names_of(reader: Reader, project_id: UUID, label_ids: Sequence[UUID]) -> dict[UUID, str]:
    """The names of those of the labels that are the project's."""
    rows = await reader.rows(
        "select id, name from labels where tenant_id = $1 and project_id = $2 and id = any($3::uuid[])",
        reader.tenant_id,
        project_id,
        list(label_ids),
    )
    return {row["id"]: row["name"] for row in rows}


async def known_as(reader: Reader, project_id: UUID, name: str, but: UUID | None = None) -> str | None:
    """How the project writes a name already, as another label than `but`; None where it has none of that name."""
    written: str | None = await reader.value(
        """select name from labels where tenant_id = $1 and project_id = $2 and lower(name) = lower($3)
             and id is distinct from $4""",
        reader.tenant_id,
        project_id,
        name,
        but,
    )
    return written


async def count_labels(reader: Reader, project_id: UUID) -> int:
    """How many labels the project has."""
    count: int = await reader.value(
        "select count(*) from labels where tenant_id = $1 and project_id = $2", reader.tenant_id, project_id
    )
    return count


async def labels_of_task(reader: Reader, task_id: UUID) -> list[str]:
    """The words that a task has. Raises NotFound."""
    words: list[str] | None = await reader.value(
        "select labels from tasks where tenant_id = $1 and id = $2", reader.tenant_id, task_id
    )
    if words is None:
        raise NotFound
    return words


async def rewrite(session: WriteSession, project_id: UUID, before: str, after: str | None) -> None:
    """Write a label otherwise, or not at all, in all tasks that have it. The caller holds the plan's lock."""
    await session.flush()
    # A task that has both names keeps the one that stands first.
    await (await session.driver()).execute(
        """update tasks t set version = t.version + 1, updated_at = $5, updated_by_id = $6, labels = array(
             select (array_agg(w.word order by w.place))[1] from (
               select case when lower(u.word) = lower($3) then $4 else u.word end as word, u.place
               from unnest(t.labels) with ordinality u(word, place)) w
             where w.word is not null group by lower(w.word) order by min(w.place))
           where t.tenant_id = $1 and t.project_id = $2
             and lower($3) = any(string_to_array(lower(array_to_string(t.labels, E'\\n')), E'\\n'))""",
        session.tenant_id,
        project_id,
        before,
        after,
        session.now,
        session.author_id,
    )
