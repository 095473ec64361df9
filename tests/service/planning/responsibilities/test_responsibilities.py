"""Responsibilities: who may give out parts, that exactly one answers for a task, and what the matrix finds."""

import asyncio
from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_plan, make_task
from tests.factories.policies import make_policy
from tests.factories.projects import make_project
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def path(world: World) -> str:
    return f"/v1/projects/{world.project_id}/responsibilities"


def cell(world: World, task: dict[str, Any], role: str, part: str) -> dict[str, Any]:
    return {"task_id": task["id"], "person_id": str(world.people[role]), "part": part}


async def assign(world: World, task: dict[str, Any], role: str, part: str) -> dict[str, Any]:
    answer = await world["manager"].post(path(world), cell(world, task, role, part))
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_only_those_on_the_project_see_it_and_the_manager_decides(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=DAY)
    made = await assign(world, task, "member", "responsible")
    matrix = f"/v1/projects/{world.project_id}/responsibility-matrix"
    assert (await world.under_test.http.get(matrix)).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(matrix)).status_code == 404
        assert (await caller.get(path(world))).status_code == 404
        assert (await caller.get(f"/v1/responsibilities/{made['id']}")).status_code == 404
        assert (await caller.delete(f"/v1/responsibilities/{made['id']}", 1)).status_code == 404
        assert (await caller.post(path(world), cell(world, task, "member", "informed"))).status_code == 404
    asked = await world["coordinator"].post(path(world), cell(world, task, "member", "accountable"))
    assert (asked.status_code, asked.json()["code"]) == (403, "authority_required")
    assert asked.json()["impact"]["people_affected"] == [str(world.people["member"])]
    assert (await world["auditor"].post(path(world), cell(world, task, "member", "informed"))).status_code == 403


async def test_a_part_is_of_somebody_on_the_project_in_a_task_of_it(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=DAY)
    other = await make_project(world)
    foreign = (await world["manager"].post(f"/v1/projects/{other}/tasks", {"title": "Drill"})).json()
    for body in (
        cell(world, task, "stranger", "informed"),
        cell(world, foreign, "member", "informed"),
        cell(world, {"id": str(new_id())}, "member", "informed"),
    ):
        answer = await world["manager"].post(path(world), body)
        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_reference")


async def test_exactly_one_person_answers_for_a_task(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=DAY)
    first = await assign(world, task, "coordinator", "accountable")
    second = await world["manager"].post(path(world), cell(world, task, "member", "accountable"))
    assert (second.status_code, second.json()["code"]) == (409, "already_accountable")
    consulted = await assign(world, task, "member", "consulted")
    raised = await world["manager"].patch(f"/v1/responsibilities/{consulted['id']}", {"part": "accountable"}, 1)
    assert (raised.status_code, raised.json()["code"]) == (409, "already_accountable")
    again = await world["manager"].post(path(world), cell(world, task, "member", "consulted"))
    assert (again.status_code, again.json()["code"]) == (409, "responsibility_exists")
    handed = await world["manager"].patch(
        f"/v1/responsibilities/{first['id']}", {"person_id": str(world.people["member"])}, 1
    )
    assert (handed.status_code, handed.json()["person_id"]) == (200, str(world.people["member"]))
    assert (
        await world["manager"].patch(f"/v1/responsibilities/{first['id']}", {"person_id": None}, 2)
    ).status_code == 422


async def test_of_two_who_make_somebody_accountable_at_once_one_succeeds(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=DAY)
    answers = await asyncio.gather(
        *(
            world["manager"].post(path(world), cell(world, task, role, "accountable"))
            for role in ("member", "coordinator")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, 409]


async def test_each_change_is_a_decision_and_goes_with_its_task(world: World) -> None:
    task = await make_task(world, "Dig", duration_minutes=DAY)
    made = await assign(world, task, "member", "responsible")
    assert (
        await world["manager"].patch(f"/v1/responsibilities/{made['id']}", {"part": "informed"}, 1)
    ).status_code == 200
    assert (await world["manager"].delete(f"/v1/responsibilities/{made['id']}", 1)).status_code == 412
    assert (await world["manager"].delete(f"/v1/responsibilities/{made['id']}", 2)).status_code == 204
    decisions = (
        await world["auditor"].get(f"/v1/projects/{world.project_id}/decisions?kind=responsibility.set")
    ).json()["data"]
    assert [each["chosen"] for each in decisions] == ["no longer informed", "informed", "responsible"]
    kept = await assign(world, task, "member", "responsible")
    version = (await world["manager"].get(f"/v1/tasks/{task['id']}")).json()["version"]
    assert (await world["manager"].delete(f"/v1/tasks/{task['id']}", version)).status_code == 204
    assert (await world["manager"].get(f"/v1/responsibilities/{kept['id']}")).status_code == 404


async def test_the_matrix_shows_every_row_and_what_is_wrong(world: World) -> None:
    plan = await make_plan(world)
    await assign(world, plan["survey"], "manager", "accountable")
    await assign(world, plan["survey"], "member", "responsible")
    await assign(world, plan["foundation"], "manager", "accountable")
    await assign(world, plan["foundation"], "manager", "informed")
    matrix = f"/v1/projects/{world.project_id}/responsibility-matrix"
    found = (await world["member"].get(matrix)).json()
    assert [row["title"] for row in found["rows"]] == ["Survey", "Foundation", "Fence", "Handover"]
    assert found["rows"][3]["milestone"] is True
    assert [each["part"] for each in found["rows"][0]["cells"]] == ["responsible", "accountable"]
    tasks = {task["id"]: name for name, task in plan.items()}
    assert [(each["finding"], tasks[each["task_id"]]) for each in found["findings"]] == [
        ("nobody_responsible", "foundation"),
        ("several_parts", "foundation"),
        ("nobody_accountable", "fence"),
        ("nobody_responsible", "fence"),
        ("nobody_accountable", "handover"),
        ("nobody_responsible", "handover"),
    ]
    for query in ("?max_tasks=1", "?max_days=6"):
        overload = (await world["member"].get(matrix + query)).json()["findings"][-1]
        assert (overload["finding"], overload["person_id"]) == ("overload", str(world.people["manager"]))
        assert (overload["tasks"], overload["minutes"]) == (2, 7 * DAY)
    assert (await world["member"].get(matrix + "?max_tasks=0")).status_code == 400
