"""A service's copy of the directory, made from the gateway's facts: people, memberships, delegations, policies."""

from datetime import datetime
from uuid import UUID

import orjson

from services.kernel.archived_access import WHOLE_TENANT, archive_access, archive_tenant, restore_access
from services.kernel.events import Fact
from services.kernel.inbox import Handlers
from services.kernel.session import WriteSession

DIRECTORY_HANDLERS = Handlers()


@DIRECTORY_HANDLERS.on("gateway.person.added", "gateway.person.changed")
async def keep_person(session: WriteSession, fact: Fact) -> None:
    data = fact.data
    await (await session.driver()).execute(
        """insert into people (tenant_id, id, name, email, language, kind, tenant_role, active, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)
           on conflict (tenant_id, id) do update set name = excluded.name, email = excluded.email,
             language = excluded.language, kind = excluded.kind, tenant_role = excluded.tenant_role,
             active = excluded.active, version = people.version + 1, updated_at = excluded.updated_at""",
        fact.tenant_id,
        fact.subject_id,
        data["name"],
        data.get("email"),
        data.get("language", "en"),
        data.get("kind", "person"),
        data.get("tenant_role"),
        data.get("active", True),
        fact.occurred_at,
    )


@DIRECTORY_HANDLERS.on("gateway.membership.granted", "gateway.membership.changed")
async def keep_membership(session: WriteSession, fact: Fact) -> None:
    data = fact.data
    expires_at = data.get("expires_at")
    await (await session.driver()).execute(
        """insert into memberships (tenant_id, project_id, person_id, id, role, expires_at, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7, $7)
           on conflict (tenant_id, project_id, person_id) do update set id = excluded.id, role = excluded.role,
             expires_at = excluded.expires_at, version = memberships.version + 1, updated_at = excluded.updated_at""",
        fact.tenant_id,
        fact.project_id,
        UUID(data["person_id"]),
        fact.subject_id,
        data["role"],
        datetime.fromisoformat(expires_at) if expires_at else None,
        fact.occurred_at,
    )


@DIRECTORY_HANDLERS.on("gateway.membership.revoked")
async def drop_membership(session: WriteSession, fact: Fact) -> None:
    await (await session.driver()).execute(
        "delete from memberships where tenant_id = $1 and project_id = $2 and person_id = $3",
        fact.tenant_id,
        fact.project_id,
        UUID(fact.data["person_id"]),
    )


@DIRECTORY_HANDLERS.on("gateway.policy.set")
async def keep_policy(session: WriteSession, fact: Fact) -> None:
    await (await session.driver()).execute(
        """insert into authority_policies (tenant_id, project_id, document, version, created_at, updated_at)
           values ($1, $2, $3, 1, $4, $4)
           on conflict (tenant_id, project_id) do update set document = excluded.document,
             version = authority_policies.version + 1, updated_at = excluded.updated_at""",
        fact.tenant_id,
        fact.project_id,
        orjson.dumps(fact.data["document"]).decode(),
        fact.occurred_at,
    )


@DIRECTORY_HANDLERS.on("gateway.delegation.granted", "gateway.delegation.ended")
async def keep_delegation(session: WriteSession, fact: Fact) -> None:
    data = fact.data
    await (await session.driver()).execute(
        """insert into delegations (tenant_id, id, project_id, person_id, role, kinds, grants, starts_at, expires_at, reason,
             granted_by_id, created_at, updated_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)
           on conflict (tenant_id, id) do update set expires_at = excluded.expires_at, version = delegations.version + 1,
             updated_at = excluded.updated_at""",
        fact.tenant_id,
        fact.subject_id,
        fact.project_id,
        UUID(data["person_id"]),
        data["role"],
        orjson.dumps(data["kinds"]).decode(),
        orjson.dumps(data["grants"]).decode() if data["grants"] is not None else None,
        datetime.fromisoformat(data["starts_at"]),
        datetime.fromisoformat(data["expires_at"]),
        data["reason"],
        UUID(data["granted_by_id"]),
        fact.occurred_at,
    )


@DIRECTORY_HANDLERS.on("gateway.project.archived")
async def archive_project(session: WriteSession, fact: Fact) -> None:
    assert fact.project_id is not None
    await archive_access(session, fact.project_id, fact.data["reason"], fact.occurred_at, fact.actor_id)


@DIRECTORY_HANDLERS.on("gateway.project.restored")
async def restore_project(session: WriteSession, fact: Fact) -> None:
    assert fact.project_id is not None
    await restore_access(session, fact.project_id)


@DIRECTORY_HANDLERS.on("gateway.tenant.archived")
async def close_tenant(session: WriteSession, fact: Fact) -> None:
    await archive_tenant(session, fact.data["reason"], fact.occurred_at, fact.actor_id)


@DIRECTORY_HANDLERS.on("gateway.tenant.restored")
async def open_tenant(session: WriteSession, fact: Fact) -> None:
    await restore_access(session, WHOLE_TENANT)
