"""Status reports: who writes, signs, publishes and reads them, and that a signed one never changes."""

import asyncio
import hashlib
import io
from typing import Any

import orjson
import pytest
from pypdf import PdfReader

from services.kernel.http_client import Response
from services.kernel.ids import new_id
from services.kernel.language import Language
from services.reporting.rebuild import rebuild_tenant
from services.reporting.status_reports.pdf_worker import PdfWorker, RenderingTookTooLong
from services.reporting.status_reports.rendering.figures import StatusReportFigures
from tests.factories.facts import Bridge, Listener, actual_posted, budget_line, decision_recorded
from tests.factories.policies import make_policy
from tests.factories.world import World

WORDS = {
    "period_start": "2026-03-01",
    "period_end": "2026-03-31",
    "progress": "The piles stand.",
    "challenges": "The pit is <b>wet</b> & deep.",
    "decisions_needed": "Work on Saturdays?",
}


async def bridge_world(reporting: Listener) -> World:
    world = await reporting.world(make_policy())
    await reporting.tell(world, Bridge(world).told())
    return world


async def drafted(world: World, role: str = "coordinator", **members: Any) -> dict[str, Any]:
    answer = await world[role].post(f"/v1/projects/{world.project_id}/status-reports", WORDS | members)
    assert answer.status_code == 201, answer.text
    report: dict[str, Any] = answer.json()
    return report


async def signed(world: World, **members: Any) -> dict[str, Any]:
    report = await drafted(world, **members)
    answer = await world["manager"].post(f"/v1/status-reports/{report['id']}/signature")
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


