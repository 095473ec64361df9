"""Exports: who gets one, what is in it, and that an import of it makes the same plan."""

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring
from pypdf import PdfReader

from services.planning.exports import use_cases
from services.planning.exports.pdf_worker import GanttWorker
from services.planning.imports.mspdi import read_mspdi
from tests.factories.imports import finished, upload
from tests.factories.plans import make_link, make_plan, make_task
from tests.factories.policies import make_policy
from tests.factories.world import Caller, ServiceUnderTest, World

FILES = Path(__file__).parents[3] / "data" / "msproject"
FORMATS = (
    "",
    "/mspdi",
    "/tandem-json",
    "/csv",
    "/csv?sheet=assignments",
    "/xlsx",
    "/icalendar",
    "/gantt-svg",
    "/gantt-pdf",
)


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


def exports(world: World) -> str:
    return f"/v1/projects/{world.project_id}/exports"


async def exported(world: World, kind: str, caller: Caller | None = None) -> bytes:
    answer = await (caller or world["manager"]).get(f"{exports(world)}/{kind}")
    assert answer.status_code == 200, answer.text
    return answer.content


async def losses(world: World, kind: str, caller: Caller | None = None) -> dict[str, dict[str, Any]]:
    listed = (await (caller or world["manager"]).get(exports(world))).json()["data"]
    return {each["member"]: each for each in next(one for one in listed if one["format"] == kind)["losses"]}


@pytest.mark.parametrize("kind", FORMATS)
async def test_nobody_exports_without_an_identity(world: World, kind: str) -> None:
    assert (await world.under_test.http.get(exports(world) + kind)).status_code == 401


@pytest.mark.parametrize("kind", FORMATS)
async def test_strangers_guests_and_other_tenants_find_nothing(world: World, kind: str) -> None:
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await caller.get(exports(world) + kind)).status_code == 404


@pytest.mark.parametrize("kind", FORMATS[1:])
async def test_what_has_not_changed_is_not_sent_again(world: World, kind: str) -> None:
    plan = await make_plan(world)
    first = await world["manager"].get(exports(world) + kind)
    known = {"If-None-Match": first.headers["etag"]}
    assert first.headers["content-disposition"].startswith("attachment;")
    again = await world["manager"].request("GET", exports(world) + kind, headers=known)
    assert (again.status_code, again.content) == (304, b"")
    survey = plan["survey"]
    await world["manager"].patch(f"/v1/tasks/{survey['id']}", {"title": "Survey of the ground"}, survey["version"])
    changed = await world["manager"].request("GET", exports(world) + kind, headers=known)
    assert changed.status_code == 200
    assert changed.headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("name", ["p34", "p61"])
async def test_a_plan_from_microsoft_project_goes_out_and_comes_in_again(planning: ServiceUnderTest, name: str) -> None:
    first, second = await planning.world(make_policy()), await planning.world(make_policy())
    job = await finished(first, await upload(first, first["manager"], (FILES / f"{name}.xml").read_bytes()))
    assert job["state"] == "succeeded", job
    once = await exported(first, "mspdi")
    job = await finished(second, await upload(second, second["manager"], once))
    assert job["state"] == "succeeded", job
    twice = await exported(second, "mspdi")
    assert without_names(once) == without_names(twice)
    lost = await losses(first, "mspdi")
    assert lost.keys() <= {"project.key", "project.time_zone", "baseline.name"}


def without_names(file: bytes) -> Any:
    """What a file says, but for the names and ids that the project itself gives."""
    plan = read_mspdi(io.BytesIO(file))
    plan.project.guid = plan.project.name = plan.project.title = ""
    # What was found of each element: custom fields are not taken, so they do not go out again.
    plan.report = []
    for task in plan.tasks:
        task.guid = ""
    return plan


