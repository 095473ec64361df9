"""One object of every kind, made through the API itself, so that every path of the description can be filled in."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from services.kernel.http_client import Response
from services.kernel.ids import new_id
from tests.contract.operations import Operation
from tests.factories.accounts import accept, invite, sign_in
from tests.factories.scim import make_provisioner
from tests.factories.system import Person, SystemUnderTest, Tenant

PROJECT = "/v1/projects/{projects}"
FILE = {"file": ("minutes.txt", b"All present.", "text/plain")}
_PLAN = b"""<?xml version="1.0"?><Project xmlns="http://schemas.microsoft.com/project"><Name>Bridge</Name>
<StartDate>2026-03-02T08:00:00</StartDate><Tasks><Task><UID>1</UID><ID>1</ID><Name>Survey</Name><OutlineLevel>1</OutlineLevel>
<Duration>PT8H0M0S</Duration></Task></Tasks></Project>"""
PLAN = {"file": ("bridge.xml", _PLAN, "application/xml")}
PROVIDER = {
    "name": "Example AS",
    "issuer": "http://127.0.0.1:1",
    "client_id": "tandem",
    "redirect_uri": "https://tandem.example.org/signed-in",
}
# How one object of each noun comes to be, in this order; `{noun}` stands for the id of an object made before. A GET takes
# the first of the list. `tasks` is made twice, because a dependency needs two.
RECIPES: tuple[tuple[str, str, str, Any], ...] = (
    ("tokens", "POST", "/v1/tokens", {"name": "contract", "scopes": ["planning:read"]}),
    ("invitations", "POST", "/v1/invitations", "example"),
    (
        "oauth-clients",
        "POST",
        "/v1/oauth-clients",
        {"person_id": "{machines}", "name": "contract", "scopes": ["planning:read"]},
    ),
    ("identity-providers", "POST", "/v1/identity-providers", PROVIDER),
    ("memberships", "GET", f"{PROJECT}/memberships?role=stakeholder", None),
    ("policy-versions", "GET", f"{PROJECT}/policy-versions", None),
    ("group-grants", "POST", f"{PROJECT}/group-grants", {"group_id": "{crews}", "role": "member"}),
    ("delegations", "POST", f"{PROJECT}/delegations", "example"),
    (
        "goals",
        "POST",
        f"{PROJECT}/goals",
        {"title": "Open before summer", "success_criteria": [{"statement": "Open."}]},
    ),
    ("success-criteria", "GET", f"{PROJECT}/success-criteria", None),
    ("decisions", "GET", f"{PROJECT}/decisions", None),
    ("calendars", "POST", f"{PROJECT}/calendars", "example"),
    ("successors", "POST", f"{PROJECT}/tasks", {"title": "Build", "duration_minutes": 900}),
    ("tasks", "POST", f"{PROJECT}/tasks", {"title": "Dig", "duration_minutes": 450, "assignee_id": "{people}"}),
    ("dependencies", "POST", f"{PROJECT}/dependencies", {"predecessor_id": "{tasks}", "successor_id": "{successors}"}),
    ("chores", "POST", f"{PROJECT}/tasks", {"title": "Sweep", "duration_minutes": 0}),
    ("plan-changes", "GET", f"{PROJECT}/plan-changes", None),
    ("baselines", "POST", f"{PROJECT}/baselines", "example"),
    ("cost-codes", "POST", f"{PROJECT}/cost-codes", "example"),
    ("accounting-periods", "POST", f"{PROJECT}/accounting-periods", "example"),
    (
        "closed-periods",
        "POST",
        f"{PROJECT}/accounting-periods",
        {"name": "December 2025", "starts_on": "2025-12-01", "ends_on": "2025-12-31"},
    ),
    (
        "closed-periods",
        "POST",
        "/v1/accounting-periods/{closed-periods}/closing",
        {"state": "closed", "reason": "The year is over."},
    ),
    ("budget-lines", "POST", f"{PROJECT}/budget-lines", "example"),
    ("commitments", "POST", f"{PROJECT}/commitments", "example"),
    ("actuals", "POST", f"{PROJECT}/actuals", "example"),
    ("risks", "POST", f"{PROJECT}/risks", "example"),
    ("risk-responses", "POST", f"{PROJECT}/risk-responses", "example"),
    ("resources", "POST", f"{PROJECT}/resources", "example"),
    ("substitutes", "POST", f"{PROJECT}/resources", {"name": "Another crane"}),
    ("assignments", "POST", f"{PROJECT}/assignments", "example"),
    ("absences", "POST", f"{PROJECT}/absences", "example"),
    # A competence is the whole tenant's, which has several projects.
    ("competences", "POST", "/v1/competences", {"name": "{people}"}),
    ("resource-competences", "POST", f"{PROJECT}/resource-competences", "example"),
    ("competence-demands", "POST", f"{PROJECT}/competence-demands", "example"),
    ("staffing-requests", "POST", f"{PROJECT}/staffing-requests", "example"),
    (
        "contracts",
        "POST",
        f"{PROJECT}/contracts",
        {"number": "K-14", "title": "Piles", "counterparty": "Fjell AS", "kind": "fixed_price", "status": "signed"},
    ),
    ("contract-milestones", "POST", f"{PROJECT}/contract-milestones", "example"),
    ("contract-options", "POST", f"{PROJECT}/contract-options", "example"),
    ("contract-change-orders", "POST", f"{PROJECT}/contract-change-orders", "example"),
    ("boards", "POST", f"{PROJECT}/boards", "example"),
    ("board-columns", "POST", f"{PROJECT}/board-columns", {"board_id": "{boards}", "name": "Here"}),
    ("board-cards", "POST", "/v1/tasks/{tasks}/board-position", {"column_id": "{board-columns}"}),
    ("empty-columns", "POST", f"{PROJECT}/board-columns", {"board_id": "{boards}", "name": "There"}),
    ("checklist-items", "POST", f"{PROJECT}/checklist-items", "example"),
    ("custom-fields", "POST", f"{PROJECT}/custom-fields", "example"),
    ("labels", "POST", f"{PROJECT}/labels", "example"),
    ("task-briefs", "POST", f"{PROJECT}/task-briefs", "example"),
    ("needs", "POST", f"{PROJECT}/needs", "example"),
    ("recurrences", "POST", f"{PROJECT}/recurrences", "example"),
    ("plan-templates", "POST", f"{PROJECT}/plan-templates", "example"),
    ("decision-reviews", "POST", f"{PROJECT}/decision-reviews", {"decision_id": "{decisions}"}),
    (
        "conflicts",
        "POST",
        f"{PROJECT}/conflicts",
        {
            "kind": "resource",
            "title": "The crane in week 12",
            "parties": [{"type": "resource", "id": "{resources}", "name": "Crane"}],
            "options": [
                {"title": "It waits", "write": {"noun": "task", "task_id": "{tasks}", "patch": {"priority": 400}}},
            ],
        },
    ),
    ("responsibilities", "POST", f"{PROJECT}/responsibilities", "example"),
    ("passed-gates", "POST", f"{PROJECT}/gates", {"code": "G1", "title": "Choice of concept", "position": 10}),
    ("gates", "POST", f"{PROJECT}/gates", "example"),
    (
        "gate-passages",
        "POST",
        f"{PROJECT}/gate-passages",
        {"gate_id": "{passed-gates}", "outcome": "passed", "reason": "The board met."},
    ),
    ("meetings", "POST", f"{PROJECT}/meetings", "example"),
    ("agenda-items", "POST", f"{PROJECT}/agenda-items", "example"),
    ("attendances", "GET", f"{PROJECT}/attendances", None),
    ("outcomes", "POST", f"{PROJECT}/outcomes", "example"),
    ("documents", "POST", f"{PROJECT}/documents", FILE),
    ("document-versions", "GET", "/v1/documents/{documents}/versions", None),
    ("imports", "POST", f"{PROJECT}/imports", PLAN),
    (
        "import-mappings",
        "POST",
        f"{PROJECT}/import-mappings",
        {"name": "Task list", "columns": [{"column": "Task", "member": "title"}]},
    ),
    ("levelling-runs", "POST", f"{PROJECT}/levelling-runs", "example"),
    (
        "archived-projects",
        "POST",
        "/v1/archived-projects",
        {"project_id": "{spare-projects}", "reason": "It was handed over."},
    ),
    ("status-reports", "POST", f"{PROJECT}/status-reports", "example"),
)
# What only administrators do and see.
ADMINISTRATORS = (
    *("/v1/people", "/v1/tenants", "/v1/invitations", "/v1/oauth-clients", "/v1/identity-providers"),
    *("/v1/competences", "/v1/archived-projects", "/v1/tenant-fields", "/v1/plan-templates"),
)
# What a member `…_id` of an example refers to where its name does not say so.
REFERENCES = {
    "predecessor_id": "tasks",
    "successor_id": "successors",
    "parent_id": "summaries",
    "after_id": "successors",
    "parent_task_id": "tasks",
    "column_id": "board-columns",
    "by_resource_id": "substitutes",
}


# What only whoever proposed it may do with a proposal; the inventory's is the coordinator's.
OF_THE_PROPOSER = {
    "PATCH /v1/proposals/{proposal_id}",
    "DELETE /v1/proposals/{proposal_id}",
    "POST /v1/proposals/{proposal_id}/submission",
    "POST /v1/proposals/{proposal_id}/withdrawal",
}
# What only the line owner answers, who is the inventory's member.
OF_THE_LINE = {
    "POST /v1/staffing-requests/{staffing_request_id}/offers",
    "POST /v1/staffing-requests/{staffing_request_id}/refusal",
}

# What only those do who do the task of the inventory, which is its member.
OF_THE_ASSIGNEE = {"POST /v1/task-briefs/{task_brief_id}/acknowledgements"}


@dataclass
class Inventory:
    """The ids by noun, of a tenant with a project and one person in each role."""

    system: SystemUnderTest
    tenant: Tenant
    ids: dict[str, str] = field(default_factory=dict)
    # The other system that the examples' names come from; a name is one thing's in the whole tenant.
    other_system: str = "erp"

    async def fill(self, operations: Mapping[str, Operation]) -> None:
        """Make one of everything. Raises AssertionError with the answer that was not a success."""
        self.ids["projects"] = str(self.tenant.project_id)
        self.ids["people"] = str(self.tenant["member"].id)
        self.ids["problems"] = "not_found"
        await self._credentials()
        self.ids["external"] = str(new_id())
        await self._group()
        await self._spare_project()
        await self._tenant_field()
        for noun, method, path, body in RECIPES:
            operation = operations.get(f"{method} {path.replace('{projects}', '{project_id}')}")
            by = self.tenant.admin if path.startswith(ADMINISTRATORS) else self.tenant["manager"]
            answer = await self._make(by, method, self.named(path), body, operation)
            assert answer.status_code in (200, 201, 202), f"the recipe for {noun} no longer works: {answer.text}"
            document = answer.json() if answer.status_code != 202 else await self._result(answer)
            self.ids[noun] = document["id"] if method == "POST" else document["data"][0]["id"]
        await self._signed_minutes()
        called = {"type": "task", "project_id": self.ids["projects"], "title": "Called so elsewhere"}
        made = await self.tenant["manager"].request("PUT", self.named("/v1/external/{external}/wbs/1"), json=called)
        assert made.status_code == 201, made.text
        version = (await self.tenant["manager"].get(self.named(PROJECT))).json()["version"]
        asked = await self.tenant["coordinator"].patch(self.named(PROJECT), {"status": "executing"}, version)
        assert asked.status_code == 202, asked.text
        self.ids["proposals"] = asked.json()["id"]
        said = await self.tenant["member"].post(f"{asked.headers['location']}/comments", {"text": "Not before May."})
        assert said.status_code == 201, said.text
        self.ids["proposal-comments"] = said.json()["id"]

    async def _credentials(self) -> None:
        """A machine, and an account with a session for the manager."""
        added = await self.tenant.admin.post(
            "/v1/people", {"name": "Robot", "email": f"robot-{new_id()}@example.org", "kind": "integration"}
        )
        assert added.status_code == 201, added.text
        self.ids["machines"] = added.json()["id"]
        manager = self.tenant["manager"]
        address = (await manager.get("/v1/me")).json()["email"]
        _, code = await invite(self.system, self.tenant, manager.id, address)
        accepted = await accept(self.system, code, address)
        assert accepted.status_code == 201, accepted.text
        signed_in = await sign_in(self.system, address, tenant_id=accepted.json()["tenant_id"])
        assert signed_in.status_code == 201, signed_in.text
        self.ids["sessions"] = signed_in.json()["id"]

    async def _group(self) -> None:
        """Groups of the tenant's directory, as its provisioner makes them: one to grant, one that is granted."""
        provisioner = await make_provisioner(self.system, self.tenant)
        self.ids["groups"] = (await provisioner.group("Bridge crew", self.ids["people"]))["id"]
        self.ids["crews"] = (await provisioner.group("Night crew"))["id"]

    async def _spare_project(self) -> None:
        """Another project, that may go to the archive. A key is one project's in the whole tenant."""
        body = {"key": f"OLD{new_id().hex[-6:].upper()}", "name": "The old bridge", "start": "2026-03-02T08:00:00"}
        made = await self._make(self.tenant["manager"], "POST", "/v1/projects", body, None)
        assert made.status_code == 201, made.text
        self.ids["spare-projects"] = made.json()["id"]

    async def _tenant_field(self) -> None:
        """A field of all projects, whose key is one thing's in the whole tenant."""
        field = {"key": f"f{new_id().hex}", "name": "Cost centre", "field_type": "text"}
        made = await self.tenant.admin.post("/v1/tenant-fields", field)
        assert made.status_code == 201, made.text
        self.ids["tenant-fields"] = made.json()["id"]

    async def _make(self, manager: Person, method: str, path: str, body: Any, operation: Operation | None) -> Response:
        if method == "GET":
            return await manager.get(path)
        if body in (FILE, PLAN):
            return await manager.request("POST", path, files=body, data={"title": "Minutes"} if body is FILE else None)
        if body == "example":
            assert operation is not None
            body = operation.example
        return await manager.post(path, self.referring(body))

    async def _result(self, accepted: Response) -> Any:
        """What the job of a 202 has made, once it has succeeded."""
        manager = self.tenant["manager"]
        async with asyncio.timeout(20):
            while (job := (await manager.get(accepted.headers["location"])).json())["state"] in ("queued", "running"):
                await asyncio.sleep(0.1)
        assert job["state"] == "succeeded", job
        return (await manager.get(job["result_url"])).json()

    async def _signed_minutes(self) -> None:
        """Hold and sign a second meeting: its action items and the job of its invitations come into being."""
        manager, project = self.tenant["manager"], self.named(PROJECT)
        called = await manager.post(
            f"{project}/meetings",
            {
                "title": "Site meeting",
                "starts_at": "2026-03-09T08:00:00Z",
                "ends_at": "2026-03-09T09:00:00Z",
                "attendees": [{"person_id": str(self.tenant["member"].id)}],
            },
        )
        assert called.status_code == 201, called.text
        meeting = called.json()["id"]
        invited = await manager.post(f"/v1/meetings/{meeting}/invitations")
        assert invited.status_code == 202, invited.text
        self.ids["jobs"] = invited.headers["location"].rpartition("/")[2]
        outcome = {
            "meeting_id": meeting,
            "kind": "action",
            "title": "Call the supplier",
            "owner_id": str(self.tenant["member"].id),
            "due_date": "2026-03-13",
        }
        noted = await manager.post(f"{project}/outcomes", outcome)
        assert noted.status_code == 201, noted.text
        version = (await manager.get(f"/v1/meetings/{meeting}")).json()["version"]
        held = await manager.patch(f"/v1/meetings/{meeting}", {"status": "held"}, version)
        assert held.status_code == 200, held.text
        minutes = (await manager.get(f"/v1/meetings/{meeting}/minutes")).json()
        headers = {"If-Match": held.headers["etag"]}
        signed = await manager.post(f"/v1/meetings/{meeting}/signature", {"sha256": minutes["sha256"]}, headers=headers)
        assert signed.status_code == 201, signed.text
        self.ids["signed-meetings"] = meeting
        self.ids["action-items"] = (await manager.get(f"{project}/action-items")).json()["data"][0]["id"]

    # -- filling in ---------------------------------------------------------------------------------------------------

    def named(self, template: str) -> str:
        """`{noun}` replaced by the id of that noun's object."""
        for noun, object_id in self.ids.items():
            template = template.replace(f"{{{noun}}}", object_id)
        return template

    def path(self, operation: Operation, **others: str) -> str:
        """The operation's path with this inventory's ids, or with another id for the noun that `others` names."""
        path = operation.path
        for noun, parameter in operation.places:
            path = path.replace(f"{{{parameter}}}", others.get(noun, self.ids.get(noun, "")), 1)
        return path.replace("{type}/{external_id}", "wbs/1")

    def referring(self, body: Any, member: str = "") -> Any:
        """An example in which every `…_id` refers to an object of the inventory, so that it can be sent."""
        if isinstance(body, dict):
            return {name: self.referring(value, name) for name, value in body.items()}
        if isinstance(body, list):
            return [self.referring(value, member.removesuffix("s")) for value in body]
        if not isinstance(body, str):
            return body
        if body.startswith("{") and body.endswith("}"):
            return self.named(body)
        if member == "system":
            return self.other_system if body == "erp" else body
        if member == "path":
            return re.sub(r"(?<=/v1/projects/)[^/]+", self.ids["projects"], body)
        if member == "expires_at":
            return (datetime.now(UTC) + timedelta(days=30)).isoformat()
        if member.endswith("_id") and not body.startswith("$"):
            noun = REFERENCES.get(member, member.removesuffix("_id").replace("_", "-") + "s")
            return self.ids.get(noun, str(self.tenant["member"].id))
        return body

    def body(self, operation: Operation) -> Any:
        return self.referring(operation.example)

    def payload(self, operation: Operation) -> dict[str, Any]:
        """What a request of the operation carries, as options of the client."""
        if "multipart/form-data" in operation.media_types:
            titled = {"title": "Minutes"} if operation.path.endswith("/documents") else {}
            return {"files": PLAN if operation.path.endswith("/imports") else FILE, "data": titled}
        return {} if operation.body is None else {"json": self.body(operation)}

    def query(self, operation: Operation) -> dict[str, str]:
        """Values for the query parameters that the operation cannot do without."""
        return {
            name: self.ids["tasks"]
            if name in ("from", "to")
            else self.referring("id", name)
            if name.endswith("_id")
            else "1"
            for name, parameter in operation.query.items()
            if parameter.get("required")
        }

    def caller(self, operation: Operation) -> Person:
        """Who may do this."""
        if operation.path.endswith("/policy"):
            # The example sets what binds the manager.
            return self.tenant["owner"]
        if str(operation) in OF_THE_PROPOSER:
            return self.tenant["coordinator"]
        if str(operation) in OF_THE_LINE | OF_THE_ASSIGNEE:
            return self.tenant["member"]
        return self.tenant.admin if operation.path.startswith(ADMINISTRATORS) else self.tenant["manager"]

    async def version(self, operation: Operation) -> str:
        """The ETag of what the operation changes."""
        if not operation.places:
            return '"1"'
        path = self.path(operation)
        if operation.method == "POST":
            noun = operation.places[0][0]
            path = f"/v1/{noun}/{self.ids[noun]}"
        return (await self.caller(operation).get(path)).headers["etag"]
