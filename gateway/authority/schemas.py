"""Request and response shapes of the authority desk."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from gateway.authority.proposal import BodiesForSteps, ProposalState
from gateway.identity.schemas import Role
from services.kernel.confidentiality import DEFAULT_VIEWERS
from services.kernel.schemas import Body, Effects, Flag, Instant, Line, ObjectShape, Prose, Shape, Step

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class NewDecision(Body):
    """`amend` accepts another body than the proposed one; `rebase` applies it to the version as it is now."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"decision": "accept", "reason": "The rock is harder than the survey said."}},
    }

    decision: Literal["accept", "amend", "reject"]
    reason: Reason
    body: dict[str, Any] | None = Field(default=None, description="with `amend`: the body of the only step")
    bodies: Annotated[list[dict[str, Any] | None], Field(max_length=100)] | None = Field(
        default=None, description="with `amend`: a body for each step, null where it stays as it was asked"
    )
    rebase: Flag = False

    @model_validator(mode="after")
    def _one_of_them_goes_with_amend(self) -> "NewDecision":
        given = (self.body is not None) + (self.bodies is not None)
        if given != (self.decision == "amend"):
            raise ValueError("amend needs body or bodies, and nothing else takes them")
        return self

    def amended(self, steps: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
        """The steps as the decider wants them, None as they were asked. Raises BodiesForSteps."""
        if self.decision != "amend":
            return None
        bodies = [self.body] if self.bodies is None else self.bodies
        if len(bodies) != len(steps):
            raise BodiesForSteps(count=len(steps))
        return [
            {**step, "body": step["body"] if body is None else body} for step, body in zip(steps, bodies, strict=True)
        ]


class ProposedStep(Step):
    """A write request of the API as it would be sent. `$1`, `$2`, … stand for the ids of what earlier steps make."""


class NewProposal(Body):
    """Steps that somebody wants to see done together; they are tried at once, and their impact is kept with them."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {
            "example": {
                "title": "Start the piers a week later, with a second crane",
                "justification": "The ice is later than in other years.",
                "steps": [
                    {
                        "method": "POST",
                        "path": "/v1/projects/0197d1c0-0000-7000-8000-000000000001/tasks",
                        "body": {"title": "Sound the river bed", "duration_minutes": 450},
                    },
                    {
                        "method": "POST",
                        "path": "/v1/projects/0197d1c0-0000-7000-8000-000000000001/dependencies",
                        "body": {"predecessor_id": "$1", "successor_id": "0197d1c0-0000-7000-8000-000000000004"},
                    },
                ],
                "submit": False,
            }
        },
    }

    title: Line | None = None
    justification: Prose | None = None
    steps: Annotated[list[ProposedStep], Field(min_length=1, max_length=100)]
    submit: Flag = Field(default=False, description="put it before those who decide, instead of keeping a draft")


class ProposalPatch(Body):
    """New words, or other steps, which are tried anew. `rebase` alone tries the same steps on the present versions."""

    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"justification": "And the crane is free now."}},
    }

    title: Line | None = None
    justification: Prose | None = None
    steps: Annotated[list[ProposedStep], Field(min_length=1, max_length=100)] | None = None
    rebase: Flag = False


class NewComment(Body):
    model_config = {
        "extra": "forbid",
        "json_schema_extra": {"example": {"text": "The crane is booked until Friday.", "objection": True}},
    }

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
    objection: Flag = Field(default=False, description="keeps the proposal from being accepted by itself")


class ProposalCommentShape(ObjectShape):
    project_id: UUID
    proposal_id: UUID
    text: str
    objection: bool


class Withdrawal(Body):
    model_config = {"extra": "forbid", "json_schema_extra": {"example": {"reason": "No longer needed."}}}

    reason: Reason


class ProposalShape(ObjectShape):
    project_id: UUID
    title: str
    justification: str | None
    state: ProposalState
    proposer_id: UUID
    steps: list[dict[str, Any]]
    amended_steps: list[dict[str, Any]] | None
    kinds: list[str]
    measures: dict[str, str]
    impact: dict[str, Any]
    exceeded: list[str]
    decidable_by: list[dict[str, str]]
    approvals: list[dict[str, str]]
    approvals_needed: int
    submitted_at: datetime | None
    accepts_itself_at: datetime | None
    escalates_at: datetime | None
    expires_at: datetime | None
    reminded_at: datetime | None
    escalated_at: datetime | None
    superseded_by_id: UUID | None
    decided_by_id: UUID | None
    decided_at: datetime | None
    reason: str | None
    outcome_id: UUID | None
    result: dict[str, Any] | None
    problem: dict[str, Any] | None
    conflicts: Annotated[list[UUID] | None, Field(description="with expand=conflicts: open ones about the same")] = None


class Consequence(Shape):
    """What comes of a proposal that nobody decides; `due` says that the moment has come."""

    at: datetime
    what: Literal["too_late", "accepted", "escalated", "expired"]
    due: bool
    text: str


class WaitingProposal(ProposalShape):
    """One that waits for the reader. `needed_by`: when the first task begins that it would change; then it is too late.

    `if_undecided` tells what else comes of it, in the order of time.
    """

    age_minutes: int
    needed_by: datetime | None
    if_undecided: list[Consequence]


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
    machines: Flag = Field(default=False, description="software may decide by it, too")


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

    solo: Flag = False
    grants: Annotated[list[Grant], Field(max_length=500)]
    tolerances: Limits = {}
    approvals: Annotated[list[Approvals], Field(max_length=50)] = []
    step_up: StepUp | None = None
    proposals: ProposalRules = ProposalRules()
    sees: Sees = Sees()


class NewPolicy(PolicyDocument):
    """The whole document as it is to be, and why."""

    reason: Reason | None = None


class PolicyChange(Shape):
    """What a version says otherwise than the one before it, at `grants/{role}/{kind}` or another member's path."""

    place: str
    before: Any
    after: Any


class PolicyVersionShape(ObjectShape):
    project_id: UUID
    number: int
    document: dict[str, Any]
    changes: list[PolicyChange]
    reason: str | None
    sha256: str


class Outcomes(Shape):
    accepted: int
    amended: int
    rejected: int
    withdrawn: int
    expired: int
    open: int


class TrackRecord(Shape):
    """What became of somebody's proposals of one kind; `suggestion` is the beginning of a delegation, or null."""

    person_id: UUID
    kind: str
    outcomes: Outcomes
    largest_accepted: dict[str, str]
    suggestion: dict[str, Any] | None


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
    starts_at: Instant | None = Field(default=None, description="now, if it is not said")
    expires_at: Instant
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
