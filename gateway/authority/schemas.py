"""Request and response shapes of the authority desk."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from gateway.authority.proposal import ProposalState
from gateway.identity.schemas import Role
from services.kernel.confidentiality import DEFAULT_VIEWERS
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


class ConflictingProposal(Shape):
    id: UUID
    title: str


class ProposalShape(ObjectShape):
    """`conflicts_with` are the other open proposals that touch the same object or the same tasks."""

    project_id: UUID
    title: str
    state: ProposalState
    proposer_id: UUID
    request: dict[str, Any]
    amended_body: dict[str, Any] | None
    kinds: list[str]
    impact: dict[str, Any]
    conflicts_with: list[ConflictingProposal]
    exceeded: list[str]
    decidable_by: list[dict[str, str]]
    decided_by_id: UUID | None
    decided_at: datetime | None
    reason: str | None
    outcome_id: UUID | None
    result: dict[str, Any] | None
    problem: dict[str, Any] | None


class NewHandover(Body):
    """The project gets another manager; the one so far stays in `outgoing_role`, or leaves without one."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "person_id": "0197d1c0-0000-7000-8000-000000000002",
                "outgoing_role": "member",
                "reason": "Kari leads the new bridge from Monday on.",
            }
        },
    }

    person_id: UUID
    outgoing_role: Role | None = None
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


Pattern = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z_]+(\.[a-z0-9_]+)?(\.\*)?)$", max_length=80)]
Limits = Annotated[
    dict[
        Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")],
        Annotated[int, Field(ge=0, le=10**15, strict=True)],
    ],
    Field(max_length=20),
]
PolicyRole = Literal[
    "owner", "programme_manager", "portfolio_manager", "manager", "coordinator", "member", "stakeholder",
    "client_contact", "auditor", "guest", "admin",
]  # fmt: skip


class LentGrant(Body):
    """What somebody may do with one kind of act, up to which measured effect."""

    kind: Pattern
    may: Literal["decide", "propose", "no"]
    limits: Limits = {}
    machines: bool = Field(default=False, description="software may decide by it, too")


class Grant(LentGrant):
    """What one role may do with one kind of act, up to which measured effect."""

    role: PolicyRole


class Approvals(Body):
    """How many deciders acts of a kind take; with 1, somebody else than whoever asks (four eyes)."""

    kind: Pattern
    count: Annotated[int, Field(ge=1, le=9)]


class StepUp(Body):
    """For which kinds a decision wants a sign-in of the last minutes."""

    kinds: Annotated[list[Pattern], Field(min_length=1, max_length=50)]
    minutes: Annotated[int, Field(ge=1, le=1440)]


class AutoAcceptance(Body):
    """Proposals of a kind, within limits, are accepted when nobody has objected for some hours."""

    kind: Pattern
    limits: Limits = {}
    after_hours: Annotated[int, Field(ge=0, le=24 * 90)]


class ProposalRules(Body):
    """What time does to proposals: reminders, escalation to whoever stands above, acceptance, expiry."""

    remind_after_hours: Annotated[int, Field(ge=1, le=24 * 90)] = 48
    escalate_after_hours: Annotated[int, Field(ge=1, le=24 * 90)] = 120
    expire_after_days: Annotated[int, Field(ge=1, le=365)] = 30
    auto_accept: Annotated[list[AutoAcceptance], Field(max_length=50)] = []


class Sees(Body):
    """Which roles see what the project costs, and what an hour of its people costs."""

    costs: Annotated[list[PolicyRole], Field(max_length=20)] = list(DEFAULT_VIEWERS["costs"])  # type: ignore[arg-type]
    rates: Annotated[list[PolicyRole], Field(max_length=20)] = list(DEFAULT_VIEWERS["rates"])  # type: ignore[arg-type]


class PolicyDocument(Body):
    """Who may decide what. `tolerances` bind everybody below the owner; a measure that none names is free."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "solo": False,
                "grants": [
                    {"role": "manager", "kind": "*", "may": "decide"},
                    {"role": "coordinator", "kind": "*", "may": "propose"},
                ],
                "tolerances": {"finish_minutes": 4500},
            }
        },
    }

    solo: bool = False
    grants: Annotated[list[Grant], Field(max_length=500)]
    tolerances: Limits = {}
    approvals: Annotated[list[Approvals], Field(max_length=50)] = []
    step_up: StepUp | None = None
    proposals: ProposalRules = ProposalRules()
    sees: Sees = Sees()


class NewDelegation(Body):
    """Authority that is lent for a time: all of a role's, or what `grants` say of one's own."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "person_id": "0197d1c0-0000-7000-8000-000000000002",
                "role": "manager",
                "expires_at": "2027-01-04T07:00:00Z",
                "reason": "Acting manager over the holidays.",
            }
        },
    }

    person_id: UUID
    role: Literal["owner", "programme_manager", "manager", "coordinator"] | None = Field(
        default=None, description="the role to stand in for; without it, one's own"
    )
    kinds: Annotated[list[Pattern], Field(min_length=1, max_length=50)] = ["*"]
    grants: Annotated[list[LentGrant], Field(min_length=1, max_length=50)] | None = None
    starts_at: AwareDatetime | None = Field(default=None, description="now, if it is not said")
    expires_at: AwareDatetime
    reason: Reason


class DelegationShape(Shape):
    id: UUID
    type: str
    version: int
    created_at: datetime
    updated_at: datetime
    project_id: UUID
    person_id: UUID
    role: str
    kinds: list[str]
    grants: list[dict[str, Any]] | None
    starts_at: datetime
    expires_at: datetime
    reason: str
    granted_by_id: UUID
    active: bool
    effects: Effects | None = None


class PolicyShape(Shape):
    type: str
    version: int
    created_at: datetime
    updated_at: datetime
    project_id: UUID
    document: dict[str, Any]
    effects: Effects | None = None


class KindShape(Shape):
    kind: str
    act_class: Annotated[Literal["operational", "propose", "decide"], Field(alias="class")]
    effects: list[str]
    judged_by: Literal["policy", "tenant", "oneself", "proposal"]
    delegable: bool
    title: str


class PolicyTemplateShape(Shape):
    name: str
    title: str
    document: dict[str, Any]


class KindAuthority(Shape):
    """What one may do with one kind of act, by which role or delegation, and who decides what lies beyond."""

    kind: str
    title: str
    act_class: Annotated[Literal["operational", "propose", "decide"], Field(alias="class")]
    may: Literal["decide", "propose", "no"]
    through: str | None
    delegation_id: UUID | None
    limits: dict[str, int]
    tolerances: dict[str, int]
    approvals: int
    step_up_minutes: int | None
    decidable_by: list[dict[str, str]]


class MyAuthority(Shape):
    project_id: UUID
    role: str
    roles: list[str]
    solo: bool
    kinds: list[KindAuthority]
