"""Every template x role x kind x size of the effect, below, at and above each limit: applied, proposed or refused.

What is right says tests/contract/oracle.py, which shares no code with what judges.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

import services.coordination.app
import services.planning.app
import services.reporting.app  # noqa: F401 -- the applications declare their kinds
from gateway.authority.templates import TEMPLATES
from services.kernel.authority import KINDS, Act, Hat, Policy
from services.kernel.http_client import Response
from services.kernel.ids import new_id
from tests.contract.oracle import measured, verdict
from tests.factories.plans import DAY, make_plan
from tests.factories.world import ROLES, ServiceUnderTest, World

BUDGET = Decimal("200000.00")
# More than any limit of a template.
FAR = 100_000_000
JUDGED = tuple(role for role in ROLES if role != "guest")


def limits_of(document: Mapping[str, Any], kind: str) -> set[tuple[str, Decimal]]:
    """The limits that a template sets on any measure of a kind, for whomever, and its tolerances."""
    stated = [grant["limits"] for grant in document["grants"]] + [document["tolerances"]]
    measures = KINDS[kind].measures
    return {(name, Decimal(limit)) for limits in stated for name, limit in limits.items() if name in measures}


def sizes(document: Mapping[str, Any], kind: str) -> Iterator[dict[str, Decimal]]:
    """No effect, each limit's neighbours, an effect beyond all, and all effects at once."""
    yield {}
    for name, limit in limits_of(document, kind):
        for size in (limit - 1, limit - Decimal("0.01"), limit, limit + Decimal("0.01"), limit + 1, Decimal(FAR)):
            yield {name: size}
    yield {name: Decimal(FAR) for name in KINDS[kind].measures}


@pytest.mark.parametrize("template", TEMPLATES)
def test_what_a_template_says_of_an_effect_of_any_size_is_what_is_judged(template: str) -> None:
    document = TEMPLATES[template].document
    wrong, cells = [], 0
    kinds = [kind for kind in KINDS.values() if kind.judged_by == "policy"]
    for kind in kinds:
        for measures in sizes(document, kind.name):
            for role in (*ROLES, "portfolio_manager", "admin"):
                right = verdict(document, [role], [kind.name], measures, approved=True)
                found = Policy(document).judge_role(role, [kind.name], measures).verdict
                cells += 1
                if found != right:
                    wrong.append(f"{kind.name:24} {role:18} {measures} expected {right}, got {found}")
    assert not wrong, f"{len(wrong)} of {cells} cells of {template}:\n" + "\n".join(wrong)
    assert cells > 700, cells


@pytest.mark.parametrize("template", TEMPLATES)
def test_where_deciders_are_wanted_nobody_decides_without_them(template: str) -> None:
    document = TEMPLATES[template].document
    for rule in document["approvals"]:
        kind = rule["kind"].replace("*", "any")
        for role in ROLES:
            alone = verdict(document, [role], [kind], {})
            assert alone != "decide"
            hats = [Hat(role)]
            assert Policy(document).judge(hats, Act([kind])).verdict == alone
            assert Policy(document).judge(hats, Act([kind], approvals=rule["count"])).verdict == verdict(
                document, [role], [kind], {}, approved=True
            )


# -- real requests ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attempt:
    """One request, the kinds that it is, and its measured effect where the request itself says it."""

    kinds: tuple[str, ...]
    method: str
    path: str
    body: Mapping[str, Any]
    measures: Mapping[str, Decimal] | None = None
    version: int | None = None


