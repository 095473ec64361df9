"""Every SQL statement of the directory."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update

from gateway.identity.membership_origin import membership_origins
from gateway.identity.token import Token, credential_uses
from services.kernel.access import sees_directory_of
from services.kernel.archived_access import IS_CLOSED
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.identity import MACHINES
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.kernel.tables import memberships, people

_DIRECTORY_COLUMNS = {
    "version": "t.version",
    "created_at": "t.created_at",
    "updated_at": "t.updated_at",
}


def sees_directory(tenant_column: str, person_parameter: str) -> str:
    """SQL: the person is more than a guest somewhere, or has a role in the tenant."""
    return (
        f"(exists (select from memberships mine where mine.tenant_id = {tenant_column}"
        f" and mine.person_id = {person_parameter} and mine.role <> 'guest') or exists (select from people me"
        f" where me.tenant_id = {tenant_column} and me.id = {person_parameter} and me.tenant_role is not null))"
    )


# Everybody in the tenant sees who else is in it; guests see themselves only.
PEOPLE = Collection(
    noun="person",
    source="people t",
    container=None,
    project="t.id",
    visible=lambda _, person: f"(t.id = {person} or {sees_directory('t.tenant_id', person)})",
    columns={"id": "t.id", "type": "'person'"}
    | _DIRECTORY_COLUMNS
    | {
        "name": "t.name",
        "email": "t.email",
        "language": "t.language",
        "kind": "t.kind",
        "tenant_role": "t.tenant_role",
        "active": "t.active",
    },
    filters={
        "name": Filter("t.name", "text"),
        "email": Filter("t.email", "text"),
        "kind": Filter("t.kind", "text"),
        "active": Filter("t.active", "boolean"),
    },
    sorts={"name": Sort("t.name", "text", nullable=False, by_language=True)},
    default_sort="name",
    searched=("t.name",),
)

MEMBERSHIPS = Collection(
    noun="membership",
    source="memberships t",
    visible=sees_directory_of,
    list_visible=sees_directory_of,
    columns={"id": "t.id", "type": "'membership'"}
    | _DIRECTORY_COLUMNS
    | {"project_id": "t.project_id", "person_id": "t.person_id", "role": "t.role", "expires_at": "t.expires_at"},
    filters={"role": Filter("t.role", "text"), "person_id": Filter("t.person_id", "uuid")},
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
    viewer_kinds={"update": "membership.grant", "delete": "membership.grant"},
    expansions={
        "person": "(select row_to_json(p) from (select o.id, 'person' as type, o.name from people o"
        " where o.tenant_id = t.tenant_id and o.id = t.person_id) p)"
    },
)

LAST_USED = "(select u.last_used_at from credential_uses u where u.tenant_id = t.tenant_id and u.credential_id = t.id)"

TOKENS = Collection(
    noun="token",
    source="tokens t",
    container=None,
    project="t.id",
    visible=lambda _, person: f"t.person_id = {person}",
    columns=object_columns("token")
    | {
        "person_id": "t.person_id",
        "name": "t.name",
        "hint": "t.hint",
        "scopes": "t.scopes",
        "expires_at": "t.expires_at",
        "revoked_at": "t.revoked_at",
        "last_used_at": LAST_USED,
    },
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
)

# Before the tenant is known: who holds this token, and how far the tenant's directory has come. Run as the background
# role, which alone may look over all tenants.
AUTHENTICATE = f"""
select t.tenant_id, t.person_id, t.scopes, p.kind, p.tenant_role, coalesce(h.number, 0) as head,
  t.id as credential_id, u.last_used_at, null::timestamptz as authenticated_at, null::uuid as session_id, {IS_CLOSED} as closed
from tokens t
join people p on p.tenant_id = t.tenant_id and p.id = t.person_id and p.active
left join credential_uses u on u.tenant_id = t.tenant_id and u.credential_id = t.id
left join outbox_heads h on h.tenant_id = t.tenant_id
where t.hash = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
"""

DIRECTORY_HEAD = "select number from outbox_heads where tenant_id = $1"
NOTE_USE = """
update credential_uses set last_used_at = date_trunc('hour', now())
where tenant_id = $1 and credential_id = $2
  and (last_used_at is null or last_used_at < date_trunc('hour', now()))
"""


async def read_me(reader: Reader, person_id: UUID) -> dict[str, Any]:
    """Name, address, language and tenant's name of a person. Raises NotFound."""
    row = await reader.row(
        """select p.name, p.email, p.language, t.name as tenant_name from people p
           join tenants t on t.tenant_id = p.tenant_id where p.tenant_id = $1 and p.id = $2""",
        reader.tenant_id,
        person_id,
    )
    if row is None:
        raise NotFound
    return dict(row)


async def add_person(session: WriteSession, person_id: UUID, values: dict[str, Any]) -> None:
    await session.execute(
        insert(people).values(
            tenant_id=session.tenant_id, id=person_id, created_at=session.now, updated_at=session.now, **values
        )
    )


async def add_credential_use(session: WriteSession, credential_id: UUID) -> None:
    """The row in which the use of a new credential will be noted."""
    await session.execute(
        insert(credential_uses).values(tenant_id=session.tenant_id, credential_id=credential_id, last_used_at=None)
    )


async def is_machine(session: WriteSession, person_id: UUID) -> bool:
    """Whether this is software and no human being."""
    kind = await session.scalar(
        select(people.c.kind).where(people.c.tenant_id == session.tenant_id, people.c.id == person_id)
    )
    return kind in MACHINES


async def load_person(session: WriteSession, person_id: UUID) -> Any:
    """The row of a person for a change. Raises NotFound."""
    statement = select(people).where(people.c.tenant_id == session.tenant_id, people.c.id == person_id)
    row = (await session.execute(statement.with_for_update())).one_or_none()
    if row is None:
        raise NotFound
    return row


