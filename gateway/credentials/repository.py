"""Every SQL statement of credentials.

What is looked up before the tenant is known runs as the background role and has the hash or id of a secret in its
condition; accounts, mailed secrets and buckets are the installation's rows.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from gateway.credentials.installation import INSTALLATION, installation_rows
from gateway.credentials.invitation import Invitation
from gateway.credentials.oauth_client import OAuthClient
from gateway.credentials.session import Session
from gateway.identity.repository import LAST_USED
from services.kernel.archived_access import IS_CLOSED
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.kernel.tables import people

# A session's access token: the person is active, the session and what it rests on are not over. Runs as the background
# role; the other half of its prefix table is gateway/identity/repository.py.
AUTHENTICATE_SESSION: Final = f"""
select t.tenant_id, t.person_id, t.scopes, p.kind, p.tenant_role, coalesce(h.number, 0) as head,
  t.id as credential_id, u.last_used_at, t.authenticated_at, t.id as session_id, {IS_CLOSED} as closed
from sessions t
join people p on p.tenant_id = t.tenant_id and p.id = t.person_id and p.active
left join accounts a on a.tenant_id = '{INSTALLATION}' and a.id = t.account_id
left join oauth_clients c on c.tenant_id = t.tenant_id and c.id = t.client_id
left join credential_uses u on u.tenant_id = t.tenant_id and u.credential_id = t.id
left join outbox_heads h on h.tenant_id = t.tenant_id
where t.access_hash = $1 and t.ended_at is null and t.access_expires_at > now() and t.expires_at > now()
  and (t.account_id is null or a.credential_version = t.credential_version)
  and (t.client_id is null or c.revoked_at is null and (c.expires_at is null or c.expires_at > now()))
"""

FIND_REFRESH: Final = """
select tenant_id, id as session_id, person_id, false as spent from sessions where refresh_hash = $1
union all
select s.tenant_id, s.session_id, t.person_id, true from spent_refreshes s
join sessions t on t.tenant_id = s.tenant_id and t.id = s.session_id where s.hash = $1
"""
FIND_ACCESS: Final = "select tenant_id, id as session_id, person_id from sessions where access_hash = $1"
FIND_PERSONAL: Final = """
select tenant_id, id, person_id from tokens where hash = $1 and revoked_at is null
"""
FIND_INVITATION: Final = """
select t.tenant_id, t.id, t.person_id, t.email,
  t.accepted_at is null and t.revoked_at is null and t.expires_at > now() and p.active and lower(p.email) = t.email as open
