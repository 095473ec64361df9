"""An OAuth client: the id and secret with which software gets access tokens (RFC 6749, 4.4), in the name of a machine."""

from datetime import datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from sqlalchemy import ARRAY, DateTime, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity
from services.kernel.problems import Problem, RuleViolated

PREFIX: Final = "tdm_cs_"


class OAuthClient(Entity, Base):
    """Its secret is shown once; only the hash is kept. Its access tokens end with it."""

    __tablename__ = "oauth_clients"
    __table_args__ = (
        # A client is named by its id before the tenant is known.
        Index("uq_oauth_clients_id", "id", unique=True),
        {"info": {"background": True}},
    )

    person_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    name: Mapped[str] = mapped_column(Text)
    hint: Mapped[str] = mapped_column(Text)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class NotAMachine(RuleViolated):
    code = "not_a_machine"
    title = {"en": "OAuth clients act for software", "nb": "OAuth-klienter handler for programvare"}
    detail = {
        "en": "The person's kind is integration or agent.",
        "nb": "Personens slag er integration eller agent.",
    }


class OAuthRefused(Problem):
    """A refusal of the token endpoint: a problem like all, with the member `error` of RFC 6749, section 5.2."""

    status: ClassVar[int] = 400
    code = "oauth_refused"
    title = {"en": "No token is given for this", "nb": "Det gis ikke noe token for dette"}
    detail = {"en": "{reason}", "nb": "{reason}"}
    members = ("error",)

    def __init__(self, error: str, reason: str = "", **values: Any) -> None:
        super().__init__(error=error, reason=reason or error.replace("_", " "), **values)


class OAuthClientUnknown(OAuthRefused):
    status: ClassVar[int] = 401
    code = "oauth_client_unknown"

    def __init__(self) -> None:
        super().__init__("invalid_client", headers={"WWW-Authenticate": 'Basic realm="tandem", Bearer realm="tandem"'})
