"""An identity provider of a tenant: an OpenID Connect issuer whose word on who somebody is the tenant takes.

It speaks for people of its own tenant only. Somebody is recognised by issuer and subject; at the first sign-in by an
address that the issuer says it has verified, if the tenant trusts it that far.
"""

from datetime import datetime

from sqlalchemy import Boolean, Column, DateTime, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity
from services.kernel.problems import Forbidden, RuleViolated, Unauthenticated, Unavailable, error_at

ATTEMPT_MINUTES = 10


class IdentityProvider(Entity, Base):
    """One registration of ours at an issuer. The secret is sealed, and shown to nobody again."""

    __tablename__ = "identity_providers"
    __table_args__ = (
        # A sign-in names its provider before the tenant is known.
        Index("uq_identity_providers_id", "id", unique=True),
        Index(
            "uq_identity_providers_issuer",
            "tenant_id",
            "issuer",
            "client_id",
            unique=True,
            postgresql_where=text("removed_at is null"),
        ),
        {"info": {"background": True}},
    )

    name: Mapped[str] = mapped_column(Text)
    issuer: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text)
    sealed_secret: Mapped[str | None] = mapped_column(Text)
    redirect_uri: Mapped[str] = mapped_column(Text)
    trusts_email: Mapped[bool] = mapped_column(Boolean)
    active: Mapped[bool] = mapped_column(Boolean)
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


federated_people = Table(
    "federated_people",
    Base.metadata,
    Column("tenant_id", SqlUuid(as_uuid=True), primary_key=True),
    Column("provider_id", SqlUuid(as_uuid=True), primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("person_id", SqlUuid(as_uuid=True), nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False),
)

# A sign-in that is under way at a provider: what its answer must fit.
sign_in_attempts = Table(
    "sign_in_attempts",
    Base.metadata,
    Column("tenant_id", SqlUuid(as_uuid=True), primary_key=True),
    Column("state_hash", LargeBinary, primary_key=True),
    Column("binding_hash", LargeBinary, nullable=False, comment="of what only the browser that began it has"),
    Column("provider_id", SqlUuid(as_uuid=True), nullable=False),
    Column("nonce", Text, nullable=False),
    Column("code_verifier", Text, nullable=False),
    Column("max_age_seconds", Integer),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("uq_sign_in_attempts_state_hash", "state_hash", unique=True),
    Index("ix_sign_in_attempts_expires_at", "expires_at"),
    info={"background": True},
)


class SignInFailed(Unauthenticated):
    """What the provider answered proves nothing; what it was exactly, is in the log and not in the answer."""

    code = "sign_in_failed"
    title = {"en": "The sign-in did not work", "nb": "Innloggingen lyktes ikke"}
    detail = {"en": "Begin again.", "nb": "Begynn på nytt."}


class NobodyHere(Forbidden):
    """The provider knows them, the tenant does not."""

    code = "nobody_here"
    title = {"en": "Nobody of this tenant is known by that", "nb": "Ingen i denne organisasjonen er kjent slik"}
    detail = {
        "en": "An administrator adds you to the directory, with the address that your provider has verified.",
        "nb": "En administrator legger deg til, med adressen som identitetstilbyderen din har bekreftet.",
    }


class ProviderUnavailable(Unavailable):
    code = "identity_provider_unavailable"
    title = {"en": "The identity provider does not answer", "nb": "Identitetstilbyderen svarer ikke"}


class IssuerRefused(RuleViolated):
    code = "issuer_refused"
    title = {"en": "That issuer cannot be used", "nb": "Den utstederen kan ikke brukes"}
    detail = {
        "en": "An issuer is an https address on the Internet, unless the operator allows an inner network.",
        "nb": "En utsteder er en https-adresse på Internett, om ikke driften tillater et indre nett.",
    }

    def __init__(self) -> None:
        super().__init__(errors=[error_at("/issuer", "issuer_refused", "cannot be used")])