from invitations t join people p on p.tenant_id = t.tenant_id and p.id = t.person_id
where t.hash = $1
"""
FIND_CLIENT: Final = """
select t.tenant_id, t.id, t.person_id, t.hash, t.scopes, p.kind, p.tenant_role, u.last_used_at
from oauth_clients t
join people p on p.tenant_id = t.tenant_id and p.id = t.person_id and p.active
left join credential_uses u on u.tenant_id = t.tenant_id and u.credential_id = t.id
where t.id = $1 and t.revoked_at is null and (t.expires_at is null or t.expires_at > now())
"""


def _sweep(table: str, key: str, source: str, source_key: str, over: str) -> str:
    """SQL that deletes a batch of what is over."""
    return (
        f"delete from {table} where (tenant_id, {key}) in"
        f" (select tenant_id, {source_key} from {source} where {over} limit $1)"
    )


# What has had its time; run by the kernel's housekeeping as the background role. What is over is shown for a while.
CHORES: Final = (
    _sweep("rate_buckets", "key", "rate_buckets", "key", "ends_at < now() - interval '1 hour'"),
    _sweep("spent_refreshes", "hash", "spent_refreshes", "hash", "expires_at < now()"),
    _sweep("mailed_secrets", "hash", "mailed_secrets", "hash", "expires_at < now()"),
    _sweep("credential_uses", "credential_id", "sessions", "id", "expires_at < now() - interval '30 days'"),
    _sweep("sessions", "id", "sessions", "id", "expires_at < now() - interval '31 days'"),
)


def _by_administrators(project: str, person: str) -> str:
    return (
        f"exists (select from people me where me.tenant_id = t.tenant_id and me.id = {person}"
        " and me.active and me.tenant_role = 'admin')"
    )


SESSIONS = Collection(
    noun="session",
    source="sessions t",
    container=None,
    project="t.id",
    visible=lambda _, person: f"t.person_id = {person}",
    columns=object_columns("session")
    | {
        "person_id": "t.person_id",
        "method": "t.method",
        "authenticated_at": "t.authenticated_at",
        "expires_at": "t.expires_at",
        "ended_at": "t.ended_at",
        "end_reason": "t.end_reason",
        "last_used_at": LAST_USED,
    },
    filters={"method": Filter("t.method", "text"), "ended_at": Filter("t.ended_at", "instant")},
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
)

INVITATIONS = Collection(
    noun="invitation",
    source="invitations t",
    container=None,
    project="t.id",
    visible=_by_administrators,
    columns=object_columns("invitation")
    | {
        "person_id": "t.person_id",
        "email": "t.email",
        "status": "case when t.accepted_at is not null then 'accepted' when t.revoked_at is not null then 'revoked'"
        " when t.expires_at <= now() then 'expired' else 'pending' end",
        "expires_at": "t.expires_at",
        "sent_at": "t.sent_at",
        "accepted_at": "t.accepted_at",
        "revoked_at": "t.revoked_at",
    },
    filters={"person_id": Filter("t.person_id", "uuid"), "email": Filter("t.email", "text")},
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
)

OAUTH_CLIENTS = Collection(
    noun="oauth_client",
    source="oauth_clients t",
    container=None,
    project="t.id",
    visible=_by_administrators,
    columns=object_columns("oauth_client")
    | {
        "person_id": "t.person_id",
        "name": "t.name",
        "hint": "t.hint",
        "scopes": "t.scopes",
        "expires_at": "t.expires_at",
        "revoked_at": "t.revoked_at",
        "last_used_at": LAST_USED,
    },
    filters={"person_id": Filter("t.person_id", "uuid")},
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
)


# -- limits -----------------------------------------------------------------------------------------------------------


async def count_attempt(reader: Reader, key: str, quota: int, seconds: int) -> Any:
    """Count one attempt and tell how many there were (one beyond the quota at most) and for how long they count."""
    return await reader.row(
        """insert into rate_buckets as b (tenant_id, key, taken, ends_at)
           values ($1, $2, 1, now() + make_interval(secs => $3))
           on conflict (tenant_id, key) do update set
             taken = case when b.ends_at <= now() then 1 else least(b.taken + 1, $4 + 1) end,
             ends_at = case when b.ends_at <= now() then excluded.ends_at else b.ends_at end
           returning taken, greatest(1, ceil(extract(epoch from ends_at - now())))::int as seconds""",
        INSTALLATION,
        key,
        seconds,
        quota,
    )


# -- accounts: the installation's rows --------------------------------------------------------------------------------


async def find_account(reader: Reader, email: str) -> Any:
    """The account of an address whose owner has proved to have it, None without one."""
    return await reader.row(
        """select id, email, password_hash, credential_version from accounts
           where tenant_id = $1 and email = $2 and email_verified_at is not null""",
        INSTALLATION,
        email,
    )


async def people_of_account(reader: Reader, account_id: UUID) -> Sequence[Any]:
    """Whom the account may sign in as: `of_tenant_id`, `person_id`."""
    return await reader.rows(
        "select of_tenant_id, person_id from account_people where tenant_id = $1 and account_id = $2",
        INSTALLATION,
        account_id,
    )


async def account_of_person(session: WriteSession, person_id: UUID) -> Any:
    """The account that signs in as a person of the session's tenant, None without one."""
    async with installation_rows(session) as driver:
        return await driver.fetchrow(
            """select a.id, a.email, a.password_hash, a.credential_version from account_people l
               join accounts a on a.tenant_id = l.tenant_id and a.id = l.account_id
               where l.tenant_id = $1 and l.of_tenant_id = $2 and l.person_id = $3""",
            INSTALLATION,
            session.tenant_id,
            person_id,
        )