async def test_what_people_entered_is_in_the_file(world: World) -> None:
    plan = await make_plan(world)
    await make_link(world, plan["survey"], plan["handover"], lag_minutes=90, dependency_type="start_to_start")
    await make_task(world, "Painting & <cleaning>", notes="First line\r\nsecond\u0007 line", labels=["inside"])
    read = read_mspdi(io.BytesIO(await exported(world, "mspdi")))
    titles = {task.name: task for task in read.tasks}
    assert list(titles) == ["Survey", "Foundation", "Fence", "Handover", "Painting & <cleaning>"]
    assert titles["Painting & <cleaning>"].notes == "First line\r\nsecond line"
    assert titles["Survey"].duration == 9_000
    assert titles["Handover"].milestone
    link = next(each for each in titles["Handover"].links if each.lag)
    assert (link.predecessor_uid, link.type, link.lag) == (titles["Survey"].uid, 3, 900)
    assert (await losses(world, "mspdi"))["task.labels"]["count"] == 1


async def make_rich_plan(world: World) -> None:
    """A plan with something of everything that an export holds."""
    manager, project = world["manager"], f"/v1/projects/{world.project_id}"

    async def made(noun: str, **members: Any) -> dict[str, Any]:
        answer = await manager.post(f"{project}/{noun}", members)
        assert answer.status_code == 201, answer.text
        document: dict[str, Any] = answer.json()
        return document

    site = await made("calendars", name="Site", days=[[["07:00", "15:00"]]] * 5 + [None, None], holidays="NO")
    night = await made(
        "calendars",
        name="Night",
        base_calendar_id=site["id"],
        days=[None] * 4 + [[["22:00", "06:00"]], None, None],
        exceptions=[{"from": "2026-12-23", "to": "2026-12-31", "ranges": [], "name": "Closed"}],
    )
    phase = await make_task(world, "Phase", wbs_code="A")
    paint = await make_task(
        world, "Paint", parent_id=phase["id"], duration_minutes=900, labels=["inside", "dry"], calendar_id=site["id"]
    )
    hang = await make_task(
        world, "Hang", parent_id=phase["id"], duration_minutes=2250, splits=[{"after_minutes": 450, "gap_minutes": 900}]
    )
    late = await make_task(
        world, "Late", constraint_type="finish_no_later_than", constraint_date="2026-09-01T16:00:00", notes="\r\n=1+1"
    )
    await make_task(world, "Words", manual=True, placeholder=True)
    await make_link(world, paint, hang, dependency_type="start_to_start", lag_percent=50, lag_basis="percent")
    await make_link(world, hang, late, lag_minutes=-90)
    money = {"amount": "987.50", "currency": "NOK"}
    team = await made("resources", name="Painters", resource_type="work", work_kind="team", calendar_id=night["id"])
    anna = await made(
        "resources",
        name="Anna",
        email="anna@example.org",
        resource_type="work",
        work_kind="person",
        team_id=team["id"],
        calendar_id=site["id"],
        max_units_percent="80.00",
        availability=[{"from_date": "2026-07-01", "to_date": "2026-07-31", "units_percent": "0.00"}],
        standard_rate=money,
        overtime_rate={"amount": "0.00", "currency": "NOK"},
        rates=[{"rate_table": "B", "from_date": None, "standard_rate": money}],
    )
    paints = await made("resources", name="Paint", resource_type="material", unit="litre", standard_rate=money)
    permit = await made("resources", name="Permit", resource_type="cost")
    await made("assignments", task_id=paint["id"], resource_id=anna["id"], units_percent="50.00", contour="bell")
    await made("assignments", task_id=hang["id"], resource_id=anna["id"], units_percent="100.00", rate_table="B")
    await made("assignments", task_id=paint["id"], resource_id=paints["id"], quantity="12.5")
    await made(
        "assignments", task_id=late["id"], resource_id=permit["id"], cost={"amount": "4500.00", "currency": "NOK"}
    )
    await made(
        "absences", resource_id=anna["id"], starts_on="2026-03-03", ends_on="2026-03-04", kind="vacation", note="Sea"
    )
    await made(
        "absences", resource_id=anna["id"], starts_on="2026-03-09", ends_on="2026-03-09", kind="sick", confidential=True
    )
    await made("baselines", name="As agreed", reason="The board met.")


def without_ids(document: bytes) -> Any:
    """A document in which every id is the number of its first appearance, and the project's own names are left out."""
    numbers: dict[str, str] = {}

    def number(match: re.Match[bytes]) -> bytes:
        name = match.group().decode()
        return numbers.setdefault(name, f"#{len(numbers)}").encode()

    told = json.loads(re.sub(rb"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", number, document))
    for name in ("key", "name", "description", "status"):
        del told["project"][name]
    for baseline in told["baselines"]:
        del baseline["set_at"]
    return told


