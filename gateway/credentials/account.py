"""An account: an e-mail address that somebody has proved to have, and a password; people of tenants sign in with it.

It belongs to a human being and not to a tenant. Which people it may sign in as stands apart, one in each tenant, and a
link comes to be only by an invitation that was accepted with the very address it was sent to.
"""

from typing import Final

from sqlalchemy import CheckConstraint, Column, DateTime, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID

from gateway.base import Base
from services.kernel.problems import Conflict, Forbidden, Problem, RuleViolated, Unauthenticated

RESET_MINUTES: Final = 60

accounts = Table(
    "accounts",
    Base.metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("id", UUID(as_uuid=True), primary_key=True),
    Column("email", Text, nullable=False, comment="in lower case"),
    Column("email_verified_at", DateTime(timezone=True)),
    Column("password_hash", Text, comment="argon2id"),
    Column(
        "credential_version", Integer, nullable=False, server_default="1", comment="sessions of an older one are over"
    ),
    Column("created_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Column("updated_at", DateTime(timezone=True), nullable=False, server_default=text("now()")),
    Index("uq_accounts_email", "tenant_id", "email", unique=True),
    info={"background": True},
)

account_people = Table(
    "account_people",
    Base.metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("of_tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("person_id", UUID(as_uuid=True), primary_key=True),
    Column("account_id", UUID(as_uuid=True), nullable=False),
    Index("uq_account_people_account", "tenant_id", "account_id", "of_tenant_id", unique=True),
)

# What was mailed to an address to prove that it is somebody's; only its hash is kept.
mailed_secrets = Table(
    "mailed_secrets",
    Base.metadata,
    Column("tenant_id", UUID(as_uuid=True), primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
    Column("purpose", Text, nullable=False),
    Column("account_id", UUID(as_uuid=True), nullable=False),
    Column("email", Text, nullable=False, comment="the address that it was sent to"),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    CheckConstraint("purpose in ('password_reset','email_change')", name="purpose"),
    Index("ix_mailed_secrets_account", "tenant_id", "account_id"),
    Index("ix_mailed_secrets_expires_at", "expires_at"),
    info={"background": True},
)


def normal_email(email: str) -> str:
    """The form in which addresses are compared. Case is ignored in both parts, as mail servers of today do."""
    return email.strip().lower()


class WrongCredentials(Unauthenticated):
    """One refusal for an unknown address, a wrong password, and an account that nobody may sign in with any more."""

    code = "wrong_credentials"
    title = {"en": "Address or password is wrong", "nb": "Adressen eller passordet er feil"}
    detail = {"en": "Nobody signs in with these two.", "nb": "Ingen logger inn med disse to."}


class WrongPassword(Forbidden):
    code = "wrong_password"
    title = {"en": "The password is wrong", "nb": "Passordet er feil"}


class TenantChoice(Conflict):
    """Whoever is in several tenants says which one the session is for; only told behind the right password."""

    code = "tenant_choice"
    title = {"en": "Say which tenant", "nb": "Oppgi hvilken organisasjon"}
    detail = {
        "en": "You are in several tenants; name one as tenant_id.",
        "nb": "Du er med i flere organisasjoner; oppgi én som tenant_id.",
    }
    members = ("tenants",)


class NoAccount(Conflict):
    code = "no_account"
    title = {"en": "You sign in without a password", "nb": "Du logger inn uten passord"}
    detail = {
        "en": "No account with a password belongs to you; ask for an invitation to get one.",
        "nb": "Ingen konto med passord hører til deg; be om en invitasjon for å få en.",
    }


class PasswordTooWeak(RuleViolated):
    code = "password_too_weak"
    title = {"en": "The password is too easy to guess", "nb": "Passordet er for lett å gjette"}
    detail = {
        "en": "Take at least twelve characters, of more than a few kinds, without your address.",
        "nb": "Bruk minst tolv tegn, av mer enn noen få slag, uten adressen din.",
    }


class EmailTaken(Conflict):
    code = "email_taken"
    title = {"en": "Another account has this address", "nb": "En annen konto har denne adressen"}


class Gone(Problem):
    """A mailed secret or an invitation that is no longer good for anything."""

    status = 410
    code = "gone"
    title = {"en": "This is no longer valid", "nb": "Dette gjelder ikke lenger"}
    detail = {
        "en": "It was used, replaced or withdrawn, or its time is over; ask for a new one.",
        "nb": "Det er brukt, erstattet eller trukket tilbake, eller tiden er ute; be om et nytt.",
    }


def check_strength(password: str, email: str) -> None:
    """Raises PasswordTooWeak. Length counts, not classes of characters (NIST SP 800-63B, 5.1.1)."""
    local = normal_email(email).partition("@")[0]
    lowered = password.lower()
    if len(set(lowered)) < 5 or (len(local) > 3 and local in lowered and len(password) < len(local) + 8):
        raise PasswordTooWeak