async def set_password(session: WriteSession, account_id: UUID, version: int | None, password_hash: str) -> int | None:
    """Set a password, which ends all sessions by raising the credential version, and forget all mailed secrets.

    `version` is the one that the change was decided upon, None for whatever it is. Returns the new version, None where
    somebody else was faster.
    """
    async with installation_rows(session) as driver:
        raised: int | None = await driver.fetchval(
            """update accounts set password_hash = $4, credential_version = credential_version + 1, updated_at = now()
               where tenant_id = $1 and id = $2 and ($3::int is null or credential_version = $3)
               returning credential_version""",
            INSTALLATION,
            account_id,
            version,
            password_hash,
        )
        await driver.execute(
            "delete from mailed_secrets where tenant_id = $1 and account_id = $2", INSTALLATION, account_id
        )
    return raised


async def raise_credential_version(session: WriteSession, account_id: UUID) -> None:
    """End every session of the account, in every tenant."""
    async with installation_rows(session) as driver:
        await driver.execute(
            """update accounts set credential_version = credential_version + 1, updated_at = now()
               where tenant_id = $1 and id = $2""",
            INSTALLATION,
            account_id,
        )


async def set_email(session: WriteSession, account_id: UUID, email: str) -> None:
    """Give the account another address, which was just proved. A taken one breaks the index."""
    async with installation_rows(session) as driver:
        await driver.execute(
            """update accounts set email = $3, email_verified_at = now(), updated_at = now()
               where tenant_id = $1 and id = $2""",
            INSTALLATION,
            account_id,
            email,
        )


async def add_account(session: WriteSession, account_id: UUID, email: str, password_hash: str) -> None:
    async with installation_rows(session) as driver:
        await driver.execute(
            """insert into accounts (tenant_id, id, email, email_verified_at, password_hash)
               values ($1, $2, $3, now(), $4)""",
            INSTALLATION,
            account_id,
            email,
            password_hash,
        )


async def link_account(session: WriteSession, account_id: UUID, person_id: UUID) -> None:
    """Let the account, and no other, sign in as a person of the session's tenant."""
    async with installation_rows(session) as driver:
        await driver.execute(
            """insert into account_people (tenant_id, of_tenant_id, person_id, account_id) values ($1, $2, $3, $4)
               on conflict (tenant_id, of_tenant_id, person_id) do update set account_id = excluded.account_id""",
            INSTALLATION,
            session.tenant_id,
            person_id,
            account_id,
        )


async def keep_mailed_secret(
    session: WriteSession, secret_hash: bytes, purpose: str, account_id: UUID, email: str, expires_at: datetime
) -> None:
    """The newest secret of a purpose is the only one."""
    async with installation_rows(session) as driver:
        await driver.execute(
            "delete from mailed_secrets where tenant_id = $1 and account_id = $2 and purpose = $3",
            INSTALLATION,
            account_id,
            purpose,
        )
        await driver.execute(
            """insert into mailed_secrets (tenant_id, hash, purpose, account_id, email, expires_at)
               values ($1, $2, $3, $4, $5, $6)""",
            INSTALLATION,
            secret_hash,
            purpose,
            account_id,
            email,
            expires_at,
        )


async def find_mailed_secret(reader: Reader, secret_hash: bytes, purpose: str) -> Any:
    """`account_id`, `email` (where it was sent) and `account_email` of a secret that is good, None without."""
    return await reader.row(
        """select m.account_id, m.email, a.email as account_email from mailed_secrets m
           join accounts a on a.tenant_id = m.tenant_id and a.id = m.account_id
           where m.tenant_id = $1 and m.hash = $2 and m.purpose = $3 and m.expires_at > now()""",
        INSTALLATION,
        secret_hash,
        purpose,
    )


