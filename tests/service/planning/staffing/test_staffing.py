"""Negotiating with the line: who may say what, what an agreement makes, and what comes of waiting."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.kernel.ids import new_id
from services.kernel.jobs import JobRun
from services.planning.staffing.use_cases import expire_request
from tests.factories.plans import DAY, make_link, make_task, read_task
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World

REASON = {"reason": "The girders arrive."}


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def ask(world: World, caller: Caller | None = None, **members: Any) -> dict[str, Any]:
    """The line owner is the stranger, who is on no project."""
    body = {
        "role": "Welder",
        "line_owner_id": str(world["stranger"].id),
        "units_percent": "100",
        "starts_on": "2026-03-02",
        "ends_on": "2026-03-31",
        **REASON,
    } | members
    answer = await (caller or world["manager"]).post(f"/v1/projects/{world.project_id}/staffing-requests", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def act(caller: Caller, request: dict[str, Any], noun: str, status: int = 200, **members: Any) -> dict[str, Any]:
    answer = await caller.post(f"/v1/staffing-requests/{request['id']}/{noun}", REASON | members)
    assert answer.status_code == status, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def test_whoever_is_not_asked_and_not_on_the_project_finds_nothing(world: World) -> None:
    request = await ask(world, line_owner_id=str(world["member"].id))
    path = f"/v1/staffing-requests/{request['id']}"
    assert (await world.under_test.http.get(path)).status_code == 401
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(path)).status_code == 404
        assert (await caller.get(f"{path}/consequence")).status_code == 404
        assert (await caller.get("/v1/staffing-requests")).json()["data"] == []
        for noun in ("offers", "refusal", "counter-offers", "withdrawal", "agreement"):
            members = {"name": "Kari"} if noun == "offers" else {}
            await act(caller, request, noun, 404, **members)


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"ends_on": "2026-03-01"}, "period_ends_early"),
        ({"answer_by": "2026-01-01"}, "answer_too_late"),
        ({"task_id": str(new_id())}, "unknown_reference"),
        ({"competence_id": str(new_id())}, "unknown_reference"),
        ({"line_owner_id": str(new_id())}, "unknown_reference"),
        ({"units_percent": "0"}, "validation_failed"),
        ({"reason": " "}, "validation_failed"),
    ],
)
async def test_a_request_that_makes_no_sense_is_refused(world: World, members: dict[str, Any], code: str) -> None:
    body = {"role": "Welder", "line_owner_id": str(world["stranger"].id), "units_percent": "100", **REASON}
    body |= {"starts_on": "2026-03-02", "ends_on": "2026-03-31"} | members
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/staffing-requests", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_the_line_answers_for_itself_and_the_project_for_itself(world: World) -> None:
    request = await ask(world, world["coordinator"])
    line = world["stranger"]
    (found,) = (await line.get("/v1/staffing-requests?state=requested")).json()["data"]
    assert found["id"] == request["id"]
    await act(world["manager"], request, "offers", 403, name="Kari")
    await act(world["manager"], request, "refusal", 403)
    for noun in ("counter-offers", "withdrawal", "agreement"):
        await act(line, request, noun, 403)
    assert (await line.get(f"/v1/staffing-requests/{request['id']}/consequence")).status_code == 404
    refused = await act(world["manager"], request, "agreement", 409)
    assert refused["code"] == "not_negotiated"


async def test_offer_counter_offer_and_agreement_book_somebody_for_the_time(world: World) -> None:
    task = await make_task(world, "Weld", duration_minutes=4 * DAY)
    request = await ask(world, task_id=task["id"])
    line = world["stranger"]
    offered = await act(line, request, "offers", person_id=str(world["member"].id), units_percent="40")
    assert (offered["state"], offered["offer"]["name"], offered["offer"]["units_percent"]) == (
        "offered",
        "Member",
        "40.00",
    )
    countered = await act(world["coordinator"], request, "counter-offers", units_percent="60")
    assert (countered["state"], countered["offer"], countered["units_percent"]) == ("requested", None, "60.00")
    await act(line, request, "offers", person_id=str(world["member"].id), units_percent="50", ends_on="2026-03-20")
    await act(world["coordinator"], request, "agreement", 403)
    agreed = await act(world["manager"], request, "agreement")
    assert agreed["state"] == "agreed"
    assert [each["act"] for each in agreed["history"]] == ["requested", "offered", "countered", "offered", "agreed"]
    resource = (await world["manager"].get(f"/v1/resources/{agreed['resource_id']}")).json()
    assert (resource["person_id"], resource["max_units_percent"]) == (str(world["member"].id), "50.00")
    assert [(each["from_date"], each["to_date"]) for each in resource["availability"]] == [
        (None, "2026-03-01"),
        ("2026-03-21", None),
    ]
    assignment = (await world["manager"].get(f"/v1/assignments/{agreed['assignment_id']}")).json()
    assert (assignment["task_id"], assignment["units_percent"]) == (task["id"], "50.00")
    decision = (await world["manager"].get(f"/v1/decisions/{agreed['decision_id']}")).json()
    assert (decision["kind"], decision["reason"]) == ("staffing.agree", REASON["reason"])
    assert decision["chosen"] == "Member, 50.00 %, 2026-03-02 to 2026-03-20"
    for noun, caller in (("offers", line), ("withdrawal", world["manager"]), ("agreement", world["manager"])):
        members = {"name": "Ola"} if noun == "offers" else {}
        assert (await act(caller, request, noun, 409, **members))["code"] == "not_negotiated"


async def test_somebody_without_a_place_on_the_project_is_booked_by_name(world: World) -> None:
    request = await ask(world)
    await act(world["stranger"], request, "offers", 422, person_id=str(new_id()))
    await act(world["stranger"], request, "offers", 422)
    await act(world["stranger"], request, "offers", person_id=str(world["stranger"].id))
    agreed = await act(world["manager"], request, "agreement")
    resource = (await world["manager"].get(f"/v1/resources/{agreed['resource_id']}")).json()
    assert (resource["name"], resource["person_id"], agreed["assignment_id"]) == ("Stranger", None, None)


async def test_either_side_can_end_it_with_a_reason(world: World) -> None:
    declined = await act(world["stranger"], await ask(world), "refusal")
    assert (declined["state"], declined["history"][-1]["reason"]) == ("declined", REASON["reason"])
    withdrawn = await act(world["manager"], await ask(world), "withdrawal")
    assert withdrawn["state"] == "withdrawn"


async def test_a_request_without_an_answer_ends_behind_its_day(world: World) -> None:
    today = datetime.now(UTC).date()
    request = await ask(world, answer_by=today.isoformat(), ends_on=(today + timedelta(days=60)).isoformat())
    database = world.under_test.service.database

    async def expire() -> str:
        async with database.write(world["manager"].principal) as session:
            job_id = await session.value(
                """update jobs set state = 'running' where tenant_id = $1 and kind = 'expire_staffing_request'
                   returning id""",
                world.tenant_id,
            )
            await session.commit()
        arguments = {"staffing_request_id": request["id"]}
        await expire_request(JobRun(database, None, world.tenant_id, job_id, arguments, world["manager"].principal))
        return str((await world["manager"].get(f"/v1/staffing-requests/{request['id']}")).json()["state"])

    assert await expire() == "requested"
    async with database.write(world["manager"].principal) as session:
        await (await session.driver()).execute(
            "update staffing_requests set answer_by = $3 where tenant_id = $1 and id = $2",
            world.tenant_id,
            request["id"],
            today - timedelta(days=1),
        )
        await session.commit()
    assert await expire() == "expired"


async def test_one_is_told_what_comes_of_waiting(world: World) -> None:
    weld, paint = (
        await make_task(world, "Weld", duration_minutes=DAY),
        await make_task(world, "Paint", duration_minutes=DAY),
    )
    await make_link(world, weld, paint)
    path = f"/v1/staffing-requests/{(await ask(world, task_id=weld['id']))['id']}/consequence"
    soon = (await world["member"].get(f"{path}?until=2026-03-02")).json()
    assert (soon["needed_by"], soon["days_left"], soon["impact"]) == ("2026-03-02", 0, {})
    late = (await world["member"].get(f"{path}?until=2026-03-05")).json()
    assert (late["days_left"], late["float_minutes"]) == (-3, 0)
    assert late["impact"]["finish"]["moved_minutes"] == 3 * DAY
    assert (await read_task(world, weld))["start"] == "2026-03-02T08:00:00"
    without = f"/v1/staffing-requests/{(await ask(world))['id']}/consequence"
    assert (await world["member"].get(without)).json()["impact"] == {}


async def test_the_projects_own_people_are_candidates(world: World) -> None:
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/resources", {"name": "Kari"})
    assert answer.status_code == 201
    request = await ask(world)
    found = (await world["member"].get(f"/v1/staffing-requests/{request['id']}/candidates")).json()
    assert [(each["name"], each["reasons"]) for each in found["candidates"]] == [("Kari", ["free"])]
