"""Signing in, refreshing and signing out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from starlette.requests import Request

from gateway.credentials import repository
from gateway.credentials.account import TenantChoice, WrongCredentials, normal_email
from gateway.credentials.anonymous import behind_the_door, sender_of, speaks_as
from gateway.credentials.events import REFRESH_REUSED, SESSION_ENDED, SESSION_STARTED
from gateway.credentials.installation import INSTALLATION
from gateway.credentials.resources import Credentials
from gateway.credentials.schemas import NewSession
from gateway.credentials.session import ACCESS_MINUTES, ACCESS_PREFIX, REFRESH_PREFIX, SESSION_DAYS, Session
from gateway.identity.repository import add_credential_use
from gateway.identity.token import draw_token, token_hash
from services.kernel.identity import ALL_SCOPES, Principal
from services.kernel.ids import new_id
from services.kernel.problems import ScopeMissing, Unauthenticated
from services.kernel.requests import context_of
from services.kernel.session import WriteSession
from services.kernel.write import open_write

Method = Literal["password", "oidc", "client"]


@dataclass(frozen=True, slots=True)
class Drawn:
    """The secrets of a session, which exist in this answer only."""

    session_id: UUID
    access: str
    refresh: str | None
    seconds: int
    scopes: frozenset[str]

    def members(self) -> dict[str, Any]:
        return {
            "access_token": self.access,
            "refresh_token": self.refresh,
            "token_type": "Bearer",
            "expires_in": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whose password was right, and which of their people the session is for."""

    tenant_id: UUID
    person_id: UUID
    account_id: UUID
    credential_version: int


async def check_password(
    request: Request, credentials: Credentials, email: str, password: str
) -> tuple[Any, dict[str, str]]:
    """The account of an address, if the password is right, and the headers of the limits. Raises WrongCredentials.

    The effort is the same for an address that nobody has: the limits, the look-up and one check of a hash.
    """
    database = context_of(request).service.database
    address = normal_email(email)
    headers = await credentials.limiter.take(database, address=sender_of(request), account=address)
    async with database.read(INSTALLATION) as reading:
        account = await repository.find_account(reading, address)
    if not await credentials.passwords.matches(account and account["password_hash"], password):
        raise WrongCredentials
    return account, headers


async def authenticate(request: Request, credentials: Credentials, new: NewSession) -> tuple[SignedIn, dict[str, str]]:
    """Who signs in, in which tenant. Raises WrongCredentials, TenantChoice."""
    account, headers = await check_password(request, credentials, new.email, new.password)
    database = context_of(request).service.database
    async with database.read(INSTALLATION) as reading:
        links = await repository.people_of_account(reading, account["id"])
    found: dict[UUID, tuple[UUID, str]] = {}
    for link in links:
        async with database.read(link["of_tenant_id"]) as reading:
            person = await repository.person_and_tenant(reading, link["person_id"])
        if person is not None and person["active"]:
            found[link["of_tenant_id"]] = (link["person_id"], person["tenant_name"])
    if new.tenant_id is not None:
        found = {tenant_id: each for tenant_id, each in found.items() if tenant_id == new.tenant_id}
    if not found:
        raise WrongCredentials
    if len(found) > 1:
        tenants = [{"tenant_id": str(tenant_id), "name": name} for tenant_id, (_, name) in sorted(found.items())]
        raise TenantChoice(tenants=tenants)
    ((tenant_id, (person_id, _)),) = found.items()
    return SignedIn(tenant_id, person_id, account["id"], account["credential_version"]), headers


async def start_session(
    session: WriteSession,
    method: Method,
    *,
    account_id: UUID | None = None,
    credential_version: int | None = None,
    client_id: UUID | None = None,
    provider_id: UUID | None = None,
    authenticated_at: datetime | None = None,
    scopes: frozenset[str] | None = None,
) -> Drawn:
    """A session of the principal, who has just proved who they are. Raises NotFound for somebody who is not active."""
    person = await repository.lock_active_person(session, session.principal.person_id)
    access, refresh = draw_token(ACCESS_PREFIX), draw_token(REFRESH_PREFIX) if method != "client" else None
    ends = session.now + (timedelta(minutes=ACCESS_MINUTES) if method == "client" else timedelta(days=SESSION_DAYS))
    started = Session(
        id=new_id(),
        person_id=person.id,
        method=method,
        account_id=account_id,
        client_id=client_id,
        provider_id=provider_id,
        scopes=sorted(scopes) if scopes is not None else None,
        authenticated_at=None if method == "client" else authenticated_at or session.now,
        credential_version=credential_version,
        access_hash=token_hash(access),
        access_expires_at=session.now + timedelta(minutes=ACCESS_MINUTES),
        refresh_hash=token_hash(refresh) if refresh is not None else None,
        expires_at=ends,
    )
    session.add(started)
    await add_credential_use(session, started.id)
    await session.flush()
    if method != "client":
        data = {"person_id": str(person.id), "method": method}
        session.record(SESSION_STARTED, "session", started.id, data, project_id=None, audience="tenant")
    return Drawn(started.id, access, refresh, ACCESS_MINUTES * 60, scopes or whole_scopes(person.tenant_role))


