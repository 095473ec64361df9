"""Random writes by everybody, and then the log: nothing was done that the policy in force at that position did not allow.

What the policy allowed says tests/contract/oracle.py. After each write the feed is read, so that the merged log has the
order in which things were done.
"""

import os
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from gateway.authority.templates import TEMPLATES
from services.kernel.http_client import Response
from services.kernel.ids import new_id
from tests.contract.oracle import verdict
from tests.factories.plans import DAY
from tests.factories.system import Person, SystemUnderTest, Tenant

SECONDS = float(os.environ.get("WALK_SECONDS", "25"))
ACTING = ("owner", "programme_manager", "manager", "coordinator", "member", "stakeholder", "client_contact", "auditor")
UNDELEGABLE = frozenset({"policy.set", "policy.tolerances", "delegation.grant", "manager.appoint", "owner.appoint"})
Step = Callable[["Walk", Person], Awaitable[Response]]


class Walk:
    """A tenant in which chance decides who does what next."""

    def __init__(self, tenant: Tenant, chance: random.Random) -> None:
        self.tenant = tenant
        self.chance = chance
        self.project = f"/v1/projects/{tenant.project_id}"
        self.code = ""
        self.march = ""
        self.proposals: list[str] = []
        self.ended = Counter[str]()

    async def begin(self) -> None:
        owner = self.tenant["owner"]
        code = await owner.post(f"{self.project}/cost-codes", {"code": "4100", "name": "Concrete"})
        self.code = code.json()["id"]
        line = {"cost_code_id": self.code, "description": "All of it", "amount": nok(100_000)}
        assert (await owner.post(f"{self.project}/budget-lines", line)).status_code == 201
        march = {"name": "March 2026", "starts_on": "2026-03-01", "ends_on": "2026-03-31"}
        self.march = (await owner.post(f"{self.project}/accounting-periods", march)).json()["id"]
        for title in ("Survey", "Dig", "Build"):
            body = {"title": title, "duration_minutes": self.chance.randint(1, 9) * DAY}
            assert (await owner.post(f"{self.project}/tasks", body)).status_code == 201

    async def any_of(self, noun: str) -> dict[str, Any] | None:
        found = (await self.tenant["owner"].get(f"{self.project}/{noun}", params={"limit": "100"})).json()["data"]
        return self.chance.choice(found) if found else None

    async def run(self, until: float) -> None:
        while time.monotonic() < until:
            step = self.chance.choices([each for each, _ in STEPS], [weight for _, weight in STEPS])[0]
            role = self.chance.choice(ACTING)
            answer = await step(self, self.tenant[role])
            assert answer.status_code < 500, answer.text
            if answer.status_code == 202:
                self.proposals.append(answer.json()["id"])
            self.ended[f"{answer.status_code // 100}xx" if answer.status_code != 202 else "proposed"] += 1
            # Whatever was done is in the merged log before anything else is.
            assert (await self.tenant["owner"].get("/v1/events", params={"limit": "1"})).status_code == 200


def nok(amount: float) -> dict[str, str]:
    return {"amount": f"{amount:.2f}", "currency": "NOK"}


async def add_task(walk: Walk, person: Person) -> Response:
    body = {"title": "Paint", "duration_minutes": walk.chance.choice((60, DAY, 40 * DAY))}
    return await person.post(f"{walk.project}/tasks", body)


async def change_task(walk: Walk, person: Person) -> Response:
    task = await walk.any_of("tasks")
    assert task is not None
    longer = {"duration_minutes": max(60, task["duration_minutes"] + walk.chance.choice((-60, 30, DAY, 15 * DAY)))}
    patch = walk.chance.choice((longer, longer, {"title": "Dig deeper"}, {"percent_complete": 20}, {"priority": 400}))
    return await person.patch(f"/v1/tasks/{task['id']}", patch, task["version"])


async def drop_task(walk: Walk, person: Person) -> Response:
    task = await walk.any_of("tasks")
    assert task is not None
    if (await walk.tenant["owner"].get(f"{walk.project}/tasks")).json()["data"][1:]:
        return await person.delete(f"/v1/tasks/{task['id']}", task["version"])
    return await add_task(walk, person)


async def add_line(walk: Walk, person: Person) -> Response:
    amount = nok(walk.chance.choice((10, 999, 1_000.01, 2_000.01, 30_000)))
    return await person.post(
        f"{walk.project}/budget-lines", {"cost_code_id": walk.code, "description": "More", "amount": amount}
    )


async def commit(walk: Walk, person: Person) -> Response:
    body = {"cost_code_id": walk.code, "supplier": "Fjord", "amount": nok(walk.chance.choice((50, 3_000, -700)))}
    return await person.post(f"{walk.project}/commitments", body)