async def use_up_mailed_secret(session: WriteSession, secret_hash: bytes, purpose: str) -> bool:
    """Take the secret away. Of those who try at once, one is told True."""
    async with installation_rows(session) as driver:
        used = await driver.fetchval(
            """delete from mailed_secrets where tenant_id = $1 and hash = $2 and purpose = $3 and expires_at > now()
               returning true""",
            INSTALLATION,
            secret_hash,
            purpose,
        )
    return bool(used)


# -- people and sessions: the tenant's rows ---------------------------------------------------------------------------


async def person_and_tenant(reader: Reader, person_id: UUID) -> Any:
    """`active`, `kind`, `email`, `tenant_role` of a person and the tenant's `tenant_name`, None for nobody."""
    return await reader.row(
        """select p.active, p.kind, p.email, p.name, p.language, p.tenant_role, t.name as tenant_name from people p
           join tenants t on t.tenant_id = p.tenant_id where p.tenant_id = $1 and p.id = $2""",
        reader.tenant_id,
        person_id,
    )


async def lock_active_person(session: WriteSession, person_id: UUID) -> Any:
    """The row of a person who is active, held until the end of the transaction. Raises NotFound.

    Whoever deactivates the person waits, or was first.
    """
    statement = select(people).where(
        people.c.tenant_id == session.tenant_id, people.c.id == person_id, people.c.active.is_(True)
    )
    row = (await session.execute(statement.with_for_update(read=True))).one_or_none()
    if row is None:
        raise NotFound
    return row


async def rotate(
    session: WriteSession, refresh_hash: bytes, access_hash: bytes, access_expires_at: datetime, next_hash: bytes
) -> Any:
    """Give the session of a refresh token new tokens, in one statement: of those who try at once, one succeeds.

    Returns the session's `id`, `person_id` and `scopes`, None where the token is no longer the session's, or the session
    or what it rests on is over.
    """
    row = await session.row(
        """update sessions t set access_hash = $3, access_expires_at = least($4, t.expires_at), refresh_hash = $5
           from people p
           where t.tenant_id = $1 and t.refresh_hash = $2 and t.ended_at is null and t.expires_at > now()
             and p.tenant_id = t.tenant_id and p.id = t.person_id and p.active
           returning t.id, t.person_id, t.scopes, t.account_id, t.credential_version, t.expires_at, p.tenant_role""",
        session.tenant_id,
        refresh_hash,
        access_hash,
        access_expires_at,
        next_hash,
    )
    if row is None:
        return None
    await session.row(
        "insert into spent_refreshes (tenant_id, hash, session_id, expires_at) values ($1, $2, $3, $4)",
        session.tenant_id,
        refresh_hash,
        row["id"],
        row["expires_at"],
    )
    return row


async def credential_version_of(session: WriteSession, account_id: UUID) -> int | None:
    async with installation_rows(session) as driver:
        version: int | None = await driver.fetchval(
            "select credential_version from accounts where tenant_id = $1 and id = $2", INSTALLATION, account_id
        )
    return version


async def end_session(session: WriteSession, session_id: UUID, reason: str) -> UUID | None:
    """End one session. Returns its person, None where it had ended before."""
    ended: UUID | None = await session.value(
        """update sessions set ended_at = now(), end_reason = $3, version = version + 1, updated_at = now()
           where tenant_id = $1 and id = $2 and ended_at is null returning person_id""",
        session.tenant_id,
        session_id,
        reason,
    )
    return ended


async def end_sessions(session: WriteSession, person_id: UUID, reason: str, but: UUID | None = None) -> int:
    """End all sessions of a person in the tenant, except perhaps one. Returns how many there were."""
    rows = await session.rows(
        """update sessions set ended_at = now(), end_reason = $3, version = version + 1, updated_at = now()
           where tenant_id = $1 and person_id = $2 and ended_at is null and ($4::uuid is null or id <> $4)
           returning id""",
        session.tenant_id,
        person_id,
        reason,
        but,
    )
    return len(rows)


