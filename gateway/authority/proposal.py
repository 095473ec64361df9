"""A proposal: a request that its caller may not decide, kept with its computed impact until somebody with authority does.

    submitted --> accepting --> accepted
        |             |-------> rebase_required --> accepting (decided again, on the new ground)
        |             `-------> failed              the service refused it for good
        |--> rejected
        `--> withdrawn

`accepting` means: the decision is stored and being carried out. A crash there is finished by carrying it out again,
with the proposal's id as idempotency key.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity
from services.kernel.problems import Conflict, Forbidden


class ProposalState(StrEnum):
    SUBMITTED = "submitted"
    ACCEPTING = "accepting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REBASE_REQUIRED = "rebase_required"
    FAILED = "failed"


OPEN_STATES = (ProposalState.SUBMITTED, ProposalState.REBASE_REQUIRED)


class ProposalNotOpen(Conflict):
    code = "proposal_not_open"
    title = {"en": "The proposal has been settled", "nb": "Forslaget er avgjort"}
    detail = {"en": "It is {state}.", "nb": "Det er {state}."}
    members = ("state",)


class OwnProposal(Forbidden):
    code = "own_proposal"
    title = {"en": "Nobody decides their own proposal here", "nb": "Ingen avgjør sitt eget forslag her"}


class RebaseRequired(Conflict):
    code = "rebase_required"
    title = {
        "en": "The ground has moved since it was proposed",
        "nb": "Grunnlaget har endret seg siden det ble foreslått",
    }
    detail = {
        "en": "What it changes is now at version {current_version}. Decide it again with `rebase` to apply it there.",
        "nb": "Det den endrer er nå på versjon {current_version}. Avgjør på nytt med `rebase` for å bruke den der.",
    }
    members = ("current_version", "changed_fields")


class Proposal(Entity, Base):
    """The stored request, what it would do, and what became of it."""

    __tablename__ = "proposals"
    __table_args__ = (
        Index("ix_proposals_project", "tenant_id", "project_id", "state"),
        CheckConstraint(
            "state in ('submitted','accepting','accepted','rejected','withdrawn','rebase_required','failed')",
            name="state",
        ),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default=ProposalState.SUBMITTED)
    proposer_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    service: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    path: Mapped[str] = mapped_column(Text)
    query: Mapped[str] = mapped_column(Text)
    content_type: Mapped[str | None] = mapped_column(Text)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    # What the decider put in the body's place; the proposed one stays as it was asked.
    amended_body: Mapped[bytes | None] = mapped_column(LargeBinary)
    if_match: Mapped[str | None] = mapped_column(Text)
    kinds: Mapped[list[str]] = mapped_column(JSONB)
    impact: Mapped[dict[str, Any]] = mapped_column(JSONB)
    exceeded: Mapped[list[str]] = mapped_column(JSONB)
    decidable_by: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    decided_by_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(Text)
    rebase: Mapped[bool] = mapped_column(default=False)
    outcome_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB)

    def require_open(self) -> None:
        """Raises ProposalNotOpen when it has been settled already."""
        if self.state not in OPEN_STATES:
            raise ProposalNotOpen(state=self.state)
