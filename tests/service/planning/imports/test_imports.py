"""Imports: who may ask for one, what a file becomes, and what is left behind when it cannot be read."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import pytest

from services.kernel import jobs
from services.kernel.ids import new_id
from services.kernel.storage import Storage, StorageFailed
from services.kernel.working_time import to_local
from services.planning.imports.mspdi import read_mspdi
from services.planning.imports.mspdi_plan import to_plan
from services.planning.schedule.critical_path import schedule
from tests.factories.imports import everything, finished, upload
from tests.factories.plans import make_task
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

FILES = Path(__file__).parents[3] / "data" / "msproject"


@pytest.fixture
async def world(planning: ServiceUnderTest) -> World:
    return await planning.world(make_policy())


async def test_nobody_uploads_without_an_identity(world: World) -> None:
    files = {"file": ("plan.xml", b"<Project/>", "application/xml")}
    answer = await world.under_test.http.post(f"/v1/projects/{world.project_id}/imports", files=files)
    assert answer.status_code == 401


async def test_strangers_guests_and_other_tenants_find_nothing(world: World) -> None:
    for caller in (world["stranger"], world["guest"], world.foreigner()):
        assert (await upload(world, caller, b"<Project/>")).status_code == 404
        assert (await caller.get(f"/v1/projects/{world.project_id}/imports")).status_code == 404


async def test_an_import_needs_authority_and_a_key(world: World) -> None:
    answer = await upload(world, world["coordinator"], b"<Project/>")
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    answer = await upload(world, world["manager"], b"<Project/>", headers={"Idempotency-Key": None})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("name", ["p34", "p61"])
async def test_a_plan_has_after_the_import_the_dates_that_its_file_yields(world: World, name: str) -> None:
    path = FILES / f"{name}.xml"
    job = await finished(world, await upload(world, world["manager"], path.read_bytes(), filename=path.name))
    assert job["state"] == "succeeded", job
    with path.open("rb") as stream:
        mspdi = read_mspdi(stream)
    expected = schedule(to_plan(mspdi))
    tasks = await everything(world, "tasks")
    assert len(tasks) == len(expected.tasks)
    for found, wanted in zip(tasks, expected.tasks.values(), strict=True):
        dates = (found["start"], found["finish"], found["late_finish"], found["critical"])
        late_finish = to_local(wanted.late_finish).isoformat()
        assert dates == (wanted.start_at.isoformat(), wanted.finish_at.isoformat(), late_finish, wanted.critical), (
            found["title"]
        )
    imported = (await world["member"].get(job["result_url"])).json()
    assert imported["filename"] == path.name
    assert imported["counts"]["tasks"] == len(tasks)
    assert imported["counts"]["dependencies"] == len(await everything(world, "dependencies"))
    assert imported["counts"]["resources"] == len(await everything(world, "resources"))
    assert {each["disposition"] for each in imported["report"]} <= {"taken", "changed", "dropped"}
    assert all(each["reason"] for each in imported["report"] if each["disposition"] != "taken")
    project = (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()
    assert project["finish"] == to_local(expected.finish).isoformat()
    assert project["minutes_per_day"] == mspdi.project.minutes_per_day
    # Nothing moves when the plan is touched afterwards: what was stored is what the engine finds again.
    run = {"changes": [{"task_id": tasks[-1]["id"], "change": {"priority": 400}}]}
    again = (await world["manager"].post(f"/v1/projects/{world.project_id}/schedule-runs", run)).json()
    assert again["changed_tasks_total"] == 1
    assert again["impact"].keys() <= {"touches", "needed_by"}
    assert again["impact"]["touches"] == [tasks[-1]["id"]]


async def test_the_same_file_is_not_taken_over_twice(world: World) -> None:
    content = (FILES / "p34.xml").read_bytes()
    job = await finished(world, await upload(world, world["manager"], content))
    before = await everything(world, "tasks")
    again = await upload(world, world["manager"], content, filename="another name.xml")
    assert (again.status_code, again.json()["code"]) == (409, "plan_already_imported")
    assert job["result_url"].endswith(again.json()["import_id"])
    assert await everything(world, "tasks") == before


async def test_a_repeated_upload_with_one_key_is_one_import(world: World) -> None:
    content = (FILES / "p34.xml").read_bytes()
    headers = {"Idempotency-Key": "once"}
    first = await upload(world, world["manager"], content, headers=headers)
    second = await upload(world, world["manager"], content, headers=headers)
    assert (second.status_code, second.headers["idempotency-replayed"]) == (202, "true")
    assert first.json() == second.json()
    assert (await finished(world, first))["state"] == "succeeded"
    assert len(await everything(world, "imports")) == 1


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<Project><Tasks><Task><UID>1</UID>\n</Tasks>", "not_xml"),
        (b"no xml at all", "not_xml"),
        (b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><Project/>', "forbidden_dtd"),
        (b"<html></html>", "not_this_format"),
    ],
)
async def test_a_file_that_cannot_be_read_leaves_nothing_behind(world: World, content: bytes, code: str) -> None:
    job = await finished(world, await upload(world, world["manager"], content))
    assert (job["state"], job["problem"]["code"]) == ("failed", "unreadable_plan")
    assert job["problem"]["reason_code"] == code
    assert job["problem"]["line"] >= 1
    for noun in ("tasks", "calendars", "resources", "imports"):
        assert await everything(world, noun) == []
    async with world.under_test.service.database.read(world.tenant_id) as session:
        arguments = await session.value("select arguments->>'key' from jobs where tenant_id = $1", world.tenant_id)
    assert not await world.under_test.service.resources.exists(arguments)


def files_of(world: World) -> list[Path]:
    url = world.under_test.service.settings.storage_url
    assert url is not None
    folder = Path(url.removeprefix("file://")) / "planning" / str(world.tenant_id)
    return sorted(path for path in folder.rglob("*") if path.is_file())


async def wanted_files(world: World) -> int:
    async with world.under_test.service.database.read(world.tenant_id) as session:
        found: int = await session.value(
            "select count(*) from stored_files where tenant_id = $1 and removed_at is null", world.tenant_id
        )
    return found


@pytest.mark.parametrize("flag", ["true", "1", "yes", "on", "True"])
async def test_a_dry_run_leaves_no_file_however_it_is_spelled(world: World, flag: str) -> None:
    path = f"/v1/projects/{world.project_id}/imports?dry_run={flag}"
    files = {"file": ("plan.xml", (FILES / "p34.xml").read_bytes(), "application/xml")}
    answer = await world["manager"].request("POST", path, files=files)
    assert (answer.status_code, answer.headers["tandem-effect"]) == (200, "none")
    assert (files_of(world), await wanted_files(world)) == ([], 0)


async def test_a_refusal_stays_one_when_the_store_goes_away_during_the_clean_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(store: Storage, key: str) -> None:
        raise StorageFailed

    monkeypatch.setattr(Storage, "delete", away)
    answer = await upload(world, world["coordinator"], b"<Project/>")
    assert (answer.status_code, answer.json()["code"]) == (403, "authority_required")
    job = await finished(world, await upload(world, world["manager"], b"no xml at all"))
    assert (job["state"], job["problem"]["code"]) == ("failed", "unreadable_plan")
    assert (len(files_of(world)), await wanted_files(world)) == (2, 0), "both are left to the collection of orphans"


async def test_an_import_waits_for_a_store_that_is_away_and_keeps_its_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Storage.open
    refusals = iter(range(2))

    async def sometimes_away(store: Storage, *arguments: Any, **options: Any) -> Any:
        if next(refusals, None) is not None:
            raise StorageFailed
        return await opened(store, *arguments, **options)

    monkeypatch.setattr(Storage, "open", sometimes_away)
    job = await finished(world, await upload(world, world["manager"], (FILES / "p34.xml").read_bytes()))
    assert job["state"] == "succeeded", job
    assert next(refusals, None) is None
    assert (len(files_of(world)), await wanted_files(world)) == (1, 1)


async def test_an_import_whose_store_stays_away_has_failed_and_may_be_asked_for_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(store: Storage, *arguments: Any) -> Any:
        raise StorageFailed

    content = (FILES / "p34.xml").read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(jobs, "FIRST_PAUSE_SECONDS", 0.01)
        patch.setattr(jobs, "LONGEST_PAUSE_SECONDS", 0.03)
        patch.setattr(Storage, "open", away)
        async with asyncio.timeout(30):
            job = await finished(world, await upload(world, world["manager"], content))
    assert (job["state"], job["problem"]["code"], job["problem"]["retryable"]) == ("failed", "unavailable", True)
    assert (await finished(world, await upload(world, world["manager"], content)))["state"] == "succeeded"


async def test_a_project_with_tasks_keeps_them_and_its_frame(world: World) -> None:
    own = await make_task(world, "Ours")
    before = (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()
    job = await finished(world, await upload(world, world["manager"], (FILES / "p34.xml").read_bytes()))
    assert job["state"] == "succeeded", job
    tasks = await everything(world, "tasks")
    assert (tasks[0]["id"], tasks[1]["wbs_code"][:1]) == (own["id"], "2")
    after = (await world["manager"].get(f"/v1/projects/{world.project_id}")).json()
    assert (after["start"], after["calendar_id"]) == (before["start"], before["calendar_id"])


async def test_a_files_baselines_are_the_importers_decision_and_told_behind_its_tasks(world: World) -> None:
    for number in (0, 1):
        # Another plan id, so that the same tasks may come a second time.
        content = (FILES / "p61.xml").read_text().replace("<GUID>", f"<GUID>{number}", 1)
        job = await finished(world, await upload(world, world["manager"], content.encode(), filename="p61.xml"))
        assert job["state"] == "succeeded", job
    baselines = await everything(world, "baselines")
    assert [each["number"] for each in baselines] == [1, 0]
    assert {each["reason"] for each in baselines} == {"Imported from p61.xml"}
    for baseline in baselines:
        decision = (await world["member"].get(f"/v1/decisions/{baseline['decision_id']}")).json()
        assert (decision["kind"], decision["decided_by_id"]) == ("import.plan", str(world["manager"].id))
        assert decision["subject"]["type"] == "import"
        assert decision["chosen"].endswith(f"with baseline {baseline['number']}")
        assert decision["impact"]["baseline"]["number"] == baseline["number"]
    async with world.under_test.service.database.read(world.tenant_id) as session:
        rows = await session.rows("select type from outbox where tenant_id = $1 order by number", world.tenant_id)
    told = [row["type"] for row in rows if row["type"] in ("planning.plan.imported", "planning.baseline.set")]
    in_order = [fact_type for fact_type, _ in itertools.groupby(told)]
    assert in_order == ["planning.plan.imported", "planning.baseline.set"] * 2


async def test_an_accepted_import_is_recorded_as_the_deciders(world: World) -> None:
    proposal_id = new_id()
    decider = world.caller(
        "manager", on_behalf_of_id=world["coordinator"].id, proposal_id=proposal_id, reason="It is the client's plan."
    )
    job = await finished(world, await upload(world, decider, (FILES / "p34.xml").read_bytes(), filename="p34.xml"))
    assert job["state"] == "succeeded", job
    path = f"/v1/projects/{world.project_id}/decisions?proposal_id={proposal_id}"
    (decision,) = (await world["member"].get(path)).json()["data"]
    assert (decision["kind"], decision["reason"]) == ("import.plan", "It is the client's plan.")
    assert decision["proposed_by_id"] == str(world["coordinator"].id)
    assert decision["subject"] == {"type": "import", "id": job["result"]["import_id"]}


async def test_a_recurring_task_of_the_file_is_marked_as_one(world: World) -> None:
    content = b"""<?xml version="1.0"?><Project xmlns="http://schemas.microsoft.com/project"><Name>Rounds</Name>
    <StartDate>2026-03-02T08:00:00</StartDate><Tasks>
    <Task><UID>1</UID><ID>1</ID><Name>Round</Name><OutlineLevel>1</OutlineLevel><Summary>1</Summary>
    <Recurring>1</Recurring></Task>
    <Task><UID>2</UID><ID>2</ID><Name>Round 1</Name><OutlineLevel>2</OutlineLevel><Duration>PT1H0M0S</Duration></Task>
    </Tasks></Project>"""
    assert (await finished(world, await upload(world, world["manager"], content)))["state"] == "succeeded"
    found = {each["title"]: each["recurring"] for each in await everything(world, "tasks")}
    assert found == {"Round": True, "Round 1": False}
