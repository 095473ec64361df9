"""Passwords and addresses: changed by who knows the password, reset by who reads the mail."""

from uuid import UUID

import asyncpg
from starlette.requests import Request

from gateway.credentials import repository
from gateway.credentials.account import (
    EmailTaken,
    Gone,
    NoAccount,
    WrongPassword,
    check_strength,
    normal_email,
)
from gateway.credentials.anonymous import behind_the_door, sender_of
from gateway.credentials.events import EMAIL_CONFIRMED, PASSWORD_CHANGED
from gateway.credentials.installation import INSTALLATION
from gateway.credentials.jobs import MAIL_CODE, TELL_PEOPLE
from gateway.credentials.resources import Credentials
from gateway.credentials.schemas import EmailChange, EmailConfirmation, NewPassword, PasswordChange
from gateway.credentials.use_cases.sessions import require_more_than_reading
from gateway.identity.token import token_hash
from services.kernel.jobs import enqueue_job
from services.kernel.problems import Conflict
from services.kernel.requests import context_of
from services.kernel.session import WriteSession


async def change_password(
    request: Request, session: WriteSession, credentials: Credentials, change: PasswordChange, current: UUID | None
) -> dict[str, str]:
    """Another password for the caller's account. Every session but the current one is over.

    Returns the headers of the limits. Raises NoAccount, WrongPassword, PasswordTooWeak.
    """
    require_more_than_reading(session.principal)
    account = await repository.account_of_person(session, session.principal.person_id)
    if account is None:
        raise NoAccount
    database = context_of(request).service.database
    headers = await credentials.limiter.take(database, address=sender_of(request), account=account["email"])
    if not await credentials.passwords.matches(account["password_hash"], change.current_password):
        raise WrongPassword
    check_strength(change.new_password, account["email"])
    hashed = await credentials.passwords.hash(change.new_password)
    version = await repository.set_password(session, account["id"], account["credential_version"], hashed)
    if version is None:
        raise Conflict
    await repository.end_sessions(session, session.principal.person_id, "password_changed", but=current)
    if current is not None:
        await repository.keep_session(session, current, version)
    person_id = session.principal.person_id
    session.record(PASSWORD_CHANGED, "person", person_id, {"by": "change"}, project_id=None, audience="tenant")
    return headers


async def ask_for_reset(request: Request, credentials: Credentials, email: str) -> dict[str, str]:
    """Have a mail written, if the address is an account's. Whether it is, is found out behind the answer, by the job."""
    service = context_of(request).service
    address = normal_email(email)
    headers = await credentials.limiter.take(service.database, address=sender_of(request), mail=address)
    async with behind_the_door(request) as session:
        await enqueue_job(session, MAIL_CODE, {"purpose": "password_reset", "email": address})
    return headers


async def reset_password(request: Request, credentials: Credentials, new: NewPassword) -> dict[str, str]:
    """A new password by a mailed secret, which works once. All sessions are over. Raises Gone, PasswordTooWeak."""
    service = context_of(request).service
    headers = await credentials.limiter.take(service.database, address=sender_of(request))
    secret_hash = token_hash(new.token)
    async with service.database.read(INSTALLATION) as reading:
        found = await repository.find_mailed_secret(reading, secret_hash, "password_reset")
    if found is None:
        raise Gone
    check_strength(new.password, found["account_email"])
    hashed = await credentials.passwords.hash(new.password)
    async with behind_the_door(request) as session:
        if not await repository.use_up_mailed_secret(session, secret_hash, "password_reset"):
            raise Gone
        await repository.set_password(session, found["account_id"], None, hashed)
        told = {"account_id": str(found["account_id"]), "fact": PASSWORD_CHANGED.name, "data": {"by": "reset"}}
        await enqueue_job(session, TELL_PEOPLE, told)
    return headers


async def ask_for_email_change(
    request: Request, session: WriteSession, credentials: Credentials, change: EmailChange
) -> dict[str, str]:
    """Have a mail sent to the new address; until it is answered, the old one counts. Raises NoAccount, WrongPassword."""
    require_more_than_reading(session.principal)
    account = await repository.account_of_person(session, session.principal.person_id)
    if account is None:
        raise NoAccount
    database = context_of(request).service.database
    address = normal_email(change.email)
    headers = await credentials.limiter.take(
        database, address=sender_of(request), account=account["email"], mail=address
    )
    if not await credentials.passwords.matches(account["password_hash"], change.password):
        raise WrongPassword
    asked = {"purpose": "email_change", "email": address, "account_id": str(account["id"])}
    await enqueue_job(session, MAIL_CODE, asked)
    return headers


async def confirm_email(request: Request, credentials: Credentials, confirmation: EmailConfirmation) -> str:
    """The new address counts from now on. Returns it. Raises Gone, EmailTaken."""
    service = context_of(request).service
    await credentials.limiter.take(service.database, address=sender_of(request))
    secret_hash = token_hash(confirmation.token)
    async with behind_the_door(request) as session:
        found = await repository.find_mailed_secret(session, secret_hash, "email_change")
        if found is None or not await repository.use_up_mailed_secret(session, secret_hash, "email_change"):
            raise Gone
        email: str = found["email"]
        try:
            await repository.set_email(session, found["account_id"], email)
        except asyncpg.UniqueViolationError as error:
            raise EmailTaken from error
        told = {"account_id": str(found["account_id"]), "fact": EMAIL_CONFIRMED.name, "data": {"email": email}}
        await enqueue_job(session, TELL_PEOPLE, told)
    return email