def whole_scopes(tenant_role: str | None) -> frozenset[str]:
    """As wide as a person is."""
    return ALL_SCOPES if tenant_role == "admin" else ALL_SCOPES - {"admin"}


async def refresh(request: Request, credentials: Credentials, refresh_token: str) -> Drawn:
    """New tokens for a refresh token that has not been used. Raises Unauthenticated.

    One that has been used ends the session, whoever uses it: the fact tells the administrators.
    """
    found = await credentials.authenticator.find(repository.FIND_REFRESH, token_hash(refresh_token))
    if found is None:
        raise Unauthenticated
    principal = Principal(found["tenant_id"], found["person_id"])
    if not found["spent"]:
        try:
            async with behind_the_door(request, principal) as session:
                return await _rotate(session, token_hash(refresh_token))
        except Unauthenticated:
            # Somebody else used it in this very moment, or the session is over.
            found = await credentials.authenticator.find(repository.FIND_REFRESH, token_hash(refresh_token))
    if found is not None and found["spent"]:
        async with behind_the_door(request, principal) as session:
            await _end_stolen(session, found["session_id"])
    raise Unauthenticated


async def _rotate(session: WriteSession, refresh_hash: bytes) -> Drawn:
    """New tokens for the session. Raises Unauthenticated."""
    access, following = draw_token(ACCESS_PREFIX), draw_token(REFRESH_PREFIX)
    row = await repository.rotate(
        session,
        refresh_hash,
        token_hash(access),
        session.now + timedelta(minutes=ACCESS_MINUTES),
        token_hash(following),
    )
    if row is None:
        raise Unauthenticated
    if row["account_id"] is not None:
        version = await repository.credential_version_of(session, row["account_id"])
        if version != row["credential_version"]:
            raise Unauthenticated
    scopes = frozenset(row["scopes"]) if row["scopes"] is not None else whole_scopes(row["tenant_role"])
    return Drawn(row["id"], access, following, ACCESS_MINUTES * 60, scopes)


async def _end_stolen(session: WriteSession, session_id: UUID) -> None:
    person_id = await repository.end_session(session, session_id, "refresh_reused")
    if person_id is not None:
        data = {"person_id": str(person_id)}
        session.record(REFRESH_REUSED, "session", session_id, data, project_id=None, audience="tenant")


def require_more_than_reading(principal: Principal) -> None:
    """A token that may only read changes nothing of its owner's either. Raises ScopeMissing."""
    if all(scope.endswith(":read") for scope in principal.scopes):
        raise ScopeMissing(scope="planning:propose")


async def end_own_session(session: WriteSession, session_id: UUID, expected_version: int) -> None:
    """Sign out of one session. One that is over stays over."""
    require_more_than_reading(session.principal)
    found = await repository.load_own_session(session, session_id)
    await repository.SESSIONS.check_version(session, found.id, found.version, expected_version)
    await end_by_id(session, session_id, "signed_out")


async def end_by_id(session: WriteSession, session_id: UUID, reason: str) -> None:
    person_id = await repository.end_session(session, session_id, reason)
    if person_id is not None:
        data = {"person_id": str(person_id), "reason": reason}
        session.record(SESSION_ENDED, "session", session_id, data, project_id=None, audience="tenant")


async def end_own_sessions(session: WriteSession) -> None:
    """Sign out everywhere: of the person's sessions here, and of those of the same account in other tenants."""
    require_more_than_reading(session.principal)
    person_id = session.principal.person_id
    account = await repository.account_of_person(session, person_id)
    if account is not None:
        await repository.raise_credential_version(session, account["id"])
    if await repository.end_sessions(session, person_id, "signed_out_everywhere"):
        data = {"person_id": str(person_id), "reason": "signed_out_everywhere"}
        session.record(SESSION_ENDED, "person", person_id, data, project_id=None, audience="tenant")


async def revoke(request: Request, credentials: Credentials, secret: str) -> None:
    """End what a secret stands for, for whoever holds it (RFC 7009). An unknown one is as good as revoked."""
    for statement in (repository.FIND_ACCESS, repository.FIND_REFRESH, repository.FIND_PERSONAL):
        found = await credentials.authenticator.find(statement, token_hash(secret))
        if found is None:
            continue
        speaks_as(request, Principal(found["tenant_id"], found["person_id"]))
        async with open_write(request, dry_run=False, idempotency_key=None, if_match=None, change_agent=None) as write:
            if statement is repository.FIND_PERSONAL:
                await repository.revoke_token(write.session, found["id"])
            else:
                await end_by_id(write.session, found["session_id"], "revoked")
            await write.answer_empty()
        return
