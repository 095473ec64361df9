"""Every SQL statement of federation."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from gateway.federation.identity_provider import IdentityProvider
from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession

# Before the tenant is known; run as the background role.
_PROVIDER: Final = "tenant_id, id, issuer, client_id, sealed_secret, redirect_uri, trusts_email"
FIND_PROVIDER: Final = f"select {_PROVIDER} from identity_providers where id = $1 and active and removed_at is null"
FIND_ATTEMPT: Final = "select tenant_id, provider_id, binding_hash from sign_in_attempts where state_hash = $1"
CHORES: Final = (
    """delete from sign_in_attempts where (tenant_id, state_hash) in
       (select tenant_id, state_hash from sign_in_attempts where expires_at < now() limit $1)""",
)

IDENTITY_PROVIDERS = Collection(
    noun="identity_provider",
    source="identity_providers t",
    container=None,
    project="t.id",
    visible=lambda _, person: (
        f"(t.removed_at is null and exists (select from people me where me.tenant_id = t.tenant_id and me.id = {person}"
        " and me.active and me.tenant_role = 'admin'))"
    ),
    columns=object_columns("identity_provider")
    | {
        "name": "t.name",
        "issuer": "t.issuer",
        "client_id": "t.client_id",
        "has_secret": "t.sealed_secret is not null",
        "redirect_uri": "t.redirect_uri",
        "trusts_email": "t.trusts_email",
        "active": "t.active",
    },
    filters={"active": Filter("t.active", "boolean"), "issuer": Filter("t.issuer", "text")},
    sorts={"created_at": Sort("t.created_at", "instant", nullable=False)},
)


async def load_provider(session: WriteSession, provider_id: UUID) -> IdentityProvider:
    """Raises NotFound, for a removed one too."""
    found = await session.scalar(
        select(IdentityProvider).where(
            IdentityProvider.tenant_id == session.tenant_id,
            IdentityProvider.id == provider_id,
            IdentityProvider.removed_at.is_(None),
        )
    )
    if found is None:
        raise NotFound
    return found


async def add_attempt(
    reader: Reader,
    state_hash: bytes,
    binding_hash: bytes,
    provider_id: UUID,
    nonce: str,
    code_verifier: str,
    max_age_seconds: int | None,
    expires_at: datetime,
) -> None:
    await reader.row(
        """insert into sign_in_attempts (tenant_id, state_hash, binding_hash, provider_id, nonce, code_verifier,
             max_age_seconds, expires_at) values ($1, $2, $3, $4, $5, $6, $7, $8)""",
        reader.tenant_id,
        state_hash,
        binding_hash,
        provider_id,
        nonce,
        code_verifier,
        max_age_seconds,
        expires_at,
    )


async def take_attempt(reader: Reader, state_hash: bytes) -> Any:
    """Use an attempt up. Of those who try at once, one gets its `nonce`, `code_verifier` and `max_age_seconds`."""
    return await reader.row(
        """delete from sign_in_attempts where tenant_id = $1 and state_hash = $2 and expires_at > now()
           returning nonce, code_verifier, max_age_seconds""",
        reader.tenant_id,
        state_hash,
    )


async def person_of_subject(reader: Reader, provider_id: UUID, subject: str) -> UUID | None:
    """The active person that an issuer's subject is known to be."""
    person_id: UUID | None = await reader.value(
        """select p.id from federated_people f join people p on p.tenant_id = f.tenant_id and p.id = f.person_id
           where f.tenant_id = $1 and f.provider_id = $2 and f.subject = $3 and p.active""",
        reader.tenant_id,
        provider_id,
        subject,
    )
    return person_id


async def is_known_subject(reader: Reader, provider_id: UUID, subject: str) -> bool:
    """Whether the subject is somebody's, active or not: then no address makes it somebody else's."""
    known: bool = await reader.value(
        """select exists (select from federated_people where tenant_id = $1 and provider_id = $2 and subject = $3)""",
        reader.tenant_id,
        provider_id,
        subject,
    )
    return known


async def person_of_address(reader: Reader, provider_id: UUID, email: str) -> UUID | None:
    """The one active human being with an address, who is no other subject of the provider; None without, or of several."""
    rows = await reader.rows(
        """select p.id, exists (select from federated_people f where f.tenant_id = p.tenant_id and f.provider_id = $2
             and f.person_id = p.id) as taken
           from people p where p.tenant_id = $1 and lower(p.email) = $3 and p.kind = 'person' and p.active limit 2""",
        reader.tenant_id,
        provider_id,
        email,
    )
    if len(rows) != 1 or rows[0]["taken"]:
        return None
    person_id: UUID = rows[0]["id"]
    return person_id


async def recognise(session: WriteSession, provider_id: UUID, subject: str, person_id: UUID) -> bool:
    """Keep who the subject is. False where somebody else just did."""
    kept = await session.value(
        """insert into federated_people (tenant_id, provider_id, subject, person_id, created_at)
           values ($1, $2, $3, $4, now()) on conflict do nothing returning true""",
        session.tenant_id,
        provider_id,
        subject,
        person_id,
    )
    return bool(kept)


async def end_sessions_of(session: WriteSession, provider_id: UUID) -> None:
    """End what was begun on the word of a provider that counts no more."""
    await session.row(
        """update sessions set ended_at = now(), end_reason = 'provider_inactive', version = version + 1, updated_at = now()
           where tenant_id = $1 and provider_id = $2 and ended_at is null""",
        session.tenant_id,
        provider_id,
    )
