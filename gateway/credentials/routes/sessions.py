"""HTTP of sessions: signing in, what is open, signing out."""

from uuid import UUID

import orjson
from fastapi import Request
from starlette.responses import Response

from gateway.credentials.anonymous import DESCRIBED, speaks_as
from gateway.credentials.kinds import SESSION_OWN
from gateway.credentials.repository import SESSIONS
from gateway.credentials.schemas import NewSession, SessionShape, SessionWithTokens
from gateway.credentials.use_cases import sessions as use_cases
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.identity import Principal
from services.kernel.requests import Reading, context_of
from services.kernel.schemas import Listing
from services.kernel.write import Writing, open_write

router = area_router("sessions")
NO_STORE = {"Cache-Control": "no-store"}


@router.post("/v1/sessions", status_code=201, response_model=SessionWithTokens, openapi_extra=DESCRIBED)
async def sign_in(new: NewSession, request: Request) -> Response:
    """Sign in with address and password. The tokens are in this answer and nowhere else."""
    credentials = context_of(request).service.resources.credentials
    signed_in, headers = await use_cases.authenticate(request, credentials, new)
    speaks_as(request, Principal(signed_in.tenant_id, signed_in.person_id))
    async with open_write(request, dry_run=False, idempotency_key=None, if_match=None, change_agent=None) as write:
        drawn = await use_cases.start_session(
            write.session,
            "password",
            account_id=signed_in.account_id,
            credential_version=signed_in.credential_version,
        )
        document = orjson.loads(await SESSIONS.represent(write.session, drawn.session_id)) | drawn.members()
        location = f"/v1/sessions/{drawn.session_id}"
        response = await write.answer(document, status=201, version=1, location=location)
    response.headers.update(headers | NO_STORE)
    return response


@router.get(
    "/v1/sessions", response_model=Listing[SessionShape], openapi_extra={"parameters": SESSIONS.list_parameters()}
)
async def list_sessions(read: Reading) -> Response:
    """Where one is, or was, signed in."""
    return await SESSIONS.page(read)


@router.get(
    "/v1/sessions/{session_id}",
    response_model=SessionShape,
    openapi_extra={"parameters": SESSIONS.object_parameters()},
)
async def get_session(session_id: UUID, read: Reading) -> Response:
    """One of one's own sessions."""
    return await SESSIONS.one(read, session_id)


@router.delete("/v1/sessions/{session_id}", status_code=204)
@acts(SESSION_OWN)
async def end_session(session_id: UUID, write: Writing) -> Response:
    """Sign out of one session; its tokens are refused from the next request on."""
    await use_cases.end_own_session(write.session, session_id, write.expected_version)
    return await write.answer_empty()


@router.delete("/v1/sessions", status_code=204, openapi_extra={"x-if-match": "none"})
@acts(SESSION_OWN)
async def end_sessions(write: Writing) -> Response:
    """Sign out everywhere, this session included, and in every tenant where one signs in with the same account."""
    await use_cases.end_own_sessions(write.session)
    return await write.answer_empty()
