"""Every operation x everybody x where the object is: the answer is the one that tests/contract/oracle.py expects.

Writes are dry runs, so one system serves the whole table. A route that the oracle cannot place fails.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from services.kernel.http_client import Response
from tests.contract.inventory import PROJECT, Inventory
from tests.contract.operations import Description, Operation
from tests.contract.oracle import EVERYBODY, Measures, NotPlaced, Where, expected_of_read, expected_of_write, measured
from tests.factories.system import Person, SystemUnderTest, add_person, beside

AT_ONCE = 8
# Writes that the state of the inventory's object does not allow, whoever asks: it was done already, or is not that far.
# Whoever has no right learns that first, or the state of what they see.
STATE = {
    "DELETE /v1/jobs/{job_id}": "job_finished",
    "DELETE /v1/proposals/{proposal_id}": "no_draft",
    "POST /v1/email-changes": "no_account",
    "POST /v1/password-changes": "no_account",
    "POST /v1/identity-providers": "issuer_refused",
    "POST /v1/projects/{project_id}/action-items/batch": "batch_refused",
    "POST /v1/projects/{project_id}/attendances/batch": "batch_refused",
    "POST /v1/projects/{project_id}/dependencies/batch": "batch_refused",
    "POST /v1/projects/{project_id}/imports": "plan_already_imported",
    "POST /v1/projects/{project_id}/plan-instantiations": "plan_not_empty",
    "POST /v1/levelling-runs/{levelling_run_id}/application": "levelling_outdated",
    "POST /v1/status-reports/{report_id}/publication": "status_report_not_signed",
    "POST /v1/staffing-requests/{staffing_request_id}/agreement": "not_negotiated",
}
# Refusals of a rule that stands beside the policy.
RULES = {
    # Whoever calls a meeting chairs it, and the chair is on the project.
    ("POST /v1/projects/{project_id}/meetings", "portfolio_manager"): "unknown_reference",
    # The manager of the inventory has an account, with another password than the example's.
    ("POST /v1/email-changes", "manager"): "wrong_password",
    ("POST /v1/password-changes", "manager"): "wrong_password",
}
# A draft that its author may not even propose is refused step by step.
REFUSED_STEPS = "POST /v1/projects/{project_id}/proposals"


@dataclass(frozen=True)
class Request:
    """One operation on the objects of one inventory, the same for everybody who sends it."""

    operation: Operation
    path: str
    options: dict[str, Any]


class Matrix:
    """A tenant with a project, a second project beside it, another tenant; and everybody who asks."""

    def __init__(self, inventories: dict[Where, Inventory], people: dict[str, Person]) -> None:
        self.inventories = inventories
        self.people = people
        self.http = inventories["own project"].system.http

    async def document(self, where: Where) -> dict[str, Any]:
        inventory = self.inventories[where]
        answer = await inventory.tenant["owner"].get(inventory.named(f"{PROJECT}/policy"))
        document: dict[str, Any] = answer.json()["document"]
        return document

    async def request(self, operation: Operation, where: Where) -> Request:
        inventory = self.inventories[where]
        params, headers = inventory.query(operation), {}
        if operation.writes:
            params["dry_run"] = "true"
            headers["If-Match"] = await inventory.version(operation)
        # What the inventory has already, with other words.
        others: dict[str, dict[str, Any]] = {
            "POST /v1/projects": {"key": "NEW"},
            "POST /v1/oauth-clients": {"person_id": "{machines}"},
            "POST /v1/projects/{project_id}/accounting-periods": {"starts_on": "2027-01-01", "ends_on": "2027-01-31"},
            "POST /v1/projects/{project_id}/assignments": {"task_id": "{loose}"},
            "POST /v1/projects/{project_id}/attendances": {"person_id": str(inventory.tenant["auditor"].id)},
            "POST /v1/projects/{project_id}/competence-demands": {"task_id": "{loose}"},
            "POST /v1/projects/{project_id}/contracts": {"number": "K-99"},
            "POST /v1/projects/{project_id}/task-briefs": {"task_id": "{loose}"},
            "POST /v1/projects/{project_id}/cost-codes": {"code": "99"},
            "POST /v1/projects/{project_id}/custom-fields": {"key": "another"},
            "POST /v1/projects/{project_id}/dependencies": {"successor_id": "{loose}"},
            "POST /v1/projects/{project_id}/gates": {"code": "G99", "position": 990},
            "POST /v1/projects/{project_id}/labels": {"name": "steel"},
            "POST /v1/projects/{project_id}/memberships": {
                "person_id": str(inventory.tenant["stranger"].id),
                "role": "stakeholder",
            },
            "POST /v1/projects/{project_id}/responsibilities": {
                "person_id": str(inventory.tenant["auditor"].id),
                "part": "consulted",
            },
        }
        payload = inventory.payload(operation)
        if str(operation) in others:
            changed = {
                name: inventory.named(value) if isinstance(value, str) else value
                for name, value in others[str(operation)].items()
            }
            payload = {"json": payload["json"] | changed}
        replaced = {}
        if operation.path.endswith("/distributions"):
            replaced["meetings"] = inventory.ids["signed-meetings"]
        if operation.path.endswith("/reopening"):
            replaced["accounting-periods"] = inventory.ids["closed-periods"]
        if str(operation) == "DELETE /v1/board-columns/{board_column_id}":
            # The other one holds a card.
            replaced["board-columns"] = inventory.ids["empty-columns"]
        return Request(
            operation, inventory.path(operation, **replaced), {"params": params, "headers": headers} | payload
        )

    async def ask(self, request: Request, somebody: str) -> Response:
        """Whoever is told that somebody else is at it, or that there is no room just now, tries again."""
        method, path, options = request.operation.method, request.path, request.options
        answer = None
        for _ in range(20):
            if somebody == "anonymous":
                answer = await self.http.request(method, path, **options)
            else:
                answer = await self.people[somebody].request(method, path, **options)
            if answer.status_code not in (409, 503) or not answer.json()["retryable"]:
                return answer
        raise AssertionError(f"{method} {path} never came through: {answer and answer.text}")


@pytest.fixture(scope="module")
async def matrix(system: SystemUnderTest, description: Description, theirs: Inventory) -> Matrix:
    operations = {str(operation): operation for operation in description}
    own = Inventory(system, await system.tenant())
    other = Inventory(system, await beside(own.tenant), other_system="crm")
    for inventory in (own, other):
        await inventory.fill(operations)
    for inventory in (own, other, theirs):
        loose = {"title": "Paint", "duration_minutes": 60}
        made = await inventory.tenant["manager"].post(inventory.named(f"{PROJECT}/tasks"), loose)
        assert made.status_code == 201, made.text
        inventory.ids["loose"] = made.json()["id"]
    people = dict(own.tenant.people) | {"admin": own.tenant.admin}
    # The inventory's member is the one to whom the manager's role was lent.
    people["deputy"] = people["member"]
    people["member"] = await add_person(own.tenant, "Mia", "mia@example.org")
    joined = {"person_id": str(people["member"].id), "role": "member"}
    granted = await own.tenant["manager"].post(own.named(f"{PROJECT}/memberships"), joined)
    assert granted.status_code == 201, granted.text
    people["portfolio_manager"] = await add_person(
        own.tenant, "Paula", "paula@example.org", tenant_role="portfolio_manager"
    )
    return Matrix({"own project": own, "other project": other, "other tenant": theirs}, people)


def of_the_matrix(description: Description) -> Iterator[Operation]:
    """What is asked for with a token and comes to an end; the doors without one have tests of their own."""
    return (operation for operation in description if not operation.anonymous and not operation.streams)


def got(operation: Operation, answer: Response) -> str:
    if answer.status_code == 200:
        return str(answer.json()["authority"]["verdict"]) if operation.writes else "seen"
    if answer.status_code in (401, 403, 404):
        return str(answer.status_code)
    return f"{answer.status_code} {answer.json()['code']}"


def expected(operation: Operation, somebody: str, where: Where, document: Any, measures: Any) -> set[str]:
    """The answers that are right in one cell."""
    if not operation.writes:
        return {expected_of_read(operation, somebody, where)}
    said = expected_of_write(operation, somebody, where, document, measures)
    if said == "403" and str(operation) == REFUSED_STEPS:
        return {"422 step_refused"}
    rule = RULES.get((str(operation), somebody))
    if rule is not None and said in ("decide", "propose"):
        return {f"409 {rule}", f"422 {rule}", "403"} if rule == "wrong_password" else {f"422 {rule}"}
    state = STATE.get(str(operation))
    if state is None or said in ("401", "404"):
        return {said}
    refused = {f"409 {state}", f"422 {state}"}
    return refused | {"403"} if said == "403" else refused


@pytest.mark.parametrize("where", ["own project", "other project", "other tenant"])
async def test_everybody_gets_of_every_route_what_is_theirs(
    matrix: Matrix, description: Description, where: Where
) -> None:
    document = await matrix.document(where)
    at_once = asyncio.Semaphore(AT_ONCE)
    wrong: list[str] = []
    cells = 0

    async def cell(request: Request, somebody: str, measures: Any) -> None:
        async with at_once:
            answer = await matrix.ask(request, somebody)
        right = expected(request.operation, somebody, where, document, measures)
        if (found := got(request.operation, answer)) not in right:
            wrong.append(
                f"{request.operation!s:70} {somebody:18} {where:14} expected {' or '.join(sorted(right))}, got {found}"
            )

    for operation in of_the_matrix(description):
        if where != "own project" and not operation.places:
            continue
        request = await matrix.request(operation, where)
        try:
            measures = await _effects(matrix, request, where) if operation.writes else {}
            await asyncio.gather(*(cell(request, somebody, measures) for somebody in EVERYBODY))
        except NotPlaced as unknown:
            wrong.append(str(unknown))
        cells += len(EVERYBODY)
    assert not wrong, f"{len(wrong)} of {cells} cells:\n" + "\n".join(sorted(wrong))


async def _effects(matrix: Matrix, request: Request, where: Where) -> Measures:
    """The measured effect of a write, as its owner is told, who sees all of it."""
    if not any(kind["effects"] for kind in request.operation.kinds):
        return {}
    inventory = matrix.inventories[where]
    owner = inventory.tenant["owner"]
    answer = await owner.request(request.operation.method, request.path, **request.options)
    return measured(answer.json()["impact"]) if answer.status_code == 200 else {}


async def test_what_spans_the_tenant_holds_nothing_of_projects_that_one_is_not_on(
    matrix: Matrix, description: Description
) -> None:
    kept = {
        "people",
        "groups",
        "crews",
        "competences",
        "tenant-fields",
        "plan-templates",
        "machines",
        "problems",
        "tokens",
        "sessions",
        "invitations",
        "oauth-clients",
        "identity-providers",
    }
    wrong = []
    for operation in of_the_matrix(description):
        if operation.method != "GET" or operation.places:
            continue
        for where in ("other project", "other tenant"):
            ids = [each for noun, each in matrix.inventories[where].ids.items() if noun not in kept]
            for somebody, person in matrix.people.items():
                if somebody == "portfolio_manager" and where == "other project":
                    continue
                if somebody == "admin" and where == "other project" and operation.path == "/v1/archived-projects":
                    continue  # The archive is the tenant's.
                answer = await person.get(operation.path, params=matrix.inventories["own project"].query(operation))
                wrong += [f"{operation} shows {somebody} {each} of the {where}" for each in ids if each in answer.text]
    assert not wrong, "\n".join(wrong)
