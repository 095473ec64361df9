"""A proposal: steps that their proposer may not decide, kept with their computed impact until somebody with authority does.

    draft --> submitted --> accepting --> accepted
                |   ^           |-------> rebase_required --> accepting (decided again, on the new ground)
                |   |           `-------> failed              the service refused it for good
                |   `-- approved by one of several, amended, escalated: still open
                |--> rejected      by a decider, with the reason
                |--> withdrawn     by its proposer
                |--> superseded    by a later proposal of the same proposer
                `--> expired       nobody decided in time

`accepting` means: the decision is stored and being carried out. A crash there is finished by carrying it out again,
with the proposal's id as idempotency key.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from gateway.base import Base
from services.kernel.entity import Entity
from services.kernel.problems import Conflict, Forbidden, NotFound, RuleViolated


class ProposalState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTING = "accepting"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    REBASE_REQUIRED = "rebase_required"
    FAILED = "failed"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"


OPEN_STATES = (ProposalState.SUBMITTED, ProposalState.REBASE_REQUIRED)
_EDITABLE = (ProposalState.DRAFT, *OPEN_STATES)


class ProposalNotOpen(Conflict):
    code = "proposal_not_open"
    title = {"en": "The proposal has been settled", "nb": "Forslaget er avgjort"}
    detail = {"en": "It is {state}.", "nb": "Det er {state}."}
    members = ("state",)


class NoDraft(Conflict):
    code = "no_draft"
    title = {
        "en": "What was submitted is withdrawn, not deleted",
        "nb": "Det som er sendt inn trekkes, det slettes ikke",
    }


class OwnProposal(Forbidden):
    code = "own_proposal"
    title = {"en": "Nobody decides their own proposal here", "nb": "Ingen avgjør sitt eget forslag her"}


class ApprovedAlready(Conflict):
    code = "approved_already"
    title = {"en": "You have approved this already", "nb": "Du har godkjent dette allerede"}
    detail = {"en": "It takes the approval of somebody else.", "nb": "Det trengs godkjenning fra noen andre."}


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
    members = ("current_version", "changed_fields", "step")


class StepsOfOneService(RuleViolated):
    """All steps of a proposal are one transaction, and a transaction is of one service."""

    code = "steps_of_one_service"
    title = {"en": "The steps of a proposal belong together", "nb": "Stegene i et forslag hører sammen"}
    detail = {
        "en": "Each step writes an object of the same project, and all of them are of the same service.",
        "nb": "Hvert steg endrer et objekt i samme prosjekt, og alle hører til samme tjeneste.",
    }


class BodiesForSteps(RuleViolated):
    code = "bodies_for_steps"
    title = {"en": "An amendment has a body for each step", "nb": "En endring har en kropp for hvert steg"}
    detail = {"en": "The proposal has {count} of them.", "nb": "Forslaget har {count} av dem."}
    members = ("count",)


class Proposal(Entity, Base):
    """The stored steps, what they would do, and what became of it."""

    __tablename__ = "proposals"
    __table_args__ = (
        Index("ix_proposals_project", "tenant_id", "project_id", "state"),
        Index("ix_proposals_open", "tenant_id", "id", postgresql_where="state in ('submitted', 'rebase_required')"),
        CheckConstraint(
            "state in ('draft','submitted','accepting','accepted','rejected','withdrawn','rebase_required','failed',"
            "'superseded','expired')",
            name="state",
        ),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    title: Mapped[str] = mapped_column(Text)
    justification: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text, default=ProposalState.SUBMITTED)
    proposer_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    service: Mapped[str] = mapped_column(Text)
    # [{method, path, query, content_type, body, if_match}], carried out in this order as one transaction.
    steps: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    # What the decider put in their place; the proposed ones stay as they were asked.
    amended_steps: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    kinds: Mapped[list[str]] = mapped_column(JSONB)
    measures: Mapped[dict[str, str]] = mapped_column(JSONB)
    impact: Mapped[dict[str, Any]] = mapped_column(JSONB)
    exceeded: Mapped[list[str]] = mapped_column(JSONB)
    decidable_by: Mapped[list[dict[str, str]]] = mapped_column(JSONB)
    # The ids of what the steps touch, by which open proposals are found that are about the same things.
    touches: Mapped[list[str]] = mapped_column(JSONB)
    # [{person_id, at, reason}] of those who have said yes so far, where it takes several.
    approvals: Mapped[list[dict[str, str]]] = mapped_column(JSONB, default=list)
    approvals_needed: Mapped[int] = mapped_column(default=1)
    submitted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    # When time next does what to it, by the policy: see gateway/authority/waiting.py.
    accepts_itself_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    escalates_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reminded_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    escalated_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    auto_accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    superseded_by_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    decided_by_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    decided_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    reason: Mapped[str | None] = mapped_column(Text)
    rebase: Mapped[bool] = mapped_column(default=False)
    outcome_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    result: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    problem: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    def replaces(self, older: "Proposal") -> bool:
        """Whether this asks anew for all that the older one asked for: the same members of the same objects, or more."""
        return self.proposer_id == older.proposer_id and all(
            any(_asks_anew(step, earlier) for step in self.steps) for earlier in older.steps
        )

    def require_open(self) -> None:
        """Raises ProposalNotOpen when it has been settled already, NotFound for a draft, which is its proposer's alone."""
        if self.state == ProposalState.DRAFT:
            raise NotFound
        if not self.is_open:
            raise ProposalNotOpen(state=self.state)

    def require_editable_by(self, person_id: UUID) -> None:
        """Raises Forbidden for anybody but the proposer, NotFound if it is a draft, ProposalNotOpen when it is settled."""
        if self.proposer_id != person_id:
            raise NotFound if self.state == ProposalState.DRAFT else Forbidden
        if self.state not in _EDITABLE:
            raise ProposalNotOpen(state=self.state)

    def measure(self, measured: "Measured") -> None:
        """Keep what a trial of the steps found. What was approved was something else, so approvals start anew."""
        self.kinds = measured.kinds
        self.measures = measured.measures
        self.impact = measured.impact
        self.exceeded = measured.exceeded
        self.decidable_by = measured.decidable_by
        self.touches = touched(self.steps, measured.impact, self.project_id)
        self.approvals = []

    def approve(self, person_id: UUID, at: datetime, reason: str) -> bool:
        """One more says yes. Returns whether that is enough. Raises ApprovedAlready."""
        if any(approval["person_id"] == str(person_id) for approval in self.approvals):
            raise ApprovedAlready
        self.approvals = [*self.approvals, {"person_id": str(person_id), "at": at.isoformat(), "reason": reason}]
        return len(self.approvals) >= self.approvals_needed

    def decimal_measures(self) -> dict[str, int | Decimal]:
        """The measures as limits are compared with them."""
        return {name: Decimal(value) for name, value in self.measures.items()}

    def reopen(self) -> None:
        """The decision came to nothing; the proposal waits for another one, as it was asked."""
        self.state = ProposalState.SUBMITTED
        self.decided_by_id = self.decided_at = self.reason = self.amended_steps = None
        self.approvals = []


