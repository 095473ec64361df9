"""Mail about credentials. The job draws the secret itself, so that it stands in the mail and nowhere else.

Whether an address is anybody's is looked up here, behind the answer: whoever asks learns nothing, by no time either.
"""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from gateway.credentials import repository
from gateway.credentials.account import RESET_MINUTES
from gateway.credentials.events import FACT_TYPES
from gateway.credentials.installation import INSTALLATION
from gateway.credentials.invitation import DAYS
from gateway.credentials.invitation import PREFIX as INVITATION_PREFIX
from gateway.credentials.resources import Credentials
from gateway.identity.token import draw_token, token_hash
from services.kernel.identity import Principal
from services.kernel.jobs import JobFunction, JobRun
from services.kernel.language import Catalogue, Language
from services.kernel.mail import Mailbox, MailFailed, MailMessage
from services.kernel.problems import Unavailable

MAIL_CODE: Final = "mail_code"
MAIL_INVITATION: Final = "mail_invitation"
TELL_PEOPLE: Final = "tell_people_of_account"
PAUSES: Final = (1.0, 5.0, 20.0)
_PREFIXES: Final = {"password_reset": "tdm_rst_", "email_change": "tdm_eml_"}
_PAGES: Final = {"password_reset": "new-password", "email_change": "confirm-email", "invitation": "accept-invitation"}

TEXTS: Final = Catalogue(
    {
        "invitation.subject": {"en": "You are invited to {tenant}", "nb": "Du er invitert til {tenant}"},
        "invitation.text": {
            "en": "Hello {name},\n\n{tenant} invites you to work in Tandem. With this code you set your password, or"
            " use the one that you have:\n\n{secret}\n\nIt is good for {span} days and for the address that this mail"
            " was sent to.",
            "nb": "Hei {name},\n\n{tenant} inviterer deg til å arbeide i Tandem. Med denne koden setter du passordet"
            " ditt, eller bruker det du har:\n\n{secret}\n\nDen gjelder i {span} dager og for adressen denne e-posten"
            " ble sendt til.",
        },
        "password_reset.subject": {"en": "A new password for Tandem", "nb": "Nytt passord til Tandem"},
        "password_reset.text": {
            "en": "With this code you set a new password:\n\n{secret}\n\nIt is good once and for {span} minutes. If you"
            " did not ask for it, do nothing; your password stays as it is.",
            "nb": "Med denne koden setter du et nytt passord:\n\n{secret}\n\nDen virker én gang og i {span} minutter."
            " Hvis du ikke har bedt om den, trenger du ikke gjøre noe; passordet ditt forblir som det er.",
        },
        "email_change.subject": {"en": "Your new address for Tandem", "nb": "Den nye adressen din i Tandem"},
        "email_change.text": {
            "en": "With this code you confirm that you sign in with this address from now on:\n\n{secret}\n\nIt is good"
            " once and for {span} minutes. If you did not ask for it, do nothing.",
            "nb": "Med denne koden bekrefter du at du heretter logger inn med denne adressen:\n\n{secret}\n\nDen virker"
            " én gang og i {span} minutter. Hvis du ikke har bedt om den, trenger du ikke gjøre noe.",
        },
    }
)


class MailNotSent(Unavailable):
    """The mail server will not take it, or there is none."""

    code = "mail_not_sent"
    title = {"en": "The mail could not be sent", "nb": "E-posten kunne ikke sendes"}


async def mail_invitation(run: JobRun) -> None:
    """Draw the secret of an invitation and mail it. One that has ended meanwhile is passed over."""
    secret = draw_token(INVITATION_PREFIX)
    async with run.write() as session:
        found = await repository.give_invitation_a_secret(
            session, UUID(run.arguments["invitation_id"]), token_hash(secret)
        )
    if found is not None:
        values = {"name": found["name"], "tenant": found["tenant_name"], "span": DAYS}
        await _send(run, "invitation", found["email"], found["name"], found["language"], secret, values)
    await _done(run)


async def mail_code(run: JobRun) -> None:
    """Mail the secret by which a password is reset or an address confirmed, if there is an account to do it for."""
    purpose, email = run.arguments["purpose"], run.arguments["email"]
    secret = draw_token(_PREFIXES[purpose])
    async with run.write() as session:
        account_id, language = await _account_and_language(run, session, purpose, email)
        if account_id is not None:
            expires_at = datetime.now(UTC) + timedelta(minutes=RESET_MINUTES)
            await repository.keep_mailed_secret(session, token_hash(secret), purpose, account_id, email, expires_at)
    if account_id is not None:
        await _send(run, purpose, email, "", language, secret, {"span": RESET_MINUTES})
    await _done(run)


async def _account_and_language(run: JobRun, session: Any, purpose: str, email: str) -> tuple[UUID | None, str]:
    """Whose secret it is to be, and in which language somebody of theirs reads."""
    if purpose == "email_change":
        person = await repository.person_and_tenant(session, run.principal.person_id)
        return UUID(run.arguments["account_id"]), person["language"] if person is not None else "en"
    account = await repository.find_account(session, email)
    if account is None:
        return None, "en"
    for link in await repository.people_of_account(session, account["id"]):
        async with run.database.read(link["of_tenant_id"]) as reading:
            person = await repository.person_and_tenant(reading, link["person_id"])
        if person is not None and person["active"]:
            return account["id"], person["language"]
    return None, "en"


async def tell_people(run: JobRun) -> None:
    """Record a fact about an account in each tenant where somebody signs in with it."""
    fact = next(each for each in FACT_TYPES if each.name == run.arguments["fact"])
    async with run.database.read(INSTALLATION) as reading:
        links = await repository.people_of_account(reading, UUID(run.arguments["account_id"]))
    for link in links:
        principal = Principal(link["of_tenant_id"], link["person_id"])
        async with run.database.write(principal) as session:
            session.record(fact, "person", link["person_id"], run.arguments["data"], project_id=None, audience="tenant")
            await session.publish()
            await session.commit()
    await _done(run)


async def _send(
    run: JobRun, about: str, email: str, name: str, language_tag: str, secret: str, values: Mapping[str, object]
) -> None:
    """Raises MailNotSent when the server goes on refusing."""
    credentials: Credentials = run.resources.credentials
    if credentials.mailer is None:
        raise MailNotSent
    language = Language.NORWEGIAN if language_tag == "nb" else Language.ENGLISH
    text = TEXTS.text(f"{about}.text", language, secret=secret, **values)
    if credentials.front_url is not None:
        # The secret is behind the #, which browsers send to nobody.
        text += f"\n\n{credentials.front_url.rstrip('/')}/{_PAGES[about]}#token={secret}"
    subject_values = {"tenant": values["tenant"]} if "tenant" in values else {}
    message = MailMessage(
        sender=credentials.sender,
        recipients=(Mailbox(email, name),),
        subject=TEXTS.text(f"{about}.subject", language, **subject_values),
        text=text + "\n",
        message_id=f"<{run.id}@{credentials.sender.domain}>",
        headers={"Auto-Submitted": "auto-generated"},
    )
    for pause in (*PAUSES, None):
        try:
            await credentials.mailer.send(message)
        except MailFailed as failure:
            if not failure.retryable or pause is None:
                raise MailNotSent from failure
            await asyncio.sleep(pause)
        else:
            return


async def _done(run: JobRun) -> None:
    async with run.write() as session:
        await run.succeed(session, None)


JOB_FUNCTIONS: Final[Mapping[str, JobFunction]] = {
    MAIL_CODE: mail_code,
    MAIL_INVITATION: mail_invitation,
    TELL_PEOPLE: tell_people,
}
