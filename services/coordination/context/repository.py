"""Every SQL statement of this area."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from services.kernel.session import Reader, WriteSession

# A proposal `p` as another object shows it.
PROPOSAL_JSON = (
    "json_build_object('id', p.id, 'title', p.title, 'status', p.status, 'kinds', p.kinds, 'impact', p.impact,"
    " 'submitted_at', p.submitted_at)"
)


async def upsert_project(session: WriteSession, project_id: UUID, data: Mapping[str, Any]) -> None:
    await session.value(
        """insert into projects (tenant_id, id, key, name, time_zone, currency) values ($1, $2, $3, $4, $5, $6)
           on conflict (tenant_id, id) do update set key = excluded.key, name = excluded.name,
             time_zone = excluded.time_zone, currency = excluded.currency""",
        session.tenant_id,
        project_id,
        data["key"],
        data["name"],
        data["time_zone"],
        data["currency"],
    )


async def change_project(session: WriteSession, project_id: UUID, data: Mapping[str, Any]) -> None:
    """Take over those of our members that the fact names."""
    await session.value(
        """update projects set key = coalesce($3, key), name = coalesce($4, name),
             time_zone = coalesce($5, time_zone), currency = coalesce($6, currency)
           where tenant_id = $1 and id = $2""",
        session.tenant_id,
        project_id,
        data.get("key"),
        data.get("name"),
        data.get("time_zone"),
        data.get("currency"),
    )


async def upsert_proposal(
    session: WriteSession, proposal_id: UUID, project_id: UUID, data: Mapping[str, Any], submitted_at: datetime
) -> None:
    await session.value(
        """insert into proposals (tenant_id, id, project_id, title, status, kinds, impact, submitted_at)
           values ($1, $2, $3, $4, 'open', $5, $6, $7)
           on conflict (tenant_id, id) do update set title = excluded.title, kinds = excluded.kinds,
             impact = excluded.impact, status = 'open'""",
        session.tenant_id,
        proposal_id,
        project_id,
        data["title"],
        orjson.dumps(data.get("kinds") or []).decode(),
        orjson.dumps(data.get("impact") or {}).decode(),
        submitted_at,
    )


async def set_proposal_status(session: WriteSession, proposal_id: UUID, status: str) -> None:
    await session.value(
        "update proposals set status = $3 where tenant_id = $1 and id = $2", session.tenant_id, proposal_id, status
    )


async def proposal_exists(reader: Reader, project_id: UUID, proposal_id: UUID) -> bool:
    """Whether this is a proposal of the project."""
    found: bool = await reader.value(
        "select exists (select from proposals where tenant_id = $1 and project_id = $2 and id = $3)",
        reader.tenant_id,
        project_id,
        proposal_id,
    )
    return found


async def is_on_project(reader: Reader, project_id: UUID, person_id: UUID) -> bool:
    """Whether this is an active person with a membership that has not expired, be it a guest's."""
    found: bool = await reader.value(
        """select exists (select from memberships m join people p on p.tenant_id = m.tenant_id and p.id = m.person_id
             where m.tenant_id = $1 and m.project_id = $2 and m.person_id = $3 and p.active
               and (m.expires_at is null or m.expires_at > now()))""",
        reader.tenant_id,
        project_id,
        person_id,
    )
    return found


async def project_time_zone(reader: Reader, project_id: UUID) -> str | None:
    zone: str | None = await reader.value(
        "select time_zone from projects where tenant_id = $1 and id = $2", reader.tenant_id, project_id
    )
    return zone
