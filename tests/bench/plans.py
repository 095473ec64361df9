"""What is measured upon: tenants with a plan of 1,000 tasks, one of them beside 10,000 projects and 99,000 tasks more."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from uuid import UUID

import asyncpg

from deploy.local.databases import database_name
from deploy.local.stack import LocalStack
from gateway.identity.bootstrap import create_tenant
from services.kernel.database import Database
from services.kernel.http_client import client
from services.kernel.ids import new_id
from services.kernel.settings import Settings
from services.planning.schedule.task import Task
from tests.factories.system import Person, furnish

# 8 lines of 5 work packages behind each other, each package a summary of 24 tasks in a chain: 1,000 tasks.
LINES, PACKAGES_IN_A_LINE, TASKS_IN_A_PACKAGE = 8, 5, 24
TASKS = LINES * PACKAGES_IN_A_LINE * (1 + TASKS_IN_A_PACKAGE)
NOTES = ("What is to be done, where the drawings lie and whom to ask before work begins; " * 3)[:200]
DAY_MINUTES = 450
REPETITIONS = 20


@dataclass(frozen=True, slots=True)
class Plan:
    """A project of 1,000 tasks or a multiple of it. `packages[line][place]` are the ids of a package's tasks, in the order of their chain."""

    manager: Person
    tenant_id: UUID
    project_id: UUID
    packages: list[list[list[UUID]]]

    @property
    def list_path(self) -> str:
        return f"/v1/projects/{self.project_id}/tasks?limit=50"

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.manager.token}"}


async def make_plan(stack: LocalStack, thousands: int = 1) -> Plan:
    """A fresh tenant with its people, and the plan: tasks over the API in batches of 1,000, their links in one statement."""
    database = Database(Settings.load("gateway", stack.environment))
    await database.open()
    try:
        secret = await create_tenant(database, "Bridge builders", "Ada Admin", "ada@example.org")
    finally:
        await database.close()
    # Open as long as the process lives: the manager goes on using it.
    tenant = await furnish(client(stack.public_url, timeout_seconds=60), secret)
    manager, project_id = tenant["manager"], tenant.project_id
    ids: list[UUID] = []
    for _ in range(thousands):
        answer = await manager.post(f"/v1/projects/{project_id}/tasks/batch", {"operations": _operations()})
        if answer.status_code != 200:
            raise RuntimeError(f"the plan could not be made: {answer.text[:500]}")
        ids += [UUID(result["id"]) for result in answer.json()["results"]]
    size = 1 + TASKS_IN_A_PACKAGE
    packages = [ids[first + 1 : first + size] for first in range(0, len(ids), size)]
    lines = [packages[first : first + PACKAGES_IN_A_LINE] for first in range(0, len(packages), PACKAGES_IN_A_LINE)]
    connection = await asyncpg.connect(planning_url(stack))
    try:
        tenant_id = await connection.fetchval("select tenant_id from projects where id = $1", project_id)
        plan = Plan(manager, tenant_id, project_id, lines)
        await _link(connection, plan)
    finally:
        await connection.close()
    await _taken_in(plan)
    # The links came past the engine; any change of a duration makes it look at the whole plan again.
    await change_task(plan, lines[0][0][0], 1, {"duration_minutes": 3 * DAY_MINUTES}, "first")
    await _taken_in(plan)
    return plan


def planning_url(stack: LocalStack) -> str:
    """Planning's database as the superuser, whom row level security does not hold."""
    return stack.postgres.url(database_name("planning"))


async def make_tasks(plan: Plan, projects: int, tasks_in_each: int) -> list[UUID]:
    """More projects of the plan's tenant, with tasks that nothing links. Returns the tasks, one of each project in turn."""
    ids: list[list[UUID]] = []
    for number in range(1, projects + 1):
        body = {"key": f"SMALL{number}", "name": f"Footbridge {number}", "start": "2026-03-02T08:00:00"}
        created = await plan.manager.post("/v1/projects", body)
        operations = [{"op": "create", "body": {"title": f"Step {step}"}} for step in range(1, tasks_in_each + 1)]
        answer = await plan.manager.post(f"/v1/projects/{created.json()['id']}/tasks/batch", {"operations": operations})
        if answer.status_code != 200:
            raise RuntimeError(f"the tasks could not be made: {answer.text[:500]}")
        ids.append([UUID(result["id"]) for result in answer.json()["results"]])
    await _taken_in(plan)
    return [task_id for of_each in zip(*ids, strict=True) for task_id in of_each]