async def keep_session(session: WriteSession, session_id: UUID, credential_version: int) -> None:
    """Let a session go on under the credential version that has just been raised."""
    await session.row(
        "update sessions set credential_version = $3 where tenant_id = $1 and id = $2 and ended_at is null",
        session.tenant_id,
        session_id,
        credential_version,
    )


async def load_own_session(session: WriteSession, session_id: UUID) -> Session:
    """A session of the caller. Raises NotFound."""
    found = await session.scalar(
        select(Session).where(
            Session.tenant_id == session.tenant_id,
            Session.id == session_id,
            Session.person_id == session.principal.person_id,
        )
    )
    if found is None:
        raise NotFound
    return found


async def revoke_token(session: WriteSession, token_id: UUID) -> None:
    """Revoke a personal or service token by its id, for whoever holds its secret."""
    await session.row(
        """update tokens set revoked_at = now(), version = version + 1, updated_at = now()
           where tenant_id = $1 and id = $2 and revoked_at is null""",
        session.tenant_id,
        token_id,
    )


# -- invitations ------------------------------------------------------------------------------------------------------


async def load_invitation(session: WriteSession, invitation_id: UUID) -> Invitation:
    """Raises NotFound."""
    found = await session.scalar(
        select(Invitation).where(Invitation.tenant_id == session.tenant_id, Invitation.id == invitation_id)
    )
    if found is None:
        raise NotFound
    return found


async def withdraw_invitations(session: WriteSession, person_id: UUID) -> None:
    """Revoke what is still pending for a person."""
    await session.row(
        """update invitations set revoked_at = now(), version = version + 1, updated_at = now()
           where tenant_id = $1 and person_id = $2 and accepted_at is null and revoked_at is null""",
        session.tenant_id,
        person_id,
    )


async def give_invitation_a_secret(session: WriteSession, invitation_id: UUID, secret_hash: bytes) -> Any:
    """Set the secret of a pending invitation. Returns `email` and the person's `name`, `language`, and `tenant_name`."""
    return await session.row(
        """update invitations t set hash = $3, sent_at = now()
           from people p, tenants o
           where t.tenant_id = $1 and t.id = $2 and t.accepted_at is null and t.revoked_at is null and t.expires_at > now()
             and p.tenant_id = t.tenant_id and p.id = t.person_id and p.active and o.tenant_id = t.tenant_id
           returning t.email, p.name, p.language, o.name as tenant_name""",
        session.tenant_id,
        invitation_id,
        secret_hash,
    )


async def accept_invitation(session: WriteSession, invitation_id: UUID, secret_hash: bytes) -> bool:
    """Mark an open invitation accepted. Of those who try at once, one is told True."""
    accepted = await session.value(
        """update invitations t set accepted_at = now(), version = t.version + 1, updated_at = now()
           from people p
           where t.tenant_id = $1 and t.id = $2 and t.hash = $3 and t.accepted_at is null and t.revoked_at is null
             and t.expires_at > now() and p.tenant_id = t.tenant_id and p.id = t.person_id and p.active
             and lower(p.email) = t.email
           returning true""",
        session.tenant_id,
        invitation_id,
        secret_hash,
    )
    return bool(accepted)


# -- OAuth clients ----------------------------------------------------------------------------------------------------


async def load_client(session: WriteSession, client_id: UUID) -> OAuthClient:
    """Raises NotFound."""
    found = await session.scalar(
        select(OAuthClient).where(OAuthClient.tenant_id == session.tenant_id, OAuthClient.id == client_id)
    )
    if found is None:
        raise NotFound
    return found


async def note_client_use(session: WriteSession, client_id: UUID) -> None:
    await session.row(
        "update credential_uses set last_used_at = date_trunc('hour', now()) where tenant_id = $1 and credential_id = $2",
        session.tenant_id,
        client_id,
    )
