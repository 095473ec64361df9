"""Meetings, outcomes and proposals as tests need them."""

from typing import Any
from uuid import UUID

from services.kernel.ids import new_id
from tests.factories.world import World


async def call_meeting(world: World, **members: Any) -> dict[str, Any]:
    """A meeting that the coordinator calls and chairs, with the member invited unless told otherwise."""
    body: dict[str, Any] = {
        "title": "Site meeting 4",
        "starts_at": "2026-03-09T08:00:00Z",
        "ends_at": "2026-03-09T09:00:00Z",
        "location": "Site office",
        "attendees": [{"person_id": str(world["member"].id)}],
    }
    answer = await world["coordinator"].post(f"/v1/projects/{world.project_id}/meetings", body | members)
    assert answer.status_code == 201, answer.text
    meeting: dict[str, Any] = answer.json()
    return meeting


async def get_meeting(world: World, meeting: dict[str, Any], expand: str) -> dict[str, Any]:
    answer = await world["coordinator"].get(f"/v1/meetings/{meeting['id']}?expand={expand}")
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def record_outcome(world: World, meeting: dict[str, Any], **members: Any) -> dict[str, Any]:
    path = f"/v1/projects/{world.project_id}/outcomes"
    answer = await world["coordinator"].post(path, {"meeting_id": meeting["id"], **members})
    assert answer.status_code == 201, answer.text
    outcome: dict[str, Any] = answer.json()
    return outcome


async def submit_proposal(world: World) -> UUID:
    """An open proposal, as the authority desk publishes it."""
    proposal_id = new_id()
    data = {"title": "Order the steel abroad", "kinds": ["schedule.dates"], "impact": {"float_used_minutes": 480}}
    fact = ("gateway.proposal.submitted", proposal_id, data, world.project_id)
    await world.under_test.hear(world.tenant_id, "gateway", [fact])
    return proposal_id
