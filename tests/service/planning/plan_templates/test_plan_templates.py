"""Plan templates: published by a decision, without dates, people, money and progress, and laid out somewhere else."""

from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from services.kernel.ids import new_id
from tests.factories.plans import DAY, make_link, make_plan, make_task
from tests.factories.policies import make_policy
from tests.factories.world import ROLES, Caller, ServiceUnderTest, World

TEMPLATES = "/v1/plan-templates"


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


async def publish(world: World, **members: Any) -> dict[str, Any]:
    return await make(world, "plan-templates", **{"name": "Bridge"} | members)


async def beside(world: World, **members: Any) -> str:
    """An empty project of the same tenant with the same people in it."""
    body = {"key": f"P{new_id().hex[-6:].upper()}", "name": "Another bridge", "start": "2026-08-03T08:00:00"} | members
    answer = await world["manager"].post("/v1/projects", body)
    assert answer.status_code == 201, answer.text
    project_id = UUID(answer.json()["id"])
    facts: list[Any] = [
        ("gateway.membership.granted", new_id(), {"person_id": str(world.people[role]), "role": role}, project_id)
        for role in ROLES
    ]
    facts.append(("gateway.policy.set", new_id(), {"document": make_policy()}, project_id))
    await world.under_test.hear(world.tenant_id, "gateway", facts)
    return str(project_id)


async def use(world: World, project_id: str, template: dict[str, Any], **members: Any) -> dict[str, Any]:
    body = {"plan_template_id": template["id"]} | members
    answer = await world["manager"].post(f"/v1/projects/{project_id}/plan-instantiations", body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def tasks_of(world: World, project_id: object) -> dict[str, dict[str, Any]]:
    found = (await world["manager"].get(f"/v1/projects/{project_id}/tasks?limit=200")).json()["data"]
    return {each["title"]: each for each in found}


async def test_guests_strangers_and_other_tenants_find_no_template(world: World) -> None:
    await make_plan(world)
    template = await publish(world)
    for caller in (world["guest"], world["stranger"], world.foreigner()):
        assert (await caller.get(TEMPLATES)).json()["data"] == []
        for path in (f"{TEMPLATES}/{template['id']}", f"{TEMPLATES}/{template['id']}/contents"):
            assert (await caller.get(path)).status_code == 404
        published = await caller.post(f"/v1/projects/{world.project_id}/plan-templates", {"name": "B"})
        assert published.status_code == 404
    member = world["member"]
    assert (await member.get(f"{TEMPLATES}/{template['id']}")).json()["source_project_id"] == str(world.project_id)
    assert [each["name"] for each in (await member.get(TEMPLATES)).json()["data"]] == ["Bridge"]


async def test_where_it_comes_from_is_for_those_who_see_that_project(world: World) -> None:
    await make_plan(world)
    template = await publish(world)
    colleague = Caller(
        world.under_test.service,
        world.under_test.http,
        replace(world["stranger"].principal, person_id=world.people["stranger"]),
    )
    project_id = await beside(world)
    joined = {"person_id": str(colleague.id), "role": "member"}
    fact = ("gateway.membership.granted", new_id(), joined, UUID(project_id))
    await world.under_test.hear(world.tenant_id, "gateway", [fact])
    found = await colleague.get(f"{TEMPLATES}/{template['id']}")
    assert (found.status_code, found.json()["source_project_id"]) == (200, None)


async def test_publishing_is_decided_and_keeping_is_for_administrators(world: World) -> None:
    path = f"/v1/projects/{world.project_id}/plan-templates"
    empty = await world["manager"].post(path, {"name": "B"})
    assert (empty.status_code, empty.json()["code"]) == (422, "nothing_to_template")
    await make_plan(world)
    asked = await world["coordinator"].post(path, {"name": "B"})
    assert (asked.status_code, asked.json()["code"]) == (403, "authority_required")
    assert (await world["auditor"].post(path, {"name": "B"})).status_code == 403
    unknown = await world["manager"].post(path, {"name": "B", "roles": [{"resource_id": str(new_id()), "role": "X"}]})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_reference")
    template = await publish(world)
    decisions = (await world["member"].get(f"/v1/projects/{world.project_id}/decisions")).json()["data"]
    assert [each["kind"] for each in decisions].count("plan_template.publish") == 1
    own = f"{TEMPLATES}/{template['id']}"
    assert (await world["manager"].patch(own, {"name": "C"}, 1)).status_code == 403
    assert (await world["stranger"].patch(own, {"name": "C"}, 1)).status_code == 404
    changed = await administrator(world).patch(own, {"name": "C"}, 1)
    assert (changed.status_code, changed.json()["name"]) == (200, "C")
    assert (await world["manager"].delete(own, 2)).status_code == 403
    assert (await administrator(world).delete(own, 2)).status_code == 204


async def test_only_an_empty_project_is_planned_and_only_by_a_template_one_sees(world: World) -> None:
    await make_plan(world)
    template = await publish(world)
    own = f"/v1/projects/{world.project_id}/plan-instantiations"
    body = {"plan_template_id": template["id"]}
    full = await world["manager"].post(own, body)
    assert (full.status_code, full.json()["code"]) == (409, "plan_not_empty")
    project_id = await beside(world)
    path = f"/v1/projects/{project_id}/plan-instantiations"
    unknown = await world["manager"].post(path, {"plan_template_id": str(new_id())})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_reference")
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.post(path, body)).status_code == 404
    assert (await world["manager"].post(f"/v1/projects/{new_id()}/plan-instantiations", body)).status_code == 404
    asked = await world["coordinator"].post(path, body)
    assert (asked.status_code, asked.json()["code"]) == (403, "authority_required")
    assert await tasks_of(world, project_id) == {}
    assert (await world["manager"].post(path, body | {"start": "9999-01-01T00:00:00"})).status_code == 422


