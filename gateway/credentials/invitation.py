"""An invitation: the mail by which a person of the directory gets to sign in, with the address that it was sent to."""

from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import DateTime, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity
from services.kernel.problems import Conflict, Forbidden, RuleViolated

PREFIX: Final = "tdm_inv_"
DAYS: Final = 7


class Invitation(Entity, Base):
    """Pending until it is accepted, revoked or too old. The secret is drawn when the mail is written, and not kept."""

    __tablename__ = "invitations"
    __table_args__ = (
        # Looked up before the tenant is known, so it cannot lead with tenant_id.
        Index("uq_invitations_hash", "hash", unique=True),
        Index("ix_invitations_person", "tenant_id", "person_id"),
        {"info": {"background": True}},
    )

    person_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    email: Mapped[str] = mapped_column(Text)
    hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    sent_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class NoAddress(RuleViolated):
    code = "no_address"
    title = {"en": "This person has no address to write to", "nb": "Denne personen har ingen adresse å skrive til"}


class MachinesAreNotInvited(RuleViolated):
    code = "machines_are_not_invited"
    title = {"en": "Only people are invited", "nb": "Bare mennesker inviteres"}
    detail = {
        "en": "Software gets a token or an OAuth client.",
        "nb": "Programvare får et token eller en OAuth-klient.",
    }


class InvitationForAnother(Forbidden):
    code = "invitation_for_another"
    title = {"en": "The invitation is for another address", "nb": "Invitasjonen gjelder en annen adresse"}
    detail = {
        "en": "It can only be accepted with the address that it was sent to.",
        "nb": "Den kan bare godtas med adressen den ble sendt til.",
    }


class InvitationEnded(Conflict):
    code = "invitation_ended"
    title = {"en": "The invitation has been accepted or revoked", "nb": "Invitasjonen er godtatt eller trukket tilbake"}


class AlreadyAnother(Conflict):
    code = "already_another_person"
    title = {
        "en": "The account belongs to somebody else of this tenant",
        "nb": "Kontoen hører til en annen i denne organisasjonen",
    }
