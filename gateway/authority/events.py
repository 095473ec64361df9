"""The facts of the authority desk."""

from services.kernel.events import FactType

_SETTLED = {
    "title": "Change duration of 1.2 Foundations",
    "decided_by_id": "0197d1c0-0000-7000-8000-000000000003",
    "proposer_id": "0197d1c0-0000-7000-8000-000000000002",
    "reason": "The rock is harder than the survey said.",
    "outcome_id": None,
    "problem": None,
    "decidable_by": [{"person_id": "0197d1c0-0000-7000-8000-000000000003", "role": "manager"}],
    "approvals": [
        {
            "person_id": "0197d1c0-0000-7000-8000-000000000003",
            "at": "2026-03-12T09:00:00+00:00",
            "reason": "The rock is harder than the survey said.",
        }
    ],
}
_CONTENT = {
    "title": "Change duration of 1.2 Foundations",
    "kinds": ["schedule.dates"],
    "impact": {"finish": {"before": "2026-09-01T16:00:00", "after": "2026-09-03T16:00:00", "moved_minutes": 900}},
    "steps": [{"method": "PATCH", "path": "/v1/tasks/0197d1c0-0000-7000-8000-000000000001"}],
    "proposer_id": "0197d1c0-0000-7000-8000-000000000002",
    "decidable_by": [{"person_id": "0197d1c0-0000-7000-8000-000000000003", "role": "manager"}],
}
PROPOSAL_SUBMITTED = FactType(
    "gateway.proposal.submitted", 1, _CONTENT, "Somebody asked for something that is not theirs to decide."
)
PROPOSAL_AMENDED = FactType("gateway.proposal.amended", 1, _CONTENT, "Its proposer asks for something else instead.")
PROPOSAL_APPROVED = FactType(
    "gateway.proposal.approved", 1, _SETTLED, "One of the several that it takes has said yes; it is still open."
)
PROPOSAL_REMINDED = FactType("gateway.proposal.reminded", 1, _SETTLED, "It waits, and whose turn it is was told again.")
PROPOSAL_ESCALATED = FactType(
    "gateway.proposal.escalated", 1, _SETTLED, "It has waited too long and is everybody's turn now who may decide it."
)
PROPOSAL_EXPIRED = FactType("gateway.proposal.expired", 1, _SETTLED, "Nobody decided it in time.")
PROPOSAL_SUPERSEDED = FactType("gateway.proposal.superseded", 1, _SETTLED, "Its proposer asked again, for more.")
PROPOSAL_COMMENTED = FactType(
    "gateway.proposal_comment.added",
    1,
    {
        "proposal_id": "0197d1c0-0000-7000-8000-000000000001",
        "text": "The crane is booked until Friday.",
        "objection": True,
    },
    "Somebody said something to a proposal.",
)
PROPOSAL_ACCEPTED = FactType("gateway.proposal.accepted", 1, _SETTLED, "It was accepted, and carried out.")
PROPOSAL_REJECTED = FactType("gateway.proposal.rejected", 1, _SETTLED, "It was rejected.")
PROPOSAL_WITHDRAWN = FactType("gateway.proposal.withdrawn", 1, _SETTLED, "Its proposer took it back.")
PROPOSAL_REBASE_REQUIRED = FactType(
    "gateway.proposal.rebase_required", 1, _SETTLED, "It was accepted, but what it changes has changed meanwhile."
)
PROPOSAL_FAILED = FactType(
    "gateway.proposal.failed", 1, _SETTLED, "It was accepted, but cannot be carried out any more."
)
DECISION_REFUSED = FactType(
    "gateway.proposal.decision_refused",
    1,
    _SETTLED,
    "A decision in minutes could not be taken; the proposal stays as it is.",
)
POLICY_SET = FactType(
    "gateway.policy.set",
    1,
    {
        "document": {"solo": False, "grants": [{"role": "manager", "kind": "*", "may": "decide"}]},
        "number": 2,
        "changes": [{"place": "grants/manager/*", "before": None, "after": {"may": "decide"}}],
        "reason": "The manager decides again.",
    },
    "A project's authority policy is this from now on.",
)
_DELEGATION = {
    "person_id": "0197d1c0-0000-7000-8000-000000000002",
    "role": "manager",
    "kinds": ["*"],
    "grants": None,
    "starts_at": "2026-12-21T07:00:00+00:00",
    "expires_at": "2027-01-04T07:00:00+00:00",
    "reason": "Acting manager over the holidays.",
    "granted_by_id": "0197d1c0-0000-7000-8000-000000000003",
}
DELEGATION_GRANTED = FactType("gateway.delegation.granted", 1, _DELEGATION, "Authority is lent for a time.")
DELEGATION_ENDED = FactType("gateway.delegation.ended", 1, _DELEGATION, "What was lent is lent no longer.")
FACT_TYPES = (
    DELEGATION_GRANTED,
    DELEGATION_ENDED,
    PROPOSAL_SUBMITTED,
    PROPOSAL_AMENDED,
    PROPOSAL_APPROVED,
    PROPOSAL_REMINDED,
    PROPOSAL_ESCALATED,
    PROPOSAL_EXPIRED,
    PROPOSAL_SUPERSEDED,
    PROPOSAL_COMMENTED,
    PROPOSAL_ACCEPTED,
    PROPOSAL_REJECTED,
    PROPOSAL_WITHDRAWN,
    PROPOSAL_REBASE_REQUIRED,
    PROPOSAL_FAILED,
    DECISION_REFUSED,
    POLICY_SET,
)
