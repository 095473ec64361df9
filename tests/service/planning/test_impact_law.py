"""The law of the impact: what a dry run foretells is the difference between the two states, to the minute and the øre.

Random small projects suffer random edits. The states before and after are read by the public routes, and the money is
reckoned once more from the lists of what it is made of.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from services.kernel.ids import new_id
from services.kernel.working_time import TICKS_PER_MINUTE, to_ticks
from services.planning.schedule.calendar import default_calendar
from tests.factories.policies import make_policy
from tests.factories.world import ServiceUnderTest, World

DAY = 450
amounts = st.decimals("0.01", "99999.99", places=2).map(lambda amount: {"amount": str(amount), "currency": "NOK"})
minutes = st.integers(0, 8 * DAY)
units = st.sampled_from(["25", "50", "100", "150"])
any_one = st.integers(0, 20)
probabilities = st.sampled_from(["0", "0.15", "0.5", "1"])

EDITS = st.one_of(
    st.tuples(st.just("task"), any_one, st.fixed_dictionaries({"duration_minutes": minutes})),
    st.tuples(st.just("task"), any_one, st.fixed_dictionaries({"percent_complete": st.integers(0, 100)})),
    st.tuples(st.just("task"), any_one, st.fixed_dictionaries({"milestone": st.booleans(), "active": st.booleans()})),
    st.tuples(
        st.just("task"),
        any_one,
        st.fixed_dictionaries(
            {
                "constraint_type": st.sampled_from(["start_no_earlier_than", "finish_no_later_than"]),
                "constraint_date": st.sampled_from(["2026-03-09T08:00:00", "2026-03-20T12:00:00"]),
            }
        ),
    ),
    st.tuples(st.just("assignee"), any_one, st.sampled_from(["member", "coordinator", "manager", None])),
    st.tuples(st.just("new task"), minutes, st.booleans()),
    st.tuples(st.just("delete task"), any_one),
    st.tuples(st.just("link"), any_one, any_one, st.integers(-DAY, 2 * DAY)),
    st.tuples(st.just("lag"), any_one, st.integers(-2 * DAY, 3 * DAY)),
    st.tuples(st.just("unlink"), any_one),
    st.tuples(st.just("assign"), any_one, any_one, units),
    st.tuples(st.just("assignment"), any_one, st.fixed_dictionaries({"units_percent": units})),
    st.tuples(st.just("assignment"), any_one, st.fixed_dictionaries({"work_minutes": minutes})),
    st.tuples(st.just("assignment"), any_one, st.fixed_dictionaries({"delay_minutes": st.integers(0, DAY)})),
    st.tuples(st.just("unassign"), any_one),
    st.tuples(st.just("resource"), any_one, st.fixed_dictionaries({"standard_rate": amounts})),
    st.tuples(st.just("resource"), any_one, st.fixed_dictionaries({"max_units_percent": units})),
    st.tuples(st.just("delete resource"), any_one),
    st.tuples(st.just("new budget line"), amounts),
    st.tuples(st.just("budget line"), any_one, amounts),
    st.tuples(st.just("actual"), amounts),
    st.tuples(st.just("new risk"), probabilities, amounts),
    st.tuples(st.just("risk"), any_one, st.fixed_dictionaries({"probability": probabilities})),
    st.tuples(st.just("risk"), any_one, st.fixed_dictionaries({"status": st.sampled_from(["occurred", "closed"])})),
)
PROJECTS = st.fixed_dictionaries(
    {
        "tasks": st.lists(st.tuples(minutes, st.sampled_from(["member", "coordinator", None])), min_size=2, max_size=5),
        "links": st.lists(st.tuples(any_one, any_one, st.integers(0, DAY)), max_size=5),
        "resources": st.lists(st.tuples(amounts, units), min_size=1, max_size=3),
        "assignments": st.lists(st.tuples(any_one, any_one, units), max_size=6),
        "budget": st.lists(amounts, min_size=1, max_size=2),
        "risks": st.lists(st.tuples(probabilities, amounts), max_size=2),
    }
)


def risk_body(probability: str, amount: dict[str, str]) -> dict[str, Any]:
    cost = {"low": amount | {"amount": "0.01"}, "likely": amount, "high": amount}
    return {"title": "Clay", "probability": probability, "cost_impact": cost}


@dataclass
class State:
    """What the public routes tell of a project."""

    finish: str | None
    forecast: dict[str, Any]
    loads: dict[str, int]
    tasks: dict[str, dict[str, Any]]
    lists: dict[str, list[dict[str, Any]]]

    def amount(self, name: str) -> Decimal:
        return Decimal(self.forecast[name]["amount"])

    def parts_of(self, task_id: str) -> list[tuple[str, int]]:
        return [(each["id"], each["version"]) for each in self.lists["assignments"] if each["task_id"] == task_id]


class Project:
    """A random project under its manager's hands."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.path = f"/v1/projects/{world.project_id}"
        self.cost_code = ""

    async def make(self, drawn: dict[str, Any]) -> None:
        code = await self.world["manager"].post(f"{self.path}/cost-codes", {"code": "100", "name": "Works"})
        self.cost_code = code.json()["id"]
        for number, (duration, role) in enumerate(drawn["tasks"]):
            body: dict[str, Any] = {"title": f"Task {number}", "duration_minutes": duration}
            if role is not None:
                body["assignee_id"] = str(self.world.people[role])
            assert (await self.world["manager"].post(f"{self.path}/tasks", body)).status_code == 201
        for rate, capacity in drawn["resources"]:
            body = {"name": "Crew", "resource_type": "work", "standard_rate": rate, "max_units_percent": capacity}
            assert (await self.world["manager"].post(f"{self.path}/resources", body)).status_code == 201
        edits: list[tuple[Any, ...]] = [("link", *each) for each in drawn["links"]]
        edits += [("assign", *each) for each in drawn["assignments"]]
        edits += [("new budget line", each) for each in drawn["budget"]]
        edits += [("new risk", *each) for each in drawn["risks"]]
        for edit in edits:
            request = await self.request_of(edit)
            if request is not None:
                await self.send(request, dry=False)

    async def all(self, noun: str) -> list[dict[str, Any]]:
        answer = await self.world["manager"].get(f"{self.path}/{noun}")
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["data"]
        return found

    async def state(self) -> State:
        reader = self.world["manager"]
        project, forecast = (await reader.get(self.path)).json(), (await reader.get(f"{self.path}/forecast")).json()
        loads = (await reader.get(f"{self.path}/resource-loads")).json()["loads"]
        nouns = ("tasks", "resources", "assignments", "budget-lines", "actuals", "risks")
        lists = {noun: await self.all(noun) for noun in nouns}
        state = State(
            project["finish"],
            forecast,
            {each["resource_id"]: each["overallocated_minutes"] for each in loads},
            {each["id"]: each for each in lists["tasks"]},
            lists,
        )
        check_reckoning(state)
        return state

    async def request_of(self, edit: tuple[Any, ...]) -> tuple[str, str, Any, int | None] | None:
        """Method, path, body and version of an edit; None where there is nothing that it could be done to."""
        deed, *how = edit

        async def one(noun: str, place: int) -> dict[str, Any] | None:
            found = await self.all(noun)
            return found[place % len(found)] if found else None

        if deed == "new task":
            body = {"title": "New", "milestone": how[1]} | ({} if how[1] else {"duration_minutes": how[0]})
            return "POST", f"{self.path}/tasks", body, None
        if deed == "link":
            ends = await one("tasks", how[0]), await one("tasks", how[1])
            if ends[0] is None or ends[1] is None:
                return None
            body = {"predecessor_id": ends[0]["id"], "successor_id": ends[1]["id"], "lag_minutes": how[2]}
            return "POST", f"{self.path}/dependencies", body, None
        if deed == "assign":
            task, resource = await one("tasks", how[0]), await one("resources", how[1])
            if task is None or resource is None:
                return None
            body = {"task_id": task["id"], "resource_id": resource["id"], "units_percent": how[2]}
            return "POST", f"{self.path}/assignments", body, None
        if deed == "new budget line":
            body = {"cost_code_id": self.cost_code, "amount": how[0], "description": "Works"}
            return "POST", f"{self.path}/budget-lines", body, None
        if deed == "actual":
            reference = {"system": "erp", "type": "voucher", "id": str(new_id())}
            body = {"cost_code_id": self.cost_code, "amount": how[0], "posted_on": "2026-03-31"}
            return "POST", f"{self.path}/actuals", body | {"description": "1", "external_ref": reference}, None
        if deed == "new risk":
            return "POST", f"{self.path}/risks", risk_body(*how), None
        noun = {
            "task": "tasks",
            "assignee": "tasks",
            "delete task": "tasks",
            "lag": "dependencies",
            "unlink": "dependencies",
            "assignment": "assignments",
            "unassign": "assignments",
            "resource": "resources",
            "delete resource": "resources",
            "budget line": "budget-lines",
            "risk": "risks",
        }[deed]
        found = await one(noun, how[0])
        if found is None:
            return None
        path = f"/v1/{noun}/{found['id']}"
        if deed in ("delete task", "unlink", "unassign", "delete resource"):
            return "DELETE", path, None, found["version"]
        patches: dict[str, Callable[[Any], dict[str, Any]]] = {
            "lag": lambda value: {"lag_minutes": value},
            "assignee": lambda role: {"assignee_id": role and str(self.world.people[role])},
            "budget line": lambda amount: {"amount": amount},
        }
        body = patches[deed](how[1]) if deed in patches else how[1]
        return "PATCH", path, body, found["version"]

    async def send(self, request: tuple[str, str, Any, int | None], *, dry: bool) -> Any:
        method, path, body, version = request
        headers = {"If-Match": f'"{version}"'} if version is not None else {}
        options = {} if body is None else {"json": body}
        return await self.world["manager"].request(
            method, path + ("?dry_run=true" if dry else ""), headers=headers, **options
        )


