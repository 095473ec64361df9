"""The overview: who may see it, and that each of its numbers is right and says where it was read."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.kernel.ids import new_id
from tests.factories.facts import (
    TEXTBOOK_ACTUAL,
    TEXTBOOK_EARNED,
    TEXTBOOK_PLANNED,
    TEXTBOOK_WEEKS,
    Bridge,
    Listener,
    Told,
    budget_line,
    end_of_week,
    project_created,
    tasks_created,
    textbook_project,
)
from tests.factories.policies import make_policy
from tests.factories.world import World


async def bridge_world(reporting: Listener) -> tuple[World, Bridge]:
    world = await reporting.world(make_policy())
    bridge = Bridge(world)
    await reporting.tell(world, bridge.told())
    return world, bridge


async def test_who_does_not_see_costs_reads_an_overview_without_money(reporting: Listener) -> None:
    world, _ = await bridge_world(reporting)
    path = f"/v1/projects/{world.project_id}"
    for role in ("member", "stakeholder", "client_contact"):
        overview = (await world[role].get(f"{path}/overview")).json()
        assert (overview["earned_value"], overview["counts"]["committed"]) == (None, None)
        assert all(risk["expected_cost"] is None for risk in overview["top_risks"])
        assert "NOK" not in str({name: value for name, value in overview.items() if name != "currency"})
        assert (await world[role].get(f"{path}/s-curve")).status_code == 403


async def test_only_people_of_the_project_see_it(reporting: Listener) -> None:
    world, _ = await bridge_world(reporting)
    for path in (f"/v1/projects/{world.project_id}/overview", f"/v1/projects/{world.project_id}/s-curve"):
        assert (await reporting.http.get(path)).status_code == 401
        for caller in (world["stranger"], world.foreigner(), world["guest"]):
            assert (await caller.get(path)).status_code == 404
        for role in ("owner", "manager", "coordinator", "auditor"):
            assert (await world[role].get(path)).status_code == 200
        assert (await world["manager"].get(path.replace(str(world.project_id), str(new_id())))).status_code == 404


async def test_a_status_date_that_is_no_day_is_refused(reporting: Listener) -> None:
    world, _ = await bridge_world(reporting)
    for text in ("tomorrow", "0001-01-01", "9999-12-31", ""):
        answer = await world["manager"].get(f"/v1/projects/{world.project_id}/overview?status_date={text}")
        assert answer.status_code == 400, text


@pytest.mark.parametrize("period", range(6))
async def test_the_textbooks_figures_come_out_at_every_status_date(reporting: Listener, period: int) -> None:
    """Gray and Larson's status exercise, and the earned schedule of the same series."""
    world = await reporting.world(make_policy())
    await reporting.tell(world, textbook_project(world.project_id))
    week = TEXTBOOK_WEEKS[period]
    answer = await world["manager"].get(f"/v1/projects/{world.project_id}/overview?status_date={end_of_week(week)}")
    figures = {name: each["value"] for name, each in answer.json()["earned_value"].items()}
    planned, earned, actual = (series[period] for series in (TEXTBOOK_PLANNED, TEXTBOOK_EARNED, TEXTBOOK_ACTUAL))
    assert (figures["planned_value"], figures["earned_value"]) == (f"{planned}.00", f"{earned}.00")
    assert (figures["actual_cost"], figures["budget_at_completion"]) == (f"{actual}.00", "248.00")
    assert figures["earned_schedule"] == ("2.0000", "4.0000", "5.3333", "6.0000", "8.9714", "11.6000")[period]
    time_index = ("1.0000", "1.0000", "0.8889", "0.7500", "0.8971", "0.9667")[period]
    assert figures["schedule_performance_index_time"] == time_index
    assert Decimal(figures["cost_performance_index"]).quantize(Decimal("0.01")) == Decimal(
        ("1.00", "0.80", "0.76", "0.69", "0.73", "0.70")[period]
    )


async def test_the_textbooks_forecast_comes_out_at_its_last_status_date(reporting: Listener) -> None:
    world = await reporting.world(make_policy())
    await reporting.tell(world, textbook_project(world.project_id))
    overview = (await world["manager"].get(f"/v1/projects/{world.project_id}/overview")).json()
    figures = {name: each["value"] for name, each in overview["earned_value"].items()}
    assert overview["status_date"] == str(end_of_week(12))
    assert (figures["cost_variance"], figures["schedule_variance"]) == ("-62.00", "-10.00")
    assert (figures["estimate_at_completion"], figures["variance_at_completion"]) == ("351.89", "-103.89")
    assert (figures["schedule_performance_index"], figures["to_complete_performance_index"]) == ("0.9367", "2.6316")
    assert overview["progress"]["by_budget"]["value"] == "59.68"


