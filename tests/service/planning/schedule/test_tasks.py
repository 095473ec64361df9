"""Tasks: who may touch them, what a change moves, and whose decision that is."""

import asyncio
from typing import Any

import orjson
import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_link, make_plan, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def tasks_of(world: World) -> str:
    return f"/v1/projects/{world.project_id}/tasks"


async def recorded(world: World, fact_type: str) -> list[dict[str, Any]]:
    """The data of the tenant's facts of one type, in order."""
    async with world.under_test.service.database.read(world.tenant_id) as session:
        rows = await session.rows(
            "select envelope::json->'data' as data from outbox where tenant_id = $1 and type = $2 order by number",
            world.tenant_id,
            fact_type,
        )
    return [orjson.loads(row["data"]) for row in rows]


# Refusals


async def test_nobody_without_an_identity_sees_tasks(world: World) -> None:
    assert (await world.under_test.http.get(tasks_of(world))).status_code == 401
    assert (await world.under_test.http.post(tasks_of(world), json={"title": "x"})).status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    task = await make_task(world, "Survey")
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(tasks_of(world))).status_code == 404
        assert (await caller.get(f"/v1/tasks/{task['id']}")).status_code == 404
        assert (await caller.post(tasks_of(world), {"title": "Mine"})).status_code == 404
        assert (await caller.patch(f"/v1/tasks/{task['id']}", {"title": "Mine"}, 1)).status_code == 404
        assert (await caller.patch(f"/v1/tasks/{task['id']}", {"duration_minutes": 1}, 1)).status_code == 404
        assert (await caller.delete(f"/v1/tasks/{task['id']}", 1)).status_code == 404
        run = {"changes": [{"task_id": task["id"], "change": {"duration_minutes": 1}}]}
        assert (await caller.post(f"/v1/projects/{world.project_id}/schedule-runs", run)).status_code == 404


