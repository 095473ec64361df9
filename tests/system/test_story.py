"""From a Microsoft Project file to a signed status report: what the story leaves behind, in both modes."""

import asyncio
import email
import email.policy
import os
import sys
from pathlib import Path
from uuid import UUID

import asyncpg
import icalendar
import orjson
import pypdf
import pytest

from deploy.local.databases import SERVICES
from services.kernel.database import Database
from services.kernel.events import Fact
from services.kernel.outbox import verify_chain
from services.kernel.settings import Settings
from services.reporting.projections.repository import digest
from tests.system.conftest import Played


async def test_the_plan_is_in_with_its_tree_links_calendars_and_people(played: Played) -> None:
    story, manager = played.story, played.story.people["manager"]
    assert len(story.tasks) >= 100
    for noun, least in (
        ("dependencies", 90),
        ("calendars", 2),
        ("resources", 5),
        ("assignments", 50),
        ("milestones", 10),
    ):
        page = await manager.get(f"{story.project}/{noun}?limit=1&include_total=true")
        assert page["page"]["total"] >= least, noun
    imported = (await manager.get(f"{story.project}/imports"))["data"][0]
    assert imported["report"]


async def test_the_baseline_and_the_acceptance_stand_as_decisions(played: Played) -> None:
    story = played.story
    decisions = (await story.people["manager"].get(f"{story.project}/decisions"))["data"]
    by_kind = {decision["kind"]: decision for decision in decisions}
    assert by_kind["baseline.set"]["reason"] == "Agreed with the client at the kick-off."
    accepted = by_kind["schedule.dates"]
    assert accepted["decided_by_id"] == story.people["manager"].id
    assert accepted["proposed_by_id"] == story.people["coordinator"].id
    assert accepted["proposal_id"] == story.proposal["id"]
    assert accepted["impact"]["finish"] == story.proposal["impact"]["finish"]


async def test_the_accepted_proposal_moved_the_plan_as_it_said(played: Played) -> None:
    story = played.story
    project = await story.people["manager"].get(story.project)
    assert project["finish"] >= story.proposal["impact"]["finish"]["after"]
    meeting = await story.people["manager"].get(f"/v1/meetings/{story.meeting_id}")
    assert meeting["status"] == "minutes_signed"
    outcomes = (await story.people["manager"].get(f"{story.project}/outcomes"))["data"]
    assert {outcome["result"] for outcome in outcomes if outcome["kind"] == "decision"} == {"accepted"}


async def test_the_action_item_is_a_task_with_owner_and_due_date(played: Played) -> None:
    story = played.story
    task = await story.people["manager"].get(f"/v1/tasks/{story.action['task_id']}")
    assert task["title"] == "Get the interface description"
    assert task["assignee_id"] == story.people["member"].id
    assert task["deadline"].startswith("2014-12-05")


async def test_invitations_went_out_as_calendar_requests(played: Played) -> None:
    mails = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in sorted((played.stack.data / "outbox").glob("*.eml"))
    ]
    calendars = [
        part.get_content()
        for mail in mails
        for part in mail.walk()
        if part.get_content_type() == "text/calendar" and part.get_param("method") == "REQUEST"
    ]
    assert len(calendars) >= 3
    event = icalendar.Calendar.from_ical(calendars[0]).walk("VEVENT")[0]
    assert event["SUMMARY"] == "Status meeting 1"


async def test_the_document_keeps_both_versions(played: Played) -> None:
    story = played.story
    versions = (await story.people["guest"].get(f"/v1/documents/{story.document['id']}/versions"))["data"]
    assert [version["number"] for version in sorted(versions, key=lambda each: each["number"])] == [1, 2]


async def test_the_overview_was_built_from_facts_alone(played: Played) -> None:
    overview = orjson.dumps(played.story.overview).decode()
    for expected in ("planned_value", "earned_value", "actual_cost"):
        assert expected in overview
    assert "The old customer register" in overview
    assert "Get the interface description" in overview


async def test_the_signed_report_is_frozen_and_reads_in_two_languages(played: Played, report_folder: Path) -> None:
    story = played.story
    path = f"/v1/status-reports/{story.report_id}"
    report = await story.people["manager"].get(path)
    assert report["state"] == "signed"
    refused = await story.people["manager"].ask(
        "PATCH", path, 409, json={"progress": "Better."}, headers={"If-Match": f'"{report["version"]}"'}
    )
    assert refused.json()["code"]
    pages = {language: (report_folder / f"status-report.{language}.html").read_text() for language in ("en", "nb")}
    assert "Statusrapport" in pages["nb"]
    assert "Status report" in pages["en"]
    assert all("<svg" in page and "<script" not in page for page in pages.values())
    document = pypdf.PdfReader(report_folder / "status-report.en.pdf")
    text = "\n".join(page.extract_text() for page in document.pages)
    assert "Scope and analysis are done" in text


