"""The codes of the work breakdown: a mask for each level, typed codes that fit, and renumbering as an act."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

MASK: dict[str, Any] = {
    "prefix": "BRO-",
    "levels": [{"kind": "upper", "length": 1}, {"kind": "number", "length": 2, "separator": "."}],
    "unique": True,
}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def mask_of(world: World) -> str:
    return f"/v1/projects/{world.project_id}/wbs-mask"


async def set_mask(world: World, mask: dict[str, Any], by: str = "manager") -> Any:
    version = (await world["manager"].get(mask_of(world))).json()["version"]
    return await world[by].patch(mask_of(world), mask, version)


async def renumber(world: World, body: dict[str, Any], by: str = "manager", **options: Any) -> Any:
    return await world[by].post(f"/v1/projects/{world.project_id}/wbs-renumberings", body, **options)


async def type_code(world: World, task: dict[str, Any], code: str | None) -> Any:
    version = (await read_task(world, task))["version"]
    return await world["manager"].patch(f"/v1/tasks/{task['id']}", {"wbs_code": code}, version)


async def codes(world: World) -> list[str]:
    listed = (await world["manager"].get(f"/v1/projects/{world.project_id}/tasks")).json()["data"]
    return [each["wbs_code"] for each in listed]


async def make_tree(world: World) -> dict[str, dict[str, Any]]:
    site = await make_task(world, "Site")
    house = await make_task(world, "House")
    walls = await make_task(world, "Walls", parent_id=house["id"])
    roof = await make_task(world, "Roof", parent_id=house["id"])
    tiles = await make_task(world, "Tiles", parent_id=roof["id"])
    return {"site": site, "house": house, "walls": walls, "roof": roof, "tiles": tiles}


# Refusals


async def test_who_may_not_see_or_change_the_breakdown(world: World) -> None:
    assert (await world.under_test.http.get(mask_of(world))).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(mask_of(world))).status_code == 404
        assert (await caller.patch(mask_of(world), MASK, 1)).status_code == 404
        answer = await caller.post(f"/v1/projects/{world.project_id}/wbs-renumberings", {"codes": "all"})
        assert answer.status_code == 404
    assert (await set_mask(world, MASK, "stakeholder")).status_code == 403
    short = await set_mask(world, MASK, "coordinator")
    assert (short.status_code, short.json()["kinds"]) == (403, ["scope.task"])
    assert (await renumber(world, {"codes": "all"}, "coordinator")).status_code == 403
    assert (await world["manager"].patch(mask_of(world), MASK)).status_code == 428
    assert (await world["manager"].patch(mask_of(world), MASK, 99)).status_code == 412


@pytest.mark.parametrize(
    "mask",
    [
        {"prefix": "a b"},
        {"prefix": "x" * 21},
        {"levels": [{"kind": "roman"}]},
        {"levels": [{"length": 11}]},
        {"levels": [{"separator": ":"}]},
        {"levels": [{}] * 21},
        {"unique": 1},
        {"levels": None},
    ],
)
async def test_a_mask_that_makes_no_sense_is_refused(world: World, mask: dict[str, Any]) -> None:
    answer = await set_mask(world, mask)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


async def test_renumbering_names_tasks_of_the_plan(world: World) -> None:
    answer = await renumber(world, {"codes": "all", "task_ids": [str(new_id())]})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/task_ids/0")
    assert (await renumber(world, {"codes": "some"})).status_code == 422
    assert (await renumber(world, {"codes": "all"}, headers={"Idempotency-Key": None})).status_code == 400


# The deed


async def test_a_mask_shapes_the_codes_of_all_levels(world: World) -> None:
    await make_tree(world)
    assert await codes(world) == ["1", "2", "2.1", "2.2", "2.2.1"]
    answer = await set_mask(world, MASK)
    assert answer.status_code == 200, answer.text
    assert answer.json()["levels"][1] == {"kind": "number", "length": 2, "separator": "."}
    assert await codes(world) == ["BRO-A", "BRO-B", "BRO-B.01", "BRO-B.02", "BRO-B.02.1"]
    assert answer.json()["effects"]["changed_tasks_total"] == 5
    await make_task(world, "Garden")
    assert (await codes(world))[-1] == "BRO-C"
    assert (await set_mask(world, {"prefix": "", "levels": [], "unique": False})).status_code == 200
    assert await codes(world) == ["1", "2", "2.1", "2.2", "2.2.1", "3"]


async def test_typed_codes_are_held_against_the_mask(world: World) -> None:
    tree = await make_tree(world)
    assert (await set_mask(world, MASK)).status_code == 200
    off = await type_code(world, tree["house"], "H-1")
    assert (off.status_code, off.json()["code"], off.json()["task_ids"]) == (
        422,
        "wbs_code_off_mask",
        [tree["house"]["id"]],
    )
    assert (await type_code(world, tree["house"], "BRO-H")).status_code == 200
    assert await codes(world) == ["BRO-A", "BRO-H", "BRO-H.01", "BRO-H.02", "BRO-H.02.1"]
    taken = await type_code(world, tree["walls"], "BRO-H.02")
    assert taken.status_code == 200, taken.text  # Numbering leaves out what was typed.
    assert await codes(world) == ["BRO-A", "BRO-H", "BRO-H.02", "BRO-H.03", "BRO-H.03.1"]
    twice = await type_code(world, tree["roof"], "BRO-H.02")
    assert (twice.status_code, twice.json()["code"]) == (409, "wbs_code_taken")
    assert (await type_code(world, tree["walls"], None)).status_code == 200
    assert await codes(world) == ["BRO-A", "BRO-H", "BRO-H.01", "BRO-H.02", "BRO-H.02.1"]


async def test_a_mask_that_typed_codes_do_not_fit_waits_for_a_renumbering(world: World) -> None:
    tree = await make_tree(world)
    for name, code in (("site", "BRO-S"), ("house", "Villa"), ("walls", "Villa.07")):
        assert (await type_code(world, tree[name], code)).status_code == 200
    refused = await set_mask(world, MASK)
    assert (refused.status_code, refused.json()["code"]) == (422, "wbs_code_off_mask")
    told = await renumber(world, {"codes": "unfitting", "mask": MASK})
    assert (told.status_code, told.json()["codes_taken_back"]) == (200, 2), told.text
    assert await codes(world) == ["BRO-S", "BRO-B", "BRO-B.01", "BRO-B.02", "BRO-B.02.1"]
    entry = (await world["manager"].get(f"/v1/projects/{world.project_id}/plan-changes")).json()["data"][0]
    undone = await world["manager"].post(f"/v1/plan-changes/{entry['id']}/reversal")
    assert undone.status_code == 201, undone.text
    assert await codes(world) == ["BRO-S", "Villa", "Villa.07", "Villa.2", "Villa.2.1"]
    assert (await world["manager"].get(mask_of(world))).json()["levels"] == []


async def test_all_typed_codes_below_a_task_give_way(world: World) -> None:
    tree = await make_tree(world)
    for name, code in (("site", "S"), ("house", "H"), ("tiles", "T")):
        assert (await type_code(world, tree[name], code)).status_code == 200
    told = await renumber(world, {"codes": "all", "task_ids": [tree["house"]["id"]]})
    assert told.json()["codes_taken_back"] == 2
    assert await codes(world) == ["S", "2", "2.1", "2.2", "2.2.1"]
    assert (await renumber(world, {"codes": "all"})).json()["codes_taken_back"] == 1
    assert await codes(world) == ["1", "2", "2.1", "2.2", "2.2.1"]