async def test_a_stakeholder_reads_and_writes_nothing(world: World) -> None:
    task = await make_task(world, "Survey")
    assert (await world["stakeholder"].get(tasks_of(world))).status_code == 200
    answer = await world["stakeholder"].patch(f"/v1/tasks/{task['id']}", {"title": "Mine"}, 1)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_a_coordinator_only_proposes_new_scope(world: World) -> None:
    answer = await world["coordinator"].post(tasks_of(world), {"title": "More"})
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert answer.json()["kinds"] == ["scope.task"]
    assert (await world["manager"].get(tasks_of(world))).json()["data"] == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"title": ""}, "validation_failed"),
        ({"title": "x", "duration_minutes": -1}, "validation_failed"),
        ({"title": "x", "duration_minutes": 1.5}, "validation_failed"),
        ({"title": "x", "colour": "red"}, "validation_failed"),
        ({"title": "x", "parent_id": str(new_id())}, "unknown_reference"),
        ({"title": "x", "after_id": str(new_id())}, "unknown_reference"),
        ({"title": "x", "calendar_id": str(new_id())}, "unknown_reference"),
        ({"title": "x", "assignee_id": str(new_id())}, "unknown_reference"),
        ({"title": "x", "constraint_type": "must_start_on"}, "constraint_date_missing"),
        ({"title": "x", "deadline": "0001-01-01T00:00:00"}, "validation_failed"),
        ({"title": "x", "duration_minutes": 200_000_000}, "no_working_time"),
    ],
)
async def test_a_task_that_makes_no_sense_is_refused(world: World, body: dict[str, Any], code: str) -> None:
    answer = await world["manager"].post(tasks_of(world), body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_change_needs_the_version_that_it_changes(world: World) -> None:
    task = await make_task(world, "Survey")
    path = f"/v1/tasks/{task['id']}"
    assert (await world["manager"].patch(path, {"duration_minutes": 1})).status_code == 428
    for body in ({"duration_minutes": 1}, {"title": "Other"}):
        stale = await world["manager"].patch(path, body, 7)
        assert (stale.status_code, stale.json()["current_version"]) == (412, 1)


# The outline


async def test_the_outline_numbers_its_tasks_and_keeps_their_order(world: World) -> None:
    groundworks = await make_task(world, "Groundworks")
    dig = await make_task(world, "Dig", parent_id=groundworks["id"])
    pour = await make_task(world, "Pour", parent_id=groundworks["id"])
    await make_task(world, "Blind", after_id=dig["id"])
    listed = (await world["member"].get(tasks_of(world))).json()["data"]
    assert [(each["wbs_code"], each["title"]) for each in listed] == [
        ("1", "Groundworks"),
        ("1.1", "Dig"),
        ("1.2", "Blind"),
        ("1.3", "Pour"),
    ]
    assert listed[0]["summary"] is True
    moved = await world["manager"].patch(f"/v1/tasks/{pour['id']}", {"parent_id": None, "after_id": None}, 2)
    assert moved.status_code == 200, moved.text
    listed = (await world["member"].get(tasks_of(world))).json()["data"]
    assert [(each["wbs_code"], each["title"]) for each in listed] == [
        ("1", "Pour"),
        ("2", "Groundworks"),
        ("2.1", "Dig"),
        ("2.2", "Blind"),
    ]
    assert [each["rank"] for each in listed] == sorted(each["rank"] for each in listed)


async def test_a_task_cannot_be_put_below_itself(world: World) -> None:
    outer = await make_task(world, "Outer")
    inner = await make_task(world, "Inner", parent_id=outer["id"])
    for parent in (outer, inner):
        answer = await world["manager"].patch(f"/v1/tasks/{outer['id']}", {"parent_id": parent["id"]}, 2)
        assert (answer.status_code, answer.json()["code"]) == (409, "parent_cycle")


async def test_a_hundred_levels_are_enough(world: World) -> None:
    operations = [{"op": "create", "body": {"title": "Top"}}]
    operations += [
        {"op": "create", "body": {"title": f"Level {level}", "parent_id": f"${level - 1}"}} for level in range(2, 102)
    ]
    answer = await world["manager"].post(f"{tasks_of(world)}/batch", {"operations": operations})
    assert (answer.status_code, answer.json()["code"]) == (422, "outline_too_deep")
    answer = await world["manager"].post(f"{tasks_of(world)}/batch", {"operations": operations[:-1]})
    assert answer.status_code == 200, answer.text


async def test_a_summary_takes_dates_and_progress_from_below(world: World) -> None:
    summary = await make_task(world, "Phase")
    first = await make_task(world, "First", parent_id=summary["id"], duration_minutes=DAY)
    second = await make_task(world, "Second", parent_id=summary["id"], duration_minutes=DAY)
    await make_link(world, first, second)
    await world["manager"].patch(
        f"/v1/tasks/{first['id']}", {"status": "done"}, (await read_task(world, first))["version"]
    )
    found = await read_task(world, summary)
    assert (found["summary"], found["percent_complete"], found["status"]) == (True, 50, "in_progress")
    assert (found["start"], found["finish"]) == ("2026-03-02T08:00:00", "2026-03-03T16:00:00")
    answer = await world["manager"].patch(f"/v1/tasks/{summary['id']}", {"duration_minutes": 5}, found["version"])
    assert (answer.status_code, answer.json()["code"]) == (422, "summary_is_computed")


async def test_a_deleted_task_takes_all_below_it_along(world: World) -> None:
    phase = await make_task(world, "Phase")
    inner = await make_task(world, "Inner", parent_id=phase["id"])
    other = await make_task(world, "Other")
    await make_link(world, inner, other)
    version = (await read_task(world, phase))["version"]
    refused = await world["coordinator"].delete(f"/v1/tasks/{phase['id']}", version)
    assert refused.json()["code"] == "authority_required"
    assert (await world["manager"].delete(f"/v1/tasks/{phase['id']}", version)).status_code == 204
    listed = (await world["manager"].get(tasks_of(world))).json()["data"]
    assert [each["title"] for each in listed] == ["Other"]
    assert (await world["manager"].get(f"/v1/projects/{world.project_id}/dependencies")).json()["data"] == []
    facts = await recorded(world, "planning.task.deleted")
    assert facts[-1]["removed_ids"] == [phase["id"], inner["id"]]


# Dates, float and authority


async def test_the_plan_is_scheduled_with_float_and_a_critical_path(world: World) -> None:
    plan = await make_plan(world)
    assert [plan[name]["critical"] for name in ("survey", "foundation", "fence", "handover")] == [
        True,
        True,
        False,
        True,
    ]
    assert (plan["foundation"]["start"], plan["foundation"]["finish"]) == ("2026-03-04T08:00:00", "2026-03-10T16:00:00")
    assert plan["fence"]["total_float_minutes"] == 4 * DAY
    assert plan["foundation"]["driver"]["reason"] == "link"
    project = (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()
    assert project["finish"] == "2026-03-10T16:00:00"


async def test_a_coordinator_moves_work_within_its_float(world: World) -> None:
    plan = await make_plan(world)
    fence = plan["fence"]
    answer = await world["coordinator"].patch(
        f"/v1/tasks/{fence['id']}", {"duration_minutes": 2 * DAY}, fence["version"]
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["duration_minutes"] == 2 * DAY
    subject = {"type": "task", "id": fence["id"], "title": "Fence"}
    assert body["effects"]["impact"] == {
        "float_used_minutes": DAY,
        "tasks_moved": 1,
        "touches": [fence["id"]],
        "subject": subject,
        "needed_by": "2026-03-04T07:00:00.000000Z",
    }
    assert answer.headers["tandem-effect"] == "applied"


async def test_a_coordinator_cannot_move_the_finish_and_learns_by_how_much_it_would(world: World) -> None:
    plan = await make_plan(world)
    foundation = plan["foundation"]
    path = f"/v1/tasks/{foundation['id']}"
    answer = await world["coordinator"].patch(path, {"duration_minutes": 7 * DAY}, foundation["version"])
    assert answer.status_code == 403
    problem = answer.json()
    assert problem["code"] == "authority_required"
    assert problem["impact"]["finish"] == {
        "before": "2026-03-10T16:00:00",
        "after": "2026-03-12T16:00:00",
        "moved_minutes": 2 * DAY,
    }
    assert [each["title"] for each in problem["impact"]["milestones"]] == ["Handover"]
    assert set(problem["exceeded"]) == {"finish_minutes", "milestone_minutes"}
    assert {each["role"] for each in problem["decidable_by"]} == {"owner", "programme_manager", "manager"}
    assert await read_task(world, foundation) == foundation


async def test_a_dry_run_tells_what_really_happens_afterwards(world: World) -> None:
    plan = await make_plan(world)
    foundation = plan["foundation"]
    path = f"/v1/tasks/{foundation['id']}"
    change = {"duration_minutes": 6 * DAY + 17}
    tried = await world["manager"].patch(f"{path}?dry_run=true", change, foundation["version"])
    assert (tried.status_code, tried.headers["tandem-effect"]) == (200, "none")
    run = {"changes": [{"task_id": foundation["id"], "change": change}]}
    ran = (await world["coordinator"].post(f"/v1/projects/{world.project_id}/schedule-runs", run)).json()
    before = {name: await read_task(world, task) for name, task in plan.items()}
    assert before == plan
    applied = await world["manager"].patch(path, change, foundation["version"])
    assert applied.status_code == 200
    after = {name: await read_task(world, task) for name, task in plan.items()}
    impact = tried.json()["impact"]
    subject = {"type": "task", "id": foundation["id"], "title": "Foundation"}
    assert impact == applied.json()["effects"]["impact"] == ran["impact"] | {"subject": subject}
    finish = impact["finish"]
    assert (finish["before"], finish["after"]) == (before["handover"]["finish"], after["handover"]["finish"])
    assert finish["moved_minutes"] == DAY + 17
    assert impact["tasks_moved"] == sum(
        (before[name]["start"], before[name]["finish"]) != (after[name]["start"], after[name]["finish"])
        for name in plan
    )
    assert impact["milestones"][0]["after"] == after["handover"]["finish"]
    # The fence gained float, so nobody lost any.
    assert "float_used_minutes" not in impact
    changed = {each["id"]: each for each in applied.json()["effects"]["changed_tasks"]}
    for name in ("fence", "handover"):
        row = changed[after[name]["id"]]
        assert {key: after[name][key] for key in row} == row


async def test_words_are_operational_and_move_nothing(world: World) -> None:
    plan = await make_plan(world)
    survey = plan["survey"]
    path = f"/v1/tasks/{survey['id']}"
    answer = await world["coordinator"].patch(path, {"title": "Site survey", "labels": ["field"]}, survey["version"])
    assert answer.status_code == 200, answer.text
    assert (answer.json()["title"], answer.json()["version"]) == ("Site survey", survey["version"] + 1)
    fact = (await recorded(world, "planning.task.changed"))[-1]
    assert (fact["task"]["title"], fact["changed_fields"], fact["moved"]) == ("Site survey", ["labels", "title"], [])
    assert await read_task(world, plan["handover"]) == plan["handover"]


async def test_a_member_reports_progress_and_nothing_else(world: World) -> None:
    plan = await make_plan(world)
    survey = plan["survey"]
    path = f"/v1/tasks/{survey['id']}"
    late = await world["member"].patch(path, {"duration_minutes": 1}, survey["version"])
    assert late.json()["code"] == "authority_required"
    answer = await world["member"].patch(path, {"percent_complete": 50}, survey["version"])
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["status"], body["actual_start"], body["finish"]) == ("in_progress", survey["start"], survey["finish"])
    done = await world["member"].patch(path, {"actual_finish": "2026-03-04T16:00:00"}, body["version"])
    assert (done.json()["status"], done.json()["percent_complete"]) == ("done", 100)
    assert done.json()["effects"]["impact"]["finish"]["moved_minutes"] == DAY
    again = await world["member"].patch(path, {"status": "todo"}, done.json()["version"])
    assert (again.json()["actual_start"], again.json()["percent_complete"], again.json()["finish"]) == (
        None,
        0,
        survey["finish"],
    )


async def test_progress_that_contradicts_itself_is_refused(world: World) -> None:
    task = await make_task(world, "Survey", duration_minutes=DAY)
    path = f"/v1/tasks/{task['id']}"
    for body in (
        {"actual_finish": "2026-03-04T16:00:00", "percent_complete": 20},
        {"actual_start": "2026-03-04T16:00:00", "actual_finish": "2026-03-03T16:00:00"},
    ):
        answer = await world["manager"].patch(path, body, 1)
        assert (answer.status_code, answer.json()["code"]) == (422, "inconsistent_progress")


async def test_what_moved_is_told_with_the_change_that_moved_it(world: World) -> None:
    plan = await make_plan(world)
    survey = plan["survey"]
    path = f"/v1/tasks/{survey['id']}"
    assert (await world["manager"].patch(path, {"duration_minutes": 3 * DAY}, survey["version"])).status_code == 200
    fact = (await recorded(world, "planning.task.changed"))[-1]
    assert {row["title"] for row in fact["moved"]} == {"Foundation", "Fence", "Handover"}
    assert fact["plan"] == {"start": "2026-03-02T08:00:00", "finish": "2026-03-11T16:00:00"}
    handover = await read_task(world, plan["handover"])
    row = next(row for row in fact["moved"] if row["title"] == "Handover")
    assert row == {name: handover[name] for name in row}


# Concurrency


async def test_of_many_writers_with_one_version_exactly_one_wins(world: World) -> None:
    task = await make_task(world, "Survey", duration_minutes=DAY)
    path = f"/v1/tasks/{task['id']}"
    bodies: list[dict[str, Any]] = [
        {"duration_minutes": DAY + n} if n % 2 else {"title": f"Survey {n}"} for n in range(6)
    ]
    answers = await asyncio.gather(*(world["manager"].patch(path, body, 1) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 5


async def test_writers_of_different_tasks_do_not_block_each_other_for_good(world: World) -> None:
    anchor = await make_task(world, "Anchor", duration_minutes=100 * DAY)
    tasks = [await make_task(world, f"Task {n}", duration_minutes=DAY) for n in range(4)]
    for _ in range(3):
        now = [await read_task(world, task) for task in tasks]
        answers = await asyncio.gather(
            *(
                world["manager"].patch(
                    f"/v1/tasks/{each['id']}", {"duration_minutes": each["duration_minutes"] + 1}, each["version"]
                )
                for each in now
            )
        )
        assert [answer.status_code for answer in answers] == [200] * 4, [answer.text for answer in answers]
    assert (await read_task(world, anchor))["duration_minutes"] == 100 * DAY


async def test_moves_in_opposite_directions_all_get_an_answer(world: World) -> None:
    tasks = [await make_task(world, f"Task {n}", duration_minutes=DAY) for n in range(6)]

    async def move(index: int, behind: int) -> int:
        version = (await read_task(world, tasks[index]))["version"]
        body = {"after_id": tasks[behind]["id"]}
        return (await world["manager"].patch(f"/v1/tasks/{tasks[index]['id']}", body, version)).status_code

    pairs = [(n, (n + 1) % 6) for n in range(6)] + [((n + 1) % 6, n) for n in range(6)]
    assert set(await asyncio.gather(*(move(*pair) for pair in pairs))) <= {200, 412}
    listed = (await world["manager"].get(tasks_of(world))).json()["data"]
    assert [each["wbs_code"] for each in listed] == [str(number) for number in range(1, 7)]
    assert {each["id"] for each in listed} == {each["id"] for each in tasks}


# Batches


async def test_an_atomic_batch_is_done_whole_or_not_at_all(world: World) -> None:
    operations: list[dict[str, Any]] = [
        {"op": "create", "body": {"title": "Phase"}},
        {"op": "create", "body": {"title": "First", "parent_id": "$1"}},
        {"op": "create", "body": {"title": "Lost", "parent_id": str(new_id())}},
    ]
    answer = await world["manager"].post(f"{tasks_of(world)}/batch", {"operations": operations})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/operations/2/body/parent_id"
    assert (await world["manager"].get(tasks_of(world))).json()["data"] == []
    answer = await world["manager"].post(f"{tasks_of(world)}/batch", {"operations": operations[:2]})
    assert answer.status_code == 200
    listed = (await world["manager"].get(tasks_of(world))).json()["data"]
    assert [(each["wbs_code"], each["title"]) for each in listed] == [("1", "Phase"), ("1.1", "First")]
    assert [each["id"] for each in answer.json()["results"]] == [each["id"] for each in listed]


async def test_a_batch_that_is_not_atomic_says_what_became_of_each_operation(world: World) -> None:
    task = await make_task(world, "Old")
    operations: list[dict[str, Any]] = [
        {"op": "create", "body": {"title": "New", "external_refs": [{"system": "erp", "type": "wbs", "id": "7"}]}},
        {"op": "update", "id": task["id"], "version": 9, "body": {"title": "Stale"}},
        {"op": "delete", "id": task["id"], "version": 1},
    ]
    body = {"atomic": False, "operations": operations}
    answer = await world["manager"].post(f"{tasks_of(world)}/batch", body)
    assert answer.status_code == 207, answer.text
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [201, 412, 204]
    assert results[1]["problem"]["code"] == "stale"
    upsert = {"op": "upsert", "body": operations[0]["body"] | {"title": "Newer"}}
    answer = await world["manager"].post(f"{tasks_of(world)}/batch", {"operations": [upsert]})
    assert answer.json()["results"][0]["status"] == 200, answer.text
    listed = (await world["manager"].get(tasks_of(world))).json()["data"]
    assert [(each["title"], each["id"]) for each in listed] == [("Newer", results[0]["id"])]


async def test_a_batch_needs_a_key_and_authority_over_the_whole(world: World) -> None:
    body = {"operations": [{"op": "create", "body": {"title": "New"}}]}
    unkeyed = await world["manager"].post(f"{tasks_of(world)}/batch", body, headers={"Idempotency-Key": None})
    assert unkeyed.json()["code"] == "idempotency_key_missing"
    short = await world["coordinator"].post(f"{tasks_of(world)}/batch", body)
    assert short.json()["code"] == "authority_required"


async def test_an_external_reference_belongs_to_one_task(world: World) -> None:
    refs = [{"system": "jira", "type": "issue", "id": "BRO-1"}]
    await make_task(world, "First", external_refs=refs)
    answer = await world["manager"].post(tasks_of(world), {"title": "Second", "external_refs": refs})
    assert (answer.status_code, answer.json()["code"]) == (409, "external_ref_taken")


# Lists


async def test_tasks_are_filtered_searched_and_listed_as_milestones(world: World) -> None:
    plan = await make_plan(world)
    critical = (await world["member"].get(f"{tasks_of(world)}?critical=true&sort=-finish,title")).json()["data"]
    assert [each["title"] for each in critical] == ["Foundation", "Handover", "Survey"]
    milestones = (await world["member"].get(f"/v1/projects/{world.project_id}/milestones")).json()["data"]
    assert [each["id"] for each in milestones] == [plan["handover"]["id"]]
    where = {"any": [{"field": "title", "op": "contains", "value": "fen"}, {"field": "milestone", "value": True}]}
    found = (await world["member"].post(f"{tasks_of(world)}/searches", {"where": where})).json()["data"]
    assert [each["title"] for each in found] == ["Fence", "Handover"]
    single = (await world["coordinator"].get(f"/v1/tasks/{plan['fence']['id']}?expand=viewer,assignee,parent")).json()
    assert single["viewer"]["can"]["move"] == "propose"
