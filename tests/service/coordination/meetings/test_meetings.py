"""Meetings: who calls, sees and changes them, and how people answer."""

import asyncio
from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World
from tests.service.coordination.meetings.calls import call_meeting, get_meeting, submit_proposal
from tests.service.coordination.recorded import facts_of


async def test_nobody_without_an_identity_calls_a_meeting(coordination: ServiceUnderTest) -> None:
    answer = await coordination.http.post(f"/v1/projects/{new_id()}/meetings", json={})
    assert answer.status_code == 401


async def test_outsiders_find_no_meeting(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    for caller in (world["stranger"], world.foreigner()):
        for path in (f"/v1/meetings/{meeting['id']}", f"/v1/meetings/{meeting['id']}/minutes"):
            assert (await caller.get(path)).status_code == 404
        for noun in ("meetings", "agenda-items", "attendances", "outcomes", "action-items"):
            assert (await caller.get(f"/v1/projects/{world.project_id}/{noun}")).status_code == 404
        assert (await caller.patch(f"/v1/meetings/{meeting['id']}", {"title": "Mine"}, 1)).status_code == 404
        assert (await caller.post(f"/v1/meetings/{meeting['id']}/signature", {})).status_code == 404


async def test_a_stakeholder_calls_no_meeting_and_a_member_proposes_one(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    body = {"title": "Mine", "starts_at": "2026-03-09T08:00:00Z", "ends_at": "2026-03-09T09:00:00Z"}
    path = f"/v1/projects/{world.project_id}/meetings"
    assert (await world["stakeholder"].post(path, body)).json()["code"] == "forbidden"
    assert (await world["member"].post(path, body)).json()["code"] == "authority_required"
    assert (await world["manager"].get(path)).json()["data"] == []


async def test_a_call_that_makes_no_sense_is_refused(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    path = f"/v1/projects/{world.project_id}/meetings"
    body: dict[str, Any] = {"title": "M", "starts_at": "2026-03-09T08:00:00Z", "ends_at": "2026-03-09T09:00:00Z"}
    for change, code in (
        ({"ends_at": "2026-03-09T08:00:00Z"}, "meeting_ends_before_it_starts"),
        ({"starts_at": "2026-03-09T08:00:00"}, "validation_failed"),
        ({"time_zone": "Europe/Atlantis"}, "validation_failed"),
        ({"title": "a\r\nBcc: everybody@example.org"}, "validation_failed"),
        ({"status": "minutes_signed"}, "validation_failed"),
        ({"chair_id": str(world["stranger"].id)}, "unknown_reference"),
        ({"attendees": [{"person_id": str(new_id())}]}, "unknown_reference"),
        ({"agenda": [{"title": "Steel", "proposal_id": str(new_id())}]}, "unknown_reference"),
    ):
        answer = await world["coordinator"].post(path, body | change)
        assert (answer.status_code, answer.json()["code"]) == (422, code), change
    assert (await world["manager"].get(path)).json()["data"] == []


@pytest.mark.parametrize(
    "member", ["id", "tenant_id", "version", "created_by_id", "status", "signed_by_id", "minutes_sha256", "sequence"]
)
async def test_nobody_sets_what_the_system_sets(coordination: ServiceUnderTest, member: str) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    call = {"title": "M", "starts_at": "2026-03-09T08:00:00Z", "ends_at": "2026-03-09T09:00:00Z", member: "1"}
    called = await world["coordinator"].post(f"/v1/projects/{world.project_id}/meetings", call)
    assert (called.status_code, called.json()["errors"][0]["pointer"]) == (422, f"/{member}")
    changed = await world["coordinator"].patch(f"/v1/meetings/{meeting['id']}", {member: "minutes_signed"}, 1)
    assert changed.status_code == 422
    outcome = {"meeting_id": meeting["id"], "kind": "note", "text": "x", "result": "accepted"}
    assert (await world["coordinator"].post(f"/v1/projects/{world.project_id}/outcomes", outcome)).status_code == 422


async def test_a_coordinator_calls_a_meeting_with_its_agenda_and_circle(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    proposal_id = await submit_proposal(world)
    meeting = await call_meeting(
        world, agenda=[{"title": "Steel", "proposal_id": str(proposal_id)}, {"title": "Other"}]
    )
    assert (meeting["status"], meeting["time_zone"], meeting["sequence"]) == ("called", "Europe/Oslo", 0)
    assert meeting["chair_id"] == str(world["coordinator"].id)
    shown = await get_meeting(world, meeting, "agenda,attendances,outcomes")
    assert [item["title"] for item in shown["agenda"]] == ["Steel", "Other"]
    assert shown["agenda"][0]["proposal"]["status"] == "open"
    assert shown["agenda"][0]["proposal"]["impact"] == {"float_used_minutes": 480}
    roles = {each["person_id"]: each["role"] for each in shown["attendances"]}
    assert roles == {str(world["coordinator"].id): "chair", str(world["member"].id): "required"}
    (fact,) = await facts_of(coordination, world, "coordination.meeting.called")
    assert fact["data"]["starts_at"] == "2026-03-09T08:00:00.000000Z"
    assert len(fact["data"]["attendee_ids"]) == 2
    assert fact["data"]["agenda"][0]["proposal_id"] == str(proposal_id)


async def test_what_is_expanded_is_never_hidden_by_an_unchanged_version(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    path = f"/v1/meetings/{(await call_meeting(world))['id']}"
    known = {"If-None-Match": '"1"'}
    assert (await world["member"].get(path, headers=known)).status_code == 304
    body = {"meeting_id": path.rpartition("/")[2], "title": "Steel"}
    assert (await world["coordinator"].post(f"/v1/projects/{world.project_id}/agenda-items", body)).status_code == 201
    expanded = await world["member"].get(f"{path}?expand=agenda", headers=known)
    assert (expanded.status_code, len(expanded.json()["agenda"])) == (200, 1)


async def test_moving_a_meeting_counts_its_sequence_and_renaming_does_not(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    path = f"/v1/meetings/{(await call_meeting(world))['id']}"
    assert (await world["coordinator"].patch(path, {"title": "Renamed"}, 1)).json()["sequence"] == 0
    moved = await world["coordinator"].patch(path, {"ends_at": "2026-03-09T10:00:00Z"}, 2)
    assert (moved.status_code, moved.json()["sequence"]) == (200, 1)
    assert (await world["coordinator"].patch(path, {"starts_at": "2026-03-09T11:00:00Z"}, 3)).status_code == 422
    assert (await world["coordinator"].patch(path, {"starts_at": None}, 3)).status_code == 422
    assert (await world["coordinator"].patch(path, {"title": "Stale"}, 2)).status_code == 412
    cancelled = await world["coordinator"].patch(path, {"status": "cancelled"}, 3)
    assert (cancelled.json()["status"], cancelled.json()["sequence"]) == ("cancelled", 2)
    after = await world["coordinator"].patch(path, {"title": "Late"}, 4)
    assert (after.status_code, after.json()["code"]) == (409, "meeting_cancelled")


async def test_of_many_who_change_one_meeting_one_wins(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    path = f"/v1/meetings/{(await call_meeting(world))['id']}"
    answers = await asyncio.gather(*(world["coordinator"].patch(path, {"title": f"T{n}"}, 1) for n in range(5)))
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]


async def test_agenda_items_stand_in_the_order_of_their_rank(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world, agenda=[{"title": "A"}, {"title": "B"}])
    path = f"/v1/projects/{world.project_id}/agenda-items"
    last = await world["coordinator"].post(path, {"meeting_id": meeting["id"], "title": "C", "planned_minutes": 20})
    assert last.status_code == 201, last.text
    moved = await world["coordinator"].patch(f"/v1/agenda-items/{last.json()['id']}", {"rank": "im"}, 1)
    assert moved.status_code == 200
    listed = (await world["member"].get(f"{path}?meeting_id={meeting['id']}")).json()["data"]
    assert [item["title"] for item in listed] == ["A", "C", "B"]
    assert (await world["coordinator"].delete(f"/v1/agenda-items/{listed[0]['id']}", 1)).status_code == 204
    other = await coordination.world(make_policy())
    foreign = await world["coordinator"].post(path, {"meeting_id": (await call_meeting(other))["id"], "title": "D"})
    assert (foreign.status_code, foreign.json()["code"]) == (422, "unknown_reference")


async def test_a_guest_sees_the_meeting_to_which_they_are_invited_and_no_other(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    proposal_id = await submit_proposal(world)
    guest = {"person_id": str(world["guest"].id), "role": "optional"}
    agenda = [{"title": "Steel", "proposal_id": str(proposal_id)}]
    invited = await call_meeting(world, attendees=[guest], agenda=agenda)
    other = await call_meeting(world)
    listed = (await world["guest"].get(f"/v1/projects/{world.project_id}/meetings")).json()["data"]
    assert [meeting["id"] for meeting in listed] == [invited["id"]]
    assert (await world["guest"].get(f"/v1/meetings/{other['id']}")).status_code == 404
    assert (await world["guest"].get(f"/v1/meetings/{other['id']}/minutes")).status_code == 404
    shown = (await world["guest"].get(f"/v1/meetings/{invited['id']}?expand=agenda")).json()
    assert shown["agenda"][0]["proposal"] is None
    items = (await world["guest"].get(f"/v1/projects/{world.project_id}/agenda-items?expand=proposal")).json()["data"]
    assert [(item["meeting_id"], item["proposal"]) for item in items] == [(invited["id"], None)]
    assert (await world["guest"].get(f"/v1/projects/{world.project_id}/action-items")).status_code == 404
    assert (await world["guest"].patch(f"/v1/meetings/{invited['id']}", {"title": "Mine"}, 1)).status_code == 404


async def test_everybody_answers_for_themselves_and_only_the_coordinator_for_others(
    coordination: ServiceUnderTest,
) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(
        world, attendees=[{"person_id": str(world[role].id)} for role in ("guest", "stakeholder")]
    )
    attendances = await attendances_of(world, meeting)
    for role in ("guest", "stakeholder"):
        path = f"/v1/attendances/{attendances[str(world[role].id)]['id']}"
        assert (await world["member"].patch(path, {"response": "declined"}, 1)).status_code == 403
        answered = await world[role].patch(path, {"response": "accepted"}, 1)
        assert (answered.status_code, answered.json()["response"]) == (200, "accepted")
        assert (await world[role].patch(path, {"attended": True}, 2)).status_code in (403, 404)
        assert (await world["stranger"].patch(path, {"response": "declined"}, 2)).status_code == 404
        noted = await world["coordinator"].patch(path, {"attended": True}, 2)
        assert (noted.status_code, noted.json()["attended"]) == (200, True)
    narrow = world.caller("coordinator", scopes=frozenset({"coordination:read"}))
    own = attendances[str(world["coordinator"].id)]
    assert (await narrow.patch(f"/v1/attendances/{own['id']}", {"response": "accepted"}, 1)).status_code == 403


async def test_nobody_attends_twice(coordination: ServiceUnderTest) -> None:
    world = await coordination.world(make_policy())
    meeting = await call_meeting(world)
    body = {"meeting_id": meeting["id"], "person_id": str(world["owner"].id)}
    path = f"/v1/projects/{world.project_id}/attendances"
    assert (await world["coordinator"].post(path, body)).status_code == 201
    again = await world["coordinator"].post(path, body)
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")


async def attendances_of(world: World, meeting: dict[str, Any]) -> dict[str, dict[str, Any]]:
    path = f"/v1/projects/{world.project_id}/attendances?meeting_id={meeting['id']}"
    return {each["person_id"]: each for each in (await world["coordinator"].get(path)).json()["data"]}