async def test_a_plan_is_laid_out_from_its_new_start(world: World) -> None:
    phase = await make_task(world, "Phase", notes="As agreed", labels=["civil"])
    survey = await make_task(world, "Survey", duration_minutes=2 * DAY, parent_id=phase["id"])
    pour = await make_task(
        world,
        "Pour",
        duration_minutes=5 * DAY,
        parent_id=phase["id"],
        constraint_type="start_no_earlier_than",
        constraint_date="2026-03-12T10:00:00",
        deadline="2026-03-20T16:00:00",
    )
    handover = await make_task(world, "Handover", milestone=True)
    await make_link(world, survey, pour, lag_minutes=DAY)
    await make_link(world, pour, handover)
    version = (await world["manager"].get(f"/v1/tasks/{survey['id']}")).json()["version"]
    done = {"percent_complete": 100, "assignee_id": str(world["member"].id)}
    assert (await world["manager"].patch(f"/v1/tasks/{survey['id']}", done, version)).status_code == 200
    template = await publish(world)
    assert template["counts"] | {"tasks": 4, "milestones": 1, "dependencies": 2} == template["counts"]
    assert template["span_days"] == 14
    project_id = await beside(world)
    answer = await use(world, project_id, template, start="2026-09-07T08:00:00")
    assert (answer["start"], answer["finish"][:10]) == ("2026-09-07T08:00:00", "2026-09-24")
    found = await tasks_of(world, project_id)
    assert {title: each["wbs_code"] for title, each in found.items()} == {
        "Phase": "1",
        "Survey": "1.1",
        "Pour": "1.2",
        "Handover": "2",
    }
    assert (found["Phase"]["notes"], found["Phase"]["labels"], found["Phase"]["summary"]) == (
        "As agreed",
        ["civil"],
        True,
    )
    assert found["Survey"]["start"] == "2026-09-07T08:00:00"
    assert (found["Survey"]["percent_complete"], found["Survey"]["assignee_id"]) == (0, None)
    assert (found["Pour"]["constraint_date"], found["Pour"]["deadline"]) == (
        "2026-09-17T10:00:00",
        "2026-09-25T16:00:00",
    )
    links = (await world["manager"].get(f"/v1/projects/{project_id}/dependencies")).json()["data"]
    assert sorted(each["lag_minutes"] for each in links) == [0, DAY]
    project = (await world["manager"].get(f"/v1/projects/{project_id}")).json()
    assert (project["start"], project["finish"]) == ("2026-09-07T08:00:00", answer["finish"])
    version = found["Survey"]["version"]
    moved = await world["manager"].patch(f"/v1/tasks/{found['Survey']['id']}", {"duration_minutes": 20 * DAY}, version)
    assert moved.status_code == 200, "the plan goes on living"


