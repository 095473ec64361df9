"""Competences: the tenant's words, who has them, what work asks for, who could do it, and what levelling makes of it."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_task
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def administrator(world: World) -> Caller:
    return world.under_test.caller(replace(world["owner"].principal, tenant_role="admin"))


async def make(world: World, noun: str, **members: Any) -> dict[str, Any]:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/{noun}", members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def define(world: World, name: str = "Welding") -> str:
    answer = await administrator(world).post("/v1/competences", {"name": name})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def test_the_words_are_the_administrators_and_guests_and_others_do_not_read_them(world: World) -> None:
    welding = await define(world)
    assert (await world["manager"].post("/v1/competences", {"name": "Diving"})).status_code == 403
    assert (await world["manager"].patch(f"/v1/competences/{welding}", {"name": "Diving"}, 1)).status_code == 403
    assert (await world["member"].get(f"/v1/competences/{welding}")).status_code == 200
    for caller in (world["guest"], world["stranger"], world.foreigner()):
        assert (await caller.get(f"/v1/competences/{welding}")).status_code == 404
        assert (await caller.get("/v1/competences")).json()["data"] == []
    again = await administrator(world).post("/v1/competences", {"name": "Welding"})
    assert (again.status_code, again.json()["code"]) == (409, "already_exists")
    changed = await administrator(world).patch(f"/v1/competences/{welding}", {"description": "EN ISO 9606"}, 1)
    assert (changed.status_code, changed.json()["description"]) == (200, "EN ISO 9606")


async def test_what_makes_no_sense_is_refused(world: World) -> None:
    welding, task = await define(world), await make_task(world, "Weld", duration_minutes=DAY)
    kari = await make(world, "resources", name="Kari")
    steel = await make(world, "resources", name="Steel", resource_type="material")
    path = f"/v1/projects/{world.project_id}/resource-competences"
    good = {"resource_id": kari["id"], "competence_id": welding, "level": 3}
    for wrong, code in (
        ({"level": 6}, "validation_failed"),
        ({"resource_id": str(new_id())}, "unknown_reference"),
        ({"competence_id": str(new_id())}, "unknown_reference"),
        ({"resource_id": steel["id"]}, "not_of_this_resource"),
        ({"valid_from": "2026-03-02", "valid_to": "2026-03-01"}, "competence_ends_early"),
    ):
        answer = await world["manager"].post(path, good | wrong)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
    await make(world, "competence-demands", task_id=task["id"], competence_id=welding)
    twice = await world["manager"].post(
        f"/v1/projects/{world.project_id}/competence-demands", {"task_id": task["id"], "competence_id": welding}
    )
    assert (twice.status_code, twice.json()["code"]) == (409, "competence_demanded")


async def test_strangers_find_nothing_and_members_ask(world: World) -> None:
    welding, task = await define(world), await make_task(world, "Weld", duration_minutes=DAY)
    kari = await make(world, "resources", name="Kari")
    own = await make(world, "resource-competences", resource_id=kari["id"], competence_id=welding, level=3)
    demand = await make(world, "competence-demands", task_id=task["id"], competence_id=welding)
    project = f"/v1/projects/{world.project_id}"
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        for path in (
            f"/v1/resource-competences/{own['id']}",
            f"/v1/competence-demands/{demand['id']}",
            f"{project}/competence-warnings",
            f"/v1/tasks/{task['id']}/candidates",
        ):
            assert (await caller.get(path)).status_code == 404
    answer = await world["member"].patch(f"/v1/resource-competences/{own['id']}", {"level": 5}, 1)
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    decided = await world["coordinator"].patch(f"/v1/resource-competences/{own['id']}", {"level": 5}, 1)
    assert (decided.status_code, decided.json()["level"]) == (200, 5)
    assert (await world["coordinator"].delete(f"/v1/competence-demands/{demand['id']}", 1)).status_code == 204
    assert (await world["coordinator"].delete(f"/v1/resource-competences/{own['id']}", 2)).status_code == 204


async def test_one_is_warned_of_what_nobody_can_do_and_of_what_ends_soon(world: World) -> None:
    welding, task = await define(world), await make_task(world, "Weld", duration_minutes=4 * DAY)
    kari = await make(world, "resources", name="Kari")
    await make(world, "competence-demands", task_id=task["id"], competence_id=welding, minimum_level=2)
    path = f"/v1/projects/{world.project_id}/competence-warnings"
    (warning,) = (await world["member"].get(path)).json()["warnings"]
    assert (warning["kind"], warning["code"], warning["tasks"][0]["title"]) == ("unmet", "missing", "Weld")
    await make(world, "assignments", task_id=task["id"], resource_id=kari["id"])
    held = {"resource_id": kari["id"], "competence_id": welding, "level": 2}
    certificate = await make(world, "resource-competences", **held, valid_to="2026-03-03")
    (warning,) = (await world["member"].get(path)).json()["warnings"]
    assert (warning["code"], warning["resource"], warning["valid_to"]) == ("expires_during", "Kari", "2026-03-03")
    soon = (datetime.now(UTC).date() + timedelta(days=30)).isoformat()
    await world["manager"].patch(f"/v1/resource-competences/{certificate['id']}", {"valid_to": soon}, 1)
    (warning,) = (await world["member"].get(path)).json()["warnings"]
    assert (warning["kind"], warning["valid_to"], len(warning["tasks"])) == ("expiring", soon, 1)
    assert (await world["member"].get(f"{path}?within_days=20")).json()["warnings"] == []
    assert (await world["member"].get(f"{path}?within_days=x")).status_code == 400


async def test_candidates_are_ranked_by_skill_then_time_then_cost(world: World) -> None:
    welding, task = await define(world), await make_task(world, "Weld", duration_minutes=2 * DAY)
    other = await make_task(world, "Dig", duration_minutes=DAY)
    await make(world, "competence-demands", task_id=task["id"], competence_id=welding, minimum_level=2)

    async def somebody(name: str, rate: str, *, level: int = 0) -> dict[str, Any]:
        made = await make(world, "resources", name=name, standard_rate={"amount": rate, "currency": "NOK"})
        if level:
            await make(world, "resource-competences", resource_id=made["id"], competence_id=welding, level=level)
        return made

    await somebody("Cheap", "1.00")
    await somebody("Dear", "900.00", level=3)
    await somebody("Fair", "800.00", level=3)
    busy = await somebody("Busy", "700.00", level=3)
    await make(world, "assignments", task_id=other["id"], resource_id=busy["id"])
    path = f"/v1/tasks/{task['id']}/candidates"
    found = (await world["manager"].get(path)).json()["candidates"]
    assert [each["name"] for each in found] == ["Fair", "Dear", "Busy", "Cheap"]
    assert found[0]["reasons"] == ["skills_met", "free"]
    assert found[0]["rate"] == {"amount": "800.00", "currency": "NOK"}
    assert (found[2]["free_minutes"], found[2]["reasons"]) == (DAY, ["skills_met", "partly_free"])
    assert found[3]["skills"][0]["code"] == "missing"
    blind = (await world["member"].get(path)).json()["candidates"]
    assert [each["name"] for each in blind] == ["Dear", "Fair", "Busy", "Cheap"]
    assert {each["rate"] for each in blind} == {None}


@pytest.mark.parametrize(("until", "last"), [(None, "Weld"), ("2026-03-04", "Paint")])
async def test_levelling_moves_nothing_behind_the_day_on_which_a_competence_ends(
    world: World, until: str | None, last: str
) -> None:
    """Welding is the less important of the two, and would wait if its certificate did not end."""
    welding = await define(world)
    weld = await make_task(world, "Weld", duration_minutes=2 * DAY, priority=400)
    paint = await make_task(world, "Paint", duration_minutes=2 * DAY, priority=600)
    kari = await make(world, "resources", name="Kari")
    for task in (weld, paint):
        await make(world, "assignments", task_id=task["id"], resource_id=kari["id"])
    await make(world, "competence-demands", task_id=weld["id"], competence_id=welding)
    members = {"valid_to": until} if until else {}
    await make(world, "resource-competences", resource_id=kari["id"], competence_id=welding, level=1, **members)
    path = f"/v1/projects/{world.project_id}/levelling-runs"
    accepted = await world["manager"].post(path, {"mode": "extend", "seconds": 1})
    assert accepted.status_code == 202, accepted.text
    async with asyncio.timeout(60):
        while (job := (await world["manager"].get(accepted.headers["location"])).json())["state"] != "succeeded":
            assert job["state"] in ("queued", "running"), job
            await asyncio.sleep(0.1)
    run = (await world["manager"].get(job["result_url"])).json()
    assert [move["title"] for move in run["moves"]] == [last]
    assert run["competences_lost"] == []
