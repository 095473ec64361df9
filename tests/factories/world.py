"""A tenant with a project and one person in each role, as one service sees it, and clients that act in their names."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from services.kernel.events import Fact
from services.kernel.http_client import HttpClient, Response, client
from services.kernel.identity import HEADER, Principal
from services.kernel.ids import new_id
from services.kernel.service import Service

PROJECT_AS_PUBLISHED = {
    "key": "BRO",
    "name": "A new bridge",
    "time_zone": "Europe/Oslo",
    "currency": "NOK",
    "status": "planning",
    "start": "2026-03-02T08:00:00",
}
ROLES = (
    "owner",
    "programme_manager",
    "manager",
    "coordinator",
    "member",
    "stakeholder",
    "client_contact",
    "auditor",
    "guest",
)


async def until_served(send: Callable[[], Awaitable[Response]]) -> Response:
    """What a client gets that comes again when it is told to: one of many at once may find no connection free in time."""
    while (answer := await send()).status_code == 503:
        assert answer.headers["retry-after"]
    return answer


def make_fact(
    source: str, number: int, tenant_id: UUID, fact_type: str, subject_id: UUID, data: Mapping[str, Any], **members: Any
) -> Fact:
    """A fact as another service would have published it."""
    values: dict[str, Any] = {
        "id": new_id(),
        "tenant_id": tenant_id,
        "source": source,
        "number": number,
        "type": fact_type,
        "version": 1,
        "subject_type": fact_type.split(".")[1],
        "subject_id": subject_id,
        "project_id": None,
        "audience": "members",
        "occurred_at": datetime(2026, 3, 2, 8, 0, tzinfo=UTC),
        "actor_id": new_id(),
        "data": data,
    }
    return Fact(**values | members)


class Caller:
    """A client in the name of one principal, straight at a service, with the identity that the gateway would add."""

    def __init__(self, service: Service, http: HttpClient, principal: Principal) -> None:
        self.principal = principal
        self._service = service
        self._http = http

    @property
    def id(self) -> UUID:
        return self.principal.person_id

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Response:
        """Send; a POST gets an Idempotency-Key of its own unless it brings one (or `None` for none)."""
        sent: dict[str, str | None] = {HEADER: self._service.signer.sign(self.principal)}
        if method == "POST":
            sent["Idempotency-Key"] = str(new_id())
        sent.update(headers or {})
        kept = {name: value for name, value in sent.items() if value is not None}
        return await self._http.request(method, path, headers=kept, **options)

    async def get(self, path: str, **options: Any) -> Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Response:
        return await self.request("POST", path, json=json, **options)

    async def patch(self, path: str, json: Any, version: int | None = None, **options: Any) -> Response:
        return await self._conditional("PATCH", path, version, json=json, **options)

    async def put(self, path: str, json: Any, version: int | None = None, **options: Any) -> Response:
        return await self._conditional("PUT", path, version, json=json, **options)

    async def delete(self, path: str, version: int | None = None, **options: Any) -> Response:
        return await self._conditional("DELETE", path, version, **options)

    async def _conditional(self, method: str, path: str, version: int | None, **options: Any) -> Response:
        headers = dict(options.pop("headers", None) or {})
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        return await self.request(method, path, headers=headers, **options)


class ServiceUnderTest:
    """One running service and the way to it."""

    def __init__(self, app: FastAPI) -> None:
        self.app = app
        self.service: Service = app.state.service
        self.http = client(app, timeout_seconds=30)

    def caller(self, principal: Principal) -> Caller:
        return Caller(self.service, self.http, principal)

    async def hear(
        self, tenant_id: UUID, source: str, facts: Sequence[tuple[str, UUID, Mapping[str, Any], UUID | None]]
    ) -> None:
        """Have the service apply facts `(type, subject id, data, project id)` of another service, behind those it knows."""
        async with self.service.database.read(tenant_id) as session:
            cursor = await session.value(
                "select number from inbox_cursors where tenant_id = $1 and source = $2", tenant_id, source
            )
        numbered = [
            make_fact(source, (cursor or 0) + position, tenant_id, fact_type, subject_id, data, project_id=project_id)
            for position, (fact_type, subject_id, data, project_id) in enumerate(facts, 1)
        ]
        assert await self.service.inbox.apply(tenant_id, source, numbered)

    async def world(self, policy: Mapping[str, Any], project: Mapping[str, Any] | None = None) -> "World":
        """A fresh tenant with a person in each role and a stranger, and the project as the service knows it."""
        world = World(self)
        facts: list[tuple[str, UUID, Mapping[str, Any], UUID | None]] = []
        for role, person in world.people.items():
            facts.append(("gateway.person.added", person, {"name": role.title(), "email": f"{role}@example.org"}, None))
        if self.service.name == "planning":
            body = {"key": "BRO", "name": "A new bridge", "start": "2026-03-02T08:00:00"} | dict(project or {})
            answer = await world["manager"].post("/v1/projects", body)
            assert answer.status_code == 201, answer.text
            world.project_id = UUID(answer.json()["id"])
        for role in ROLES:
            data = {"person_id": str(world.people[role]), "role": role}
            facts.append(("gateway.membership.granted", new_id(), data, world.project_id))
        facts.append(("gateway.policy.set", new_id(), {"document": policy}, world.project_id))
        await self.hear(world.tenant_id, "gateway", facts)
        if self.service.name in ("coordination", "reporting"):
            created = PROJECT_AS_PUBLISHED | dict(project or {})
            published = ("planning.project.created", world.project_id, created, world.project_id)
            await self.hear(world.tenant_id, "planning", [published])
        return world


class World:
    """`world["manager"]` is the manager's client; `world["stranger"]` is in the tenant but not on the project."""

    def __init__(self, under_test: ServiceUnderTest) -> None:
        self.under_test = under_test
        self.tenant_id = new_id()
        self.project_id = new_id()
        self.people: dict[str, UUID] = {role: new_id() for role in (*ROLES, "stranger")}

    def __getitem__(self, role: str) -> Caller:
        return self.caller(role)

    def caller(self, role: str, **members: Any) -> Caller:
        return self.under_test.caller(Principal(self.tenant_id, self.people[role], **members))

    def foreigner(self) -> Caller:
        """Somebody of another tenant."""
        return self.under_test.caller(Principal(new_id(), new_id()))