async def test_the_feed_tells_the_whole_story_in_order(played: Played) -> None:
    story = played.story
    told = await story.feed_of(story.people["manager"])
    positions = [event["position"] for event in told]
    assert positions == sorted(set(positions))
    types = [event["type"] for event in told]
    chapters = [
        "planning.project.created",
        "planning.plan.imported",
        "planning.goal.set",
        "planning.baseline.set",
        "gateway.proposal.submitted",
        "planning.actual.posted",
        "planning.risk.raised",
        "coordination.meeting.called",
        "coordination.minutes.signed",
        "gateway.proposal.accepted",
        "coordination.document.uploaded",
        "reporting.status_report.signed",
    ]
    remaining = iter(types)
    assert [chapter for chapter in chapters if chapter not in remaining] == []


async def test_the_guest_learns_only_of_what_was_shared(played: Played) -> None:
    story, guest = played.story, played.story.people["guest"]
    types = {event["type"] for event in await story.feed_of(guest)}
    assert types
    assert types <= {
        "planning.project.created",
        "planning.project.changed",
        "coordination.document.shared",
        "reporting.status_report.published",
    }
    for noun in ("tasks", "risks", "actuals", "decisions", "meetings", "proposals"):
        answer = await guest.http.get(f"{story.project}/{noun}", headers={"Authorization": f"Bearer {guest.token}"})
        assert answer.status_code == 404 or answer.json()["data"] == [], noun
    assert (await guest.get(f"/v1/documents/{story.document['id']}"))["number"] == 2
    await guest.ask("GET", f"/v1/status-reports/{story.client_report_id}/page", 200)
    await guest.ask("GET", f"/v1/status-reports/{story.report_id}/page", 404)


async def test_the_stream_resumes_where_its_reader_left_off(played: Played) -> None:
    story, manager = played.story, played.story.people["manager"]
    told = await story.feed_of(manager)
    middle = told[len(told) // 2]["position"]
    headers = {"Authorization": f"Bearer {manager.token}", "Last-Event-ID": str(middle)}
    rest = [event["position"] for event in told if event["position"] > middle]
    seen: list[int] = []
    async with manager.http.stream(
        "GET", f"/v1/events/stream?project_id={story.project_id}", headers=headers
    ) as stream:
        async for line in stream.aiter_lines():
            if line.startswith("id: "):
                seen.append(int(line[4:]))
            if len(seen) == len(rest):
                break
    assert seen == rest


async def test_every_chain_of_facts_verifies_and_the_merged_log_has_them_all(played: Played) -> None:
    story = played.story
    tenant_id = UUID((await story.people["manager"].get("/v1/me"))["tenant_id"])
    stored: dict[str, int] = {}
    for service in SERVICES:
        connection = await asyncpg.connect(played.stack.postgres.url(f"tandem_{service}"))
        try:
            stored[service] = await verify_chain(connection, tenant_id)
        finally:
            await connection.close()
    connection = await asyncpg.connect(played.stack.postgres.url("tandem_gateway"))
    try:
        rows = await connection.fetch("select * from merged_events where tenant_id = $1 order by position", tenant_id)
        parked = await connection.fetchval("select count(*) from parked_facts")
    finally:
        await connection.close()
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    merged: dict[str, int] = {}
    for row in rows:
        fact = Fact.from_body(orjson.loads(row["envelope"]))
        merged[fact.source] = merged.get(fact.source, 0) + 1
    assert merged == {service: number for service, number in stored.items() if number}
    assert parked == 0


async def test_nothing_was_parked_anywhere(played: Played) -> None:
    for service in SERVICES:
        connection = await asyncpg.connect(played.stack.postgres.url(f"tandem_{service}"))
        try:
            rows = await connection.fetch("select source, number, problem from parked_facts")
            assert not rows, (service, [dict(row) for row in rows])
        finally:
            await connection.close()


# The rebuild is a process of its own and asks the services by their addresses, which they have in this mode.
@pytest.mark.parametrize("played", ["separate"], indirect=True)
async def test_reporting_rebuilt_from_zero_is_the_same_to_the_byte(played: Played) -> None:
    environment = played.stack.environment
    database = Database(Settings.load("reporting", environment))
    await database.open()
    try:
        tenant_id = UUID((await played.story.people["manager"].get("/v1/me"))["tenant_id"])
        async with database.read(tenant_id) as reader:
            live = await digest(reader)
        command = [sys.executable, "-m", "services.reporting.rebuild", "--tenant", str(tenant_id)]
        rebuilding = await asyncio.create_subprocess_exec(*command, env=dict(os.environ) | environment)
        assert await rebuilding.wait() == 0
        async with database.read(tenant_id) as reader:
            assert await digest(reader) == live
    finally:
        await database.close()


@pytest.mark.parametrize("path", ["/v1/reference", "/v1/openapi.json", "/v1/problems", "/v1/limits"])
async def test_the_reference_is_served_without_a_token(played: Played, path: str) -> None:
    answer = await played.story.http.get(path)
    assert answer.status_code == 200, path