async def test_the_small_bridge_at_a_glance(reporting: Listener) -> None:
    world, _ = await bridge_world(reporting)
    overview = (await world["coordinator"].get(f"/v1/projects/{world.project_id}/overview")).json()
    today = datetime.now(ZoneInfo("Europe/Oslo")).date()
    schedule = {name: (each["value"], each["unit"]) for name, each in overview["schedule"].items()}
    assert schedule == {
        "baseline_finish": ("2026-05-01", "date"),
        "forecast_finish": ("2026-05-13", "date"),
        "finish_variance": ("12", "days"),
    }
    # 600,000 on the summary goes to its leaves by baseline duration, 5 and 15 days: 150,000 done, 40 % of 450,000.
    assert overview["earned_value"]["earned_value"]["value"] == "330000.00"
    assert overview["earned_value"]["actual_cost"]["value"] == "330000.50"
    assert overview["progress"]["by_duration"]["value"] == "24.44"
    assert [risk["expected_cost"]["value"] for risk in overview["top_risks"]] == ["120000.00", "20000.00"]
    [proposal] = overview["open_proposals"]
    assert (proposal["title"], proposal["age"]["value"]) == ("Work on Saturdays", str((today - date(2026, 3, 12)).days))
    assert proposal["decidable_by"] == [{"person_id": str(world.people["manager"]), "role": "manager"}]
    assert [decision["question"] for decision in overview["decisions"]] == ["Which crane?"]
    [action] = overview["overdue_actions"]
    assert (action["title"], action["days_late"]["value"]) == ("Rent the second pump", "3")
    counts = {name: each["value"] for name, each in overview["counts"].items()}
    assert counts == {
        "tasks": "5", "critical_tasks": "4", "open_risks": "2", "open_proposals": "1", "open_actions": "1",
        "meetings": "1", "documents": "1", "foreign_amounts": "0", "committed": "310000.00",
    }  # fmt: skip


async def test_a_project_with_gates_shows_its_phase_and_the_gate_that_comes_next(reporting: Listener) -> None:
    world, _ = await bridge_world(reporting)
    path = f"/v1/projects/{world.project_id}/overview"
    phase = (await world["stakeholder"].get(path)).json()["phase"]
    assert (phase["current"], phase["title"], phase["stopped"]) == ("planning", "Planning", False)
    assert phase["entered_at"].startswith("2026-03-02")
    assert (phase["gates_passed"]["value"], phase["gates"]["value"]) == ("1", "3"), "the removed one is no gate"
    gate = phase["next_gate"]
    assert (gate["code"], gate["title"], gate["state"]) == ("G2", "Decide to build", "sent_back")
    assert (gate["opens_phase"], gate["phase_title"]) == ("execution", "Execution")
    assert (gate["planned_date"]["value"], gate["days_until"]["value"]) == ("2026-04-01", "10")
    facts = reporting.outboxes.of("planning", world.tenant_id)
    assert gate["planned_date"]["position"] == facts[-2].number, "the passage told of it last"
    norwegian = (await world["member"].get(path, headers={"Accept-Language": "nb"})).json()["phase"]
    assert (norwegian["title"], norwegian["next_gate"]["title"]) == ("Planlegging", "Beslutte bygging")
    assert norwegian["next_gate"]["phase_title"] == "Gjennomføring"


async def test_the_phase_follows_what_is_decided_at_the_gates(reporting: Listener) -> None:
    world, _ = await bridge_world(reporting)
    path = f"/v1/projects/{world.project_id}/overview"
    gates = [
        fact for fact in reporting.outboxes.of("planning", world.tenant_id) if fact.type == "planning.gate.planned"
    ]

    async def decide(place: int, outcome: str, **members: object) -> dict[str, Any]:
        gate = {"id": str(gates[place].subject_id)} | dict(gates[place].data) | {"state": outcome} | members
        data = {"gate": gate, "outcome": outcome, "conditions": [], "decision_id": str(new_id())}
        await reporting.tell(world, [Told("planning.gate_passage.decided", new_id(), data)])
        phase: dict[str, Any] = (await world["manager"].get(path)).json()["phase"]
        return phase

    built = await decide(1, "passed_with_conditions")
    assert (built["current"], built["next_gate"]["title"]) == ("execution", "Hand over"), "worded by somebody"
    assert built["next_gate"]["days_until"]["value"] is None
    stopped = await decide(2, "stopped")
    assert (stopped["current"], stopped["stopped"], stopped["next_gate"]) == ("execution", True, None)
    over = await decide(2, "passed", opens_phase="closing")
    assert (over["current"], over["stopped"], over["next_gate"]) == ("closing", False, None)
    assert over["gates_passed"]["value"] == over["gates"]["value"] == "3"


