"""Registering issuers, and signing in by one: authorization code with PKCE (RFC 7636), state, nonce and a binding."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import structlog
from starlette.requests import Request

from gateway.credentials.account import normal_email
from gateway.credentials.anonymous import sender_of
from gateway.credentials.resources import Credentials
from gateway.federation import repository
from gateway.federation.events import PERSON_RECOGNISED, PROVIDER_ADDED, PROVIDER_CHANGED, PROVIDER_REMOVED
from gateway.federation.id_token import IdTokenRefused
from gateway.federation.identity_provider import (
    ATTEMPT_MINUTES,
    IdentityProvider,
    IssuerRefused,
    NobodyHere,
    SignInFailed,
)
from gateway.federation.provider_client import Metadata, ProviderClient
from gateway.federation.schemas import (
    IdentityProviderPatch,
    NewIdentityProvider,
    NewSignInAttempt,
    SignInAttempt,
    SignInCompletion,
)
from gateway.federation.sealed import seal, unseal
from gateway.identity.use_cases import require_admin, require_admin_of_secret
from services.kernel.egress import EgressRefused
from services.kernel.events import FactType
from services.kernel.ids import new_id
from services.kernel.problems import NotFound
from services.kernel.requests import context_of
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.kernel.settings import Settings

_log = structlog.get_logger("federation")


def _record(session: WriteSession, fact: FactType, provider: IdentityProvider) -> None:
    names = ("name", "issuer", "client_id", "trusts_email", "active")
    data = {name: getattr(provider, name) for name in names}
    session.record(fact, "identity_provider", provider.id, data, project_id=None, audience="tenant")


async def add_provider(
    session: WriteSession, providers: ProviderClient, settings: Settings, new: NewIdentityProvider
) -> UUID:
    """Register an issuer. Raises IssuerRefused for an address that we do not go to."""
    await require_admin(session)
    try:
        await providers.egress.vet(new.issuer)
    except EgressRefused as error:
        raise IssuerRefused from error
    sealed = seal(settings.signing_keys, new.client_secret) if new.client_secret is not None else None
    values = new.model_dump(exclude={"client_secret"})
    provider = IdentityProvider(id=new_id(), sealed_secret=sealed, active=True, **values)
    session.add(provider)
    await session.flush()
    _record(session, PROVIDER_ADDED, provider)
    return provider.id


async def change_provider(
    session: WriteSession, settings: Settings, provider_id: UUID, expected_version: int, patch: IdentityProviderPatch
) -> int:
    """Change a registration; one that is active no more ends the sessions that it began. Returns the new version."""
    await require_admin_of_secret(session)
    provider = await repository.load_provider(session, provider_id)
    await repository.IDENTITY_PROVIDERS.check_version(session, provider.id, provider.version, expected_version)
    changes = merged(patch)
    if "client_secret" in changes:
        secret = changes.pop("client_secret")
        provider.sealed_secret = seal(settings.signing_keys, secret) if secret is not None else None
    for name, value in changes.items():
        setattr(provider, name, value)
    await session.flush()
    if not provider.active:
        await repository.end_sessions_of(session, provider.id)
    _record(session, PROVIDER_CHANGED, provider)
    return provider.version


async def remove_provider(session: WriteSession, provider_id: UUID, expected_version: int) -> None:
    """Its word counts no more, and the sessions that it began are over."""
    await require_admin_of_secret(session)
    provider = await repository.load_provider(session, provider_id)
    await repository.IDENTITY_PROVIDERS.check_version(session, provider.id, provider.version, expected_version)
    provider.removed_at = session.now
    provider.active = False
    provider.sealed_secret = None
    await session.flush()
    await repository.end_sessions_of(session, provider.id)
    _record(session, PROVIDER_REMOVED, provider)


async def begin(
    request: Request, credentials: Credentials, providers: ProviderClient, new: NewSignInAttempt
) -> tuple[SignInAttempt, dict[str, str]]:
    """Where the browser goes to sign in. Raises NotFound, ProviderUnavailable, SignInFailed."""
    database = context_of(request).service.database
    headers = await credentials.limiter.take(database, address=sender_of(request))
    provider = await credentials.authenticator.find(repository.FIND_PROVIDER, new.provider_id)
    if provider is None:
        raise NotFound
    metadata = await providers.metadata(provider["issuer"])
    state, nonce, verifier, binding = (secrets.token_urlsafe(32) for _ in range(4))
    expires_at = datetime.now(UTC) + timedelta(minutes=ATTEMPT_MINUTES)
    async with database.brief(provider["tenant_id"]) as session:
        await repository.add_attempt(
            session, _hash(state), _hash(binding), provider["id"], nonce, verifier, new.max_age_seconds, expires_at
        )
    asked = {
        "response_type": "code",
        "client_id": provider["client_id"],
        "redirect_uri": provider["redirect_uri"],
        "scope": "openid email profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": base64.urlsafe_b64encode(_hash(verifier)).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    if new.max_age_seconds is not None:
        asked["max_age"] = str(new.max_age_seconds)
    joint = "&" if "?" in metadata.authorization_endpoint else "?"
    url = f"{metadata.authorization_endpoint}{joint}{urlencode(asked)}"
    return SignInAttempt(type="sign_in_attempt", authorization_url=url, binding=binding, expires_at=expires_at), headers


async def prove(
    request: Request, credentials: Credentials, providers: ProviderClient, completion: SignInCompletion
) -> tuple[Any, Mapping[str, Any], dict[str, str]]:
    """The provider and the claims behind an answer of it, which is good once. Raises SignInFailed, ProviderUnavailable."""
    service = context_of(request).service
    headers = await credentials.limiter.take(service.database, address=sender_of(request))
    state_hash = _hash(completion.state)
    found = await credentials.authenticator.find(repository.FIND_ATTEMPT, state_hash)
    if found is None or not hmac.compare_digest(found["binding_hash"], _hash(completion.binding)):
        raise SignInFailed
    async with service.database.brief(found["tenant_id"]) as session:
        attempt = await repository.take_attempt(session, state_hash)
    provider = await credentials.authenticator.find(repository.FIND_PROVIDER, found["provider_id"])
    if attempt is None or provider is None:
        raise SignInFailed
    metadata = await providers.metadata(provider["issuer"])
    _check_sender(metadata, completion)
    try:
        sealed = provider["sealed_secret"]
        secret = unseal(service.settings.signing_keys, sealed) if sealed is not None else None
        token = await providers.id_token(
            metadata, provider["client_id"], secret, completion.code, provider["redirect_uri"], attempt["code_verifier"]
        )
        claims = await providers.claims(
            metadata,
            token,
            client_id=provider["client_id"],
            nonce=attempt["nonce"],
            max_age_seconds=attempt["max_age_seconds"],
        )
    except (IdTokenRefused, ValueError) as error:
        _log.warning("sign-in refused", provider=str(provider["id"]), reason=str(error))
        raise SignInFailed from error
    return provider, claims, headers


def _check_sender(metadata: Metadata, completion: SignInCompletion) -> None:
    """Which issuer the answer is from, where it says so (RFC 9207): an answer of one is not taken to another."""
    if (metadata.says_issuer or completion.iss is not None) and completion.iss != metadata.issuer:
        raise SignInFailed


async def person_behind(request: Request, provider: Any, claims: Mapping[str, Any]) -> UUID:
    """Who of the tenant that is. Raises NobodyHere."""
    subject = claims["sub"]
    async with context_of(request).service.database.read(provider["tenant_id"]) as reading:
        person_id = await repository.person_of_subject(reading, provider["id"], subject)
        if person_id is not None:
            return person_id
        email = claims.get("email")
        if (
            provider["trusts_email"]
            and claims.get("email_verified") is True
            and isinstance(email, str)
            and not await repository.is_known_subject(reading, provider["id"], subject)
        ):
            person_id = await repository.person_of_address(reading, provider["id"], normal_email(email))
    if person_id is None:
        raise NobodyHere
    return person_id


async def keep_subject(session: WriteSession, provider_id: UUID, subject: str, person_id: UUID) -> None:
    """Recognise the subject from now on, whatever becomes of the address."""
    if await repository.recognise(session, provider_id, subject, person_id):
        data = {"provider_id": str(provider_id), "subject": subject}
        session.record(PERSON_RECOGNISED, "person", person_id, data, project_id=None, audience="tenant")
    elif await repository.person_of_subject(session, provider_id, subject) != person_id:
        raise SignInFailed


def signed_in_at(claims: Mapping[str, Any]) -> datetime | None:
    """When the person proved to the provider who they are, None where it does not say. Never in the future."""
    said = claims.get("auth_time")
    if type(said) is not int or not 0 < said < 2**33:
        return None
    return min(datetime.fromtimestamp(said, UTC), datetime.now(UTC))


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
