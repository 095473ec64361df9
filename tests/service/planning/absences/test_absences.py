"""Absences: who records them, what they move, and who is told why."""

from typing import Any

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def make(world: World, noun: str, **members: Any) -> dict[str, Any]:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/{noun}", members)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def kari_at_work(world: World, days: int = 4) -> tuple[dict[str, Any], dict[str, Any]]:
    """The member's resource, and the task that it works on from Monday 2 March."""
    task = await make_task(world, "Dig", duration_minutes=days * DAY)
    kari = await make(world, "resources", name="Kari", person_id=str(world["member"].id))
    assert kari["work_kind"] == "person"
    await make(world, "assignments", task_id=task["id"], resource_id=kari["id"])
    return kari, task


def away(resource: dict[str, Any], first: str, last: str, **members: Any) -> dict[str, Any]:
    return {"resource_id": resource["id"], "starts_on": first, "ends_on": last} | members


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    kari, _ = await kari_at_work(world)
    absence = await make(world, "absences", **away(kari, "2026-03-03", "2026-03-03"))
    path = f"/v1/projects/{world.project_id}/absences"
    assert (await world.under_test.http.get(path)).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path)).status_code == 404
        assert (await caller.post(path, away(kari, "2026-03-03", "2026-03-03"))).status_code == 404
        assert (await caller.get(f"/v1/absences/{absence['id']}")).status_code == 404
        assert (await caller.delete(f"/v1/absences/{absence['id']}", 1)).status_code == 404


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"ends_on": "2026-03-01"}, "absence_ends_early"),
        ({"starts_on": "1001-03-01"}, "validation_failed"),
        ({"kind": "away"}, "not_of_this_resource"),
        ({"kind": "lazy"}, "validation_failed"),
        ({"resource_id": str(new_id())}, "unknown_reference"),
    ],
)
async def test_an_absence_that_makes_no_sense_is_refused(world: World, members: dict[str, Any], code: str) -> None:
    kari = await make(world, "resources", name="Kari")
    body = away(kari, "2026-03-03", "2026-03-03") | members
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/absences", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_material_and_teams_are_never_away(world: World) -> None:
    for members in ({"resource_type": "material"}, {"work_kind": "team"}):
        made = await make(world, "resources", name="Concrete", **members)
        path = f"/v1/projects/{world.project_id}/absences"
        answer = await world["manager"].post(path, away(made, "2026-03-03", "2026-03-03"))
        assert answer.json()["code"] == "not_of_this_resource"


async def test_an_absence_that_moves_the_finish_is_not_a_members_to_decide(world: World) -> None:
    kari, _ = await kari_at_work(world)
    path = f"/v1/projects/{world.project_id}/absences"
    answer = await world["member"].post(path, away(kari, "2026-03-03", "2026-03-04"))
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    assert answer.json()["impact"]["finish"]["moved_minutes"] == 2 * DAY
    assert answer.json()["kinds"] == ["resource.absence", "schedule.dates"]


async def test_work_waits_for_who_is_away_and_comes_back_when_they_do(world: World) -> None:
    kari, task = await kari_at_work(world)
    assert task["finish"] == "2026-03-05T16:00:00"
    absence = await make(world, "absences", **away(kari, "2026-03-03", "2026-03-04", kind="vacation"))
    assert absence["effects"]["impact"]["people_affected"] == [str(world["member"].id)]
    assert (await read_task(world, task))["finish"] == "2026-03-09T16:00:00"
    path = f"/v1/absences/{absence['id']}"
    shorter = await world["manager"].patch(path, {"ends_on": "2026-03-03"}, 1)
    assert shorter.status_code == 200, shorter.text
    assert (await read_task(world, task))["finish"] == "2026-03-06T16:00:00"
    assert (await world["manager"].delete(path, 2)).status_code == 204
    assert (await read_task(world, task))["finish"] == "2026-03-05T16:00:00"


async def test_a_task_with_hours_of_its_own_keeps_them_while_somebody_is_away(world: World) -> None:
    nights = await make(
        world, "calendars", name="Nights", days=[[["18:00", "22:00"], ["22:30", "23:59"]]] * 5 + [[], []]
    )
    task = await make_task(world, "Blast", duration_minutes=2 * 329, calendar_id=nights["id"])
    kari = await make(world, "resources", name="Kari")
    await make(world, "assignments", task_id=task["id"], resource_id=kari["id"])
    await make(world, "absences", **away(kari, "2026-03-03", "2026-03-03"))
    moved = await read_task(world, task)
    assert (moved["start"], moved["finish"]) == ("2026-03-02T18:00:00", "2026-03-04T23:59:00")


async def test_why_somebody_is_sick_is_nobody_elses_business(world: World) -> None:
    kari, _ = await kari_at_work(world)
    body = away(kari, "2026-04-07", "2026-04-08", kind="sick", note="Fever")
    absence = await make(world, "absences", **body)
    assert (absence["kind"], absence["confidential"]) == ("sick", True)

    async def told(caller: Caller) -> tuple[str, str | None]:
        shown = (await caller.get(f"/v1/absences/{absence['id']}")).json()
        return shown["kind"], shown["note"]

    assert await told(world["member"]) == await told(world["manager"]) == ("sick", "Fever")
    assert await told(world["coordinator"]) == await told(world["owner"]) == ("away", None)
    path = f"/v1/projects/{world.project_id}/absences"
    assert (await world["coordinator"].get(f"{path}?kind=sick")).json()["data"] == []
    assert len((await world["member"].get(f"{path}?kind=sick")).json()["data"]) == 1
    async with world.under_test.service.database.read(world.tenant_id) as session:
        facts = await session.rows("select envelope from outbox where tenant_id = $1", world.tenant_id)
    assert facts
    assert not [each for each in facts if "sick" in each["envelope"] or "Fever" in each["envelope"]]


async def test_the_person_says_more_of_their_own_absence_and_others_ask_for_it(world: World) -> None:
    kari, _ = await kari_at_work(world)
    absence = await make(world, "absences", **away(kari, "2026-04-07", "2026-04-08"))
    path = f"/v1/absences/{absence['id']}"
    others = await world["coordinator"].patch(path, {"note": "Again?"}, 1)
    assert (others.status_code, others.json()["kinds"]) == (403, ["resource.absence", "resource.change"])
    own = await world["member"].patch(path, {"kind": "sick", "confidential": True}, 1)
    assert (own.status_code, own.json()["kind"]) == (200, "sick")
