"""OAuth clients, and the token endpoint for them (RFC 6749)."""

import hmac
from uuid import UUID

from starlette.requests import Request

from gateway.credentials import repository
from gateway.credentials.anonymous import sender_of, speaks_as
from gateway.credentials.events import OAUTH_CLIENT_CREATED, OAUTH_CLIENT_REVOKED
from gateway.credentials.oauth_client import PREFIX, NotAMachine, OAuthClient, OAuthClientUnknown, OAuthRefused
from gateway.credentials.resources import Credentials
from gateway.credentials.schemas import NewOAuthClient
from gateway.credentials.use_cases.sessions import Drawn, start_session
from gateway.identity.repository import add_credential_use, is_machine, person_exists
from gateway.identity.token import draw_token, hint_of, token_hash
from gateway.identity.use_cases import require_admin, require_admin_of_secret
from services.kernel.identity import Principal
from services.kernel.ids import new_id
from services.kernel.problems import UnknownReference
from services.kernel.requests import context_of
from services.kernel.session import WriteSession
from services.kernel.write import open_write


async def create_client(session: WriteSession, new: NewOAuthClient) -> tuple[OAuthClient, str]:
    """A client for an integration or an agent. Returns it with its secret."""
    await require_admin(session)
    if not await person_exists(session, new.person_id):
        raise UnknownReference("person_id")
    if not await is_machine(session, new.person_id):
        raise NotAMachine
    secret = draw_token(PREFIX)
    client = OAuthClient(
        id=new_id(),
        person_id=new.person_id,
        name=new.name,
        hint=hint_of(secret),
        hash=token_hash(secret),
        scopes=sorted(set(new.scopes)),
        expires_at=new.expires_at,
    )
    session.add(client)
    await add_credential_use(session, client.id)
    await session.flush()
    data = {"person_id": str(client.person_id), "name": client.name, "scopes": client.scopes}
    session.record(OAUTH_CLIENT_CREATED, "oauth_client", client.id, data, project_id=None, audience="tenant")
    return client, secret


async def revoke_client(session: WriteSession, client_id: UUID, expected_version: int) -> None:
    """The client gets no more tokens, and those that it has are refused from the next request on."""
    await require_admin_of_secret(session)
    client = await repository.load_client(session, client_id)
    await repository.OAUTH_CLIENTS.check_version(session, client.id, client.version, expected_version)
    if client.revoked_at is None:
        client.revoked_at = session.now
        await session.flush()
        data = {"person_id": str(client.person_id), "name": client.name, "scopes": client.scopes}
        session.record(OAUTH_CLIENT_REVOKED, "oauth_client", client.id, data, project_id=None, audience="tenant")


async def client_credentials(
    request: Request, credentials: Credentials, client_id: str, secret: str, scope: str | None
) -> tuple[Drawn, dict[str, str]]:
    """An access token for a client. Raises OAuthClientUnknown, OAuthRefused."""
    database = context_of(request).service.database
    headers = await credentials.limiter.take(database, address=sender_of(request), client=client_id)
    found = await credentials.authenticator.find(repository.FIND_CLIENT, _as_id(client_id))
    stored = found["hash"] if found is not None else bytes(32)
    if not hmac.compare_digest(stored, token_hash(secret)) or found is None:
        raise OAuthClientUnknown
    allowed = frozenset(found["scopes"])
    asked = frozenset(scope.split()) if scope else allowed
    if not asked <= allowed:
        raise OAuthRefused("invalid_scope")
    speaks_as(request, Principal(found["tenant_id"], found["person_id"], kind=found["kind"], scopes=asked))
    async with open_write(request, dry_run=False, idempotency_key=None, if_match=None, change_agent=None) as write:
        drawn = await start_session(write.session, "client", client_id=found["id"], scopes=asked)
        await repository.note_client_use(write.session, found["id"])
        await write.answer({})
    return drawn, headers


def _as_id(text: str) -> UUID:
    """What is no id is nobody's."""
    try:
        return UUID(text)
    except ValueError:
        return UUID(int=0)