def check_reckoning(state: State) -> None:
    """The forecast is what its parts add up to. Work is shown in whole minutes, so half a minute of each part may differ."""
    rates = {each["id"]: each["standard_rate"] for each in state.lists["resources"]}
    planned = remaining = Fraction(0)
    unseen = Fraction(1, 200)
    for part in state.lists["assignments"]:
        task = state.tasks[part["task_id"]]
        if task["active"]:
            rate = Fraction(Decimal(rates[part["resource_id"]]["amount"])) / 60
            planned += rate * part["work_minutes"]
            remaining += rate * part["work_minutes"] * (100 - task["percent_complete"]) / 100
            unseen += rate / 2
    assert abs(Fraction(state.amount("planned_cost")) - planned) <= unseen
    assert abs(Fraction(state.amount("remaining_cost")) - remaining) <= unseen
    spent = sum((Decimal(each["amount"]["amount"]) for each in state.lists["actuals"]), Decimal(0))
    budget = sum((Decimal(each["amount"]["amount"]) for each in state.lists["budget-lines"]), Decimal(0))
    risks = [each for each in state.lists["risks"] if each["status"] == "open"]
    expected = sum((Decimal(each["expected_cost"]["amount"]) for each in risks), Decimal(0))
    assert state.amount("estimate_at_completion") == spent + state.amount("remaining_cost")
    assert state.amount("reserve") == budget - state.amount("estimate_at_completion") - expected


