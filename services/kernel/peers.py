"""The other services, as a service may ask them: only for facts, only outside a write, with an identity of its own."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import orjson

from services.kernel.events import Fact
from services.kernel.http_client import AsgiApp, HttpClient, client
from services.kernel.identity import HEADER, IdentitySigner, Principal

PAGE = 500
SERVICE_SCOPE = "internal"


class Peers:
    """Clients of the other services' internal routes, by service name: a base URL, or the application in this process."""

    def __init__(self, targets: Mapping[str, "str | AsgiApp"], signer: IdentitySigner, service: str) -> None:
        self._targets = targets
        self._signer = signer
        self._service = service
        self._clients: dict[str, HttpClient] = {}

    def _client(self, service: str) -> HttpClient:
        if service not in self._clients:
            self._clients[service] = client(self._targets[service])
        return self._clients[service]

    def headers(self, tenant_id: UUID) -> dict[str, str]:
        principal = Principal(tenant_id, UUID(int=0), kind="service", scopes=frozenset({SERVICE_SCOPE}))
        return {HEADER: self._signer.sign(principal)}

    async def facts(self, service: str, tenant_id: UUID, after: int) -> Sequence[Fact]:
        """A page of the service's facts of one tenant behind a number, in order. Raises HttpFailed."""
        answer = await self._client(service).get(
            "/internal/facts", params={"after": after, "limit": PAGE}, headers=self.headers(tenant_id)
        )
        answer.raise_for_status()
        return [Fact.from_body(each) for each in orjson.loads(answer.content)]

    async def heads(self, service: str) -> Mapping[UUID, int]:
        """The number that each tenant has reached in a service's outbox."""
        answer = await self._client(service).get("/internal/heads", headers=self.headers(UUID(int=0)))
        answer.raise_for_status()
        return {UUID(tenant): number for tenant, number in orjson.loads(answer.content).items()}

    async def document(self, service: str, path: str) -> bytes:
        """A service's own description (`/openapi.json`, `/internal/problems`), for the merged ones."""
        answer = await self._client(service).get(path, headers=self.headers(UUID(int=0)))
        answer.raise_for_status()
        return answer.content

    async def close(self) -> None:
        for each in self._clients.values():
            await each.aclose()