async def test_people_become_roles_and_money_and_dated_exceptions_stay_behind(world: World) -> None:
    calendar = {"name": "Site", "days": [[["07:00", "15:00"]]] * 4 + [[], [], []], "is_project_calendar": True}
    holidays = [{"from": "2026-03-03", "to": "2026-03-03", "ranges": [], "name": "Closed"}]
    site = await make(world, "calendars", **calendar, exceptions=holidays, holidays="NO")
    night = await make(world, "calendars", name="Night", days=[None] * 7, base_calendar_id=site["id"])
    crew = await make(world, "resources", name="Crew", work_kind="team")
    kari = await make(
        world,
        "resources",
        name="Kari",
        email="kari@example.org",
        team_id=crew["id"],
        calendar_id=night["id"],
        standard_rate={"amount": "900.00", "currency": "NOK"},
    )
    ola = await make(world, "resources", name="Ola", person_id=str(world["member"].id))
    steel = await make(world, "resources", name="Steel", resource_type="material", unit="t")
    task = await make_task(world, "Pour", duration_minutes=5 * DAY)
    await make(world, "assignments", task_id=task["id"], resource_id=kari["id"], units_percent="50")
    await make(world, "assignments", task_id=task["id"], resource_id=steel["id"], quantity="4")
    await make(world, "task-briefs", task_id=task["id"], why="It bears.", done_when=["28 days"], inputs=["B-204"])
    template = await publish(world, roles=[{"resource_id": kari["id"], "role": "Concrete worker"}])
    contents = (await world["member"].get(f"{TEMPLATES}/{template['id']}/contents")).json()
    assert sorted(each["role"] for each in contents["roles"]) == ["Concrete worker", "Crew", "Role 1", "Steel"]
    assert (contents["tasks"][0]["title"], sorted(contents["calendars"])) == ("Pour", ["Night", "Site"])
    for secret in ("Kari", "Ola", "kari@example.org", "900", str(kari["id"]), str(ola["id"])):
        assert secret not in str(contents)
    project_id = await beside(world, minutes_per_day=480)
    await use(world, project_id, template)
    manager = world["manager"]
    resources = (await manager.get(f"/v1/projects/{project_id}/resources")).json()["data"]
    by_name = {each["name"]: each for each in resources}
    worker = by_name["Concrete worker"]
    assert (worker["email"], worker["person_id"], worker["standard_rate"]) == (None, None, None)
    assert worker["team_id"] == by_name["Crew"]["id"]
    assignments = (await manager.get(f"/v1/projects/{project_id}/assignments")).json()["data"]
    assert {each["units_percent"] for each in assignments} == {"50.00", "400.00"}
    calendars = {
        each["name"]: each for each in (await manager.get(f"/v1/projects/{project_id}/calendars")).json()["data"]
    }
    assert (calendars["Site"]["is_project_calendar"], calendars["Site"]["exceptions"]) == (True, [])
    assert (calendars["Night"]["base_calendar_id"], calendars["Site"]["holidays"]) == (calendars["Site"]["id"], "NO")
    assert worker["calendar_id"] == calendars["Night"]["id"]
    (brief,) = (await manager.get(f"/v1/projects/{project_id}/task-briefs")).json()["data"]
    assert (brief["why"], brief["done_when"], brief["inputs"]) == ("It bears.", ["28 days"], ["B-204"])
    assert (await manager.get(f"/v1/projects/{project_id}")).json()["minutes_per_day"] == 450


async def test_a_hundred_templates_are_listed_and_searched(world: World) -> None:
    await make_plan(world)
    for number in range(100):
        await publish(world, name=f"Bridge {number:03}")
    page = (await world["member"].get(f"{TEMPLATES}?sort=name&limit=200")).json()["data"]
    assert [each["name"] for each in page] == [f"Bridge {number:03}" for number in range(100)]
    assert len((await world["member"].get(f"{TEMPLATES}?name[contains]=09")).json()["data"]) == 11
    assert len((await world["member"].get(f"{TEMPLATES}?q=Bridge&limit=200")).json()["data"]) == 100


