"""The story of the spine, told again under each policy template: what each role applies, proposes or is refused.

What is expected is read from the template's document by a few lines of our own, not by the product's judge, over a table
of the story's acts: who does them, which kinds of act they are, and what they measure.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from deploy.demo.story import Story
from gateway.authority.templates import TEMPLATES
from gateway.identity.bootstrap import create_tenant
from tests.factories.system import SystemUnderTest

ABOVE = ("owner", "programme_manager", "portfolio_manager")
NOTHING: Mapping[str, Any] = {"may": "no", "limits": {}}


# -- the oracle -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """An act of the story. A `file` is never proposed; what `accepts` decides somebody else's proposal; `only` names the
    template under which alone it happens.
    """

    role: str
    kinds: tuple[str, ...]
    measures: Mapping[str, int] | None = None
    file: bool = False
    accepts: bool = False
    only: str = ""


def verdict_on(document: Mapping[str, Any], act: Act) -> str:
    """What the document says of an act: of each kind the grant with the longest pattern, and of them the weakest."""
    measured = act.measures or {}
    verdicts = []
    for kind in act.kinds:
        fitting = [grant for grant in document["grants"] if grant["role"] == act.role and fits(grant["kind"], kind)]
        grant = max(fitting, key=lambda each: len(each["kind"]), default=NOTHING)
        within = all(measured.get(name, 0) <= limit for name, limit in grant["limits"].items())
        verdicts.append(
            {"decide": "applied" if within else "proposed", "propose": "proposed"}.get(grant["may"], "refused")
        )
    if act.role not in ABOVE and any(measured.get(name, 0) > limit for name, limit in document["tolerances"].items()):
        verdicts.append("proposed")
    four_eyes = any(fits(rule["kind"], kind) for rule in document["approvals"] for kind in act.kinds)
    if four_eyes and not act.accepts:
        verdicts.append("proposed")
    weakest = max(verdicts, key=("applied", "proposed", "refused").index)
    # Nobody proposes a file, and whoever decides a proposal does so or does not.
    return "refused" if weakest == "proposed" and (act.file or act.accepts) else weakest


def fits(pattern: str, kind: str) -> bool:
    return kind == pattern or (pattern.endswith("*") and kind.startswith(pattern[:-1]))


# -- the acts of the story --------------------------------------------------------------------------------------------

# 9,000 kroner for each day of work below the branches of the plan, in the order of the outline.
BUDGET = (27_000, 126_000, 135_000, 315_000, 333_000, 396_000, 396_000, 81_000, 45_000, 27_000, 9_000, 189_000)


def share_bp(amount: int, budget: int) -> int:
    """Basis points of the budget so far, rounded up; of no budget it is all."""
    return -(-amount * 10_000 // budget) if budget else 10_000


LONGER = {"finish_minutes": 2400, "milestone_minutes": 2400, "baselined_tasks": 77}
ACTS: Mapping[str, Act] = {
    # Out of nothing a plan of some hundred days, with a baseline in the file.
    "import the plan": Act("manager", ("import.plan", "baseline.set"), {"finish_minutes": 49_320}, file=True),
    "set a goal": Act("manager", ("goal.set",)),
    "agree on the baseline": Act("manager", ("baseline.set",)),
    "pass the first gate": Act("manager", ("gate.pass",), only="public_sector"),
    "lengthen a critical task": Act("coordinator", ("schedule.dates",), LONGER),
    "use half a day of float": Act("coordinator", ("schedule.dates",), {"float_minutes": 240, "baselined_tasks": 1}),
    "open account 5000": Act("manager", ("cost_code.record",)),
    "open account 6700": Act("manager", ("cost_code.record",)),
    **{
        f"budget line {number}": Act(
            "manager", ("budget.line",), {"cost": amount, "cost_share_bp": share_bp(amount, sum(BUDGET[: number - 1]))}
        )
        for number, amount in enumerate(BUDGET, 1)
    },
    "commit to a supplier": Act(
        "manager", ("budget.commitment",), {"cost": 180_000, "cost_share_bp": share_bp(180_000, sum(BUDGET))}
    ),
    "take over postings": Act(
        "manager", ("cost.posting",), {"cost": 221_750, "cost_share_bp": share_bp(221_750, sum(BUDGET))}
    ),
    "take them over again": Act("manager", ("cost.posting",)),
    "record a risk": Act("coordinator", ("risk.record",)),
    "respond to the risk": Act("manager", ("risk.response", "scope.task"), {"scope_tasks": 1}),
    "call a meeting": Act("coordinator", ("meeting.call",)),
    "note the decision": Act("coordinator", ("minutes.record",)),
    "note the action": Act("coordinator", ("minutes.record",)),
    "sign the minutes": Act("manager", ("minutes.sign",)),
    "decide it in the minutes": Act("manager", ("schedule.dates",), LONGER, accepts=True),
    "share the document": Act("manager", ("document.write", "document.share_external"), {"external_readers": 1}),
    "report progress 1": Act("coordinator", ("task.progress",)),
    "set the status date": Act("manager", ("project.change",)),
    "draft the report for the team": Act("coordinator", ("status_report.draft",)),
    "sign the report for the team": Act("manager", ("status_report.sign",)),
    "draft the report for the client": Act("coordinator", ("status_report.draft",)),
    "sign the report for the client": Act("manager", ("status_report.sign",)),
    "publish the report": Act("manager", ("status_report.publish",)),
    # What the story itself has nobody do, and what sets the templates apart.
    "coordinator answers the risk": Act("coordinator", ("risk.response",)),
    "coordinator adds work": Act("coordinator", ("scope.task",), {"scope_tasks": 1}),
    "member adds work": Act("member", ("scope.task",), {"scope_tasks": 1}),
    "coordinator plans a gate": Act("coordinator", ("gate.plan",)),
    "manager moves the project on": Act("manager", ("project.status",)),
    "guest adds work": Act("guest", ("scope.task",), {"scope_tasks": 1}),
}


def expected(template: str) -> dict[str, str]:
    """The table of verdicts for one template."""
    document = TEMPLATES[template].document
    return {name: verdict_on(document, act) for name, act in ACTS.items() if act.only in ("", template)}


# -- the playing ------------------------------------------------------------------------------------------------------


async def set_apart(story: Story) -> None:
    """The acts that the story has nobody do."""
    risk = (await story.people["manager"].get(f"{story.project}/risks"))["data"][0]
    response = {"risk_id": risk["id"], "strategy": "accept", "description": "The rest is borne."}
    await story.act("coordinator answers the risk", "coordinator", "POST", f"{story.project}/risk-responses", response)
    for role in ("coordinator", "member"):
        work = {"title": f"Work of the {role}", "duration_minutes": 450}
        await story.act(f"{role} adds work", role, "POST", f"{story.project}/tasks", work)
    gate = {"code": "G9", "title": "Release", "position": 99}
    await story.act("coordinator plans a gate", "coordinator", "POST", f"{story.project}/gates", gate)
    project = await story.people["manager"].get(story.project)
    onwards = {"status": {"initiating": "planning", "planning": "executing"}[project["status"]]}
    version = project["version"]
    await story.act("manager moves the project on", "manager", "PATCH", story.project, onwards, version=version)
    await story.people["guest"].post(f"{story.project}/tasks", {"title": "Mine", "duration_minutes": 450}, 404)
    story.verdicts["guest adds work"] = "refused"


@pytest.fixture(scope="module")
async def stories(system: SystemUnderTest, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Story]:
    """The story under each template, all at the same time and in one process, each with a tenant of its own."""

    async def play(template: str) -> Story:
        secret = await create_tenant(system.service.database, "Nordlys Software", "Ada Admin", "ada@example.org")
        story = Story(system.http, tmp_path_factory.mktemp("report"), lambda _: None, template)
        await story.gather(secret)
        for step in (*story.steps(), lambda: set_apart(story)):
            await step()
        return story

    async with asyncio.TaskGroup() as playing:
        played = {template: playing.create_task(play(template)) for template in TEMPLATES}
    return {template: task.result() for template, task in played.items()}


@pytest.fixture(params=TEMPLATES)
def story(request: pytest.FixtureRequest, stories: Mapping[str, Story]) -> Story:
    return stories[request.param]


async def test_each_act_is_applied_proposed_or_refused_as_the_template_says(story: Story) -> None:
    assert story.verdicts == expected(story.template)


async def test_what_was_proposed_was_accepted_by_somebody_else_who_may_decide_it(story: Story) -> None:
    proposals = (await story.people["manager"].get(f"{story.project}/proposals?limit=200"))["data"]
    # A decision in the minutes is one of them already.
    assert len(proposals) == list(expected(story.template).values()).count("proposed")
    for proposal in proposals:
        assert proposal["state"] == "accepted", proposal["title"]
        assert proposal["decided_by_id"] != proposal["proposer_id"], proposal["title"]
        assert proposal["decided_by_id"] in [each["person_id"] for each in proposal["decidable_by"]], proposal["title"]


async def test_whoever_decides_the_story_ends_alike(story: Story) -> None:
    manager = story.people["manager"]
    counted = {}
    for noun in ("tasks", "goals", "budget-lines", "commitments", "actuals", "risk-responses", "meetings", "documents"):
        page = await manager.get(f"{story.project}/{noun}?limit=1&include_total=true")
        counted[noun] = page["page"]["total"]
    assert counted == {
        "tasks": len(story.tasks) + 2,
        "goals": 1,
        "budget-lines": len(BUDGET),
        "commitments": 1,
        "actuals": 3,
        "risk-responses": 2,
        "meetings": 1,
        "documents": 1,
    }
    finish = (await manager.get(story.project))["finish"]
    assert finish[:10] == "2015-04-29"


async def test_the_ledger_names_the_decider_of_what_was_proposed(story: Story) -> None:
    decisions = (await story.people["manager"].get(f"{story.project}/decisions?limit=200"))["data"]
    roles = {person.id: role for role, person in story.people.items()}
    baseline = next(each for each in decisions if each["kind"] == "baseline.set")
    above = expected(story.template)["agree on the baseline"] == "proposed"
    assert roles[baseline["decided_by_id"]] == ("owner" if above else "manager")
    assert baseline["proposed_by_id"] == (story.people["manager"].id if above else None)


async def test_in_the_public_sector_the_gate_is_passed_by_the_owner_on_the_managers_proposal(story: Story) -> None:
    gates = (await story.people["manager"].get(f"{story.project}/gates"))["data"]
    if story.template != "public_sector":
        assert [gate["code"] for gate in gates] == ["G9"]
        return
    decision = await story.people["manager"].get(f"/v1/decisions/{gates[0]['decision_id']}")
    assert (gates[0]["state"], decision["kind"]) == ("passed", "gate.pass")
    assert decision["decided_by_id"] == story.people["owner"].id
    assert decision["proposed_by_id"] == story.people["manager"].id


def test_the_templates_are_told_apart() -> None:
    tables = [tuple(sorted(expected(template).items())) for template in TEMPLATES]
    # One person in both roles differs from the standard in who may decide their own proposals only.
    assert len(set(tables)) == len(TEMPLATES) - 1
