"""Request and response shapes of the authority desk."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from gateway.authority.proposal import ProposalState
from gateway.identity.schemas import Role
from services.kernel.schemas import Body, Effects, ObjectShape, Shape

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class NewDecision(Body):
    """`amend` accepts another body than the proposed one; `rebase` applies it to the version as it is now."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"decision": "accept", "reason": "The rock is harder than the survey said."}},
    }

    decision: Literal["accept", "amend", "reject"]
    reason: Reason
    body: dict[str, Any] | None = Field(default=None, description="the amended request body; with `amend` only")
    rebase: bool = False

    @model_validator(mode="after")
    def _body_goes_with_amend(self) -> "NewDecision":
        if (self.body is not None) != (self.decision == "amend"):
            raise ValueError("body goes with amend, and amend needs it")
        return self


class Withdrawal(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"reason": "No longer needed."}}}

    reason: Reason


class ProposalShape(ObjectShape):
    project_id: UUID
    title: str
    state: ProposalState
    proposer_id: UUID
    request: dict[str, Any]
    amended_body: dict[str, Any] | None
    kinds: list[str]
    impact: dict[str, Any]
    exceeded: list[str]
    decidable_by: list[dict[str, str]]
    decided_by_id: UUID | None
    decided_at: datetime | None
    reason: str | None
    outcome_id: UUID | None
    result: dict[str, Any] | None
    problem: dict[str, Any] | None


class Grant(Body):
    """What one role may do with one kind of act, up to which measured effect."""

    role: Role
    kind: Annotated[str, StringConstraints(pattern=r"^(\*|[a-z_]+(\.[a-z_]+)?(\.\*)?)$", max_length=80)]
    may: Literal["decide", "propose", "no"]
    limits: Annotated[
        dict[
            Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")],
            Annotated[int, Field(ge=0, le=10**15, strict=True)],
        ],
        Field(max_length=20),
    ] = {}


class PolicyDocument(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {"solo": False, "grants": [{"role": "manager", "kind": "*", "may": "decide", "limits": {}}]}
        },
    }

    solo: bool = False
    grants: Annotated[list[Grant], Field(max_length=500)]


class PolicyShape(Shape):
    type: str
    version: int
    created_at: datetime
    updated_at: datetime
    project_id: UUID
    document: dict[str, Any]
    effects: Effects | None = None
