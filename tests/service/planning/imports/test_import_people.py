"""Persons of a file: proposed by their address, said by people, and their tasks follow."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.imports import board, by_title, everything, imported, tried
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def people(world: World, made: dict[str, Any]) -> dict[str, dict[str, Any]]:
    answer = await world["member"].get(f"/v1/imports/{made['id']}/people")
    assert answer.status_code == 200, answer.text
    return {each["name"]: each for each in answer.json()["people"]}


async def match(world: World, made: dict[str, Any], role: str, *matches: tuple[Any, Any], **options: Any) -> Any:
    body = {"people": [{"resource_id": str(who), "person_id": whom and str(whom)} for who, whom in matches]}
    return await world[role].post(f"/v1/imports/{made['id']}/people", body, **options)


async def test_only_the_team_sees_who_the_persons_seem_to_be(world: World) -> None:
    made = await imported(world, board())
    path = f"/v1/imports/{made['id']}/people"
    assert (await world.under_test.http.get(path)).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path)).status_code == 404
        assert (await caller.post(path, {"people": []})).status_code == 404
    found = await people(world, made)
    answer = await match(world, made, "coordinator", (found["Member"]["resource_id"], world.people["member"]))
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert (await match(world, made, "auditor")).status_code == 403


async def test_a_person_is_proposed_by_the_address_and_others_are_asked_for(world: World) -> None:
    proposed = {each["name"]: each for each in (await tried(world, board()))["result"]["people"]}
    made = await imported(world, board())
    found = await people(world, made)
    for shown in (proposed, found):
        assert shown["Member"]["proposal"] == {
            "person_id": str(world.people["member"]),
            "name": "Member",
            "on_project": True,
        }
        assert (shown["Somebody Else"]["proposal"], shown["Somebody Else"]["tasks"]) == (None, 2)
        assert shown["Member"]["person_id"] is None
    assert all(task["assignee_id"] is None for task in await everything(world, "tasks"))


async def test_who_is_matched_gets_the_tasks_in_which_they_come_first(world: World) -> None:
    made = await imported(world, board())
    found = await people(world, made)
    answer = await match(
        world,
        made,
        "manager",
        (found["Member"]["resource_id"], world.people["member"]),
        (found["Somebody Else"]["resource_id"], world.people["coordinator"]),
    )
    assert answer.status_code == 200, answer.text
    matched = {each["name"]: each["person_id"] for each in answer.json()["people"]}
    assert matched == {"Member": str(world.people["member"]), "Somebody Else": str(world.people["coordinator"])}
    tasks = await by_title(world)
    assert tasks["Survey"]["assignee_id"] == str(world.people["member"])
    assert tasks["Girders"]["assignee_id"] is None, "a summary is nobody's"
    resources = {each["name"]: each for each in await everything(world, "resources")}
    assert resources["Member"]["person_id"] == str(world.people["member"])
    nobody = await match(world, made, "manager", (found["Member"]["resource_id"], None))
    assert nobody.status_code == 200, nobody.text
    assert (await by_title(world))["Survey"]["assignee_id"] is None


async def test_a_match_names_persons_of_the_file_and_people_of_the_project(world: World) -> None:
    made = await imported(world, board())
    member = (await people(world, made))["Member"]["resource_id"]
    for who, whom, place in (
        (member, world.people["stranger"], "/people/0/person_id"),
        (member, new_id(), "/people/0/person_id"),
        (new_id(), world.people["member"], "/people/0/resource_id"),
    ):
        answer = await match(world, made, "manager", (who, whom))
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, place)
    twice = await match(world, made, "manager", (member, world.people["member"]), (member, None))
    assert (twice.status_code, len(twice.json()["errors"])) == (422, 2)
    assert (await people(world, made))["Member"]["person_id"] is None


async def test_what_somebody_was_given_meanwhile_stays_theirs(world: World) -> None:
    made = await imported(world, board())
    tasks = await by_title(world)
    survey = tasks["Survey"]
    given = await world["manager"].patch(
        f"/v1/tasks/{survey['id']}", {"assignee_id": str(world.people["manager"])}, survey["version"]
    )
    assert given.status_code == 200, given.text
    member = (await people(world, made))["Member"]["resource_id"]
    assert (await match(world, made, "manager", (member, world.people["member"]))).status_code == 200
    assert (await by_title(world))["Survey"]["assignee_id"] == str(world.people["manager"])


async def test_matching_is_tried_without_effect_and_does_not_stand_in_the_way_of_an_undo(world: World) -> None:
    made = await imported(world, board())
    pair = ((await people(world, made))["Member"]["resource_id"], world.people["member"])
    preview = await match(world, made, "manager", pair, params={"dry_run": "true"})
    assert preview.json()["impact"]["people_affected"] == [str(world.people["member"])]
    assert (await people(world, made))["Member"]["person_id"] is None
    assert (await match(world, made, "manager", pair)).status_code == 200
    undone = await world["manager"].post(f"/v1/imports/{made['id']}/reversal")
    assert undone.status_code == 200, undone.text
    assert await everything(world, "resources") == []
    late = await match(world, made, "manager", pair)
    assert (late.status_code, late.json()["code"]) == (409, "import_reversed")
