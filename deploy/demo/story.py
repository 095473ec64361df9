"""The story that the demo plays: from a Microsoft Project file to a signed status report, all through the public API.

The system tests play it too, in both modes, and look at what it leaves behind. They play it under every policy template: who
may not decide a step proposes it, or is refused, and whoever may decide says yes or does it instead.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import orjson

from deploy.demo.people import ROLES, Person, UnexpectedAnswer
from gateway.identity.bootstrap import create_tenant
from services.kernel.database import Database
from services.kernel.http_client import HttpClient, Response, client
from services.kernel.identity import ALL_SCOPES
from services.kernel.settings import Settings

PLAN = Path(__file__).with_name("software-project.xml")
TENANT = "Nordlys Software"
PATIENCE_SECONDS = 30.0
# What became of a step in the hands of whoever took it first.
Verdict = Literal["applied", "proposed", "refused"]

Say = Callable[[str], None]


async def play(
    gateway_url: str, environment: Mapping[str, str], folder: Path, say: Say = print
) -> list[tuple[str, str]]:
    """Play the story for a fresh tenant. Returns rows of what there is to see: names and addresses or tokens.

    The report's page and PDF are put into `folder` as well, since a browser has no token to ask for them with.
    """
    admin_token = await found_tenant(environment)
    async with client(gateway_url, timeout_seconds=60) as http:
        story = Story(http, folder, say)
        await story.gather(admin_token)
        for step in story.steps():
            await step()
    return story.table(gateway_url)


async def found_tenant(environment: Mapping[str, str]) -> str:
    """A fresh tenant with its administrator, whose token is returned."""
    database = Database(Settings.load("gateway", environment))
    await database.open()
    try:
        return await create_tenant(database, TENANT, "Ada Admin", "ada@example.org")
    finally:
        await database.close()


class Story:
    """One playing of the story; its attributes are what earlier steps left for later ones and for tests.

    `verdicts` tells what became of each act, in the order in which they came.
    """

    def __init__(self, http: HttpClient, folder: Path, say: Say, template: str = "standard") -> None:
        self.http = http
        self.folder = folder
        self.say = say
        self.template = template
        self.verdicts: dict[str, Verdict] = {}
        self.people: dict[str, Person] = {}
        self.project_id = ""
        self.tasks: list[dict[str, Any]] = []
        self.proposal: dict[str, Any] = {}
        self.applied: dict[str, Any] = {}
        self.meeting_id = ""
        self.document: dict[str, Any] = {}
        self.report_id = ""
        self.client_report_id = ""
        self.overview: dict[str, Any] = {}
        self.action: dict[str, Any] = {}

    def steps(self) -> list[Any]:
        return [
            self.import_plan,
            self.set_goal_and_baseline,
            self.pass_first_gate,
            self.change_durations,
            self.keep_the_books,
            self.raise_risk,
            self.hold_meeting,
            self.file_document,
            self.report_progress,
            self.sign_status_report,
            self.read_the_feed,
        ]

    @property
    def project(self) -> str:
        return f"/v1/projects/{self.project_id}"

    # -- who decides --------------------------------------------------------------------------------------------------

    async def act(
        self, name: str, role: str, method: str, path: str, body: Any, *, version: int | None = None
    ) -> Response:
        """Let somebody do it; where the policy only lets them propose it, whoever may decide accepts it.

        Returns the answer to the act itself, so a proposal where it became one; `made` leads on to the object.
        """
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        answer = await self.people[role].ask(method, path, (200, 201, 202), json=body, headers=headers)
        self.verdicts[name] = "proposed" if answer.headers.get("tandem-effect") == "proposed" else "applied"
        if self.verdicts[name] == "proposed":
            await self.accept(answer.json())
        return answer

    async def made(self, answer: Response, path: str) -> Any:
        """The object that an act has made or changed, at `path` with its id filled in, whoever decided it in the end."""
        document = answer.json()
        if answer.headers.get("tandem-effect") == "proposed":
            document = (await self.people["manager"].get(f"/v1/proposals/{document['id']}"))["result"]
        return await self.people["manager"].get(path.format(document["id"]))

    async def accept(self, proposal: Mapping[str, Any]) -> None:
        """Somebody who may decide the proposal, and has not made it, says yes."""
        able = [each["person_id"] for each in proposal["decidable_by"] if each["person_id"] != proposal["proposer_id"]]
        decider = next((person for person in self.people.values() if person.id in able), None)
        if decider is None:
            raise UnexpectedAnswer(f"nobody here may decide {proposal['title']}")
        decision = {"decision": "accept", "reason": "So it was agreed."}
        settled = await decider.post(f"/v1/proposals/{proposal['id']}/decision", decision, 200)
        if settled["state"] != "accepted":
            raise UnexpectedAnswer(f"{proposal['title']} is {settled['state']}: {settled['problem']}")

    # -- the people ---------------------------------------------------------------------------------------------------

    async def gather(self, admin_token: str) -> None:
        """Everybody of the demo, with a token each."""
        admin = Person(self.http, "Ada Admin", "", admin_token)
        scopes = sorted(ALL_SCOPES - {"admin"})
        for role, (name, email, language) in ROLES.items():
            added = await admin.post("/v1/people", {"name": name, "email": email, "language": language})
            drawn = await admin.post("/v1/tokens", {"name": "demo", "person_id": added["id"], "scopes": scopes})
            self.people[role] = Person(self.http, name, added["id"], drawn["secret"])
        self.people["admin"] = admin
        self.say(f"   {TENANT}: " + ", ".join(f"{name} ({role})" for role, (name, _, _) in ROLES.items()))

    # -- 1 ------------------------------------------------------------------------------------------------------------

    async def import_plan(self) -> None:
        manager = self.people["manager"]
        created = await manager.post(
            "/v1/projects",
            {
                "key": "NORD",
                "name": "Customer portal",
                "start": "2014-11-06T08:00:00",
                "currency": "NOK",
                "policy_template": self.template,
            },
        )
        self.project_id = created["id"]
        for role in ROLES:
            if role != "manager":
                granter = self.people["admin"] if role == "owner" else manager
                body = {"person_id": self.people[role].id, "role": "member" if role == "second member" else role}
                await granter.post(f"{self.project}/memberships", body)
        imported = await self.imported("manager")
        if imported is None:
            imported = await self.imported("owner")
        if imported is None:
            raise UnexpectedAnswer("nobody here may import the plan")
        self.tasks = await self.all_tasks()
        summaries = sum(task["summary"] for task in self.tasks)
        self.say(
            f"1  Imported {PLAN.name}: {len(self.tasks)} tasks ({summaries} summaries), from {self.tasks[0]['start'][:10]} "
            f"to {max(task['finish'] for task in self.tasks)[:10]}; report: {_count_of(imported['report'])}"
        )

    async def imported(self, role: str) -> Any:
        """The import of the plan, or None where it is more than this person may decide. A file is not proposed."""
        person = self.people[role]
        files = {"file": (PLAN.name, PLAN.read_bytes(), "application/xml")}
        answer = await person.ask("POST", f"{self.project}/imports", 202, files=files)
        job = await self.ended(person, answer.headers["location"])
        refused = job["state"] == "failed" and job["problem"]["code"] == "authority_required"
        self.verdicts.setdefault("import the plan", "refused" if refused else "applied")
        return None if refused else await person.get(self.require_success(job)["result_url"])

    async def finished(self, person: Person, location: str) -> dict[str, Any]:
        """The job when it has succeeded, with its progress told on the way."""
        return self.require_success(await self.ended(person, location))

    def require_success(self, job: dict[str, Any]) -> dict[str, Any]:
        if job["state"] != "succeeded":
            raise UnexpectedAnswer(f"the job {job['id']} has {job['state']}: {job['problem']}")
        return job

    async def ended(self, person: Person, location: str) -> dict[str, Any]:
        shown, deadline = -1, time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            job: dict[str, Any] = await person.get(location)
            if job["state"] in ("succeeded", "failed", "cancelled"):
                return job
            if job["progress"] != shown and job["step"]:
                shown = job["progress"]
                self.say(f"     {shown:3d} % {job['step']}")
            await asyncio.sleep(0.1)
        raise UnexpectedAnswer(f"{location} is not done after {PATIENCE_SECONDS:.0f} s")

    async def all_tasks(self) -> list[dict[str, Any]]:
        tasks: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self.people["manager"].get(f"{self.project}/tasks?limit=200{cursor}")
            tasks += page["data"]
            if page["page"]["next_cursor"] is None:
                return tasks
            cursor = f"&cursor={page['page']['next_cursor']}"

    # -- 2 ------------------------------------------------------------------------------------------------------------

    async def set_goal_and_baseline(self) -> None:
        target = {
            "measure": "Orders placed online",
            "unit": "%",
            "baseline": "12",
            "target": "60",
            "due_date": "2015-06-30",
        }
        await self.act(
            "set a goal",
            "manager",
            "POST",
            f"{self.project}/goals",
            {
                "title": "Customers help themselves",
                "statement": "Most orders come in through the portal before the summer.",
                "targets": [target],
                "success_criteria": [
                    {"statement": "60 % of orders are placed online."},
                    {"statement": "No paper forms."},
                ],
            },
        )
        agreed = {"name": "Approved plan", "reason": "Agreed with the client at the kick-off."}
        answer = await self.act("agree on the baseline", "manager", "POST", f"{self.project}/baselines", agreed)
        baseline = await self.made(answer, "/v1/baselines/{}")
        self.say(f"2  Goal with a target and two success criteria; baseline {baseline['number']} set as a decision")

    async def pass_first_gate(self) -> None:
        """Where the sector has a phase model, the project begins at its first gate."""
        gates = (await self.people["manager"].get(f"{self.project}/gates?limit=1"))["data"]
        if not gates:
            return
        gate = gates[0]
        passage = {
            "gate_id": gate["id"],
            "outcome": "passed",
            "reason": "The mandate is clear.",
            "criteria": [{"criterion": place, "met": True} for place in range(len(gate["criteria"]))],
        }
        await self.act("pass the first gate", "manager", "POST", f"{self.project}/gate-passages", passage)
        self.say(f"   {gate['code']} passed: {gate['title']}")

    # -- 3 ------------------------------------------------------------------------------------------------------------

    async def change_durations(self) -> None:
        coordinator = self.people["coordinator"]
        critical = self.pick(lambda task: task["critical"])
        longer = {"duration_minutes": critical["duration_minutes"] + 2400}
        headers = {"If-Match": f'"{critical["version"]}"'}
        answer = await coordinator.ask("PATCH", f"/v1/tasks/{critical['id']}", (200, 202), json=longer, headers=headers)
        proposed = answer.status_code == 202
        self.verdicts["lengthen a critical task"] = "proposed" if proposed else "applied"
        # It is decided later, in the meeting.
        self.proposal = answer.json() if proposed else {}
        impact = self.proposal["impact"] if proposed else answer.json()["effects"]["impact"]
        finish = impact["finish"]
        self.say(
            f"3  {coordinator.name} asks for a longer {critical['wbs_code']} {critical['title']}: "
            f"{'202, a proposal; the finish would move' if proposed else '200, applied; the finish moves'} "
            f"from {finish['before'][:10]} to {finish['after'][:10]}"
        )
        slack = self.pick(lambda task: not task["critical"] and task["total_float_minutes"] >= 960)
        half_a_day = {"duration_minutes": slack["duration_minutes"] + 240}
        path = f"/v1/tasks/{slack['id']}"
        answer = await self.act(
            "use half a day of float", "coordinator", "PATCH", path, half_a_day, version=slack["version"]
        )
        self.applied = answer.json()
        done = self.verdicts["use half a day of float"]
        self.say(f"   … and for half a day on {slack['wbs_code']} {slack['title']}, inside its float: {done}")

    def pick(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first task of the outline that work is still to be done on and that fits."""
        for task in self.tasks:
            ready = not task["summary"] and not task["milestone"] and task["percent_complete"] == 0 and task["active"]
            if ready and not task["manual"] and task["duration_minutes"] > 0 and fits(task):
                return task
        raise UnexpectedAnswer("the plan has no task as the story needs it")

    # -- 4 ------------------------------------------------------------------------------------------------------------

    async def keep_the_books(self) -> None:
        codes = {}
        for code, name in (("5000", "Own work"), ("6700", "Consultants")):
            opened = {"code": code, "name": name}
            answer = await self.act(f"open account {code}", "manager", "POST", f"{self.project}/cost-codes", opened)
            codes[code] = (await self.made(answer, "/v1/cost-codes/{}"))["id"]
        top = min(task["outline_level"] for task in self.tasks)
        branches = [task for task in self.tasks if task["summary"] and task["outline_level"] == top]
        for number, branch in enumerate(branches, 1):
            days = sum(task["duration_minutes"] for task in self.leaves_of(branch)) // 450
            await self.act(
                f"budget line {number}",
                "manager",
                "POST",
                f"{self.project}/budget-lines",
                {
                    "task_id": branch["id"],
                    "cost_code_id": codes["5000"],
                    "description": branch["title"],
                    "amount": nok(9_000 * max(days, 1)),
                },
            )
        await self.act(
            "commit to a supplier",
            "manager",
            "POST",
            f"{self.project}/commitments",
            {
                "task_id": branches[-1]["id"],
                "cost_code_id": codes["6700"],
                "supplier": "Fjord Consulting AS",
                "description": "Usability test",
                "amount": nok(180_000),
                "external_ref": {"system": "erp", "type": "purchase_order", "id": "PO-2014-118"},
            },
        )
        postings = [
            {
                "op": "create",
                "body": {
                    "task_id": branch["id"],
                    "cost_code_id": codes["5000"],
                    "amount": nok(amount),
                    "posted_on": day,
                    "external_ref": {"system": "erp", "type": "voucher", "id": f"V-{number}"},
                },
            }
            for number, (branch, amount, day) in enumerate(
                zip(branches, (62_000, 118_500, 41_250), ("2014-11-14", "2014-11-28", "2014-12-12"), strict=False), 1
            )
        ]
        batch = {"atomic": True, "operations": postings}
        for name in ("take over postings", "take them over again"):
            # The ERP sends its batch twice; the second time nothing new comes of it.
            await self.act(name, "manager", "POST", f"{self.project}/actuals/batch", batch)
        self.say(
            f"4  {len(branches)} budget lines by WBS and cost code, a commitment, {len(postings)} postings from the ERP"
        )

    def leaves_of(self, branch: dict[str, Any]) -> list[dict[str, Any]]:
        below = {branch["id"]}
        leaves = []
        for task in self.tasks:
            if task["parent_id"] in below:
                below.add(task["id"])
                if not task["summary"]:
                    leaves.append(task)
        return leaves

    async def raise_risk(self) -> None:
        answer = await self.act(
            "record a risk",
            "coordinator",
            "POST",
            f"{self.project}/risks",
            {
                "title": "The old customer register cannot be migrated in one go",
                "cause": "Its addresses were never checked.",
                "event": "A third of the records is refused.",
                "effect": "They have to be corrected by hand.",
                "probability": "0.40",
                "schedule_impact_minutes": {"low": 900, "likely": 2250, "high": 6750},
                "cost_impact": {"low": nok(50_000), "likely": nok(120_000), "high": nok(400_000)},
                "owner_id": self.people["member"].id,
            },
        )
        risk = await self.made(answer, "/v1/risks/{}")
        await self.act(
            "respond to the risk",
            "manager",
            "POST",
            f"{self.project}/risk-responses",
            {
                "risk_id": risk["id"],
                "strategy": "mitigate",
                "description": "Check a sample of the addresses before the migration begins.",
                "new_task": {"title": "Check a sample of the customer register", "duration_minutes": 900},
                "owner_id": self.people["member"].id,
            },
        )
        self.say("   A risk with probability and three-point impact; its response is a task of the plan")

    # -- 5 ------------------------------------------------------------------------------------------------------------

    async def hold_meeting(self) -> None:
        coordinator, manager = self.people["coordinator"], self.people["manager"]
        invited = [{"person_id": self.people[role].id} for role in ("manager", "member", "second member")]
        subject: dict[str, Any] = {"title": "Where we stand", "planned_minutes": 20}
        if self.proposal:
            subject |= {"title": self.proposal["title"], "proposal_id": self.proposal["id"]}
        answer = await self.act(
            "call a meeting",
            "coordinator",
            "POST",
            f"{self.project}/meetings",
            {
                "title": "Status meeting 1",
                "starts_at": "2014-12-01T08:00:00Z",
                "ends_at": "2014-12-01T09:00:00Z",
                "location": "Room 4",
                "chair_id": manager.id,
                "attendees": invited,
                "agenda": [subject],
            },
        )
        self.meeting_id = (await self.made(answer, "/v1/meetings/{}"))["id"]
        path = f"/v1/meetings/{self.meeting_id}"
        sent = await coordinator.ask("POST", f"{path}/invitations", 202)
        await self.finished(coordinator, sent.headers["location"])
        if self.proposal:
            await self.act(
                "note the decision",
                "coordinator",
                "POST",
                f"{self.project}/outcomes",
                {
                    "meeting_id": self.meeting_id,
                    "kind": "decision",
                    "text": "The longer duration is accepted.",
                    "proposal_id": self.proposal["id"],
                    "decision": "accept",
                    "reason": "The interfaces turned out to be more than we knew.",
                },
            )
        await self.act(
            "note the action",
            "coordinator",
            "POST",
            f"{self.project}/outcomes",
            {
                "meeting_id": self.meeting_id,
                "kind": "action",
                "text": "Ask the supplier for the interface description.",
                "title": "Get the interface description",
                "owner_id": self.people["member"].id,
                "due_date": "2014-12-05",
            },
        )
        await self.act("sign the minutes", "manager", "POST", f"{path}/signature", {})
        if self.proposal:
            await self.settle_in_minutes()
        actions = await self.until(
            f"{self.project}/action-items",
            lambda found: bool(found["data"]) and found["data"][0]["task_id"] is not None,
        )
        self.action = actions["data"][0]
        sent = await coordinator.ask("POST", f"{path}/distributions", 202)
        await self.finished(coordinator, sent.headers["location"])
        self.say(
            f"5  Meeting called, invitations sent, minutes signed by {manager.name}: the proposal is accepted and carried "
            "out, the action item is a task, the minutes are distributed"
        )

    async def settle_in_minutes(self) -> None:
        """Wait for the minutes' decision to be carried out; where it is beyond the signer's limits, somebody above accepts it."""
        outcomes = await self.until(
            f"{self.project}/outcomes?kind=decision", lambda found: found["data"][0]["result"] is not None
        )
        decided = outcomes["data"][0]["result"] == "accepted"
        self.verdicts["decide it in the minutes"] = "applied" if decided else "refused"
        if not decided:
            await self.accept(await self.people["manager"].get(f"/v1/proposals/{self.proposal['id']}"))

    async def until(self, path: str, fits: Callable[[Any], bool]) -> Any:
        """What the path answers once it is as it should be."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not fits(found := await self.people["manager"].get(path)) and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        if fits(found):
            return found
        raise UnexpectedAnswer(f"{path} is not as expected after {PATIENCE_SECONDS:.0f} s: {str(found)[:400]}")

    # -- 6 ------------------------------------------------------------------------------------------------------------

    async def file_document(self) -> None:
        coordinator, manager = self.people["coordinator"], self.people["manager"]
        drafts = [f"Interface agreement, version {number}\n".encode() * 500 for number in (1, 2)]
        first = await coordinator.ask(
            "POST",
            f"{self.project}/documents",
            201,
            files={"file": ("interface-agreement.txt", drafts[0], "text/plain")},
            data={"title": "Interface agreement", "folder": "Contracts"},
        )
        self.document = first.json()
        path = f"/v1/documents/{self.document['id']}"
        version = {"If-Match": f'"{self.document["version"]}"'}
        files = {"file": ("interface-agreement.txt", drafts[1], "text/plain")}
        second = (await coordinator.ask("POST", f"{path}/versions", 201, headers=version, files=files)).json()
        version_id = second["document_version_id"] if "document_version_id" in second else second["id"]
        content = await coordinator.ask("GET", f"/v1/document-versions/{version_id}/content", 200)
        if hashlib.sha256(content.content).hexdigest() != hashlib.sha256(drafts[1]).hexdigest():
            raise UnexpectedAnswer("the document came back with other bytes")
        shared = await manager.get(path)
        share = {"shared_with_guests": True}
        await self.act("share the document", "manager", "PATCH", path, share, version=shared["version"])
        self.say(
            "6  A document in two versions, its SHA-256 verified after download, shared with the guest by the manager"
        )

    # -- 7 ------------------------------------------------------------------------------------------------------------

    async def report_progress(self) -> None:
        coordinator, manager = self.people["coordinator"], self.people["manager"]
        self.tasks = await self.all_tasks()
        begun = [task for task in self.tasks if not task["summary"] and 0 < task["percent_complete"] < 100]
        for number, task in enumerate(begun[:3], 1):
            path = f"/v1/tasks/{task['id']}"
            fresh = await coordinator.get(path)
            further = {"percent_complete": min(90, fresh["percent_complete"] + 25)}
            name = f"report progress {number}"
            await self.act(name, "coordinator", "PATCH", path, further, version=fresh["version"])
        project = await manager.get(self.project)
        today = {"status_date": "2014-12-12T17:00:00"}
        await self.act("set the status date", "manager", "PATCH", self.project, today, version=project["version"])
        self.overview = await manager.get(f"{self.project}/overview")
        self.say(
            "7  Progress recorded; the overview has forecast, earned value, risks, proposals, decisions, overdue actions"
        )

    async def sign_status_report(self) -> None:
        coordinator, manager = self.people["coordinator"], self.people["manager"]
        self.report_id = await self.signed_report("team")
        path = f"/v1/status-reports/{self.report_id}"
        self.folder.mkdir(parents=True, exist_ok=True)
        for language in ("en", "nb"):
            for kind, suffix in (("page", "html"), ("pdf", "pdf")):
                rendered = await manager.ask("GET", f"{path}/{kind}", 200, headers={"Accept-Language": language})
                (self.folder / f"status-report.{language}.{suffix}").write_bytes(rendered.content)
        self.client_report_id = await self.signed_report("client")
        path = f"/v1/status-reports/{self.client_report_id}/publication"
        await self.act("publish the report", "manager", "POST", path, {})
        self.say(
            f"   Status report drafted by {coordinator.name}, signed by {manager.name}, as page and PDF in two languages; "
            "the client's edition is published to the guest"
        )

    async def signed_report(self, audience: str) -> str:
        """A report that the coordinator has drafted and the manager has signed; its id."""
        answer = await self.act(
            f"draft the report for the {audience}",
            "coordinator",
            "POST",
            f"{self.project}/status-reports",
            {
                "period_start": "2014-11-06",
                "period_end": "2014-12-12",
                "audience": audience,
                "progress": "Scope and analysis are done; design has begun.",
                "challenges": "The old customer register is in worse shape than we thought.",
                "decisions_needed": "Whether the usability test is brought forward.",
            },
        )
        report_id: str = (await self.made(answer, "/v1/status-reports/{}"))["id"]
        path = f"/v1/status-reports/{report_id}/signature"
        await self.act(f"sign the report for the {audience}", "manager", "POST", path, {})
        return report_id

    # -- 8 ------------------------------------------------------------------------------------------------------------

    async def read_the_feed(self) -> None:
        told = await self.feed_of(self.people["manager"])
        shared = await self.feed_of(self.people["guest"])
        self.say(f"8  The feed tells the manager {len(told)} events in order, the guest {len(shared)}")

    async def feed_of(self, person: Person) -> list[dict[str, Any]]:
        """All that the person may see of the project, by pages of the feed."""
        events: list[dict[str, Any]] = []
        after = 0
        while True:
            answer = await person.ask("GET", f"/v1/events?project_id={self.project_id}&after={after}&limit=200", 200)
            page = orjson.loads(answer.content)
            events += page["data"]
            if page["next_after"] >= page["head"]:
                return events
            after = page["next_after"]

    # -- what there is to see -----------------------------------------------------------------------------------------

    def table(self, gateway_url: str) -> list[tuple[str, str]]:
        """Addresses and tokens, for people who now want to look around."""
        report = f"{gateway_url}/v1/status-reports/{self.report_id}"
        rows = [
            ("API base", f"{gateway_url}/v1"),
            ("API reference", f"{gateway_url}/v1/reference"),
            ("Project", f"{gateway_url}{self.project}"),
            ("Status report, page", f"{report}/page  (a copy: {self.folder / 'status-report.en.html'})"),
            ("Status report, PDF", f"{report}/pdf  (a copy: {self.folder / 'status-report.en.pdf'})"),
        ]
        return rows + [(f"Token of the {role}", person.token) for role, person in self.people.items()]


def nok(amount: int) -> dict[str, str]:
    return {"amount": f"{amount}.00", "currency": "NOK"}


def _count_of(report: Any) -> str:
    """How many findings of each disposition the import's report has."""
    counts: dict[str, int] = {}
    for finding in report["findings"] if isinstance(report, dict) and "findings" in report else report:
        if isinstance(finding, dict):
            counts[finding["disposition"]] = counts.get(finding["disposition"], 0) + 1
    return (
        ", ".join(f"{count} fields {disposition}" for disposition, count in sorted(counts.items())) or "nothing dropped"
    )