def moved(before: str, after: str) -> dict[str, Any]:
    ticks = default_calendar(DAY).work_between(
        to_ticks(datetime.fromisoformat(before)), to_ticks(datetime.fromisoformat(after))
    )
    return {"before": before, "after": after, "moved_minutes": int(ticks / TICKS_PER_MINUTE)}


def difference(before: State, after: State, author: str) -> dict[str, Any]:
    """The impact as the two states show it."""
    start = "2026-03-02T08:00:00"
    found: dict[str, Any] = {}
    if (before.finish or start) != (after.finish or start):
        found["finish"] = moved(before.finish or start, after.finish or start)
    both = [(before.tasks[task_id], after.tasks[task_id]) for task_id in before.tasks.keys() & after.tasks.keys()]
    milestones = [
        {"id": now["id"], "title": now["title"]} | moved(was["finish"], now["finish"])
        for was, now in both
        if now["milestone"] and was["finish"] != now["finish"]
    ]
    if milestones:
        found["milestones"] = sorted(milestones, key=lambda each: each["id"])
    lost = [was["total_float_minutes"] - now["total_float_minutes"] for was, now in both if not now["actual_finish"]]
    if max(lost, default=0) > 0:
        found["float_used_minutes"] = max(lost)
    dates = [(was["start"], was["finish"]) != (now["start"], now["finish"]) for was, now in both]
    if any(dates):
        found["tasks_moved"] = sum(dates)
    changed = {
        task_id
        for task_id in before.tasks.keys() | after.tasks.keys()
        if before.tasks.get(task_id, {}).get("version") != after.tasks.get(task_id, {}).get("version")
        or before.parts_of(task_id) != after.parts_of(task_id)
    }
    people = {state.tasks.get(task_id, {}).get("assignee_id") for state in (before, after) for task_id in changed}
    if people - {None, author}:
        found["people_affected"] = sorted(people - {None, author})
    loads = {
        resource_id: {"before": before.loads.get(resource_id, 0), "after": after.loads.get(resource_id, 0)}
        for resource_id in before.loads.keys() | after.loads.keys()
    }
    found["load"] = {resource_id: load for resource_id, load in loads.items() if load["before"] != load["after"]}
    for name, figure in (("eac", "estimate_at_completion"), ("reserve", "reserve")):
        if before.amount(figure) != after.amount(figure):
            found[name] = change(before.amount(figure), after.amount(figure))
    for figure in ("planned_cost", "budget_at_completion"):
        if before.amount(figure) != after.amount(figure):
            found["cost"] = change(before.amount(figure), after.amount(figure))
    return found