class Measured:
    """What a trial of the steps found: `refusal` is the problem document, or the answer, of the service."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        self.project_id = UUID(found["project_id"])
        self.kinds: list[str] = list(found["kinds"])
        self.measures: dict[str, str] = dict(found["measures"])
        self.impact: dict[str, Any] = dict(found["impact"])
        self.exceeded: list[str] = list(found["exceeded"])
        self.decidable_by: list[dict[str, str]] = list(found["decidable_by"])
        self.verdict: str = found.get("verdict", "propose")


class ProposalComment(Entity, Base):
    """What somebody says to a proposal. An objection keeps it from being accepted by itself."""

    __tablename__ = "proposal_comments"
    __table_args__ = (Index("ix_proposal_comments_proposal", "tenant_id", "proposal_id"),)

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    proposal_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    text: Mapped[str] = mapped_column(Text)
    objection: Mapped[bool] = mapped_column(default=False)


def touched(steps: Sequence[Mapping[str, Any]], impact: Mapping[str, Any], project_id: UUID) -> list[str]:
    """The ids of what steps and their impact are about, the project itself only where it is written to."""
    found = {identifier for step in steps for identifier in _ids_in_path(step["path"], str(project_id))}
    for step in steps:
        body = step.get("body")
        if isinstance(body, dict):
            found |= {value for name, value in body.items() if name.endswith("_id") and isinstance(value, str)}
    found |= {milestone["id"] for milestone in impact.get("milestones", ()) if "id" in milestone}
    found |= set(impact.get("touches", ()))
    return sorted(found)


def _ids_in_path(path: str, project_id: str) -> Iterable[str]:
    segments = path.split("/")[3:]
    ids = [segment for segment in segments if len(segment) == 36 and segment.count("-") == 4]
    return [identifier for identifier in ids if identifier != project_id or len(segments) == 1]


def _asks_anew(step: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
    """What is created twice is two things; what is changed or deleted twice is one."""
    if step["method"] == "POST" or (step["method"], step["path"]) != (earlier["method"], earlier["path"]):
        return False
    return set(earlier["body"] or ()) <= set(step["body"] or ())
