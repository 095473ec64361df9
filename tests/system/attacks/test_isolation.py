"""Group A of the attack list: nobody reaches, changes or learns of what belongs to another tenant or project.

The victim carries its mark in every text (canary.py), and the watch looks for the mark, the ids and the tokens of the
victim in every answer and every line of the log.
"""

import asyncio
import io
import os
import random
import re
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdf
import pytest

from gateway.archive import tenant_archive
from gateway.identity.bootstrap import create_tenant
from services.kernel.http_client import Response, client
from services.kernel.identity import HEADER, Principal
from services.kernel.ids import new_id
from services.kernel.session import ReadSession
from tests.contract.inventory import PLAN, PROJECT, Inventory
from tests.contract.operations import Description, Operation
from tests.contract.oracle import audience_of, sees
from tests.factories.system import Person, SystemUnderTest, add_person, beside
from tests.system.attacks.conftest import furnished
from tests.system.attacks.watch import SERVICES, Victim, Watch, service_of, tenant_of

# The pools under many tenants: the size of `make races` is that of the list, 200 tenants and 50,000 requests.
RACES = int(os.environ.get("RACES", "400"))
TENANTS, REQUESTS, AT_ONCE = max(2, min(200, RACES // 50)), RACES * 5, 50
INJECTED = "injected into a statement"
SAME = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", "Tandem-Request-Id": "the-same"}
# Everybody's; and the names that other systems give, which are no ids of ours.
EVERYBODYS = ("problems", "external")
ARCHIVE = "/v1/archived-projects"


def with_places(description: Description) -> Iterator[Operation]:
    for operation in description:
        if operation.places and operation.places[0][0] not in EVERYBODYS:
            yield operation


async def ask(person: Person, operation: Operation, path: str, inventory: Inventory, **params: str) -> Response:
    return await person.request(
        operation.method,
        path,
        params=inventory.query(operation) | params,
        headers=SAME | {"If-Match": '"1"'},
        **inventory.payload(operation),
    )


def told(answer: Response, object_id: str) -> tuple[Any, ...]:
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, answer.text.replace(object_id, "?"), headers


async def foreign_and_random(
    person: Person, operation: Operation, attacker: Inventory, victim: Victim
) -> tuple[Response, Response, str]:
    """The same request for an id of the victim's and for one that never was."""
    noun = operation.places[0][0]
    absent = str(new_id())
    theirs = await ask(person, operation, attacker.path(operation, **{noun: victim.inventory.ids[noun]}), attacker)
    nobodys = await ask(person, operation, attacker.path(operation, **{noun: absent}), attacker)
    return theirs, nobodys, absent


# -- the canary (reliability 6.5) -------------------------------------------------------------------------------------


async def test_the_mark_of_the_victim_stands_in_its_tables(victim: Victim) -> None:
    """What was planted is there: the cases below would be empty without."""
    marked = set()
    for name in SERVICES:
        async with service_of(victim.system, name).database.read(victim.tenant_id) as session:
            tables = await session.rows(
                """select c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where n.nspname = 'public' and c.relkind in ('r', 'p') and exists (
                     select from pg_attribute a where a.attrelid = c.oid and a.attname = 'tenant_id')"""
            )
            for row in tables:
                found = await session.value(
                    f'select exists (select from "{row["relname"]}" t where position($1 in t::text) > 0)', victim.mark
                )
                if found:
                    marked.add(f"{name}.{row['relname']}")
    wanted = (
        "gateway.people gateway.proposal_comments gateway.delegations planning.projects planning.tasks"
        " planning.goals planning.success_criteria planning.calendars planning.baselines planning.cost_codes"
        " planning.budget_lines planning.commitments planning.actuals planning.risks planning.risk_responses"
        " planning.resources planning.conflicts planning.decisions coordination.meetings coordination.agenda_items"
        " coordination.outcomes coordination.documents coordination.document_versions reporting.status_reports"
        " reporting.projects reporting.people"
    )
    assert set(wanted.split()) <= marked, sorted(set(wanted.split()) - marked)


async def test_the_mark_is_in_no_answer_to_another_tenant(
    attacker: Inventory, victim: Victim, description: Description
) -> None:
    """Every read, list, search, feed, page and file of one's own, and every error about the victim's; the watch looks."""
    tenant = attacker.tenant
    people = [
        tenant.admin,
        *(tenant[role] for role in ("owner", "manager", "guest")),
    ]
    seen = 0
    for operation in description:
        if operation.streams or operation.anonymous:
            continue
        reads = operation.method == "GET" or not operation.writes
        for person in people:
            dry = {} if reads else {"dry_run": "true"}
            answers = [await ask(person, operation, attacker.path(operation), attacker, **dry)]
            if operation.places:
                noun = operation.places[0][0]
                path = attacker.path(operation, **{noun: victim.inventory.ids[noun]})
                if noun not in EVERYBODYS:
                    answers.append(await ask(person, operation, path, attacker, **dry))
            if operation.lists and "q" in operation.query:
                found = await ask(person, operation, attacker.path(operation), attacker, q=victim.mark)
                assert found.status_code == 404 or found.json()["data"] == [], f"{operation}: {found.text[:300]}"
            for answer in answers:
                seen += 1
                if answer.headers.get("content-type") == "application/pdf":
                    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(answer.content)).pages)
                    assert victim.mark not in text.replace("\n", "")
    after = 0
    while (page := (await tenant.admin.get("/v1/events", params={"after": str(after), "limit": "200"})).json())["data"]:
        after = page["next_after"]
        seen += 1
    assert seen > 1_500, seen


