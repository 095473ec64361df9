"""Every SQL statement of this area."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from services.kernel.access import sees_project
from services.kernel.archived_access import is_archived_project
from services.kernel.problems import NotFound
from services.kernel.session import Reader


@dataclass(frozen=True, slots=True)
class Standin:
    """A resource, or one that is the same person in another project. `seen`: the reader sees that project."""

    id: UUID
    project_id: UUID
    project_name: str
    seen: bool


async def same_person(reader: Reader, resource_id: UUID, reader_id: UUID, most: int) -> list[Standin]:
    """The work resource first, then the same person's in other projects. Raises NotFound where it is not to be seen."""
    rows = await reader.rows(
        f"""select r.id, r.project_id, p.name, {sees_project("r.project_id", "$3")} as seen
            from resources asked
              join resources r on r.tenant_id = asked.tenant_id
                and (r.id = asked.id or r.person_id = asked.person_id and r.resource_type = 'work'
                  and r.project_id <> asked.project_id)
              join projects p on p.tenant_id = r.tenant_id and p.id = r.project_id
            where asked.tenant_id = $1 and asked.id = $2 and asked.resource_type = 'work'
              and (r.id = asked.id or p.status <> 'closed' and not {is_archived_project("r.project_id")})
            order by r.id <> asked.id, r.id limit $4""",
        reader.tenant_id,
        resource_id,
        reader_id,
        most,
    )
    found = [Standin(row["id"], row["project_id"], row["name"], row["seen"]) for row in rows]
    if not found or not found[0].seen:
        raise NotFound
    return found


async def elsewhere_of(reader: Reader, resource_ids: Iterable[UUID], most: int) -> dict[UUID, list[tuple[UUID, UUID]]]:
    """By project that is not over, as (this one's, that one's) ids: where the same persons are resources as well."""
    rows = await reader.rows(
        f"""select asked.id as asked_id, r.id, r.project_id from resources asked
             join resources r on r.tenant_id = asked.tenant_id and r.person_id = asked.person_id
               and r.project_id <> asked.project_id and r.resource_type = 'work' and not {is_archived_project("r.project_id")}
             join projects p on p.tenant_id = r.tenant_id and p.id = r.project_id and p.status <> 'closed'
           where asked.tenant_id = $1 and asked.id = any($2) order by r.project_id, asked.id, r.id""",
        reader.tenant_id,
        list(resource_ids),
    )
    found: dict[UUID, list[tuple[UUID, UUID]]] = {}
    for row in rows:
        if row["project_id"] in found or len(found) < most:
            found.setdefault(row["project_id"], []).append((row["asked_id"], row["id"]))
    return found