def needed_by(before: State, after: State, touches: list[str]) -> str | None:
    """The instant at which a decision about these tasks comes too late, as the two states show it."""
    moments = []
    for task_id in touches:
        task = before.tasks.get(task_id) or after.tasks[task_id]
        if task["status"] != "done":
            moments.append(task["start"] if task["status"] == "todo" else task["finish"])
    if not moments:
        return None
    local = datetime.fromisoformat(min(moments)).replace(tzinfo=ZoneInfo("Europe/Oslo"))
    return local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000000Z")


def change(before: Decimal, after: Decimal) -> dict[str, dict[str, str]]:
    sums = {"before": before, "after": after, "change": after - before}
    return {name: {"amount": f"{value:.2f}", "currency": "NOK"} for name, value in sums.items()}


def comparable(impact: dict[str, Any], deed: str) -> dict[str, Any]:
    """The impact in the form of the difference; criticality, subject and when it is needed are told besides."""
    kept = {
        name: value
        for name, value in impact.items()
        if name not in ("subject", "touches", "needed_by", "criticality", "load")
    }
    if "milestones" in kept:
        kept["milestones"] = sorted(kept["milestones"], key=lambda each: each["id"])
    if deed == "actual":
        del kept["cost"]  # What has been spent, which check_reckoning has compared.
    return kept | {"load": {each["resource_id"]: each["overallocated_minutes"] for each in impact.get("load", ())}}


