"""What people do with a project's policy, and what a new project starts with."""

from uuid import UUID

from gateway.authority import repository
from gateway.authority.events import POLICY_SET
from gateway.authority.schemas import PolicyDocument
from services.kernel.access import require_authority, require_member
from services.kernel.problems import NotFound
from services.kernel.session import WriteSession
from services.kernel.write import check_version


async def set_policy(session: WriteSession, project_id: UUID, expected_version: int, document: PolicyDocument) -> int:
    """Replace the policy (kind policy.set). Returns the new version."""
    await require_member(session, session.principal, project_id)
    version = await repository.policy_version(session, project_id)
    if version is None:
        raise NotFound
    check_version(version, expected_version)
    await require_authority(session, project_id, ["policy.set"])
    await put_policy(session, project_id, document.model_dump(mode="json"))
    return version + 1


async def put_policy(session: WriteSession, project_id: UUID, document: dict[str, object]) -> None:
    await repository.store_policy(session, project_id, document)
    session.record(POLICY_SET, "policy", project_id, {"document": document}, project_id=project_id)