async def spend(walk: Walk, person: Person) -> Response:
    reference = {"system": "erp", "type": "voucher", "id": str(new_id())}
    amount = nok(walk.chance.choice((5, 99, 150, 20_000, -4_000)))
    body = {"cost_code_id": walk.code, "amount": amount, "posted_on": "2026-03-31", "external_ref": reference}
    if walk.chance.random() < 0.8:
        body["reason"] = "It came late."
    return await person.post(f"{walk.project}/actuals", body)


async def close_or_reopen(walk: Walk, person: Person) -> Response:
    period = (await walk.tenant["owner"].get(f"/v1/accounting-periods/{walk.march}")).json()
    if period["state"] == "open":
        state = walk.chance.choice(("soft_closed", "soft_closed", "closed"))
        return await person.post(f"/v1/accounting-periods/{walk.march}/closing", {"state": state, "reason": "Checked."})
    return await person.post(f"/v1/accounting-periods/{walk.march}/reopening", {"reason": "An invoice came late."})


async def raise_risk(walk: Walk, person: Person) -> Response:
    return await person.post(f"{walk.project}/risks", {"title": "Frost"})


async def set_goal(walk: Walk, person: Person) -> Response:
    return await person.post(f"{walk.project}/goals", {"title": "Open", "success_criteria": [{"statement": "Open."}]})


async def baseline(walk: Walk, person: Person) -> Response:
    return await person.post(f"{walk.project}/baselines", {"name": "As agreed"})


async def call_meeting(walk: Walk, person: Person) -> Response:
    times = {"starts_at": "2026-03-09T08:00:00Z", "ends_at": "2026-03-09T09:00:00Z"}
    return await person.post(f"{walk.project}/meetings", {"title": "Site meeting", **times})


async def report(walk: Walk, person: Person) -> Response:
    body = {"audience": "team", "period_start": "2026-03-02", "period_end": "2026-03-08"}
    return await person.post(f"{walk.project}/status-reports", body)


async def set_policy(walk: Walk, person: Person) -> Response:
    present = (await walk.tenant["owner"].get(f"{walk.project}/policy")).json()
    document = TEMPLATES[walk.chance.choice(tuple(TEMPLATES))].document
    return await person.put(f"{walk.project}/policy", document, present["version"])


async def lend(walk: Walk, person: Person) -> Response:
    to = walk.tenant[walk.chance.choice(("coordinator", "member", "auditor"))]
    body: dict[str, Any] = {
        "person_id": str(to.id),
        "expires_at": (datetime.now(UTC) + timedelta(days=9)).isoformat(),
        "reason": "Leave",
    }
    if walk.chance.random() < 0.5:
        body["kinds"] = walk.chance.choice((["schedule.*"], ["budget.*", "cost.posting"], ["scope.task"]))
    return await person.post(f"{walk.project}/delegations", body)


async def take_back(walk: Walk, person: Person) -> Response:
    lent = await walk.any_of("delegations")
    if lent is None:
        return await lend(walk, person)
    return await person.delete(f"/v1/delegations/{lent['id']}", lent["version"])


async def change_role(walk: Walk, person: Person) -> Response:
    seat = await walk.any_of("memberships")
    assert seat is not None
    role = walk.chance.choice(("coordinator", "member", "stakeholder", "auditor"))
    return await person.patch(f"/v1/memberships/{seat['id']}", {"role": role}, seat["version"])


async def decide(walk: Walk, person: Person) -> Response:
    if not walk.proposals:
        return await change_task(walk, person)
    body = {"decision": walk.chance.choice(("accept", "accept", "reject")), "reason": "So be it.", "rebase": True}
    return await person.post(f"/v1/proposals/{walk.chance.choice(walk.proposals[-6:])}/decision", body)


STEPS: tuple[tuple[Step, int], ...] = (
    (add_task, 4), (change_task, 10), (drop_task, 2), (add_line, 4), (commit, 3), (spend, 5), (close_or_reopen, 3), (raise_risk, 2),
    (set_goal, 2), (baseline, 1), (call_meeting, 2), (report, 1), (set_policy, 3), (lend, 4), (take_back, 2),
    (change_role, 2), (decide, 14),
)  # fmt: skip