class Site:
    """A world under one template: a plan with float, money in its budget, people's hours with rates."""

    def __init__(self, world: World, document: Mapping[str, Any]) -> None:
        self.world = world
        self.document = document
        self.project = f"/v1/projects/{world.project_id}"
        self.code = ""
        self.tasks: Mapping[str, dict[str, Any]] = {}

    async def build(self) -> None:
        owner = self.world["owner"]
        self.code = await self._made("cost-codes", {"code": "4100", "name": "Concrete"})
        self.tasks = await self._plan()
        line = {"cost_code_id": self.code, "description": "All of it", "amount": nok(BUDGET)}
        await self._made("budget-lines", line)
        assert (await owner.get(f"{self.project}/budget-lines")).status_code == 200
        year = {"name": "2025", "starts_on": "2025-01-01", "ends_on": "2025-12-31"}
        period = await self._made("accounting-periods", year)
        closing = {"state": "soft_closed", "reason": "The year is being checked."}
        assert (await owner.post(f"/v1/accounting-periods/{period}/closing", closing)).status_code == 200

    async def _made(self, noun: str, body: Mapping[str, Any]) -> str:
        answer = await self.world["owner"].post(f"{self.project}/{noun}", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def _plan(self) -> Mapping[str, dict[str, Any]]:
        tasks = await make_plan(self.world)
        mason = await self._made("resources", {"name": "Mason", "standard_rate": nok("100.00")})
        await self._made("assignments", {"task_id": tasks["foundation"]["id"], "resource_id": mason})
        return {name: (await self.world["owner"].get(f"/v1/tasks/{each['id']}")).json() for name, each in tasks.items()}

    # -- what is tried ------------------------------------------------------------------------------------------------

    def money(self, kind: str, noun: str, more: Mapping[str, Any]) -> Iterator[Attempt]:
        """Amounts around each limit on a share of the budget, of both signs where the noun takes both."""
        shares = {limit for name, limit in limits_of(self.document, kind) if name == "cost_share_bp"} | {Decimal(1)}
        amounts = [BUDGET * share / 10_000 + cent for share in shares for cent in map(Decimal, ("-0.01", "0", "0.01"))]
        signs = (1,) if kind == "budget.line" else (1, -1)
        for amount in amounts:
            for sign in signs:
                measures = {"cost": amount, "cost_share_bp": amount * 10_000 / BUDGET}
                measures["periods_locked"] = Decimal(more.get("posted_on", "").startswith("2025"))
                body = {"cost_code_id": self.code, "amount": nok(sign * amount), **more}
                if kind == "cost.posting":
                    body["external_ref"] = {"system": "erp", "type": "voucher", "id": str(new_id())}
                yield Attempt((kind,), "POST", f"{self.project}/{noun}", body, measures)

    def dates(self) -> Iterator[Attempt]:
        """Longer work: on the critical path, where the finish and the milestone move, and beside it, where float is used."""
        limits = limits_of(self.document, "schedule.dates")
        for name, task in (
            ("finish_minutes", "foundation"),
            ("milestone_minutes", "foundation"),
            ("float_minutes", "fence"),
        ):
            for size in sorted({limit for limited, limit in limits if limited == name}):
                for more in (size - 1, size, size + 1):
                    if more > 0:
                        yield self.longer(task, int(more))
        yield self.longer("fence", 60)
        yield self.longer("foundation", 60)

    def longer(self, task: str, minutes: int) -> Attempt:
        known = self.tasks[task]
        body = {"duration_minutes": known["duration_minutes"] + minutes}
        return Attempt(("schedule.dates",), "PATCH", f"/v1/tasks/{known['id']}", body, version=known["version"])

    def scope(self) -> Iterator[Attempt]:
        """New work beside the plan, which is seven days long: within it, to its end, and beyond."""
        for minutes in (DAY, 7 * DAY, 7 * DAY + 1, 30 * DAY):
            yield Attempt(
                ("scope.task",), "POST", f"{self.project}/tasks", {"title": "Paint", "duration_minutes": minutes}
            )

    async def people(self) -> Sequence[Attempt]:
        """Somebody on the fence for a day, who costs around each limit on a share of what the plan costs."""
        shares = {limit for name, limit in limits_of(self.document, "resource.assign") if name == "cost_share_bp"}
        cost = Decimal("3750.00")
        attempts = []
        for share in sorted(shares | {Decimal(50)}):
            # A day has seven and a half hours.
            rate = cost * share / 10_000 / Decimal("7.5")
            for near in (Decimal("-0.01"), Decimal(0), Decimal("0.01")):
                hand = await self._made(
                    "resources", {"name": f"Hand {share} {near}", "standard_rate": nok(rate + near)}
                )
                body = {"task_id": self.tasks["fence"]["id"], "resource_id": hand}
                attempts.append(Attempt(("resource.assign",), "POST", f"{self.project}/assignments", body))
        return attempts

    # -- how it is answered -------------------------------------------------------------------------------------------

    async def send(self, attempt: Attempt, role: str, *, dry_run: bool) -> Response:
        headers = {"If-Match": f'"{attempt.version}"'} if attempt.version is not None else {}
        return await self.world[role].request(
            attempt.method,
            attempt.path,
            headers=headers,
            json=attempt.body,
            params={"dry_run": "true"} if dry_run else {},
        )

    async def effect(self, attempt: Attempt) -> Mapping[str, Any]:
        if attempt.measures is not None:
            return attempt.measures
        seen = await self.send(attempt, "owner", dry_run=True)
        assert seen.status_code == 200, seen.text
        return measured(seen.json()["impact"])


def nok(amount: Decimal | str) -> dict[str, str]:
    return {"amount": str(Decimal(amount).quantize(Decimal("0.01"))), "currency": "NOK"}


def told(answer: Response) -> str:
    """How a write ended: what the policy's verdict becomes."""
    if answer.is_success:
        return "decide"
    code = answer.json()["code"]
    return {"authority_required": "propose", "forbidden": "no"}.get(code, f"{answer.status_code} {code}")


@pytest.mark.parametrize("template", TEMPLATES)
async def test_real_writes_around_each_limit_are_applied_proposed_or_refused_as_the_template_says(
    planning: ServiceUnderTest, template: str
) -> None:
    document = TEMPLATES[template].document
    site = Site(await planning.world(document), document)
    await site.build()
    attempts = [
        *site.money("budget.line", "budget-lines", {"description": "More"}),
        *site.money("budget.commitment", "commitments", {"supplier": "Fjord Anlegg AS"}),
        *site.money("cost.posting", "actuals", {"posted_on": "2026-03-31"}),
        *site.money("cost.posting", "actuals", {"posted_on": "2025-12-31", "reason": "An invoice came late."}),
        *site.dates(),
        *site.scope(),
        *await site.people(),
    ]
    wrong, verdicts = [], set()
    for attempt in attempts:
        effect = await site.effect(attempt)
        for role in JUDGED:
            right = verdict(document, [role], attempt.kinds, effect)
            # What is right is tried without consequences; what is to be refused has to be refused in earnest.
            answer = await site.send(attempt, role, dry_run=right == "decide")
            found = told(answer)
            if found == "decide" and right == "decide":
                found = answer.json()["authority"]["verdict"]
            verdicts.add((attempt.kinds[0], found))
            if found != right:
                wrong.append(f"{attempt.kinds[0]:20} {role:18} {dict(effect)} expected {right}, got {found}")
    assert not wrong, f"under {template}:\n" + "\n".join(wrong)
    kinds = {attempt.kinds[0] for attempt in attempts}
    assert {(kind, verdict) for kind in kinds for verdict in ("propose", "no")} <= verdicts
    await _done(site, attempts)


async def _done(site: Site, attempts: Sequence[Attempt]) -> None:
    """The first of each kind that its owner may decide is carried out, and says so."""
    done = set()
    for attempt in attempts:
        kind = attempt.kinds[0]
        if kind in done:
            continue
        effect = await site.effect(attempt)
        if verdict(site.document, ["owner"], attempt.kinds, effect) != "decide":
            continue
        answer = await site.send(attempt, "owner", dry_run=False)
        assert answer.status_code in (200, 201), answer.text
        assert answer.headers["tandem-effect"] == "applied"
        done.add(kind)
    assert done >= {"budget.line", "cost.posting", "schedule.dates", "scope.task", "resource.assign"}


@pytest.mark.parametrize("limit", [0, 450, 960])
async def test_the_very_limit_is_inside_and_a_minute_more_is_not(planning: ServiceUnderTest, limit: int) -> None:
    """The float that is used is exactly what the task was made longer by, so the cells above stand at the limit itself."""
    grant = {"role": "coordinator", "kind": "schedule.dates", "may": "decide", "limits": {"float_minutes": limit}}
    document = TEMPLATES["standard"].document
    kept = [each for each in document["grants"] if (each["role"], each["kind"]) != ("coordinator", "schedule.dates")]
    policy = document | {"grants": [*kept, grant]}
    site = Site(await planning.world(policy), policy)
    await site.build()
    for minutes, right in ((limit, "decide"), (limit + 1, "propose")):
        attempt = site.longer("fence", minutes)
        if minutes:
            assert (await site.effect(attempt))["float_minutes"] == minutes
        answer = await site.send(attempt, "coordinator", dry_run=True)
        assert answer.json()["authority"]["verdict"] == right, answer.text
