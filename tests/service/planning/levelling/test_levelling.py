"""Levelling: who may try one, what it finds and says, who may apply it, and how its delays are taken back."""

import asyncio
from typing import Any

import pytest

from services.kernel.ids import new_id
from services.planning.levelling import use_cases
from services.planning.levelling.worker import WorkerFailed
from tests.factories.plans import DAY, make_link, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World

EXTEND = {"mode": "extend", "seconds": 1}
WITHIN = {"mode": "within_float", "seconds": 1}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def make(world: World, noun: str, **members: Any) -> dict[str, Any]:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/{noun}", members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def make_work(world: World, title: str, resource: dict[str, Any], days: int, **members: Any) -> dict[str, Any]:
    """A task of so many days that takes the resource."""
    units = members.pop("units_percent", "100")
    task = await make_task(world, title, duration_minutes=days * DAY, **members)
    await make(world, "assignments", task_id=task["id"], resource_id=resource["id"], units_percent=units)
    return task


async def change(world: World, task: dict[str, Any], **members: Any) -> None:
    version = (await read_task(world, task))["version"]
    answer = await world["manager"].patch(f"/v1/tasks/{task['id']}", members, version)
    assert answer.status_code == 200, answer.text


async def make_overload(world: World) -> dict[str, dict[str, Any]]:
    """Dig (2 d) and pave (3 d) want the one crane at once; a fence (5 d) beside them; all end in the handover."""
    crane = await make(world, "resources", name="Crane")
    dig, pave = await make_work(world, "Dig", crane, 2), await make_work(world, "Pave", crane, 3)
    fence = await make_task(world, "Fence", duration_minutes=5 * DAY)
    handover = await make_task(world, "Handover", milestone=True)
    for each in (dig, pave, fence):
        await make_link(world, each, handover)
    return {"crane": crane, "dig": dig, "pave": pave, "fence": fence, "handover": handover}


async def level(world: World, body: dict[str, Any], by: str = "manager") -> dict[str, Any]:
    """The run that the job has kept."""
    answer = await world[by].post(f"/v1/projects/{world.project_id}/levelling-runs", body)
    assert answer.status_code == 202, answer.text
    async with asyncio.timeout(120):
        while True:
            job = (await world[by].get(answer.headers["location"])).json()
            if job["state"] in ("succeeded", "failed", "cancelled"):
                break
            await asyncio.sleep(0.05)
    assert job["state"] == "succeeded", job
    read = await world[by].get(job["result_url"])
    assert read.status_code == 200, read.text
    run: dict[str, Any] = read.json()
    return run


async def apply(world: World, run: dict[str, Any], by: str = "manager", query: str = "") -> Any:
    return await world[by].post(f"/v1/levelling-runs/{run['id']}/application{query}")


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    await make_overload(world)
    run = await level(world, EXTEND)
    path = f"/v1/projects/{world.project_id}"
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.post(f"{path}/levelling-runs", EXTEND)).status_code == 404
        assert (await caller.get(f"{path}/levelling-runs")).status_code == 404
        assert (await caller.post(f"{path}/levelling-clearances")).status_code == 404
        assert (await caller.get(f"/v1/levelling-runs/{run['id']}")).status_code == 404
        assert (await caller.post(f"/v1/levelling-runs/{run['id']}/application")).status_code == 404
    assert (await world["manager"].post(f"/v1/levelling-runs/{new_id()}/application")).status_code == 404