@pytest.mark.parametrize("name", ["rich", "p34", "p61"])
async def test_a_project_comes_back_from_its_json(planning: ServiceUnderTest, name: str) -> None:
    first, second = await planning.world(make_policy()), await planning.world(make_policy())
    if name == "rich":
        await make_rich_plan(first)
    else:
        job = await finished(first, await upload(first, first["manager"], (FILES / f"{name}.xml").read_bytes()))
        assert job["state"] == "succeeded", job
    once = await exported(first, "tandem-json")
    job = await finished(second, await upload(second, second["manager"], once, filename="plan.json"))
    assert job["state"] == "succeeded", job["problem"]["detail"]
    assert without_ids(await exported(second, "tandem-json")) == without_ids(once)
    imported = (await second["manager"].get(job["result_url"])).json()
    assert imported["format"] == "tandem-json"
    assert all(each["disposition"] == "taken" for each in imported["report"])


async def test_a_rich_plan_goes_through_microsoft_projects_format_twice_as_once(planning: ServiceUnderTest) -> None:
    first, second = await planning.world(make_policy()), await planning.world(make_policy())
    await make_rich_plan(first)
    once = await exported(first, "mspdi")
    job = await finished(second, await upload(second, second["manager"], once))
    assert job["state"] == "succeeded", job
    assert without_names(await exported(second, "mspdi")) == without_names(once)
    lost = await losses(first, "mspdi")
    assert "task.splits" not in lost
    assert b"<FieldID>188743731</FieldID><Value>inside, dry</Value>" in once
    assert {"task.labels", "resource.team_id", "resource.work_kind", "calendar.holidays"} <= lost.keys()


async def test_a_table_and_a_workbook_are_downloads(world: World) -> None:
    await make_rich_plan(world)
    answer = await world["member"].get(f"{exports(world)}/csv?sheet=links")
    assert answer.headers["content-type"].startswith("text/csv")
    assert 'filename="BRO-links.csv"' in answer.headers["content-disposition"]
    assert answer.content.decode("utf-8-sig").splitlines()[1] == "2,Paint,3,Hang,SS,50,percent"
    notes = (await exported(world, "csv")).decode("utf-8-sig")
    assert "'\r\n=1+1" in notes
    book = await exported(world, "xlsx")
    assert book.startswith(b"PK")
    refused = await world["member"].get(f"{exports(world)}/csv?sheet=secrets")
    assert refused.status_code in (400, 422)


async def test_a_chart_is_a_drawing_that_runs_nothing_and_a_pdf_with_pages(world: World) -> None:
    await make_rich_plan(world)
    await make_task(world, "<script>alert(1)</script>")
    answer = await world["member"].request("GET", f"{exports(world)}/gantt-svg", headers={"Accept-Language": "nb"})
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in answer.headers["content-security-policy"]
    drawing = fromstring(answer.content)
    texts = {each.text for each in drawing.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Phase", "<script>alert(1)</script>", "Tittel", "Basisplan"} <= texts
    assert not list(drawing.iter("{http://www.w3.org/2000/svg}script"))
    pdf = PdfReader(io.BytesIO(await exported(world, "gantt-pdf?paper=a3")))
    assert len(pdf.pages) == 1
    assert float(pdf.pages[0].mediabox.width) > 1_000
    assert "Page 1 of 1" in pdf.pages[0].extract_text()


async def test_a_chart_that_takes_too_long_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(use_cases, "CHARTS", GanttWorker(wall_seconds=0.01))
    answer = await world["manager"].get(f"{exports(world)}/gantt-pdf")
    assert (answer.status_code, answer.json()["code"]) == (503, "export_took_too_long")


async def test_rates_are_for_those_who_see_them(world: World) -> None:
    await make_plan(world)
    money = {"amount": "987.00", "currency": "NOK"}
    crew = {"name": "Crew", "resource_type": "work", "standard_rate": money, "cost_per_use": money}
    made = await world["manager"].post(f"/v1/projects/{world.project_id}/resources", crew)
    assert made.status_code == 201, made.text
    assert b"987" in await exported(world, "mspdi")
    assert b"987" not in await exported(world, "mspdi", world["member"])
    assert "resource.rates" not in await losses(world, "mspdi")
    assert (await losses(world, "mspdi", world["member"]))["resource.rates"]["count"] == 1


def document(**members: Any) -> bytes:
    whole = {
        "format": "tandem-json",
        "version": 1,
        "project": {"start": "2026-03-02T08:00:00"},
        "tasks": [{"id": "a", "title": "Dig"}, {"id": "b", "title": "Pave"}],
    }
    return json.dumps(whole | members).encode()


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"version": 2}, "unreadable_plan"),
        ({"tasks": [{"id": "a", "title": "Dig", "parent": "b"}]}, "unreadable_plan"),
        ({"tasks": [{"id": "a", "title": "x\u0000y"}]}, "unreadable_plan"),
        (
            {"dependencies": [{"predecessor": "a", "successor": "b"}, {"predecessor": "b", "successor": "a"}]},
            "dependency_cycle",
        ),
    ],
)
async def test_a_document_that_is_wrong_leaves_nothing_behind(world: World, members: dict[str, Any], code: str) -> None:
    job = await finished(world, await upload(world, world["manager"], document(**members), filename="plan.json"))
    assert (job["state"], job["problem"]["code"]) == ("failed", code)
    listed = await world["manager"].get(f"/v1/projects/{world.project_id}/tasks")
    assert listed.json()["data"] == []


