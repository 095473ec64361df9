"""HTTP of invitations."""

from uuid import UUID

from fastapi import Request
from starlette.responses import Response

from gateway.credentials.anonymous import DESCRIBED
from gateway.credentials.kinds import PERSON_INVITE
from gateway.credentials.repository import INVITATIONS
from gateway.credentials.routes.sessions import NO_STORE
from gateway.credentials.schemas import AcceptedInvitation, InvitationAcceptance, InvitationShape, NewInvitation
from gateway.credentials.use_cases import invitations as use_cases
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import Reading, context_of
from services.kernel.schemas import Listing
from services.kernel.write import Writing

router = area_router("invitations")


@router.post("/v1/invitations", status_code=201, response_model=InvitationShape)
@acts(PERSON_INVITE)
async def create_invitation(new: NewInvitation, write: Writing) -> Response:
    """Invite a person of the directory to sign in, by a mail to their address; for administrators."""
    credentials = context_of(write.request).service.resources.credentials
    invitation_id = await use_cases.invite(write.request, write.session, credentials, new.person_id)
    body = await INVITATIONS.represent(write.session, invitation_id)
    return await write.answer(body, status=201, version=1, location=f"/v1/invitations/{invitation_id}")


@router.get(
    "/v1/invitations",
    response_model=Listing[InvitationShape],
    openapi_extra={"parameters": INVITATIONS.list_parameters()},
)
async def list_invitations(read: Reading) -> Response:
    """Who was invited, without the codes; for administrators, others see none."""
    return await INVITATIONS.page(read)


@router.get(
    "/v1/invitations/{invitation_id}",
    response_model=InvitationShape,
    openapi_extra={"parameters": INVITATIONS.object_parameters()},
)
async def get_invitation(invitation_id: UUID, read: Reading) -> Response:
    """One invitation, without its code."""
    return await INVITATIONS.one(read, invitation_id)


@router.delete("/v1/invitations/{invitation_id}", status_code=204)
@acts(PERSON_INVITE)
async def revoke_invitation(invitation_id: UUID, write: Writing) -> Response:
    """Withdraw an invitation; its code is refused from now on."""
    await use_cases.revoke_invitation(write.session, invitation_id, write.expected_version)
    return await write.answer_empty()


@router.post("/v1/invitation-acceptances", status_code=201, response_model=AcceptedInvitation, openapi_extra=DESCRIBED)
async def accept_invitation(acceptance: InvitationAcceptance, request: Request) -> Response:
    """Accept an invitation with the code of the mail, and sign in with the account from then on."""
    credentials = context_of(request).service.resources.credentials
    accepted, headers = await use_cases.accept(request, credentials, acceptance)
    return Response(accepted.model_dump_json(), 201, headers | NO_STORE, "application/json")