async def test_a_dry_run_leaves_the_project_empty(world: World) -> None:
    await make_plan(world)
    template, project_id = await publish(world), await beside(world)
    tried = await world["manager"].post(
        f"/v1/projects/{project_id}/plan-instantiations?dry_run=true", {"plan_template_id": template["id"]}
    )
    assert (tried.status_code, tried.json()["authority"]["verdict"]) == (200, "decide")
    assert await tasks_of(world, project_id) == {}


def kroner(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "NOK"}


async def with_money(world: World) -> dict[str, Any]:
    """A template with a risk and two budget lines."""
    plan = await make_plan(world)
    code = await make(world, "cost-codes", code="4100", name="Concrete")
    line = {"cost_code_id": code["id"], "description": "Slab", "amount": kroner("125000.00")}
    await make(world, "budget-lines", task_id=plan["foundation"]["id"], **line)
    await make(world, "budget-lines", **line | {"description": "Reserve", "amount": kroner("5000.50")})
    points = {"low": kroner("1000.00"), "likely": kroner("2000.00"), "high": kroner("9000.00")}
    await make(world, "risks", title="Frost", probability="0.30", cost_impact=points)
    return await publish(world, with_risks=True, with_budget=True)


async def test_risks_and_budget_lines_come_along_where_they_are_wanted(world: World) -> None:
    template = await with_money(world)
    assert (template["counts"]["risks"], template["counts"]["budget_lines"]) == (1, 2)
    contents = (await world["member"].get(f"{TEMPLATES}/{template['id']}/contents")).json()
    assert (contents["risks"], "125000" in str(contents)) == (["Frost"], False)
    manager, bare, full = world["manager"], await beside(world), await beside(world)
    await use(world, bare, template)
    await use(world, full, template, with_risks=True, with_budget=True)
    for noun in ("risks", "budget-lines", "cost-codes"):
        assert (await manager.get(f"/v1/projects/{bare}/{noun}")).json()["data"] == []
    (risk,) = (await manager.get(f"/v1/projects/{full}/risks")).json()["data"]
    assert (risk["title"], risk["probability"], risk["cost_impact"]["high"]) == ("Frost", "0.30", kroner("9000.00"))
    lines = (await manager.get(f"/v1/projects/{full}/budget-lines")).json()["data"]
    assert {each["description"]: each["amount"]["amount"] for each in lines} == {
        "Slab": "125000.00",
        "Reserve": "5000.50",
    }
    foundation = (await tasks_of(world, full))["Foundation"]["id"]
    assert {each["task_id"] for each in lines} == {foundation, None}


async def test_the_money_of_a_template_is_judged_as_a_whole_and_in_its_own_currency(world: World) -> None:
    template = await with_money(world)
    wanted = {"plan_template_id": template["id"], "with_budget": True}
    foreign = await beside(world, currency="EUR")
    refused = await world["manager"].post(f"/v1/projects/{foreign}/plan-instantiations", wanted)
    assert (refused.status_code, refused.json()["code"]) == (422, "currency_mismatched")
    project_id = await beside(world)
    grants = [
        {"role": "manager", "kind": "*", "may": "decide", "limits": {}},
        {"role": "manager", "kind": "budget.*", "may": "decide", "limits": {"cost": 126000}},
    ]
    policy = {"solo": False, "grants": grants, "tolerances": {}, "approvals": []}
    fact = ("gateway.policy.set", new_id(), {"document": policy}, UUID(project_id))
    await world.under_test.hear(world.tenant_id, "gateway", [fact])
    path = f"/v1/projects/{project_id}/plan-instantiations"
    asked = await world["manager"].post(path, wanted)
    assert (asked.status_code, asked.json()["code"]) == (403, "authority_required"), "130,000.50 is more than 126,000"
    assert await tasks_of(world, project_id) == {}
    assert (await world["manager"].post(path, wanted | {"with_budget": False})).status_code == 201
