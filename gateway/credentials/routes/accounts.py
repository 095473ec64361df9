"""HTTP of accounts: passwords and sign-in addresses."""

from typing import cast
from uuid import UUID

import orjson
from fastapi import Request
from starlette.responses import Response

from gateway.credentials.anonymous import DESCRIBED, SESSION
from gateway.credentials.kinds import ACCOUNT_OWN
from gateway.credentials.routes.sessions import NO_STORE
from gateway.credentials.schemas import (
    Accepted,
    AccountShape,
    EmailChange,
    EmailConfirmation,
    NewPassword,
    PasswordChange,
    PasswordReset,
)
from gateway.credentials.use_cases import accounts as use_cases
from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.requests import context_of
from services.kernel.write import Writing

router = area_router("accounts")
ACCEPTED = orjson.dumps({"status": "accepted"})


@router.post("/v1/password-changes", status_code=200, response_model=Accepted)
@acts(ACCOUNT_OWN)
async def change_password(change: PasswordChange, write: Writing) -> Response:
    """Change one's own password. All other sessions are over, in every tenant."""
    credentials = context_of(write.request).service.resources.credentials
    current = cast("UUID | None", write.request.scope.get(SESSION))
    headers = await use_cases.change_password(write.request, write.session, credentials, change, current)
    response = await write.answer({"status": "accepted"})
    response.headers.update(headers)
    return response


@router.post("/v1/password-resets", status_code=202, response_model=Accepted, openapi_extra=DESCRIBED)
async def ask_for_password_reset(asked: PasswordReset, request: Request) -> Response:
    """Ask for the mail by which a password is reset. The answer is the same whether or not the address is known."""
    credentials = context_of(request).service.resources.credentials
    headers = await use_cases.ask_for_reset(request, credentials, asked.email)
    return Response(ACCEPTED, 202, headers | NO_STORE, "application/json")


@router.post("/v1/passwords", status_code=201, response_model=Accepted, openapi_extra=DESCRIBED)
async def set_password(new: NewPassword, request: Request) -> Response:
    """Set a password with the code of the mail, which works once. All sessions are over."""
    credentials = context_of(request).service.resources.credentials
    headers = await use_cases.reset_password(request, credentials, new)
    return Response(ACCEPTED, 201, headers | NO_STORE, "application/json")


@router.post("/v1/email-changes", status_code=202, response_model=Accepted)
@acts(ACCOUNT_OWN)
async def ask_for_email_change(change: EmailChange, write: Writing) -> Response:
    """Ask for the mail by which another address becomes the one to sign in with; until then the old one counts."""
    credentials = context_of(write.request).service.resources.credentials
    headers = await use_cases.ask_for_email_change(write.request, write.session, credentials, change)
    response = await write.answer({"status": "accepted"}, status=202)
    response.headers.update(headers)
    return response


@router.post("/v1/email-confirmations", status_code=201, response_model=AccountShape, openapi_extra=DESCRIBED)
async def confirm_email(confirmation: EmailConfirmation, request: Request) -> Response:
    """Confirm the new address with the code of the mail, which works once."""
    credentials = context_of(request).service.resources.credentials
    email = await use_cases.confirm_email(request, credentials, confirmation)
    return Response(orjson.dumps({"type": "account", "email": email}), 201, NO_STORE, "application/json")
