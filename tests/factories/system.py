"""The whole system as its users meet it: a tenant with people in each role, tokens, and clients that send them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from fastapi import FastAPI

from gateway.identity.bootstrap import create_tenant
from gateway.routing.pipe import Pipe
from services.kernel.http_client import HttpClient, Response, client
from services.kernel.identity import ALL_SCOPES
from services.kernel.ids import new_id
from services.kernel.service import Service
from tests.factories.world import ROLES


class Person:
    """A client with somebody's token."""

    def __init__(self, http: HttpClient, token: str, person_id: UUID) -> None:
        self.http = http
        self.token = token
        self.id = person_id

    async def request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Response:
        sent = {"Authorization": f"Bearer {self.token}"}
        if method == "POST":
            sent["Idempotency-Key"] = str(new_id())
        return await self.http.request(method, path, headers=sent | dict(headers or {}), **options)

    async def get(self, path: str, **options: Any) -> Response:
        return await self.request("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> Response:
        return await self.request("POST", path, json=json, **options)

    async def patch(self, path: str, json: Any, version: int, **options: Any) -> Response:
        headers = {"If-Match": f'"{version}"'} | dict(options.pop("headers", None) or {})
        return await self.request("PATCH", path, json=json, headers=headers, **options)

    async def put(self, path: str, json: Any, version: int, **options: Any) -> Response:
        return await self.request("PUT", path, json=json, headers={"If-Match": f'"{version}"'}, **options)

    async def delete(self, path: str, version: int, **options: Any) -> Response:
        return await self.request("DELETE", path, headers={"If-Match": f'"{version}"'}, **options)


class Tenant:
    """`tenant["manager"]` sends the manager's token; `tenant.project_id` is a project with everybody on it."""

    def __init__(self, admin: Person) -> None:
        self.admin = admin
        self.people: dict[str, Person] = {}
        self.project_id: UUID

    def __getitem__(self, role: str) -> Person:
        return self.people[role]


class SystemUnderTest:
    """The system in this process, behind its pipe."""

    def __init__(self, app: Any) -> None:
        self.pipe: Pipe = app
        self.own: FastAPI = app._own
        self.service: Service = self.own.state.service
        self.http = client(app, timeout_seconds=30)

    async def tenant(self) -> Tenant:
        """A fresh tenant: an administrator, a person for each role and a stranger, a project of the manager's."""
        secret = await create_tenant(self.service.database, "Bridge builders", "Ada Admin", "ada@example.org")
        return await furnish(self.http, secret)


async def furnish(http: HttpClient, admin_token: str) -> Tenant:
    """People, tokens, a project and memberships, all through the public API."""
    return await _staffed(Tenant(Person(http, admin_token, new_id())), "", "BRO")


async def beside(tenant: Tenant) -> Tenant:
    """A second project of the same tenant with people of its own; nobody is on both."""
    return await _staffed(Tenant(tenant.admin), "2", "BRO2")


async def add_person(tenant: Tenant, name: str, address: str, **members: Any) -> Person:
    """Somebody new in the tenant, with a token of every scope but the administrators'."""
    added = await tenant.admin.post("/v1/people", {"name": name, "email": address, **members})
    assert added.status_code == 201, added.text
    person_id = added.json()["id"]
    scopes = sorted(ALL_SCOPES - {"admin"})
    drawn = await tenant.admin.post("/v1/tokens", {"name": "test", "person_id": person_id, "scopes": scopes})
    assert drawn.status_code == 201, drawn.text
    return Person(tenant.admin.http, drawn.json()["secret"], UUID(person_id))


async def _staffed(tenant: Tenant, mark: str, key: str) -> Tenant:
    for role in (*ROLES, "stranger"):
        language = "nb" if role == "coordinator" else "en"
        tenant.people[role] = await add_person(tenant, role.title(), f"{role}{mark}@example.org", language=language)
    manager = tenant["manager"]
    created = await manager.post("/v1/projects", {"key": key, "name": "A new bridge", "start": "2026-03-02T08:00:00"})
    assert created.status_code == 201, created.text
    tenant.project_id = UUID(created.json()["id"])
    for role in ROLES:
        if role != "manager":
            body = {"person_id": str(tenant[role].id), "role": role}
            granted = await (tenant.admin if role in ("owner", "programme_manager") else manager).post(
                f"/v1/projects/{tenant.project_id}/memberships", body
            )
            assert granted.status_code == 201, granted.text
    return tenant
