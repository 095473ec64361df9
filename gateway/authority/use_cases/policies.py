"""What people do with a project's policy, and what a new project starts with."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from gateway.authority import repository
from gateway.authority.events import POLICY_SET
from gateway.authority.policy_version import PolicyVersion, differences, digest_of, touches_tolerances
from gateway.authority.schemas import NewPolicy, PolicyDocument
from gateway.authority.simulation import simulate
from gateway.identity.schemas import Role
from gateway.identity.use_cases import require_known
from services.kernel.access import require_authority
from services.kernel.authority import Policy
from services.kernel.confidentiality import without_money
from services.kernel.ids import new_id
from services.kernel.problems import NotFound, RuleViolated, Stale
from services.kernel.session import WriteSession

SIMULATED = timedelta(days=90)


class PolicyOfNobody(RuleViolated):
    """Under such a policy nobody could ever set another one."""

    code = "policy_of_nobody"
    title = {"en": "Somebody must be able to change the policy", "nb": "Noen må kunne endre reglene"}
    detail = {
        "en": "Let the manager or the role admin decide policy.set without limits.",
        "nb": "La prosjektlederen eller rollen admin bestemme policy.set uten grenser.",
    }


async def set_policy(session: WriteSession, project_id: UUID, expected_version: int, new: NewPolicy) -> PolicyVersion:
    """Replace the policy (kinds policy.set, and policy.tolerances for what binds the manager). Raises PolicyOfNobody."""
    await require_known(session, session.principal, project_id)
    present = await repository.present_policy(session, project_id)
    if present is None:
        raise NotFound
    version, before = present
    if version != expected_version:
        # The document is the one member that can change.
        raise Stale(expected_version=expected_version, current_version=version, changed_fields=["document"])
    document = new.model_dump(mode="json", exclude={"reason"})
    # Every project has a manager and every tenant an administrator, and perhaps nobody else.
    able = [Policy(document).judge_role(role, ["policy.set"], {}).verdict for role in (Role.MANAGER, "admin")]
    if "decide" not in able:
        raise PolicyOfNobody
    changes = differences(PolicyDocument.model_validate(before).model_dump(mode="json"), document)
    kinds = ["policy.set", "policy.tolerances"] if touches_tolerances(changes) else ["policy.set"]
    subject = {"type": "policy", "id": str(project_id), "title": "policy"}
    await require_authority(session, project_id, kinds, {}, {"subject": subject, "reason": new.reason})
    return await put_policy(session, project_id, version + 1, document, changes, new.reason)


async def put_policy(
    session: WriteSession,
    project_id: UUID,
    number: int,
    document: dict[str, Any],
    changes: list[dict[str, Any]],
    reason: str | None,
) -> PolicyVersion:
    """Store the document as the project's policy and as its next version."""
    await repository.store_policy(session, project_id, document)
    stored = PolicyVersion(
        id=new_id(),
        project_id=project_id,
        number=number,
        document=document,
        changes=changes,
        reason=reason,
        sha256=digest_of(document),
    )
    session.add(stored)
    await session.flush()
    data = {"document": document, "number": number, "changes": changes, "reason": reason}
    session.record(POLICY_SET, "policy", project_id, data, project_id=project_id)
    return stored


async def simulated(session: WriteSession, project_id: UUID, document: Mapping[str, Any]) -> dict[str, Any]:
    """What the policy would have said about the acts and proposals of the last 90 days."""
    since = session.now - SIMULATED
    report = simulate(Policy(document), await repository.past_acts(session, project_id, since))
    shown: dict[str, Any] = {"since": since, **report}
    return shown if session.shows_costs else without_money(shown)
