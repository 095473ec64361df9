"""A second project in a world's tenant, run by the same manager."""

from uuid import UUID

from services.kernel.ids import new_id
from tests.factories.policies import make_policy
from tests.factories.world import World


async def make_project(world: World, key: str = "TUN") -> UUID:
    """Create it in planning and have the gateway's facts make the manager its manager."""
    body = {"key": key, "name": "A tunnel", "start": "2026-03-02T08:00:00"}
    answer = await world["manager"].post("/v1/projects", body)
    assert answer.status_code == 201, answer.text
    project_id = UUID(answer.json()["id"])
    member = {"person_id": str(world["manager"].id), "role": "manager"}
    granted = ("gateway.membership.granted", new_id(), member, project_id)
    policy = ("gateway.policy.set", new_id(), {"document": make_policy()}, project_id)
    await world.under_test.hear(world.tenant_id, "gateway", [granted, policy])
    return project_id