class Directory:
    """Who was what, and which policy held, as far as the log has been read."""

    def __init__(self) -> None:
        self.roles: dict[str, str] = {}
        self.lent: dict[str, Mapping[str, Any]] = {}
        self.lenders: dict[str, str] = {}
        self.policy: Mapping[str, Any] = {}
        self.accepted: dict[str, set[str]] = {}

    def hear(self, fact: Mapping[str, Any]) -> None:
        data, subject = fact["data"], fact["subject"]["id"]
        match fact["type"]:
            case "gateway.membership.granted" | "gateway.membership.changed":
                self.roles[data["person_id"]] = data["role"]
            case "gateway.membership.revoked":
                self.roles.pop(data["person_id"], None)
            case "gateway.delegation.granted":
                self.lent[subject] = data
                self.lenders[subject] = fact["actor_id"]
            case "gateway.delegation.ended":
                self.lent.pop(subject, None)
            case "gateway.policy.set":
                self.policy = data["document"]
            case "gateway.proposal.accepted" | "gateway.proposal.approved":
                self.accepted.setdefault(subject, set()).add(fact["actor_id"])

    def needs_none(self, fact: Mapping[str, Any]) -> bool:
        """What is told of proposals beside what they do, how a project begins, and that somebody takes back what they lent."""
        kind, data = fact["type"], fact["data"]
        if kind.startswith("gateway.proposal") or kind == "planning.project.created":
            return True
        if kind == "gateway.delegation.ended":
            return bool(self.lenders.get(fact["subject"]["id"]) == fact["actor_id"])
        first_policy = kind == "gateway.policy.set" and data["number"] == 1
        first_seat = kind == "gateway.membership.granted" and not self.roles.keys() & {data["person_id"]}
        return first_policy or (first_seat and data["role"] == "manager" and data["person_id"] == fact["actor_id"])

    def faults(self, fact: Mapping[str, Any], accepted: Mapping[str, set[str]]) -> list[str]:
        """What is wrong with the authority that a fact claims."""
        actor, proposal = fact["actor_id"], fact["proposal_id"]
        wrong = []
        if proposal is not None and actor not in accepted.get(proposal, set()):
            wrong.append("it carries out a proposal that its actor never accepted")
        if proposal is not None and fact["on_behalf_of_id"] == actor and not self.policy.get("solo"):
            wrong.append("somebody decided their own proposal")
        for act in fact["authority"]:
            role, delegation = act["role"], act["delegation_id"]
            lent = self.lent.get(delegation) if delegation is not None else None
            if delegation is None and self.roles.get(actor) != role:
                wrong.append(f"{actor} was {self.roles.get(actor)} and claims {role}")
            if delegation is not None and (lent is None or lent["person_id"] != actor or lent["role"] != role):
                wrong.append(f"{delegation} lends {actor} nothing: {lent}")
            if lent is not None and not all(_lends(lent, kind) for kind in act["kinds"]):
                wrong.append(f"{act['kinds']} were not lent: {lent['kinds']}")
            measures = {name: Decimal(value) for name, value in act["measures"].items()}
            says = verdict(self.policy, [role], act["kinds"], measures, approved=proposal is not None)
            if says != "decide":
                wrong.append(f"the policy lets {role} {says} {act['kinds']} of {act['measures']}")
        return wrong


def _lends(lent: Mapping[str, Any], kind: str) -> bool:
    fitting = any(kind == each or (each.endswith("*") and kind.startswith(each[:-1])) for each in lent["kinds"])
    return fitting and kind not in UNDELEGABLE


async def log_of(tenant: Tenant) -> list[dict[str, Any]]:
    facts: list[dict[str, Any]] = []
    after = 0
    while True:
        answer = await tenant["owner"].get("/v1/events", params={"after": str(after), "limit": "200"})
        page = answer.json()
        facts += page["data"]
        if page["next_after"] == after or not page["data"]:
            return facts
        after = page["next_after"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
async def test_whatever_chance_does_the_log_holds_nothing_that_the_policy_did_not_allow(
    system: SystemUnderTest, seed: int
) -> None:
    walk = Walk(await system.tenant(), random.Random(seed))
    await walk.begin()
    await walk.run(time.monotonic() + SECONDS / 2)
    facts = await log_of(walk.tenant)
    accepted: dict[str, set[str]] = {}
    for fact in facts:
        if fact["type"] in ("gateway.proposal.accepted", "gateway.proposal.approved"):
            accepted.setdefault(fact["subject"]["id"], set()).add(fact["actor_id"])
    directory, wrong, judged = Directory(), [], Counter[str]()
    directory.roles[(await walk.tenant.admin.get("/v1/me")).json()["id"]] = "admin"
    bare = Counter[str]()
    for fact in facts:
        if fact["authority"]:
            judged["by a proposal" if fact["proposal_id"] else "by oneself"] += 1
            judged["lent"] += any(act["delegation_id"] for act in fact["authority"])
        elif not directory.needs_none(fact):
            bare[fact["type"]] += 1
        wrong += [f"{fact['position']} {fact['type']}: {fault}" for fault in directory.faults(fact, accepted)]
        directory.hear(fact)
    assert not wrong, "\n".join(wrong)
    assert not bare, f"no authority stands on {bare}"
    assert judged["by oneself"] > 20, (judged, walk.ended)
    assert judged["by a proposal"], (judged, walk.ended)
