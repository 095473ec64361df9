"""What the gateway does when other services tell it something: a project needs a manager, minutes hold a decision."""

from uuid import UUID

from gateway.authority import desk, repository
from gateway.authority.schemas import NewDecision
from gateway.authority.templates import TEMPLATES
from gateway.authority.use_cases.policies import put_policy
from gateway.identity.events import MEMBERSHIP_GRANTED
from gateway.identity.repository import add_membership
from gateway.identity.schemas import Role
from services.kernel.events import Fact
from services.kernel.ids import new_id
from services.kernel.inbox import Handlers
from services.kernel.problems import Problem
from services.kernel.session import WriteSession

HANDLERS = Handlers()


@HANDLERS.on("planning.project.created")
async def appoint_creator(session: WriteSession, fact: Fact) -> None:
    """A project's creator is its manager, under the policy that was chosen for it, from the first moment on."""
    project_id = fact.subject_id
    membership_id = new_id()
    await add_membership(session, membership_id, project_id, fact.actor_id, Role.MANAGER, None)
    data = {"person_id": str(fact.actor_id), "role": Role.MANAGER.value, "expires_at": None}
    session.record(MEMBERSHIP_GRANTED, "membership", membership_id, data, project_id=project_id)
    template = TEMPLATES.get(fact.data.get("policy_template", ""), TEMPLATES["standard"])
    await put_policy(session, project_id, 1, template.document, [], None)


@HANDLERS.on("coordination.decision.taken")
async def decide_by_minutes(session: WriteSession, fact: Fact) -> None:
    """Signed minutes hold a decision: take it in the signer's name. One that cannot be taken settles nothing here."""
    decision = NewDecision(decision=fact.data["decision"], reason=fact.data["reason"] or "Decided in the meeting.")
    session.principal = await repository.principal_of(session, fact.actor_id)
    try:
        async with session.begin_nested():
            await desk.decide(session, UUID(fact.data["proposal_id"]), decision, UUID(fact.data["outcome_id"]))
    except Problem as problem:
        await desk.tell_refusal(session, fact, problem)