async def test_a_document_joins_a_plan_that_is_there(world: World) -> None:
    await make_task(world, "Survey")
    job = await finished(world, await upload(world, world["manager"], document(), filename="plan.json"))
    assert job["state"] == "succeeded", job
    exported_again = json.loads(await exported(world, "tandem-json"))
    assert [task["title"] for task in exported_again["tasks"]] == ["Survey", "Dig", "Pave"]
    assert exported_again["calendars"] == []


async def test_every_part_of_a_plan_has_its_share_in_the_tag(world: World) -> None:
    manager, project = world["manager"], f"/v1/projects/{world.project_id}"
    plan = await make_plan(world)
    seen: set[str] = set()

    async def differs() -> None:
        tag = (await manager.get(f"{exports(world)}/tandem-json")).headers["etag"]
        assert tag not in seen
        seen.add(tag)

    await differs()
    crew = (await manager.post(f"{project}/resources", {"name": "Crew", "resource_type": "work"})).json()
    await differs()
    part = {"task_id": plan["survey"]["id"], "resource_id": crew["id"], "units_percent": "50.00"}
    made = (await manager.post(f"{project}/assignments", part)).json()
    await differs()
    await manager.patch(f"/v1/assignments/{made['id']}", {"units_percent": "60.00"}, made["version"])
    await differs()
    away = {"resource_id": crew["id"], "starts_on": "2026-03-03", "ends_on": "2026-03-03", "kind": "vacation"}
    assert (await manager.post(f"{project}/absences", away)).status_code == 201
    await differs()
    assert (await manager.post(f"{project}/baselines", {"name": "One", "reason": "Agreed."})).status_code == 201
    await differs()
    link = await make_link(world, plan["survey"], plan["handover"])
    await differs()
    site = {"name": "Site", "days": [[["07:00", "15:00"]]] * 5 + [None, None]}
    assert (await manager.post(f"{project}/calendars", site)).status_code == 201
    await differs()
    unlinked = await manager.request("DELETE", f"/v1/dependencies/{link['id']}", headers={"If-Match": '"1"'})
    assert unlinked.status_code in (200, 204)
    await differs()
    known = {"If-None-Match": ", ".join(sorted(seen))}
    assert (await manager.request("GET", f"{exports(world)}/tandem-json", headers=known)).status_code == 304
    assert (await world["member"].request("GET", f"{exports(world)}/tandem-json", headers=known)).status_code == 200


@pytest.mark.parametrize("kind", FORMATS)
async def test_a_project_without_a_plan_has_its_files_as_well(world: World, kind: str) -> None:
    answer = await world["stakeholder"].get(exports(world) + kind)
    assert answer.status_code == 200, answer.text
    assert answer.content