@pytest.mark.parametrize(
    "body", [{"mode": "best"}, {"seconds": 0}, {"seconds": 61}, {"seconds": "5"}, {"seed": 0}, {"order": "priority"}]
)
async def test_a_levelling_that_makes_no_sense_is_refused(world: World, body: dict[str, Any]) -> None:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/levelling-runs", body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_an_application_needs_a_key(world: World) -> None:
    await make_overload(world)
    run = await level(world, EXTEND)
    headers: dict[str, Any] = {"Idempotency-Key": None}
    path = f"/v1/levelling-runs/{run['id']}/application"
    answer = await world["manager"].request("POST", path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


async def test_a_coordinator_tries_a_levelling_and_only_proposes_its_application(world: World) -> None:
    await make_overload(world)
    run = await level(world, EXTEND, by="coordinator")
    answer = await apply(world, run, by="coordinator")
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert answer.json()["impact"]["load"][0]["overallocated_minutes"] == {"before": 2 * DAY, "after": 0}
    cleared = await world["coordinator"].post(f"/v1/projects/{world.project_id}/levelling-clearances")
    assert (cleared.status_code, cleared.json()["code"]) == (403, "authority_required")
    assert (await world["coordinator"].get(f"/v1/levelling-runs/{run['id']}")).json()["applied_at"] is None


async def test_a_run_tells_finish_bound_and_the_reason_of_each_move_and_moves_nothing(world: World) -> None:
    made = await make_overload(world)
    run = await level(world, EXTEND)
    assert (run["proven"], run["changes_proven"], run["resolved"], run["gap"]) == (True, True, True, "0.0000")
    assert run["finish_before"] == run["finish_after"] == run["finish_bound"] == "2026-03-06T16:00:00"
    assert run["makespan"] == {"before_minutes": 5 * DAY, "after_minutes": 5 * DAY, "bound_minutes": 5 * DAY}
    [load] = run["load"]
    assert (load["name"], load["overallocated_minutes"], load["impossible"]) == (
        "Crane",
        {"before": 2 * DAY, "after": 0},
        False,
    )
    [move] = run["moves"]
    other = made["dig"] if move["title"] == "Pave" else made["pave"]
    assert move["reason"] == {
        "code": "resource",
        "resource_id": made["crane"]["id"],
        "resource": "Crane",
        "at": "2026-03-02T08:00:00",
        "held_by": [{"task_id": other["id"], "title": other["title"]}],
        "predecessor": None,
    }
    for name in ("dig", "pave", "fence", "handover"):
        assert (await read_task(world, made[name]))["start"] == (await read_task(world, made[name]))["early_start"]
    listed = (await world["member"].get(f"/v1/projects/{world.project_id}/levelling-runs?mode=extend")).json()
    assert [each["id"] for each in listed["data"]] == [run["id"]]


async def test_the_manager_applies_a_run_once_and_takes_its_delays_back(world: World) -> None:
    made = await make_overload(world)
    run = await level(world, EXTEND)
    tried = await apply(world, run, query="?dry_run=true")
    assert tried.json()["authority"]["verdict"] == "decide"
    answer = await apply(world, run)
    assert answer.status_code == 200, answer.text
    assert answer.json()["applied_at"] is not None
    assert {each["id"] for each in answer.json()["effects"]["changed_tasks"]} >= {run["moves"][0]["task_id"]}
    [move] = run["moves"]
    moved = await read_task(world, {"id": move["task_id"]})
    assert (moved["start"], moved["finish"]) == (move["after"]["start"], move["after"]["finish"])
    assert moved["driver"]["reason"] == "levelling"
    again = await apply(world, run)
    assert (again.status_code, again.json()["code"]) == (409, "levelling_applied")
    level_again = await level(world, EXTEND)
    assert (level_again["moves"], level_again["method"], level_again["resolved"]) == ([], "none", True)
    cleared = await world["manager"].post(f"/v1/projects/{world.project_id}/levelling-clearances")
    assert cleared.status_code == 200, cleared.text
    assert cleared.json()["cleared_tasks"] == 1
    assert (await read_task(world, moved))["start"] == (await read_task(world, made["fence"]))["start"]
    nothing = await world["manager"].post(f"/v1/projects/{world.project_id}/levelling-clearances")
    assert nothing.json()["cleared_tasks"] == 0


async def test_a_run_is_not_applied_to_a_plan_that_has_changed(world: World) -> None:
    made = await make_overload(world)
    run = await level(world, EXTEND)
    await change(world, made["dig"], title="Excavate")
    await change(world, made["fence"], duration_minutes=6 * DAY)
    answer = await apply(world, run)
    assert (answer.status_code, answer.json()["code"]) == (409, "levelling_outdated")
    await change(world, made["fence"], duration_minutes=5 * DAY)
    assert (await apply(world, run)).status_code == 200, "another title is no other plan"


async def test_within_float_nothing_ends_later_and_what_is_left_is_told(world: World) -> None:
    crane = await make(world, "resources", name="Crane")
    for days in (3, 2, 1):
        await make_work(world, f"{days} days", crane, days)
    await make_task(world, "Fence", duration_minutes=4 * DAY)
    run = await level(world, WITHIN)
    assert run["finish_after"] == run["finish_before"] == "2026-03-05T16:00:00"
    assert (run["resolved"], run["search"]["infeasible"], run["proven"]) == (False, True, False)
    assert run["load"][0]["overallocated_minutes"] == {"before": 3 * DAY, "after": 2 * DAY}
    further = await level(world, EXTEND)
    assert (further["finish_after"], further["resolved"], further["proven"]) == ("2026-03-09T16:00:00", True, True)
    applied = await apply(world, further)
    assert applied.json()["effects"]["impact"]["finish"]["moved_minutes"] == 2 * DAY
    decisions = (await world["manager"].get(f"/v1/projects/{world.project_id}/decisions?kind=levelling.apply")).json()
    assert len(decisions["data"]) == 1


async def test_what_has_begun_is_manual_or_of_priority_1000_stays_and_the_others_give_way(world: World) -> None:
    crane = await make(world, "resources", name="Crane")
    begun = await make_work(world, "Begun", crane, 1)
    await change(world, begun, actual_start="2026-03-02T08:00:00", percent_complete=50)
    fixed = {"manual": True, "manual_start": "2026-03-03T08:00:00", "manual_finish": "2026-03-03T16:00:00"}
    await make_work(world, "By hand", crane, 1, **fixed)
    first = {"constraint_type": "start_no_earlier_than", "constraint_date": "2026-03-04T08:00:00", "priority": 1000}
    await make_work(world, "First of all", crane, 1, **first)
    last = await make_work(world, "Gives way", crane, 1)
    run = await level(world, EXTEND)
    [move] = run["moves"]
    assert (move["task_id"], move["after"]["start"], run["proven"]) == (last["id"], "2026-03-05T08:00:00", True)
    assert [each["title"] for each in move["reason"]["held_by"]] == ["Begun"]


async def test_a_resource_with_its_own_hours_and_half_a_person_are_levelled(world: World) -> None:
    nights = {"name": "Nights", "days": [[["18:00", "22:00"]]] * 5 + [[], []]}
    calendar = await make(world, "calendars", **nights)
    crew = await make(world, "resources", name="Night crew", calendar_id=calendar["id"])
    half = await make(world, "resources", name="Kari", max_units_percent="50")
    rail, cable = await make_work(world, "Rail", crew, 1), await make_work(world, "Cable", crew, 1)
    await make_link(world, rail, await make_work(world, "Inspect", half, 1, units_percent="50"))
    await make_work(world, "Report", half, 1, units_percent="50")
    run = await level(world, EXTEND)
    assert run["resolved"], run
    assert (await apply(world, run)).status_code == 200
    rail, cable = await read_task(world, rail), await read_task(world, cable)
    assert rail["finish"] <= cable["start"] or cable["finish"] <= rail["start"]


async def test_nobody_can_do_twice_what_there_is_of_them(world: World) -> None:
    half = await make(world, "resources", name="Kari", max_units_percent="50")
    await make_work(world, "Too much", half, 2)
    run = await level(world, EXTEND)
    [load] = run["load"]
    assert (load["impossible"], run["moves"], run["resolved"]) == (True, [], False)


FROM_ITS_FINISH = b"""<?xml version="1.0"?><Project xmlns="http://schemas.microsoft.com/project"><Name>Bridge</Name>
<ScheduleFromStart>0</ScheduleFromStart><StartDate>2026-03-02T08:00:00</StartDate><FinishDate>2026-06-01T16:00:00</FinishDate>
<Tasks><Task><UID>1</UID><ID>1</ID><Name>Survey</Name><OutlineLevel>1</OutlineLevel><Duration>PT8H0M0S</Duration></Task></Tasks>
</Project>"""


async def test_a_plan_that_is_scheduled_from_its_finish_is_refused(world: World) -> None:
    imported = await world["manager"].request(
        "POST",
        f"/v1/projects/{world.project_id}/imports",
        files={"file": ("bridge.xml", FROM_ITS_FINISH, "application/xml")},
        headers={"Prefer": "wait=20"},
    )
    assert imported.json()["state"] == "succeeded", imported.text
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/levelling-runs", EXTEND)
    assert (answer.status_code, answer.json()["code"]) == (422, "plan_runs_from_its_finish")


async def test_an_empty_plan_is_level(world: World) -> None:
    run = await level(world, EXTEND)
    assert (run["moves"], run["method"], run["resolved"], run["optimizer"]) == ([], "none", True, "not_needed")


@pytest.mark.parametrize("reason", ["out_of_memory", "out_of_time", "died"])
async def test_where_the_optimizer_fails_the_rules_answer_and_say_so(
    world: World, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*arguments: Any) -> None:
        raise WorkerFailed(reason)

    monkeypatch.setattr(use_cases, "optimize_apart", fails)
    await make_overload(world)
    run = await level(world, EXTEND)
    assert (run["optimizer"], run["method"], run["resolved"]) == (reason, "priority_rules", True)


async def test_a_levelling_that_is_cancelled_leaves_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    ended = asyncio.Event()

    async def never(*arguments: Any) -> None:
        try:
            await asyncio.sleep(600)
        finally:
            ended.set()

    monkeypatch.setattr(use_cases, "optimize_apart", never)
    monkeypatch.setattr(use_cases, "_LOOK_SECONDS", 0.05)
    await make_overload(world)
    caller: Caller = world["manager"]
    answer = await caller.post(f"/v1/projects/{world.project_id}/levelling-runs", EXTEND)
    path = answer.headers["location"]
    while (job := (await caller.get(path)).json())["progress"] < 15:
        await asyncio.sleep(0.05)
    assert (await caller.delete(path, job["version"])).status_code in (200, 202, 204)
    async with asyncio.timeout(20):
        await ended.wait()
        while (await caller.get(path)).json()["state"] == "running":
            await asyncio.sleep(0.05)
    assert (await caller.get(path)).json()["state"] == "cancelled"
    assert (await caller.get(f"/v1/projects/{world.project_id}/levelling-runs")).json()["data"] == []