async def change_task(
    plan: Plan, task_id: UUID, version: int, patch: Mapping[str, object], agent: str
) -> Mapping[str, Any]:
    """PATCH a task with a key of its own, again where the answer asks for that.

    Returns the answer; raises RuntimeError where it is no success.
    """
    headers = {"Idempotency-Key": str(new_id()), "Tandem-Change-Agent": agent}
    for repetition in range(REPETITIONS):
        await asyncio.sleep(0.2 if repetition else 0)
        answer = await plan.manager.patch(f"/v1/tasks/{task_id}", patch, version, headers=headers)
        body: Mapping[str, Any] = answer.json()
        if answer.status_code == 200:
            return body
        if not body["retryable"]:
            raise RuntimeError(f"a change was refused: {answer.text[:500]}")
    raise RuntimeError(f"the system was still too busy at the {REPETITIONS}th attempt")


async def _taken_in(plan: Plan) -> None:
    """Return when every service has taken in the thousand facts of the batch; until then the gateway asks to wait."""
    while (await plan.manager.get(f"/v1/projects/{plan.project_id}/overview")).status_code == 503:
        await asyncio.sleep(0.5)


def _operations() -> list[dict[str, Any]]:
    operations: list[dict[str, Any]] = []
    for line in range(LINES):
        for place in range(PACKAGES_IN_A_LINE):
            operations.append(
                {"op": "create", "body": {"title": f"Section {line + 1}, package {place + 1}", "notes": NOTES}}
            )
            package = f"${len(operations)}"
            for step in range(TASKS_IN_A_PACKAGE):
                body = {
                    "title": f"Section {line + 1}, package {place + 1}: step {step + 1}",
                    "notes": NOTES,
                    "labels": ["concrete"],
                    "parent_id": package,
                    # Each line is shorter than the one before, so that there is one critical path and much float.
                    "duration_minutes": DAY_MINUTES * (1 if line and step % (LINES + 2 - line) == 0 else 2),
                }
                operations.append({"op": "create", "body": body})
    return operations


async def _link(connection: Any, plan: Plan) -> None:
    chains = [[task for package in line for task in package] for line in plan.packages]
    pairs = [pair for chain in chains for pair in pairwise(chain)]
    await connection.execute(
        """insert into dependencies (tenant_id, project_id, id, predecessor_id, successor_id, dependency_type, lag,
             lag_basis, version, created_at, updated_at, created_by_id, updated_by_id)
           select $1, $2, id, predecessor_id, successor_id, 'finish_to_start', 0, 'working', 1, now(), now(), $3, $3
           from unnest($4::uuid[], $5::uuid[], $6::uuid[]) as link(id, predecessor_id, successor_id)""",
        plan.tenant_id,
        plan.project_id,
        plan.manager.id,
        [new_id() for _ in pairs],
        [predecessor for predecessor, _ in pairs],
        [successor for _, successor in pairs],
    )


async def surround(stack: LocalStack, plan: Plan) -> None:
    """Grow the plan to 100,000 tasks and its tenant to 10,000 projects with the manager on each; ANALYZE.

    Straight in planning's database, as copies of what is there: the lists that follow do not care who wrote the rows.
    """
    columns = [column.name for column in Task.__table__.columns]
    replaced = {
        "id": "gen_random_uuid()",
        "position": "t.position + n * (select max(position) from tasks where project_id = $2)",
    }
    values = ", ".join(replaced.get(name, f"t.{name}") for name in columns)
    connection = await asyncpg.connect(planning_url(stack))
    try:
        await connection.execute(
            f"""insert into tasks ({", ".join(columns)}) select {values} from tasks t, generate_series(1, 99) n
                where t.tenant_id = $1 and t.project_id = $2""",
            plan.tenant_id,
            plan.project_id,
            timeout=300,
        )
        await connection.execute(
            """with added as (
                 insert into projects (tenant_id, id, version, created_at, updated_at, created_by_id, updated_by_id, key, name,
                   description, status, time_zone, currency, start, minutes_per_day, minutes_per_week, critical_float_minutes,
                   honor_constraints, split_in_progress, multiple_critical_paths)
                 select tenant_id, gen_random_uuid(), 1, now(), now(), created_by_id, updated_by_id, 'P' || n, 'Project ' || n,
                   '', status, time_zone, currency, start, minutes_per_day, minutes_per_week, critical_float_minutes,
                   honor_constraints, split_in_progress, multiple_critical_paths
                 from projects, generate_series(1, 9999) n where tenant_id = $1 and id = $2
                 returning tenant_id, id)
               insert into memberships (tenant_id, project_id, person_id, id, role)
               select tenant_id, id, $3, gen_random_uuid(), 'manager' from added""",
            plan.tenant_id,
            plan.project_id,
            plan.manager.id,
            timeout=300,
        )
        await connection.execute("vacuum analyze", timeout=300)
    finally:
        await connection.close()
