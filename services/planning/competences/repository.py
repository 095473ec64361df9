"""Every SQL statement of this area."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final
from uuid import UUID

from services.kernel.access import sees_confidential, sees_project
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.competences.competence import Competence, CompetenceDemand, ResourceCompetence
from services.planning.competences.fitness import Demand, Held

_CREATED: Final = {"created_at": Sort("t.created_at", "instant", nullable=False)}


def sees_words(_: str, person: str) -> str:
    """SQL: the person is more than a guest somewhere, or has a role in the tenant."""
    return (
        f"(exists (select from memberships mine where mine.tenant_id = t.tenant_id and mine.person_id = {person}"
        " and mine.role <> 'guest' and (mine.expires_at is null or mine.expires_at > now()))"
        f" or exists (select from people me where me.tenant_id = t.tenant_id and me.id = {person} and me.active"
        " and me.tenant_role is not null))"
    )


COMPETENCES: Final = Collection(
    noun="competence",
    source="competences t",
    container=None,
    project="t.id",
    visible=sees_words,
    columns=object_columns("competence") | {"name": "t.name", "description": "t.description"},
    filters={"name": Filter("t.name", "text")},
    sorts=_CREATED | {"name": Sort("t.name", "text", nullable=False, by_language=True)},
    searched=("t.name", "t.description"),
)
RESOURCE_COMPETENCES: Final = Collection(
    noun="resource_competence",
    source="resource_competences t",
    columns=object_columns("resource_competence")
    | {
        name: f"t.{name}"
        for name in (
            *("project_id", "resource_id", "competence_id", "level", "valid_from", "valid_to"),
            *("evidence_document_id", "note"),
        )
    },
    filters={
        "resource_id": Filter("t.resource_id", "uuid"),
        "competence_id": Filter("t.competence_id", "uuid"),
        "level": Filter("t.level", "integer"),
        "valid_to": Filter("t.valid_to", "date"),
    },
    sorts=_CREATED | {"valid_to": Sort("t.valid_to", "date")},
    viewer_kinds={"update": "competence.record", "delete": "competence.record"},
)
COMPETENCE_DEMANDS: Final = Collection(
    noun="competence_demand",
    source="competence_demands t",
    columns=object_columns("competence_demand")
    | {name: f"t.{name}" for name in ("project_id", "task_id", "competence_id", "minimum_level")},
    filters={"task_id": Filter("t.task_id", "uuid"), "competence_id": Filter("t.competence_id", "uuid")},
    sorts=_CREATED,
    viewer_kinds={"update": "competence.demand", "delete": "competence.demand"},
)


async def load_competence(session: WriteSession, competence_id: UUID) -> Competence:
    """The competence for a change. Raises NotFound."""
    found = await session.get(Competence, (session.tenant_id, competence_id))
    if found is None:
        raise NotFound
    return found


async def load_resource_competence(session: WriteSession, object_id: UUID) -> ResourceCompetence:
    """The competence of a resource for a change. Raises NotFound."""
    found = await session.get(ResourceCompetence, (session.tenant_id, object_id))
    if found is None:
        raise NotFound
    return found


async def load_demand(session: WriteSession, demand_id: UUID) -> CompetenceDemand:
    """The demand for a change. Raises NotFound."""
    found = await session.get(CompetenceDemand, (session.tenant_id, demand_id))
    if found is None:
        raise NotFound
    return found


async def is_competence(reader: Reader, competence_id: UUID) -> bool:
    """Whether the tenant knows the competence."""
    found: bool = await reader.value(
        "select exists (select from competences where tenant_id = $1 and id = $2)", reader.tenant_id, competence_id
    )
    return found


async def is_demanded(reader: Reader, task_id: UUID, competence_id: UUID) -> bool:
    """Whether the task asks for the competence already."""
    found: bool = await reader.value(
        "select exists (select from competence_demands where tenant_id = $1 and task_id = $2 and competence_id = $3)",
        reader.tenant_id,
        task_id,
        competence_id,
    )
    return found


async def held_by(reader: Reader, resource_ids: Iterable[UUID], reader_id: UUID) -> dict[UUID, list[Held]]:
    """By resource the competences that it has; of a person also those that are recorded in other projects, as far as the
    reader sees these."""
    rows = await reader.rows(
        f"""select distinct asked.id, c.competence_id, c.level, c.valid_from, c.valid_to from resources asked
              join resources held on held.tenant_id = asked.tenant_id
                and (held.id = asked.id or held.person_id = asked.person_id)
              join resource_competences c on c.tenant_id = held.tenant_id and c.resource_id = held.id
            where asked.tenant_id = $1 and asked.id = any($2)
              and (held.id = asked.id or {sees_project("held.project_id", "$3")}) order by 1, 2, 3, 4, 5""",
        reader.tenant_id,
        list(resource_ids),
        reader_id,
    )
    found: dict[UUID, list[Held]] = {}
    for row in rows:
        found.setdefault(row["id"], []).append(Held(*row))
    return found


async def demands_of(reader: Reader, project_id: UUID) -> list[Demand]:
    """All that the project's tasks ask for."""
    rows = await reader.rows(
        """select task_id, competence_id, minimum_level from competence_demands
           where tenant_id = $1 and project_id = $2 order by id""",
        reader.tenant_id,
        project_id,
    )
    return [Demand(*row) for row in rows]


async def names_of(reader: Reader, competence_ids: Iterable[UUID]) -> dict[UUID, str]:
    """What competences are called."""
    rows = await reader.rows(
        "select id, name from competences where tenant_id = $1 and id = any($2)",
        reader.tenant_id,
        list(competence_ids),
    )
    return {row["id"]: row["name"] for row in rows}


async def rates_of(reader: Reader, project_id: UUID, reader_id: UUID) -> dict[UUID, tuple[Decimal, str]]:
    """What an hour of the project's work resources costs, with the currency; of none where the reader does not see rates."""
    rows = await reader.rows(
        f"""select r.id, r.standard_rate, r.currency from resources r where r.tenant_id = $1 and r.project_id = $2
              and r.resource_type = 'work' and r.standard_rate is not null
              and {sees_confidential("rates", "r.project_id", "$3")}""",
        reader.tenant_id,
        project_id,
        reader_id,
    )
    return {row["id"]: (row["standard_rate"], row["currency"]) for row in rows}
