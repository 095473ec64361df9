"""What people do with a project's policy, and what a new project starts with."""

from uuid import UUID

from gateway.authority import repository
from gateway.authority.events import POLICY_SET
from gateway.authority.schemas import PolicyDocument
from gateway.identity.schemas import Role
from services.kernel.access import require_authority, require_member
from services.kernel.authority import Policy
from services.kernel.problems import NotFound, RuleViolated, Stale
from services.kernel.session import WriteSession


class PolicyOfNobody(RuleViolated):
    """Under such a policy nobody could ever set another one."""

    code = "policy_of_nobody"
    title = {"en": "Somebody must be able to change the policy", "nb": "Noen må kunne endre reglene"}
    detail = {
        "en": "Let the manager or the role admin decide policy.set without limits.",
        "nb": "La prosjektlederen eller rollen admin bestemme policy.set uten grenser.",
    }


async def set_policy(session: WriteSession, project_id: UUID, expected_version: int, document: PolicyDocument) -> int:
    """Replace the policy (kind policy.set). Returns the new version. Raises PolicyOfNobody."""
    await require_member(session, session.principal, project_id)
    version = await repository.policy_version(session, project_id)
    if version is None:
        raise NotFound
    if version != expected_version:
        # The document is the one member that can change.
        raise Stale(expected_version=expected_version, current_version=version, changed_fields=["document"])
    await require_authority(session, project_id, ["policy.set"])
    proposed = document.model_dump(mode="json")
    # Every project has a manager and every tenant an administrator, and perhaps nobody else.
    able = [Policy(proposed).judge_role(role, ["policy.set"], {}).verdict for role in (Role.MANAGER, "admin")]
    if "decide" not in able:
        raise PolicyOfNobody
    await put_policy(session, project_id, proposed)
    return version + 1


async def put_policy(session: WriteSession, project_id: UUID, document: dict[str, object]) -> None:
    await repository.store_policy(session, project_id, document)
    session.record(POLICY_SET, "policy", project_id, {"document": document}, project_id=project_id)