async def test_a_project_without_gates_has_no_phase(reporting: Listener) -> None:
    world = await reporting.world(make_policy())
    await reporting.tell(world, [project_created(world.project_id)])
    assert (await world["manager"].get(f"/v1/projects/{world.project_id}/overview")).json()["phase"] is None


async def test_each_figure_names_the_last_fact_that_entered_it(reporting: Listener) -> None:
    world, bridge = await bridge_world(reporting)
    numbers = {fact.type: fact.number for fact in reporting.outboxes.of("planning", world.tenant_id)}
    overview = (await world["manager"].get(f"/v1/projects/{world.project_id}/overview")).json()
    value = overview["earned_value"]
    assert value["actual_cost"]["position"] == numbers["planning.actual.posted"]
    assert value["budget_at_completion"]["position"] == numbers["planning.budget_line.created"]
    assert value["earned_value"]["position"] == numbers["planning.task.changed"]
    assert overview["schedule"]["baseline_finish"]["position"] == numbers["planning.baseline.set"]
    assert overview["open_proposals"][0]["age"]["source"] == "gateway"
    assert overview["positions"]["planning"] == numbers["planning.project.changed"]
    data = {"removed_ids": [str(bridge.deck.id)], "moved": [], "plan": {"start": None, "finish": "2026-05-13T16:00:00"}}
    await reporting.tell(world, [Told("planning.task.deleted", bridge.deck.id, data)])
    later = (await world["manager"].get(f"/v1/projects/{world.project_id}/overview")).json()
    assert later["counts"]["tasks"]["position"] == numbers["planning.project.changed"] + 1


async def test_a_project_without_plan_and_money_has_undefined_figures_and_no_error(reporting: Listener) -> None:
    world = await reporting.world(make_policy())
    at = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
    await reporting.tell(
        world, [Told("planning.project.created", world.project_id, project_created(world.project_id).data, at)]
    )
    answer = await world["manager"].get(f"/v1/projects/{world.project_id}/overview")
    overview = answer.json()
    assert overview["status_date"] == "2026-03-06"
    assert overview["earned_value"]["budget_at_completion"]["value"] == "0.00"
    for name in ("planned_value", "cost_performance_index", "earned_schedule", "estimate_at_completion"):
        assert overview["earned_value"][name]["value"] is None
    assert overview["schedule"]["forecast_finish"]["value"] is None
    again = await world["manager"].get(
        f"/v1/projects/{world.project_id}/overview", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304
    assert (await world["manager"].get(f"/v1/projects/{world.project_id}/s-curve")).status_code == 200


async def test_nothing_is_planned_before_a_baseline(reporting: Listener) -> None:
    world = await reporting.world(make_policy())
    bridge = Bridge(world)
    told = [project_created(world.project_id), *tasks_created(bridge.tasks), budget_line(None, "1000.00")]
    await reporting.tell(world, told)
    value = (await world["manager"].get(f"/v1/projects/{world.project_id}/overview")).json()["earned_value"]
    assert value["budget_at_completion"]["value"] == "1000.00"
    assert value["planned_value"]["value"] is None


async def test_the_s_curve_runs_to_today_for_what_is_earned_and_to_the_end_for_what_is_planned(
    reporting: Listener,
) -> None:
    world = await reporting.world(make_policy())
    await reporting.tell(world, textbook_project(world.project_id))
    curve = (await world["manager"].get(f"/v1/projects/{world.project_id}/s-curve")).json()
    points = {point["day"]: point for point in curve["points"]}
    for week, planned, earned, actual in zip(
        TEXTBOOK_WEEKS, TEXTBOOK_PLANNED, TEXTBOOK_EARNED, TEXTBOOK_ACTUAL, strict=True
    ):
        point = points[str(end_of_week(week))]
        assert (point["planned"], point["earned"], point["actual"]) == (f"{planned}.00", f"{earned}.00", f"{actual}.00")
    last = points[str(end_of_week(14))]
    assert (last["planned"], last["earned"], last["actual"]) == ("248.00", None, None)
