"""Inviting people, and accepting."""

from datetime import timedelta
from uuid import UUID

from starlette.requests import Request

from gateway.credentials import repository
from gateway.credentials.account import EmailTaken, Gone, WrongPassword, check_strength, normal_email
from gateway.credentials.anonymous import sender_of, speaks_as
from gateway.credentials.events import INVITATION_ACCEPTED, INVITATION_REVOKED, INVITATION_SENT
from gateway.credentials.installation import INSTALLATION
from gateway.credentials.invitation import (
    DAYS,
    AlreadyAnother,
    Invitation,
    InvitationEnded,
    InvitationForAnother,
    MachinesAreNotInvited,
    NoAddress,
)
from gateway.credentials.jobs import MAIL_INVITATION, MailNotSent
from gateway.credentials.resources import Credentials
from gateway.credentials.schemas import AcceptedInvitation, InvitationAcceptance
from gateway.identity.token import token_hash
from gateway.identity.use_cases import require_admin, require_admin_of_secret
from services.kernel.identity import Principal
from services.kernel.ids import new_id
from services.kernel.jobs import enqueue_job
from services.kernel.mail import Mailbox
from services.kernel.problems import AlreadyExists, NotFound, UnknownReference
from services.kernel.requests import context_of
from services.kernel.session import WriteSession
from services.kernel.write import open_write


async def invite(request: Request, session: WriteSession, credentials: Credentials, person_id: UUID) -> UUID:
    """Ask a person of the directory to sign in, by a mail to their address. Earlier invitations of theirs are withdrawn."""
    await require_admin(session)
    if credentials.mailer is None:
        raise MailNotSent
    person = await repository.person_and_tenant(session, person_id)
    if person is None or not person["active"]:
        raise UnknownReference("person_id")
    if person["kind"] != "person":
        raise MachinesAreNotInvited
    if not _can_be_written_to(person["email"]):
        raise NoAddress
    email = normal_email(person["email"])
    if not session.dry_run:
        await credentials.limiter.take(context_of(request).service.database, mail=email)
    await repository.withdraw_invitations(session, person_id)
    invitation = Invitation(
        id=new_id(), person_id=person_id, email=email, expires_at=session.now + timedelta(days=DAYS)
    )
    session.add(invitation)
    await session.flush()
    await enqueue_job(session, MAIL_INVITATION, {"invitation_id": str(invitation.id)})
    data = {"person_id": str(person_id), "email": email}
    session.record(INVITATION_SENT, "invitation", invitation.id, data, project_id=None, audience="tenant")
    return invitation.id


def _can_be_written_to(email: str | None) -> bool:
    try:
        return bool(email) and bool(Mailbox(email or ""))
    except ValueError:
        return False


async def revoke_invitation(session: WriteSession, invitation_id: UUID, expected_version: int) -> int:
    """Withdraw an invitation that is still open. Returns the new version. Raises InvitationEnded."""
    await require_admin_of_secret(session)
    invitation = await repository.load_invitation(session, invitation_id)
    await repository.INVITATIONS.check_version(session, invitation.id, invitation.version, expected_version)
    if invitation.accepted_at is not None or invitation.revoked_at is not None:
        raise InvitationEnded
    invitation.revoked_at = session.now
    await session.flush()
    data = {"person_id": str(invitation.person_id), "email": invitation.email}
    session.record(INVITATION_REVOKED, "invitation", invitation.id, data, project_id=None, audience="tenant")
    return invitation.version


async def accept(
    request: Request, credentials: Credentials, acceptance: InvitationAcceptance
) -> tuple[AcceptedInvitation, dict[str, str]]:
    """Let an account sign in as the invited person, once.

    Whoever holds the secret reads the mail of the address, which so is verified; whoever has an account with that
    address already proves it by its password. No other account gets in. Raises NotFound for a secret that never was,
    Gone, InvitationForAnother, WrongPassword, AlreadyAnother.
    """
    service = context_of(request).service
    address = normal_email(acceptance.email)
    headers = await credentials.limiter.take(service.database, address=sender_of(request), account=address)
    secret_hash = token_hash(acceptance.token)
    found = await credentials.authenticator.find(repository.FIND_INVITATION, secret_hash)
    if found is None:
        raise NotFound
    if not found["open"]:
        raise Gone
    if address != found["email"]:
        raise InvitationForAnother
    async with service.database.read(INSTALLATION) as reading:
        account = await repository.find_account(reading, address)
        links = await repository.people_of_account(reading, account["id"]) if account is not None else ()
    if any(each["of_tenant_id"] == found["tenant_id"] and each["person_id"] != found["person_id"] for each in links):
        raise AlreadyAnother
    hashed = None
    if account is None:
        check_strength(acceptance.password, address)
        hashed = await credentials.passwords.hash(acceptance.password)
    elif not await credentials.passwords.matches(account["password_hash"], acceptance.password):
        raise WrongPassword
    speaks_as(request, Principal(found["tenant_id"], found["person_id"]))
    try:
        async with open_write(request, dry_run=False, idempotency_key=None, if_match=None, change_agent=None) as write:
            session = write.session
            if not await repository.accept_invitation(session, found["id"], secret_hash):
                raise Gone
            account_id = account["id"] if account is not None else new_id()
            if hashed is not None:
                await repository.add_account(session, account_id, address, hashed)
            await repository.link_account(session, account_id, found["person_id"])
            # Whoever was linked before signs in no more.
            await repository.end_sessions(session, found["person_id"], "invitation_accepted")
            data = {"person_id": str(found["person_id"]), "email": address}
            session.record(INVITATION_ACCEPTED, "invitation", found["id"], data, project_id=None, audience="tenant")
            await write.answer({})
    except AlreadyExists as error:
        # The account came to be in this very moment, by another invitation to the same address.
        raise EmailTaken from error
    accepted = AcceptedInvitation(
        type="invitation_acceptance", tenant_id=found["tenant_id"], person_id=found["person_id"], email=address
    )
    return accepted, headers