# -- A ----------------------------------------------------------------------------------------------------------------


async def test_A01_what_is_anothers_reads_like_what_never_was(
    attacker: Inventory, victim: Victim, description: Description
) -> None:
    wrong = []
    portfolio = await add_person(attacker.tenant, "Paula", f"p-{new_id()}@example.org", tenant_role="portfolio_manager")
    for operation in with_places(description):
        if operation.method == "GET":
            for person in (attacker.tenant["manager"], attacker.tenant.admin, portfolio):
                theirs, nobodys, absent = await foreign_and_random(person, operation, attacker, victim)
                foreign = victim.inventory.ids[operation.places[0][0]]
                if theirs.status_code != 404 or told(theirs, foreign) != told(nobodys, absent):
                    wrong.append(f"{operation}: {theirs.status_code} {theirs.text[:200]}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("noun", ["tasks", "documents", "status-reports", "memberships"])
async def test_A01_nor_does_the_time_tell_the_two_apart(attacker: Inventory, victim: Victim, noun: str) -> None:
    manager = attacker.tenant["manager"]
    times: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(200):
        foreign = turn % 2 == 0
        object_id = victim.inventory.ids[noun] if foreign else str(new_id())
        begun = time.perf_counter()
        answer = await manager.get(f"/v1/{noun}/{object_id}")
        times[foreign].append(time.perf_counter() - begun)
        assert answer.status_code == 404
    assert abs(statistics.median(times[True]) - statistics.median(times[False])) < 0.005


async def test_A02_what_is_anothers_is_not_changed_and_not_told_apart_from_what_never_was(
    attacker: Inventory, victim: Victim, description: Description
) -> None:
    wrong = []
    for operation in with_places(description):
        if operation.method != "GET" and not operation.anonymous:
            caller = (
                attacker.tenant.admin
                if attacker.caller(operation) is attacker.tenant.admin
                else attacker.tenant["owner"]
            )
            theirs, nobodys, absent = await foreign_and_random(caller, operation, attacker, victim)
            foreign = victim.inventory.ids[operation.places[0][0]]
            if theirs.status_code != 404 or told(theirs, foreign) != told(nobodys, absent):
                wrong.append(f"{operation}: {theirs.status_code} {theirs.text[:200]}")
    assert not wrong, "\n".join(wrong)


async def test_A03_a_child_is_not_reached_through_ones_own_project(
    system: SystemUnderTest, attacker: Inventory, victim: Victim, description: Description
) -> None:
    """Paths nest one level, so a child in one's own project is one that a batch names: another tenant's, or a neighbour's."""
    neighbour = Inventory(system, await beside(attacker.tenant), other_system="crm")
    await neighbour.fill({str(operation): operation for operation in description})
    wrong, tried = [], 0
    for operation in description:
        noun = operation.path.split("/")[-2]
        if operation.path.endswith("/batch") and "update" in str(operation.body):
            for foreign in (victim.inventory.ids.get(noun), neighbour.ids.get(noun)):
                change: dict[str, Any] = {"op": "update", "id": foreign, "version": 1, "body": {}}
                answer = await attacker.tenant["manager"].post(
                    attacker.path(operation), {"atomic": False, "operations": [change]}
                )
                tried += 1
                if answer.json()["results"][0]["status"] != 404:
                    wrong.append(f"{operation}: {answer.text[:300]}")
    assert not wrong, "\n".join(wrong)
    assert tried >= 10


async def test_A04_an_id_in_a_body_that_is_anothers_is_as_unknown_as_one_that_never_was(
    attacker: Inventory, victim: Victim
) -> None:
    manager, ids = attacker.tenant["manager"], victim.inventory.ids
    project = attacker.named(PROJECT)
    task = (await manager.get(attacker.named("/v1/tasks/{tasks}"))).json()
    cases: list[tuple[str, str, dict[str, Any], str]] = [
        ("POST", f"{project}/tasks", {"title": "x"}, "parent_id=tasks"),
        ("POST", f"{project}/tasks", {"title": "x"}, "after_id=tasks"),
        ("POST", f"{project}/tasks", {"title": "x"}, "assignee_id=people"),
        ("POST", f"{project}/tasks", {"title": "x"}, "calendar_id=calendars"),
        ("PATCH", f"/v1/tasks/{task['id']}", {}, "assignee_id=people"),
        ("POST", f"{project}/dependencies", {"predecessor_id": task["id"]}, "successor_id=tasks"),
        ("POST", f"{project}/assignments", {"task_id": task["id"]}, "resource_id=resources"),
        ("POST", f"{project}/responsibilities", {"task_id": task["id"], "part": "informed"}, "person_id=people"),
        ("POST", f"{project}/memberships", {"role": "member"}, "person_id=people"),
        ("POST", f"{project}/outcomes", {"kind": "action", "title": "x"}, "meeting_id=meetings"),
        ("POST", f"{project}/agenda-items", {"title": "x"}, "meeting_id=meetings"),
        ("POST", f"{project}/risk-responses", {"title": "x", "strategy": "mitigate"}, "risk_id=risks"),
    ]
    wrong = []
    for method, path, body, place in cases:
        member, _, noun = place.partition("=")
        answers = []
        for object_id in (ids[noun], str(new_id())):
            answer = await manager.request(
                method, path, json=body | {member: object_id}, headers=SAME | {"If-Match": f'"{task["version"]}"'}
            )
            answers.append(told(answer, object_id))
        if answers[0] != answers[1] or answers[0][0] not in (404, 422):
            wrong.append(f"{method} {path} {member}: {answers[0][:2]} {answers[1][:2]}")
    assert not wrong, "\n".join(wrong)


async def test_A05_an_object_does_not_move_to_another_project(attacker: Inventory, victim: Victim) -> None:
    manager = attacker.tenant["manager"]
    for noun in ("tasks", "risks", "goals", "meetings", "documents", "resources"):
        path = f"/v1/{noun}/{attacker.ids[noun]}"
        known = (await manager.get(path)).json()
        moved = await manager.patch(path, {"project_id": victim.inventory.ids["projects"]}, known["version"])
        assert moved.status_code == 422, f"{noun}: {moved.text}"
        assert (await manager.get(path)).json()["project_id"] == known["project_id"]


async def test_A06_a_deletion_takes_no_parameter_along(attacker: Inventory, description: Description) -> None:
    tried = 0
    for operation in description:
        if operation.method == "DELETE" and operation.places:
            member = attacker.tenant["stakeholder"]
            path = attacker.path(operation)
            answer = await member.request(
                "DELETE", path, params={"reassign_to": str(new_id())}, headers={"If-Match": '"1"'}
            )
            assert answer.status_code in (400, 403, 404, 409, 412, 422), f"{operation}: {answer.text}"
            tried += 1
    assert tried > 10


async def test_A07_a_batch_with_one_foreign_id_does_nothing_at_all(attacker: Inventory, victim: Victim) -> None:
    manager, path = attacker.tenant["manager"], attacker.named(f"{PROJECT}/tasks")
    own = (await manager.get(attacker.named("/v1/tasks/{tasks}"))).json()
    operations = [
        {"op": "update", "id": own["id"], "version": own["version"], "body": {"title": "Mine"}},
        {"op": "update", "id": victim.inventory.ids["tasks"], "version": 1, "body": {"title": "Theirs"}},
    ]
    answer = await manager.post(f"{path}/batch", {"atomic": True, "operations": operations})
    assert answer.status_code in (404, 422), answer.text
    assert (await manager.get(f"/v1/tasks/{own['id']}")).json()["title"] == own["title"]


async def test_A08_who_is_on_no_project_finds_nothing_by_searching(
    attacker: Inventory, description: Description
) -> None:
    stranger = attacker.tenant["stranger"]
    found = 0
    for operation in description:
        if operation.method == "POST" and operation.path.endswith("/searches"):
            answer = await stranger.post(attacker.path(operation), {})
            assert answer.status_code == 404, f"{operation}: {answer.text}"
            found += 1
    assert found > 15
    for path in ("/v1/projects", "/v1/me/proposals"):
        answer = await stranger.get(path, params={"include_total": "true"} if path == "/v1/projects" else {})
        assert answer.json()["data"] == []
        assert answer.json()["page"].get("total") in (None, 0)


@pytest.mark.parametrize(
    "query",
    [
        {"tenant_id": "x"},
        {"sort": "password_hash"},
        {"sort": "people.email"},
        {"fields": "tenant_id"},
        {"expand": "tenant"},
        {"created_by_id": "x"},
    ],
    ids=str,
)
async def test_A09_no_list_is_asked_by_what_it_does_not_show(
    attacker: Inventory, description: Description, query: dict[str, str]
) -> None:
    manager = attacker.tenant["manager"]
    for operation in description:
        if operation.lists and "sort" in operation.query:
            answer = await manager.get(attacker.path(operation), params=attacker.query(operation) | query)
            assert answer.status_code in (400, 422), f"{operation}: {answer.status_code}"


MONEY = {"amount", "cost", "cost_share_bp", "eac", "expected_cost", "rate", "reserve", "standard_rate", "budget"}


def money_in(node: Any, place: str = "") -> Iterator[str]:
    """Where a JSON value tells of money: a member that is about it and not null."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in MONEY and value is not None:
                yield f"{place}/{name}"
            yield from money_in(value, f"{place}/{name}")
    elif isinstance(node, list):
        for each in node:
            yield from money_in(each, place)


@pytest.mark.parametrize("role", ["stakeholder", "client_contact"])
async def test_A10_who_does_not_see_costs_reads_of_no_money_anywhere(
    attacker: Inventory, description: Description, role: str
) -> None:
    # What a policy's grants are limited by, and what anybody may read before there is any project.
    about_rules = ("/v1/policy-templates", "/v1/authority-kinds", "/v1/openapi.json", "/policy", "/policy-versions")
    wrong, read = [], 0
    for operation in description:
        reads = operation.method == "GET" or (operation.method == "POST" and operation.path.endswith("/searches"))
        if not reads or operation.streams or any(each in operation.path for each in about_rules):
            continue
        answer = await ask(attacker.tenant[role], operation, attacker.path(operation), attacker)
        if answer.status_code == 200 and answer.headers["content-type"] == "application/json":
            read += 1
            wrong += [f"{operation} {place}" for place in sorted(set(money_in(answer.json())))]
    assert not wrong, "\n".join(wrong)
    assert read > 60, read


async def test_A11_totals_and_reports_are_of_what_one_sees(attacker: Inventory, victim: Victim) -> None:
    project = victim.inventory.ids["projects"]
    for below in ("overview", "s-curve", "forecast", "resource-loads", "status-reports"):
        assert (await attacker.tenant["owner"].get(f"/v1/projects/{project}/{below}")).status_code == 404
    listed = (await attacker.tenant["manager"].get("/v1/projects", params={"include_total": "true"})).json()
    assert listed["page"]["total"] == len(listed["data"])


async def test_A12_what_is_unique_is_unique_in_its_tenant(attacker: Inventory, victim: Victim, watch: Watch) -> None:
    with watch.looking_away():
        known = (await victim.inventory.tenant["manager"].get(victim.inventory.named(PROJECT))).json()
    assert known["key"] == (await attacker.tenant["manager"].get(attacker.named(PROJECT))).json()["key"]
    address = f"{new_id()}@example.org"
    for admin in (victim.inventory.tenant.admin, attacker.tenant.admin):
        with watch.looking_away():
            added = await admin.request(
                "POST", "/v1/people", params={"dry_run": "true"}, json={"name": "Somebody", "email": address}
            )
        assert added.status_code == 200, added.text


@pytest.mark.parametrize("name", ["X-Tenant-Id", "Tenant", "X-User-Id", "X-Internal-Person", "X-Forwarded-User"])
async def test_A13_and_A14_no_header_says_who_one_is(attacker: Inventory, victim: Victim, name: str) -> None:
    manager = attacker.tenant["manager"]
    plain = (await manager.get("/v1/me")).json()
    for value in (str(victim.tenant_id), str(victim.inventory.tenant["manager"].id)):
        spoofed = await manager.get("/v1/me", headers={name: value, "X-Forwarded-Host": f"{value}.example.org"})
        assert spoofed.json() == plain
    assert (
        await manager.get(victim.inventory.named(PROJECT), headers={name: str(victim.tenant_id)})
    ).status_code == 404


async def test_A14_an_identity_that_a_client_brings_is_taken_off(attacker: Inventory) -> None:
    signed = attacker.system.service.signer.sign  # What only the gateway can do.
    forged = signed(Principal(new_id(), new_id(), tenant_role="admin"))
    manager = attacker.tenant["manager"]
    assert (await manager.get("/v1/me", headers={HEADER: forged})).json() == (await manager.get("/v1/me")).json()
    assert (await attacker.system.http.get("/v1/me", headers={HEADER: forged})).status_code == 401
    for name in ("planning", "coordination", "reporting"):
        upstream: Any = attacker.system.pipe._upstreams[name]
        async with client(upstream) as direct:
            assert (
                await direct.get("/v1/projects", headers={"Authorization": f"Bearer {manager.token}"})
            ).status_code in (
                401,
                404,
            )


@dataclass(frozen=True)
class Neighbour:
    """A tenant among many, and what alone it may be answered with."""

    person: Person
    tenant_id: str
    project_id: str

    def may_read(self, path: str, answer: Response) -> bool:
        document = answer.json()
        if path == "/v1/me":
            return bool(document["tenant_id"] == self.tenant_id)
        return [each["id"] for each in document.get("data", [document])] == [self.project_id]


async def neighbours(system: SystemUnderTest, count: int) -> list[Neighbour]:
    made = []
    for number in range(count):
        address = f"ada@neighbour-{number}.example.org"
        admin = Person(
            system.http, await create_tenant(system.service.database, f"N {number}", "Ada", address), new_id()
        )
        tenant_id = (await admin.get("/v1/me")).json()["tenant_id"]
        project = await admin.post("/v1/projects", {"key": "OURS", "name": "Ours", "start": "2026-03-02T08:00:00"})
        assert project.status_code == 201, project.text
        made.append(Neighbour(admin, tenant_id, project.json()["id"]))
    return made


async def test_A15_pools_under_cancelled_and_failing_requests_mix_nobody_up(
    attacker: Inventory, watch: Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many tenants in turns over the same few connections: requests are given up, statements fail, the pools run dry."""
    chance, fetch = random.Random(15), ReadSession.row
    answered = dict.fromkeys((200, 500, 503), 0)
    wrong: list[str] = []

    async def fetch_or_fail(session: ReadSession, statement: str, *arguments: Any) -> Any:
        row = await fetch(session, statement, *arguments)
        if chance.random() < 0.02:
            raise RuntimeError(INJECTED)
        return row

    async def one(neighbour: Neighbour, turn: int) -> None:
        path = ("/v1/me", "/v1/projects", f"/v1/projects/{neighbour.project_id}")[turn % 3]
        patience = chance.random() * 0.05 if chance.random() < 0.3 else 60
        try:
            answer = await asyncio.wait_for(neighbour.person.get(path), patience)
        except TimeoutError:
            return
        answered[answer.status_code] += 1
        if answer.status_code == 200 and not neighbour.may_read(path, answer):
            wrong.append(f"{neighbour.tenant_id} {path}: {answer.text}")

    watch.fault, watch.writes_unseen = INJECTED, True
    with watch.looking_away():
        everybody = await neighbours(attacker.system, TENANTS)
        monkeypatch.setattr(ReadSession, "row", fetch_or_fail)
        for begun in range(0, REQUESTS, AT_ONCE):
            turns = range(begun, begun + AT_ONCE)
            await asyncio.gather(*(one(everybody[turn * 7 % TENANTS], turn) for turn in turns))
        monkeypatch.undo()
    assert not wrong, "\n".join(wrong[:10])
    assert answered[200] > REQUESTS / 3
    assert answered[500] > REQUESTS / 1000


async def test_A16_the_feed_of_another_tenants_project_is_empty(attacker: Inventory, victim: Victim) -> None:
    project = victim.inventory.ids["projects"]
    answer = await attacker.tenant["manager"].get("/v1/events", params={"project_id": project, "wait": "1"})
    assert answer.json()["data"] == []


async def test_A18_a_plan_from_a_file_overwrites_nothing_that_it_names(attacker: Inventory, victim: Victim) -> None:
    """The file says the ids of the victim's tasks; here they are words."""
    name, content, media_type = PLAN["file"]
    task = victim.inventory.ids["tasks"].encode()
    forged = content.replace(
        b"<Name>Survey</Name>", b"<Name>" + task[:8] + b"</Name><GUID>" + task.upper() + b"</GUID>"
    )
    manager = attacker.tenant["manager"]
    made = await manager.post("/v1/projects", {"key": "IMP", "name": "Imported", "start": "2026-03-02T08:00:00"})
    assert made.status_code == 201, made.text
    sent = await manager.request(
        "POST", f"/v1/projects/{made.json()['id']}/imports", files={"file": (name, forged, media_type)}
    )
    assert sent.status_code == 202, sent.text
    async with asyncio.timeout(30):
        while (job := (await manager.get(sent.headers["location"])).json())["state"] in ("queued", "running"):
            await asyncio.sleep(0.1)
    assert job["state"] == "succeeded", job


async def test_A19_a_cursor_is_good_for_its_own_list_and_reader_alone(
    attacker: Inventory, victim: Victim, watch: Watch
) -> None:
    theirs = victim.inventory.tenant["manager"]
    with watch.looking_away():
        listed = (await theirs.get(victim.inventory.named(f"{PROJECT}/tasks"), params={"limit": "1"})).json()
    foreign = listed["page"]["next_cursor"]
    manager, path = attacker.tenant["manager"], attacker.named(f"{PROJECT}/tasks")
    own = (await manager.get(path, params={"limit": "1"})).json()["page"]["next_cursor"]
    tampered = own[:-2] + ("AA" if not own.endswith("AA") else "BB")
    for cursor in (foreign, tampered, own + "x", "nonsense"):
        assert (await manager.get(path, params={"limit": "1", "cursor": cursor})).status_code == 400
    other = await manager.get(attacker.named(f"{PROJECT}/risks"), params={"limit": "1", "cursor": own})
    assert other.status_code == 400
    assert (await manager.get(path, params={"limit": "1", "sort": "-title", "cursor": own})).status_code == 400


async def test_A20_an_archived_project_exists_on_no_route_until_it_comes_back(
    system: SystemUnderTest, description: Description
) -> None:
    inventory = await furnished(system, description)
    tenant, project = inventory.tenant, inventory.ids["projects"]
    everybody = [*tenant.people.values(), tenant.admin]
    theirs = [operation for operation in with_places(description) if _is_of_the_project(operation, inventory)]
    reads = [operation for operation in theirs if operation.method == "GET" and not operation.streams]

    async def seen() -> dict[str, Any]:
        found = {}
        for operation in reads:
            answer = await ask(tenant["owner"], operation, inventory.path(operation), inventory)
            found[str(operation)] = (answer.status_code, _without_positions(answer))
        return found

    before = await seen()
    async with asyncio.timeout(60):
        # What was made is on its way into tables that are read elsewhere.
        while (now := await seen()) != before:
            before = now
    assert sum(status == 200 for status, _ in before.values()) > 80
    for role in ("owner", "manager"):
        refused = await tenant[role].post("/v1/archived-projects", {"project_id": project, "reason": "It is over."})
        assert refused.status_code == 403, refused.text
    archived = await tenant.admin.post("/v1/archived-projects", {"project_id": project, "reason": "It is over."})
    assert archived.status_code == 201, archived.text
    assert archived.json()["name"] == "A new bridge"
    wrong = []
    for operation in theirs:
        for person in everybody:
            answer = await ask(person, operation, inventory.path(operation), inventory)
            if answer.status_code != 404:
                wrong.append(f"{operation}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    for operation in description:
        if operation.method == "GET" and not operation.places and not operation.streams and operation.path != ARCHIVE:
            for person in everybody:
                answer = await ask(person, operation, operation.path, inventory)
                assert project not in answer.text, f"{operation} still shows the project"
    restored = await tenant.admin.post(f"/v1/archived-projects/{project}/restoration")
    assert restored.status_code == 200, restored.text
    after = await seen()
    assert {name: answer for name, answer in after.items() if answer != before[name]} == {}
    assert (await tenant.admin.post(f"/v1/archived-projects/{project}/restoration")).status_code == 404


def _is_of_the_project(operation: Operation, inventory: Inventory) -> bool:
    """Whether it is about a project, or about an object of one; for others there is a tenant without any project."""
    if operation.path.startswith("/v1/projects/"):
        return True
    return audience_of(operation) in ("team", "known", "costs", "curve", "directory")


def _without_positions(answer: Response) -> str:
    """What was answered, but for how far the log has come meanwhile, and a lint's minute."""
    return re.sub(r'"(positions|evidence_numbers)":\{[^}]*\}|"position":[0-9]+|"status_date":"[^"]*"', "", answer.text)


async def test_A20_nobody_gets_into_an_archived_tenant_until_it_is_open_again(
    system: SystemUnderTest, description: Description
) -> None:
    tenant = await system.tenant()
    tenant_id = await tenant_of(tenant)
    before = (await tenant["manager"].get(f"/v1/projects/{tenant.project_id}")).text
    assert await tenant_archive.close(system.service.database, tenant_id, "The contract has ended.")
    assert not await tenant_archive.close(system.service.database, tenant_id, "Once more.")
    for operation in description:
        if not operation.anonymous:
            path = operation.path.replace("{project_id}", str(tenant.project_id))
            for person in (tenant["manager"], tenant.admin):
                answer = await person.request(operation.method, re.sub(r"\{[^}]*\}", str(new_id()), path))
                public = answer.status_code == 200 and sees(audience_of(operation), "anonymous", "other tenant")
                assert answer.status_code == 404 or public, f"{operation}: {answer.text[:200]}"
    assert await tenant_archive.reopen(system.service.database, tenant_id)
    assert (await tenant["manager"].get(f"/v1/projects/{tenant.project_id}")).text == before
