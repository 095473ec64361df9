"""A provisioner: software with a token for SCIM, and a conformance suite's client that speaks with that token."""

import asyncio
from collections.abc import Mapping
from typing import Any

from scim2_client import BaseSyncSCIMClient

from services.kernel.http_client import Response
from services.kernel.ids import new_id
from tests.factories.accounts import add_person, fresh_address
from tests.factories.system import SystemUnderTest, Tenant

BASE = "/scim/v2"
MEDIA_TYPE = "application/scim+json"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


class Provisioner:
    """Sends SCIM requests with one token."""

    def __init__(self, system: SystemUnderTest, token: str) -> None:
        self.http = system.http
        self.token = token

    async def request(
        self, method: str, path: str, json: Any = None, *, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Response:
        sent = {"Authorization": f"Bearer {self.token}"}
        if json is not None:
            sent["Content-Type"] = MEDIA_TYPE
            options["json"] = json
        return await self.http.request(method, f"{BASE}{path}", headers=sent | dict(headers or {}), **options)

    async def get(self, path: str, **parameters: Any) -> Response:
        return await self.request("GET", path, params=parameters)

    async def post(self, path: str, json: Any) -> Response:
        return await self.request("POST", path, json)

    async def put(self, path: str, json: Any, **options: Any) -> Response:
        return await self.request("PUT", path, json, **options)

    async def patch(self, path: str, *operations: Mapping[str, Any], **options: Any) -> Response:
        return await self.request("PATCH", path, {"schemas": [PATCH], "Operations": list(operations)}, **options)

    async def delete(self, path: str, **options: Any) -> Response:
        return await self.request("DELETE", path, **options)

    async def found(self, path: str, scim_filter: str, **parameters: Any) -> list[dict[str, Any]]:
        """The resources that a filter finds."""
        answer = await self.get(path, filter=scim_filter, **parameters)
        assert answer.status_code == 200, answer.text
        resources: list[dict[str, Any]] = answer.json()["Resources"]
        return resources

    async def user(self, user_name: str | None = None, **members: Any) -> dict[str, Any]:
        """A new user."""
        body = {"schemas": [USER], "userName": user_name or fresh_address()} | members
        created = await self.post("/Users", body)
        assert created.status_code == 201, created.text
        user: dict[str, Any] = created.json()
        return user

    async def group(self, display_name: str, *members: str) -> dict[str, Any]:
        """A new group with the named people in it."""
        body = {"schemas": [GROUP], "displayName": display_name, "members": [{"value": each} for each in members]}
        created = await self.post("/Groups", body)
        assert created.status_code == 201, created.text
        group: dict[str, Any] = created.json()
        return group


async def make_token(tenant: Tenant, person_id: str, *scopes: str) -> str:
    drawn = await tenant.admin.post("/v1/tokens", {"name": "SCIM", "person_id": person_id, "scopes": list(scopes)})
    assert drawn.status_code == 201, drawn.text
    return str(drawn.json()["secret"])


async def make_provisioner(system: SystemUnderTest, tenant: Tenant, *scopes: str) -> Provisioner:
    """An integration of the tenant, with a token of these scopes; without any, the one for SCIM."""
    machine = await add_person(tenant, f"scim-{new_id().hex[-12:]}@example.org", kind="integration", name="Directory")
    return Provisioner(system, await make_token(tenant, str(machine), *(scopes or ("scim",))))


class ConformanceClient(BaseSyncSCIMClient):
    """The client of the conformance suite, which runs in a thread of its own and asks on the loop of the tests."""

    def __init__(self, provisioner: Provisioner, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._provisioner = provisioner
        self._loop = loop

    def _stays_under_base_url(self, endpoint: str) -> bool:
        return True

    def _parse_json(self, response: Any) -> Any:
        return response.json()

    def request(self, method: str, url: str, **options: Any) -> Any:
        path = "/" + url.partition(f"{BASE}/")[2] if BASE in url else url
        asked = self._provisioner.request(method, path, **options)
        return asyncio.run_coroutine_threadsafe(asked, self._loop).result(timeout=30)