async def published(world: World, **members: Any) -> dict[str, Any]:
    report = await signed(world, **members)
    answer = await world["manager"].post(f"/v1/status-reports/{report['id']}/publication")
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def code(answer: Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_strangers_find_nothing_and_write_nothing(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    report = await published(world)
    listed, one = f"/v1/projects/{world.project_id}/status-reports", f"/v1/status-reports/{report['id']}"
    for path in (listed, one, f"{one}/page", f"{one}/pdf", f"{one}/document"):
        assert (await reporting.http.get(path)).status_code == 401, path
        for caller in (world["stranger"], world.foreigner()):
            assert (await caller.get(path)).status_code == 404, path
    for caller in (world["stranger"], world.foreigner(), world["guest"]):
        assert (await caller.post(listed, WORDS)).status_code == 404
        assert (await caller.patch(one, {"progress": "Mine"}, 1)).status_code == 404
        for act in ("signature", "publication"):
            assert (await caller.post(f"{one}/{act}")).status_code == 404


async def test_a_coordinator_drafts_but_may_only_propose_to_sign_or_publish(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    report = await drafted(world)
    assert (report["number"], report["state"], report["sha256"]) == (1, "draft", None)
    assert report["figures"]["cost"]["actual_cost"]["value"] == "330000.50"
    assert code(await world["coordinator"].post(f"/v1/status-reports/{report['id']}/signature")) == (
        403,
        "authority_required",
    )
    assert (await world["manager"].get(f"/v1/status-reports/{report['id']}")).json()["state"] == "draft"
    report = await signed(world)
    answer = await world["coordinator"].post(f"/v1/status-reports/{report['id']}/publication")
    assert code(answer) == (403, "authority_required")
    for role in ("stakeholder", "auditor"):
        answer = await world[role].post(f"/v1/projects/{world.project_id}/status-reports", WORDS)
        assert code(answer) == (403, "forbidden")


async def test_signing_wants_a_key_and_a_change_wants_a_version(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    report = await drafted(world)
    path = f"/v1/status-reports/{report['id']}"
    for act in ("signature", "publication"):
        answer = await world["manager"].post(f"{path}/{act}", headers={"Idempotency-Key": None})
        assert code(answer) == (400, "idempotency_key_missing")
    assert code(await world["manager"].patch(path, {"progress": "More"})) == (428, "precondition_missing")
    assert code(await world["manager"].patch(path, {"progress": "More"}, 7)) == (412, "stale")


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("period_start", "March"),
        ("audience", "world"),
        ("progress", "x" * 20_001),
        ("challenges", None),
        ("state", "signed"),
    ],
)
async def test_a_draft_with_a_bad_member_is_refused(reporting: Listener, member: str, value: object) -> None:
    world = await bridge_world(reporting)
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/status-reports", WORDS | {member: value})
    assert code(answer) == (422, "validation_failed")
    assert answer.json()["errors"][0]["pointer"] == f"/{member}"


async def test_a_period_does_not_end_before_it_starts(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    answer = await world["manager"].post(
        f"/v1/projects/{world.project_id}/status-reports", WORDS | {"period_end": "2026-02-01"}
    )
    assert code(answer) == (422, "period_reversed")
    report = await drafted(world)
    answer = await world["manager"].patch(f"/v1/status-reports/{report['id']}", {"period_start": "2026-04-01"}, 1)
    assert code(answer) == (422, "period_reversed")


async def test_a_sum_that_no_report_holds_is_refused_with_a_reason(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    await reporting.tell(world, [budget_line(None, "9999999999999999.00")])
    answer = await world["manager"].post(f"/v1/projects/{world.project_id}/status-reports", WORDS)
    assert code(answer) == (422, "figures_out_of_range")
    assert (await world["manager"].get(f"/v1/projects/{world.project_id}/overview")).status_code == 200


async def test_reports_are_numbered_within_their_project_also_when_drafted_at_once(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    reports = await asyncio.gather(*(drafted(world) for _ in range(4)))
    assert sorted(report["number"] for report in reports) == [1, 2, 3, 4]
    page = (await world["auditor"].get(f"/v1/projects/{world.project_id}/status-reports?limit=3")).json()
    assert [report["number"] for report in page["data"]] == [4, 3, 2]
    body = {"where": {"field": "number", "op": "lte", "value": 2}, "sort": ["number"]}
    found = await world["auditor"].post(f"/v1/projects/{world.project_id}/status-reports/searches", body)
    assert [report["number"] for report in found.json()["data"]] == [1, 2]


async def test_a_draft_takes_new_words_and_new_figures_until_it_is_signed(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    report = await drafted(world)
    await reporting.tell(world, [actual_posted(None, "1000.00", "2026-03-21")])
    answer = await world["coordinator"].patch(f"/v1/status-reports/{report['id']}", {"progress": "All piles stand."}, 1)
    changed = answer.json()
    assert (changed["version"], changed["progress"], changed["challenges"]) == (
        2,
        "All piles stand.",
        WORDS["challenges"],
    )
    assert changed["figures"]["summary"]["progress"] == "All piles stand."
    assert changed["figures"]["cost"]["actual_cost"]["value"] == "331000.50"
    await reporting.tell(world, [actual_posted(None, "9.50", "2026-03-21")])
    answer = await world["manager"].post(f"/v1/status-reports/{report['id']}/signature")
    assert answer.json()["version"] == 3
    assert answer.json()["figures"]["cost"]["actual_cost"]["value"] == "331010.00"
    head = reporting.outboxes.of("planning", world.tenant_id)[-1].number
    assert answer.json()["positions"]["planning"] == head


async def test_a_signed_report_never_changes(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    report = await signed(world)
    path = f"/v1/status-reports/{report['id']}"
    assert (report["state"], report["signed_by_id"]) == ("signed", str(world.people["manager"]))
    document = (await world["auditor"].get(f"{path}/document")).content
    assert hashlib.sha256(document).hexdigest() == report["sha256"]
    assert orjson.loads(document)["figures"] == report["figures"]
    assert code(await world["manager"].patch(path, {"progress": "Better"}, report["version"])) == (
        409,
        "status_report_signed",
    )
    assert code(await world["manager"].post(f"{path}/signature")) == (409, "status_report_signed")
    await reporting.tell(world, [actual_posted(None, "1000.00", "2026-03-21")])
    await rebuild_tenant(reporting.service, world.tenant_id)
    again = (await world["manager"].get(path)).json()
    assert again == {name: value for name, value in report.items() if name != "effects"}
    assert (await world["auditor"].get(f"{path}/document")).content == document


async def test_a_repeated_signature_is_answered_with_the_first(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    report = await drafted(world)
    headers = {"Idempotency-Key": "once"}
    path = f"/v1/status-reports/{report['id']}/signature"
    answers = await asyncio.gather(*(world["manager"].post(path, headers=headers) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["sha256"] for answer in answers}) == 1


async def test_a_report_tells_the_decisions_that_the_signed_one_before_it_did_not(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    first = await signed(world)
    assert [each["question"] for each in first["figures"]["decisions"]] == ["Which crane?"]
    assert (await drafted(world))["figures"]["decisions"] == []
    # Decided before the first report was signed, heard of after: it must not fall between the two.
    await reporting.tell(world, [decision_recorded(world, "Which pump?", "2026-03-17")])
    report = await drafted(world)
    assert [each["question"] for each in report["figures"]["decisions"]] == ["Which pump?"]
    overview = (await world["manager"].get(f"/v1/projects/{world.project_id}/overview")).json()
    assert [each["question"] for each in overview["decisions"]] == ["Which pump?"]


async def test_only_a_signed_report_is_published_and_only_once(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    report = await drafted(world)
    path = f"/v1/status-reports/{report['id']}"
    assert code(await world["manager"].post(f"{path}/publication")) == (409, "status_report_not_signed")
    await world["manager"].post(f"{path}/signature")
    assert (await world["manager"].post(f"{path}/publication")).json()["state"] == "published"
    assert code(await world["manager"].post(f"{path}/publication")) == (409, "status_report_published")


async def test_a_guest_sees_what_was_published_for_the_client_and_nothing_else(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    hidden = [await drafted(world, audience="client"), await signed(world, audience="client"), await published(world)]
    shown = await published(world, audience="client")
    page = (await world["guest"].get(f"/v1/projects/{world.project_id}/status-reports?include_total=true")).json()
    assert ([each["id"] for each in page["data"]], page["page"]["total"]) == ([shown["id"]], 1)
    for report in hidden:
        for path in ("", "/page", "/pdf", "/document"):
            assert (await world["guest"].get(f"/v1/status-reports/{report['id']}{path}")).status_code == 404
    for path in ("", "/page", "/document"):
        assert (await world["guest"].get(f"/v1/status-reports/{shown['id']}{path}")).status_code == 200
    for part in ("cost", "curve", "risks", "proposals", "overdue_actions"):
        assert shown["figures"][part] is None
    # The decision stood in the signed report before; each audience hears of it once, and a client not of its cost.
    assert shown["figures"]["decisions"] == []
    assert hidden[1]["figures"]["decisions"][0]["impact"] == ""
    assert hidden[2]["figures"]["decisions"][0]["impact"] == "+12 d, +25000.00 NOK"


async def test_facts_of_a_report_reach_its_audience(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    await published(world)
    await published(world, audience="client")
    async with reporting.service.database.read(world.tenant_id) as session:
        rows = await session.rows("select envelope from outbox where tenant_id = $1 order by number", world.tenant_id)
    facts = [orjson.loads(row["envelope"]) for row in rows]
    told = [(fact["type"].rpartition(".")[2], fact["audience"], fact["data"]["number"]) for fact in facts]
    assert told == [
        ("drafted", "members", 1), ("signed", "members", 1), ("published", "members", 1),
        ("drafted", "members", 2), ("signed", "members", 2), ("published", "guests", 2),
    ]  # fmt: skip


async def test_the_page_says_draft_until_it_is_signed_and_runs_nothing(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    report = await drafted(world)
    path = f"/v1/status-reports/{report['id']}/page"
    draft = await world["auditor"].get(path)
    assert "Draft, not signed" in draft.text
    assert "default-src 'none'" in draft.headers["content-security-policy"]
    assert draft.headers["x-content-type-options"] == "nosniff"
    assert draft.headers["content-type"].startswith("text/html")
    assert "<b>wet</b>" not in draft.text
    assert "&lt;b&gt;wet&lt;/b&gt; &amp; deep." in draft.text
    norwegian = await world["auditor"].get(path, headers={"Accept-Language": "nb-NO, en;q=0.5"})
    assert "Utkast, ikke signert" in norwegian.text
    await world["manager"].post(f"/v1/status-reports/{report['id']}/signature")
    page = await world["auditor"].get(f"{path}?language=nb", headers={"Accept-Language": "en"})
    assert page.headers["content-language"] == "nb"
    assert "Signert av Manager" in page.text
    assert "Utkast" not in page.text
    again = await world["auditor"].get(f"{path}?language=nb", headers={"If-None-Match": page.headers["etag"]})
    assert again.status_code == 304
    assert (await world["auditor"].get(f"{path}?language=fr")).status_code == 400


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", ["Status report", "NOK 330,000", "Flood in the pit", "13 May 2026", "Planning", "G2 Decide to build"]),
     ("nb", ["Statusrapport", "NOK 330 000", "Flood in the pit", "13.05.2026", "Planlegging", "G2 Beslutte bygging"])],
)  # fmt: skip
async def test_page_and_pdf_of_a_signed_report_carry_its_figures(
    reporting: Listener, language: str, words: list[str]
) -> None:
    world = await bridge_world(reporting)
    report = await signed(world)
    path = f"/v1/status-reports/{report['id']}"
    page = (await world["auditor"].get(f"{path}/page?language={language}")).text.replace("\N{NO-BREAK SPACE}", " ")
    answer = await world["auditor"].get(f"{path}/pdf?language={language}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert f"status-report-1-{language}.pdf" in answer.headers["content-disposition"]
    text = " ".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(answer.content)).pages)
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    for word in (*words, report["sha256"][:8]):
        assert word in page, word
        assert word in text, word
    again = await world["auditor"].get(f"{path}/pdf", headers={"Accept-Language": language})
    assert again.content == answer.content
    known = {"If-None-Match": answer.headers["etag"]}
    assert (await world["auditor"].get(f"{path}/pdf?language={language}", headers=known)).status_code == 304


async def test_a_signed_pdf_is_set_once(reporting: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    world = await bridge_world(reporting)
    report = await signed(world)
    path = f"/v1/status-reports/{report['id']}/pdf"
    first = await world["auditor"].get(path)
    monkeypatch.setattr(reporting.service, "resources", None)
    assert (await world["auditor"].get(path)).content == first.content


async def test_a_document_that_takes_too_long_is_given_up_and_its_process_ended(
    reporting: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = await bridge_world(reporting)
    report = await drafted(world)
    monkeypatch.setattr(reporting.service, "resources", PdfWorker(wall_seconds=0.05))
    answer = await world["auditor"].get(f"/v1/status-reports/{report['id']}/pdf")
    assert code(answer) == (503, "rendering_took_too_long")
    with pytest.raises(RenderingTookTooLong):
        await PdfWorker(wall_seconds=0.05).render(StatusReportFigures.from_json(report["figures"]), Language.ENGLISH)


async def test_a_dry_run_shows_the_report_and_keeps_none(reporting: Listener) -> None:
    world = await bridge_world(reporting)
    path = f"/v1/projects/{world.project_id}/status-reports"
    preview = (await world["member"].post(f"{path}?dry_run=true", WORDS)).json()
    assert preview["authority"]["verdict"] == "propose"
    assert preview["result"]["figures"]["project"]["key"] == "BRO"
    assert (await world["auditor"].get(path)).json()["data"] == []
    assert (await world["auditor"].get(f"/v1/status-reports/{new_id()}")).status_code == 404
