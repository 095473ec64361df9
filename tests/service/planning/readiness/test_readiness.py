"""Briefs that are acknowledged, needs that are promised and met, and what the look-ahead makes of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_link, make_task
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World

TODAY = datetime.now(UTC).date()
WHY: dict[str, Any] = {"why": "The crane stands on it.", "done_when": ["It bears 40 t."], "inputs": ["Drawing B-204"]}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    monday = TODAY - timedelta(days=TODAY.weekday())
    return await planning.world(make_policy(), {"start": f"{monday + timedelta(weeks=1)}T08:00:00"})


def in_days(days: int) -> str:
    return (TODAY + timedelta(days=days)).isoformat()


async def make(world: World, noun: str, caller: Caller | None = None, **members: Any) -> dict[str, Any]:
    answer = await (caller or world["manager"]).post(f"/v1/projects/{world.project_id}/{noun}", members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def task_of_the_member(world: World, title: str = "Pour") -> dict[str, Any]:
    return await make_task(world, title, duration_minutes=DAY, assignee_id=str(world["member"].id))


async def missing(world: World, task: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = await world["member"].get(f"/v1/tasks/{task['id']}/readiness")
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["ready_to_start"] == (not found["missing"])
    return {each["code"]: each for each in found["missing"]}


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    task = await task_of_the_member(world)
    brief = await make(world, "task-briefs", task_id=task["id"], **WHY)
    need = await make(world, "needs", task_id=task["id"], kind="material", title="Concrete")
    project = f"/v1/projects/{world.project_id}"
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        for path in (
            f"/v1/task-briefs/{brief['id']}",
            f"/v1/needs/{need['id']}",
            f"/v1/tasks/{task['id']}/readiness",
            f"{project}/task-briefs",
            f"{project}/needs",
            f"{project}/readiness",
        ):
            assert (await caller.get(path)).status_code == 404, path
        assert (await caller.patch(f"/v1/needs/{need['id']}", {"lead_days": 1}, 1)).status_code == 404
        assert (await caller.delete(f"/v1/task-briefs/{brief['id']}", 1)).status_code == 404
        acknowledged = await caller.post(f"/v1/task-briefs/{brief['id']}/acknowledgements", {"revision": 1})
        assert acknowledged.status_code == 404
        action = {"task_id": task["id"], "missing": "acknowledgement", "owner_id": str(world["member"].id)}
        assert (await caller.post(f"{project}/make-ready-actions", action)).status_code == 404


async def test_members_propose_briefs_and_auditors_may_not(world: World) -> None:
    task = await task_of_the_member(world)
    path = f"/v1/projects/{world.project_id}/task-briefs"
    asked = await world["member"].post(path, {"task_id": task["id"]} | WHY)
    assert (asked.status_code, asked.json()["code"]) == (403, "authority_required")
    refused = await world["auditor"].post(path, {"task_id": task["id"]} | WHY)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    assert (await world["coordinator"].post(path, {"task_id": task["id"]} | WHY)).status_code == 201


async def test_what_makes_no_sense_is_refused(world: World) -> None:
    task = await task_of_the_member(world)
    project = f"/v1/projects/{world.project_id}"
    brief = {"task_id": task["id"]} | WHY
    for wrong, code in (
        ({"task_id": str(new_id())}, "unknown_reference"),
        ({"contact_id": str(world["stranger"].id)}, "unknown_reference"),
        ({"why": "  "}, "validation_failed"),
        ({"done_when": []}, "validation_failed"),
        ({"done_when": ["x"] * 51}, "validation_failed"),
    ):
        answer = await world["manager"].post(f"{project}/task-briefs", brief | wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, code), wrong
    need = {"task_id": task["id"], "kind": "room", "title": "Site office"}
    more: tuple[tuple[dict[str, Any], str], ...] = (
        ({"task_id": str(new_id())}, "unknown_reference"),
        ({"owner_id": str(world["stranger"].id)}, "unknown_reference"),
        ({"kind": "luck"}, "validation_failed"),
        ({"lead_days": 367}, "validation_failed"),
        ({"needed_by": "9999-01-01"}, "validation_failed"),
    )
    for wrong, code in more:
        answer = await world["manager"].post(f"{project}/needs", need | wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, code), wrong
    for weeks in ("0", "27", "x", ""):
        assert (await world["manager"].get(f"{project}/readiness?weeks={weeks}")).status_code == 400
    assert (await world["manager"].get(f"/v1/tasks/{new_id()}/readiness")).status_code == 404


async def test_a_task_has_one_brief(world: World) -> None:
    task = await task_of_the_member(world)
    brief = await make(world, "task-briefs", task_id=task["id"], **WHY)
    twice = await world["manager"].post(f"/v1/projects/{world.project_id}/task-briefs", {"task_id": task["id"]} | WHY)
    assert (twice.status_code, twice.json()["code"]) == (409, "task_briefed")
    assert (await world["manager"].delete(f"/v1/task-briefs/{brief['id']}", 1)).status_code == 204
    await make(world, "task-briefs", task_id=task["id"], **WHY)


async def test_only_those_who_do_a_task_acknowledge_its_brief(world: World) -> None:
    task = await task_of_the_member(world)
    brief = await make(world, "task-briefs", task_id=task["id"], **WHY)
    path = f"/v1/task-briefs/{brief['id']}"
    assert (brief["acknowledged"], brief["unacknowledged_by_ids"]) == (False, [str(world["member"].id)])
    assert (await world["manager"].post(f"{path}/acknowledgements", {"revision": 1})).status_code == 403
    narrow = world.caller("member", scopes=frozenset({"planning:read"}))
    assert (await narrow.post(f"{path}/acknowledgements", {"revision": 1})).status_code == 403
    early = await world["member"].post(f"{path}/acknowledgements", {"revision": 2})
    assert (early.status_code, early.json()["code"]) == (409, "brief_revised")
    done = await world["member"].post(f"{path}/acknowledgements", {"revision": 1})
    assert (done.status_code, done.json()["acknowledged"], done.json()["revision"]) == (200, True, 1)
    again = await world["member"].post(f"{path}/acknowledgements", {"revision": 1})
    assert (again.status_code, again.json()["version"]) == (200, done.json()["version"])


async def test_a_changed_brief_makes_acknowledgements_stale_and_keeps_them(world: World) -> None:
    task = await task_of_the_member(world)
    brief = await make(world, "task-briefs", task_id=task["id"], **WHY)
    path = f"/v1/task-briefs/{brief['id']}"
    await world["member"].post(f"{path}/acknowledgements", {"revision": 1})
    contact = await world["manager"].patch(path, {"contact_id": str(world["coordinator"].id)}, 2)
    assert (contact.json()["acknowledged"], contact.json()["revision"]) == (True, 1)
    changed = await world["manager"].patch(path, {"inputs": ["Drawing B-204, revision D"]}, 3)
    assert (changed.json()["acknowledged"], changed.json()["revision"]) == (False, 2)
    (kept,) = changed.json()["acknowledgements"]
    assert (kept["person_id"], kept["revision"]) == (str(world["member"].id), 1)
    stale = await world["member"].post(f"{path}/acknowledgements", {"revision": 1})
    assert stale.json()["code"] == "brief_revised"
    again = await world["member"].post(f"{path}/acknowledgements", {"revision": 2})
    assert again.json()["acknowledged"] is True
    # Somebody else does it now, who has read nothing.
    version = (await world["manager"].get(f"/v1/tasks/{task['id']}")).json()["version"]
    other = {"assignee_id": str(world["coordinator"].id)}
    assert (await world["manager"].patch(f"/v1/tasks/{task['id']}", other, version)).status_code == 200
    assert (await world["member"].get(path)).json()["unacknowledged_by_ids"] == [str(world["coordinator"].id)]


async def test_unacknowledged_briefs_of_work_that_is_near_are_listed(world: World) -> None:
    near, later = await task_of_the_member(world, "Pour"), await task_of_the_member(world, "Cure")
    await make_link(world, near, later, lag_minutes=60 * DAY)
    first = await make(world, "task-briefs", task_id=near["id"], **WHY)
    await make(world, "task-briefs", task_id=later["id"], **WHY)
    path = f"/v1/projects/{world.project_id}/task-briefs"
    query = f"?acknowledged=false&task_start[lte]={in_days(14)}T23:00:00&sort=task_start"
    assert [each["id"] for each in (await world["manager"].get(path + query)).json()["data"]] == [first["id"]]
    assert len((await world["manager"].get(f"{path}?sort=task_start&limit=1")).json()["data"]) == 1
    await world["member"].post(f"/v1/task-briefs/{first['id']}/acknowledgements", {"revision": 1})
    assert (await world["manager"].get(path + query)).json()["data"] == []


async def test_whoever_stands_behind_a_resource_acknowledges_too(world: World) -> None:
    task = await task_of_the_member(world)
    kari = await make(world, "resources", name="Kari", person_id=str(world["coordinator"].id))
    await make(world, "assignments", task_id=task["id"], resource_id=kari["id"])
    brief = await make(world, "task-briefs", task_id=task["id"], **WHY)
    both = sorted((str(world["member"].id), str(world["coordinator"].id)))
    assert brief["unacknowledged_by_ids"] == both
    path = f"/v1/task-briefs/{brief['id']}/acknowledgements"
    assert (await world["member"].post(path, {"revision": 1})).json()["acknowledged"] is False
    assert (await world["coordinator"].post(path, {"revision": 1})).json()["acknowledged"] is True


async def test_a_need_follows_its_task_unless_it_has_a_day_of_its_own(world: World) -> None:
    task = await task_of_the_member(world)
    need = await make(world, "needs", world["member"], task_id=task["id"], kind="material", title="C", lead_days=2)
    start = datetime.fromisoformat(task["start"]).date()
    assert need["needed_by"] == start.isoformat()
    assert need["deadline"] == (start - timedelta(days=2)).isoformat()
    path = f"/v1/needs/{need['id']}"
    own = await world["member"].patch(path, {"needed_by": in_days(1)}, 1)
    assert (own.json()["needed_by"], own.json()["deadline"]) == (in_days(1), in_days(-1))
    overdue = f"/v1/projects/{world.project_id}/needs?deadline[lt]={in_days(0)}&state[in]=open,promised&sort=deadline"
    assert [each["id"] for each in (await world["manager"].get(overdue)).json()["data"]] == [need["id"]]
    assert (await world["member"].patch(path, {"needed_by": None}, 2)).json()["needed_by"] == start.isoformat()


async def test_a_promise_has_an_owner_and_a_day_and_is_kept_or_broken(world: World) -> None:
    task = await task_of_the_member(world)
    need = await make(world, "needs", task_id=task["id"], kind="equipment", title="Crane")
    path = f"/v1/needs/{need['id']}"
    owner = {"owner_id": str(world["coordinator"].id)}
    incomplete = await world["manager"].patch(path, {"state": "promised"} | owner, 1)
    assert (incomplete.status_code, incomplete.json()["code"]) == (422, "promise_incomplete")
    first = await world["coordinator"].patch(path, owner | {"promised_for": in_days(2)}, 1)
    assert (first.json()["state"], len(first.json()["promises"])) == ("promised", 1)
    sooner = await world["coordinator"].patch(path, {"promised_for": in_days(1)}, 2)
    assert [each["kept"] for each in sooner.json()["promises"]] == [None]
    later = await world["coordinator"].patch(path, {"promised_for": in_days(4)}, 3)
    assert [each["kept"] for each in later.json()["promises"]] == [False, None]
    taken_over = await world["coordinator"].patch(path, {"owner_id": str(world["member"].id)}, 4)
    assert [(each["by_id"], each["kept"]) for each in taken_over.json()["promises"]][-1] == (
        str(world["member"].id),
        None,
    )
    met = await world["coordinator"].patch(path, {"met_on": in_days(0)}, 5)
    assert met.json()["state"] == "met"
    assert (met.json()["met_on"], [each["kept"] for each in met.json()["promises"]]) == (in_days(0), [False, True])
    opened = await world["coordinator"].patch(path, {"state": "open"}, 6)
    assert (opened.json()["met_on"], opened.json()["promised_for"]) == (None, None)


async def test_a_task_is_ready_once_nothing_is_missing(world: World) -> None:
    before = await make_task(world, "Form", duration_minutes=DAY)
    task = await make_task(world, "Pour", duration_minutes=DAY)
    await make_link(world, before, task)
    need = await make(world, "needs", task_id=task["id"], kind="material", title="Concrete")
    assert set(await missing(world, task)) == {"predecessor", "brief", "resource", "need"}
    version = (await world["manager"].get(f"/v1/tasks/{task['id']}")).json()["version"]
    await world["manager"].patch(f"/v1/tasks/{task['id']}", {"assignee_id": str(world["member"].id)}, version)
    brief = await make(world, "task-briefs", task_id=task["id"], **WHY)
    assert set(await missing(world, task)) == {"predecessor", "acknowledgement", "need"}
    await world["member"].post(f"/v1/task-briefs/{brief['id']}/acknowledgements", {"revision": 1})
    await world["manager"].patch(f"/v1/needs/{need['id']}", {"state": "withdrawn"}, 1)
    left = await missing(world, task)
    assert (set(left), left["predecessor"]["subject_id"]) == ({"predecessor"}, before["id"])
    version = (await world["manager"].get(f"/v1/tasks/{before['id']}")).json()["version"]
    await world["manager"].patch(f"/v1/tasks/{before['id']}", {"percent_complete": 100}, version)
    assert await missing(world, task) == {}


async def test_the_look_ahead_tells_what_starts_and_what_share_of_it_is_ready(world: World) -> None:
    path = f"/v1/projects/{world.project_id}/readiness"
    empty = (await world["member"].get(path)).json()
    assert (empty["tasks"], empty["promises"]) == ([], {"due": 0, "kept": 0, "percent": None})
    ready = await task_of_the_member(world, "Pour")
    brief = await make(world, "task-briefs", task_id=ready["id"], **WHY)
    await world["member"].post(f"/v1/task-briefs/{brief['id']}/acknowledgements", {"revision": 1})
    await make_task(world, "Paint", duration_minutes=3 * DAY)
    late = await task_of_the_member(world, "Fence")
    await make_link(world, ready, late, lag_minutes=20 * DAY)
    found = (await world["member"].get(f"{path}?weeks=3")).json()
    assert {each["title"]: each["soundness"] for each in found["tasks"]} == {"Pour": "ready", "Paint": "not_ready"}
    (week,) = (each for each in found["weeks"] if each["tasks"])
    assert (week["ready"], week["not_ready"], week["work_minutes"], week["ready_percent"]) == (1, 1, 4 * DAY, 25)
    assert {each["title"] for each in (await world["member"].get(path)).json()["tasks"]} == {"Pour", "Paint", "Fence"}


async def test_a_missing_thing_becomes_an_action_with_an_owner_and_a_day(world: World) -> None:
    task = await task_of_the_member(world)
    path = f"/v1/projects/{world.project_id}/make-ready-actions"
    action = {"task_id": task["id"], "missing": "brief", "owner_id": str(world["coordinator"].id)}
    nothing = await world["manager"].post(path, action | {"missing": "resource"})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_missing")
    stranger = await world["manager"].post(path, action | {"owner_id": str(world["stranger"].id)})
    assert stranger.json()["code"] == "unknown_reference"
    made = await world["member"].post(path, action, headers={"Accept-Language": "nb"})
    assert made.status_code == 201, made.text
    need = made.json()
    assert (need["kind"], need["remedies"], need["title"]) == (
        "information",
        "brief",
        "Skriv oppgavebeskrivelsen: Pour",
    )
    assert made.headers["location"] == f"/v1/needs/{need['id']}"
    twice = await world["manager"].post(path, action)
    assert (twice.status_code, twice.json()["code"]) == (409, "already_in_hand")
    lacks = await missing(world, task)
    assert set(lacks) == {"brief"}, "what removes a missing thing is no further one"
    assert (lacks["brief"]["action"]["need_id"], lacks["brief"]["owner_id"]) == (need["id"], action["owner_id"])
    assert lacks["brief"]["in_time"] is False
    await world["coordinator"].patch(f"/v1/needs/{need['id']}", {"promised_for": in_days(0)}, 1)
    assert (await missing(world, task))["brief"]["in_time"] is True
    await make(world, "task-briefs", task_id=task["id"], **WHY)
    assert set(await missing(world, task)) == {"acknowledgement"}


async def test_briefs_and_needs_go_with_their_task(world: World) -> None:
    task = await task_of_the_member(world)
    brief = await make(world, "task-briefs", task_id=task["id"], **WHY)
    need = await make(world, "needs", task_id=task["id"], kind="material", title="Concrete")
    version = (await world["manager"].get(f"/v1/tasks/{task['id']}")).json()["version"]
    assert (await world["manager"].delete(f"/v1/tasks/{task['id']}", version)).status_code == 204
    for path in (f"/v1/task-briefs/{brief['id']}", f"/v1/needs/{need['id']}"):
        assert (await world["manager"].get(path)).status_code == 404


async def test_the_lint_finds_unacknowledged_starts_until_somebody_sees_to_them(world: World) -> None:
    task = await task_of_the_member(world)
    await make(world, "task-briefs", task_id=task["id"], **WHY)
    later = await task_of_the_member(world, "Cure")
    await make_link(world, task, later, lag_minutes=60 * DAY)
    await make(world, "task-briefs", task_id=later["id"], **WHY)
    path = f"/v1/projects/{world.project_id}/plan-lint?rule=unacknowledged_start"
    (rule,) = (await world["manager"].get(path)).json()["rules"]
    assert [each["subject"]["id"] for each in rule["findings"]] == [task["id"]]
    step = rule["findings"][0]["steps"][0]
    assert (await world["manager"].post(step["path"], step["body"])).status_code == 201
    assert (await world["manager"].get(path)).json()["rules"] == []
