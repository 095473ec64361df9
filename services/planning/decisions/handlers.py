"""Decisions that were carried out elsewhere: the ledger keeps those of all services, told by their facts."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from services.kernel.events import Fact
from services.kernel.identity import Principal
from services.kernel.inbox import Handlers
from services.kernel.session import WriteSession
from services.planning.decisions.repository import name_of_person
from services.planning.decisions.use_cases import record_decision

HANDLERS = Handlers()

# For each fact: what the question was and what was chosen. `{name}` is the person that the fact is about.
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "gateway.policy.set": ("Which authority policy holds?", "Version {number}"),
    "gateway.membership.granted": ("May {name} be on the project?", "As {role}"),
    "gateway.membership.changed": ("What is {name} on the project?", "{role}"),
    "gateway.membership.revoked": ("May {name} leave the project?", "Leaves"),
    "gateway.delegation.granted": ("May {name} act for the {role}?", "Until {expires_at:.10}"),
    "gateway.delegation.ended": ("May {name} go on acting for the {role}?", "Ended"),
    "coordination.minutes.signed": ("Do the minutes of {title} hold?", "Signed"),
    "coordination.document.shared": ("May guests see {title}?", "Shared"),
    "coordination.document.unshared": ("May guests go on seeing {title}?", "Shared no longer"),
    "reporting.status_report.signed": ("Does status report {number} hold?", "Signed"),
    "reporting.status_report.published": ("Is status report {number} shown?", "Published"),
}


@HANDLERS.on(*_WORDS)
async def keep_decision(session: WriteSession, fact: Fact) -> None:
    """Record what was decided; what its policy counts as everyday work, or nobody was asked about, is none."""
    judged = next((each for each in fact.authority if each["class"] == "decide"), None)
    if judged is None or fact.project_id is None:
        return
    question, chosen = _WORDS[fact.type]
    words = dict(fact.data)
    if "person_id" in words:
        words["name"] = await name_of_person(session, UUID(words["person_id"]))
    reader = session.principal
    session.principal = Principal(
        fact.tenant_id, fact.actor_id, on_behalf_of_id=fact.on_behalf_of_id, proposal_id=fact.proposal_id
    )
    await record_decision(
        session,
        project_id=fact.project_id,
        kind=judged["kinds"][0],
        question=question.format(**words),
        chosen=chosen.format(**words),
        subject_type=fact.subject_type,
        subject_id=fact.subject_id,
        reason=fact.data.get("reason"),
        executed_by_id=fact.actor_id,
        decided_at=fact.occurred_at,
        authority=fact.authority,
    )
    session.principal = reader