async def change_person(session: WriteSession, person_id: UUID, values: dict[str, Any]) -> None:
    await session.execute(
        update(people)
        .where(people.c.tenant_id == session.tenant_id, people.c.id == person_id)
        .values(version=people.c.version + 1, updated_at=session.now, **values)
    )


async def find_person(reader: Reader, person_id: UUID) -> Any:
    """Name and kind of an active person, None without one."""
    return await reader.row(
        "select name, kind from people where tenant_id = $1 and id = $2 and active", reader.tenant_id, person_id
    )


async def person_exists(reader: Reader, person_id: UUID) -> bool:
    found = await reader.value(
        "select true from people where tenant_id = $1 and id = $2 and active", reader.tenant_id, person_id
    )
    return bool(found)


async def is_admin(reader: Reader, person_id: UUID) -> bool:
    found = await reader.value(
        "select tenant_role = 'admin' from people where tenant_id = $1 and id = $2 and active",
        reader.tenant_id,
        person_id,
    )
    return bool(found)


async def end_sign_ins(session: WriteSession, person_id: UUID) -> None:
    """End the sessions of a person who is active no more, and withdraw what would let them begin one.

    The look-up of each request refuses them already; this keeps them out when they become active again.
    """
    arguments = (session.tenant_id, person_id)
    await session.row(
        """update sessions set ended_at = now(), end_reason = 'deactivated', version = version + 1, updated_at = now()
           where tenant_id = $1 and person_id = $2 and ended_at is null""",
        *arguments,
    )
    await session.row(
        """update invitations set revoked_at = now(), version = version + 1, updated_at = now()
           where tenant_id = $1 and person_id = $2 and accepted_at is null and revoked_at is null""",
        *arguments,
    )


async def add_membership(
    session: WriteSession,
    membership_id: UUID,
    project_id: UUID,
    person_id: UUID,
    role: str,
    expires_at: datetime | None,
) -> None:
    await session.execute(
        insert(memberships).values(
            tenant_id=session.tenant_id,
            id=membership_id,
            project_id=project_id,
            person_id=person_id,
            role=role,
            expires_at=expires_at,
            created_at=session.now,
            updated_at=session.now,
        )
    )


async def load_membership(session: WriteSession, membership_id: UUID) -> Any:
    """The row of a membership for a change. Raises NotFound.

    All memberships of its project are locked, in one order: whoever counts those who stay, counts them alone.
    """
    of_tenant = memberships.c.tenant_id == session.tenant_id
    project_id = select(memberships.c.project_id).where(of_tenant, memberships.c.id == membership_id).scalar_subquery()
    statement = select(memberships).where(of_tenant, memberships.c.project_id == project_id).order_by(memberships.c.id)
    rows = await session.execute(statement.with_for_update())
    row = next((row for row in rows if row.id == membership_id), None)
    if row is None:
        raise NotFound
    return row


async def change_membership(session: WriteSession, membership_id: UUID, values: dict[str, Any]) -> None:
    """Change a membership by hand. It is by hand from now on, wherever it came from."""
    await _forget_origin(session, membership_id)
    await session.execute(
        update(memberships)
        .where(memberships.c.tenant_id == session.tenant_id, memberships.c.id == membership_id)
        .values(version=memberships.c.version + 1, updated_at=session.now, **values)
    )


async def drop_membership(session: WriteSession, membership_id: UUID) -> None:
    await _forget_origin(session, membership_id)
    await session.execute(
        memberships.delete().where(memberships.c.tenant_id == session.tenant_id, memberships.c.id == membership_id)
    )


async def memberships_of(reader: Reader, person_id: UUID) -> set[tuple[UUID, str]]:
    """The projects that a person is on now, each with their role."""
    rows = await reader.rows(
        """select project_id, role from memberships
           where tenant_id = $1 and person_id = $2 and (expires_at is null or expires_at > now())""",
        reader.tenant_id,
        person_id,
    )
    return {(row["project_id"], row["role"]) for row in rows}


async def comes_by_group(session: WriteSession, membership_id: UUID) -> bool:
    """Whether a group has brought this membership, and no hand has changed it since."""
    found = await session.value(
        "select true from membership_origins where tenant_id = $1 and membership_id = $2",
        session.tenant_id,
        membership_id,
    )
    return bool(found)


async def _forget_origin(session: WriteSession, membership_id: UUID) -> None:
    await session.execute(
        membership_origins.delete().where(
            membership_origins.c.tenant_id == session.tenant_id, membership_origins.c.membership_id == membership_id
        )
    )


async def load_manager(session: WriteSession, project_id: UUID) -> Any:
    """The membership of the project's manager, locked; None when another handover was just committed."""
    statement = select(memberships).where(
        memberships.c.tenant_id == session.tenant_id,
        memberships.c.project_id == project_id,
        memberships.c.role == "manager",
    )
    return (await session.execute(statement.with_for_update())).one_or_none()


async def find_membership(session: WriteSession, project_id: UUID, person_id: UUID) -> Any:
    """The membership of one person on one project, locked, None without one."""
    statement = select(memberships).where(
        memberships.c.tenant_id == session.tenant_id,
        memberships.c.project_id == project_id,
        memberships.c.person_id == person_id,
    )
    return (await session.execute(statement.with_for_update())).one_or_none()


async def load_own_token(session: WriteSession, token_id: UUID) -> Token:
    """A token of the caller. Raises NotFound."""
    token = await session.scalar(
        select(Token).where(
            Token.tenant_id == session.tenant_id,
            Token.id == token_id,
            Token.person_id == session.principal.person_id,
        )
    )
    if token is None:
        raise NotFound
    return token