@settings(
    max_examples=25,
    deadline=None,
    # An example is some fifty requests; to make a failing one smaller would take minutes.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(drawn=PROJECTS, edits=st.lists(EDITS, min_size=2, max_size=4))
async def test_the_impact_of_a_dry_run_is_the_difference_that_the_deed_makes(
    planning: ServiceUnderTest, drawn: dict[str, Any], edits: list[tuple[Any, ...]]
) -> None:
    project = Project(await planning.world(make_policy(), {"currency": "NOK"}))
    await project.make(drawn)
    before = await project.state()
    for edit in edits:
        request = await project.request_of(edit)
        if request is None:
            continue
        foretold = await project.send(request, dry=True)
        assert await project.state() == before, "a dry run stores nothing"
        done = await project.send(request, dry=False)
        if foretold.status_code != 200:
            assert foretold.status_code == done.status_code < 500, (edit, foretold.text)
            continue
        assert done.status_code in (200, 201, 204), (edit, done.text)
        after = await project.state()
        expected = difference(before, after, str(project.world["manager"].id))
        impact = foretold.json()["impact"]
        assert comparable(impact, edit[0]) == expected, edit
        # A new task has its own id only when it has really been made.
        told = impact if done.status_code == 204 else done.json().get("effects", {}).get("impact", {})
        assert comparable(told, edit[0]) == expected, edit
        assert impact.get("needed_by") == told.get("needed_by"), edit
        assert told.get("needed_by") == needed_by(before, after, told.get("touches", [])), edit
        before = after


async def test_whoever_works_on_a_changed_task_as_a_resource_is_affected_and_the_author_is_not(
    planning: ServiceUnderTest,
) -> None:
    world = await planning.world(make_policy())
    path, manager = f"/v1/projects/{world.project_id}", world["manager"]
    mine = {"title": "Dig", "duration_minutes": DAY, "assignee_id": str(manager.id)}
    task = (await manager.post(f"{path}/tasks", mine)).json()
    assert "people_affected" not in task["effects"]["impact"]
    resource = {"name": "Kari", "resource_type": "work", "person_id": str(world.people["member"])}
    kari = (await manager.post(f"{path}/resources", resource)).json()
    part = await manager.post(f"{path}/assignments", {"task_id": task["id"], "resource_id": kari["id"]})
    assert part.json()["effects"]["impact"]["people_affected"] == [str(world.people["member"])]
    taken_off = await manager.delete(f"/v1/assignments/{part.json()['id']}?dry_run=true", 1)
    assert taken_off.json()["impact"]["people_affected"] == [str(world.people["member"])]


async def test_a_second_task_at_the_same_time_is_too_much_and_the_policy_can_limit_it(
    planning: ServiceUnderTest,
) -> None:
    grants = [{"role": "manager", "kind": "resource.assign", "may": "decide", "limits": {"overallocated_minutes": 0}}]
    policy = make_policy()
    world = await planning.world(policy | {"grants": [*policy["grants"], *grants]})
    path, manager = f"/v1/projects/{world.project_id}", world["manager"]
    crane = (await manager.post(f"{path}/resources", {"name": "Crane", "resource_type": "work"})).json()
    first, second = [
        (await manager.post(f"{path}/tasks", {"title": title, "duration_minutes": 2 * DAY})).json()
        for title in ("Lift", "Load")
    ]
    body = {"task_id": first["id"], "resource_id": crane["id"]}
    assert (await manager.post(f"{path}/assignments", body)).status_code == 201
    answer = await manager.post(f"{path}/assignments", body | {"task_id": second["id"], "units_percent": "50"})
    assert (answer.status_code, answer.json()["exceeded"]) == (403, ["overallocated_minutes"])
    assert answer.json()["impact"]["load"] == [
        {"resource_id": crane["id"], "name": "Crane", "overallocated_minutes": {"before": 0, "after": DAY}}
    ]


@pytest.mark.parametrize(("role", "sees"), [("manager", True), ("auditor", True), ("member", False)])
async def test_the_forecast_is_for_the_team_and_its_money_for_those_who_see_costs(
    planning: ServiceUnderTest, role: str, sees: bool
) -> None:
    world = await planning.world(make_policy())
    path = f"/v1/projects/{world.project_id}"
    for noun in ("forecast", "resource-loads"):
        assert (await world["stranger"].get(f"{path}/{noun}")).status_code == 404
        assert (await world["guest"].get(f"{path}/{noun}")).status_code == 404
        assert (await world.foreigner().get(f"{path}/{noun}")).status_code == 404
    forecast = (await world[role].get(f"{path}/forecast")).json()
    assert (forecast["reserve"] is not None) is sees
    assert forecast["currency"] == "NOK"


async def test_what_would_follow_from_changes_shows_no_money_to_those_who_see_no_costs(
    planning: ServiceUnderTest,
) -> None:
    world = await planning.world(make_policy())
    path, manager = f"/v1/projects/{world.project_id}", world["manager"]
    task = (await manager.post(f"{path}/tasks", {"title": "Dig", "duration_minutes": DAY})).json()
    rate = {"amount": "600.00", "currency": "NOK"}
    crew = (await manager.post(f"{path}/resources", {"name": "Crew", "standard_rate": rate})).json()
    made = await manager.post(f"{path}/assignments", {"task_id": task["id"], "resource_id": crew["id"]})
    assert made.status_code == 201, made.text
    run = {"changes": [{"task_id": task["id"], "change": {"duration_minutes": 2 * DAY}}]}
    assert {"cost", "eac", "reserve"} <= (await manager.post(f"{path}/schedule-runs", run)).json()["impact"].keys()
    blind = (await world["member"].post(f"{path}/schedule-runs", run)).json()["impact"]
    assert not {"cost", "eac", "reserve"} & blind.keys()
