"""What no attack may have done, whatever it tried: looked at before and after every case (Q1-Q3 and Q5 of the list)."""

import asyncio
import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx
import orjson

from services.kernel.http_client import Response
from services.kernel.service import Service
from tests.contract.inventory import Inventory
from tests.contract.rows import digest
from tests.factories.system import SystemUnderTest, Tenant

SERVICES = ("gateway", "planning", "coordination", "reporting")
# How a fault of the code or a statement of the database would look to whoever reads an answer or a log.
_INNARDS = re.compile(
    r"Traceback|File \"|site-packages|asyncpg|sqlalchemy|pydantic_core|\.py\b|/usr/|/tmp/|/home/"
    r"|\bselect\b.{1,200}\bfrom\b|\binsert into\b|\bupdate\b.{1,100}\bset\b|\bdelete from\b|\$[0-9]+::"
    r"|postgresql://|nats://",
    flags=re.IGNORECASE | re.DOTALL,
)


def service_of(system: SystemUnderTest, name: str) -> Service:
    app: Any = system.own if name == "gateway" else system.pipe._upstreams[name]
    service: Service = app.state.service
    return service


async def rows_of(system: SystemUnderTest, tenant_id: UUID) -> Mapping[str, str]:
    """The digest of every table of all four databases that holds rows of a tenant."""
    return {
        f"{name}.{table}": value
        for name in SERVICES
        for table, value in (await digest(service_of(system, name), tenant_id)).items()
    }


async def tenant_of(tenant: Tenant) -> UUID:
    return UUID((await tenant.admin.get("/v1/me")).json()["tenant_id"])


class Victim:
    """A tenant that has one object of everything and no part in any attack."""

    def __init__(self, system: SystemUnderTest, inventory: Inventory, tenant_id: UUID, mark: str) -> None:
        self.system = system
        self.inventory = inventory
        self.tenant_id = tenant_id
        self.mark = mark
        self.rows: Mapping[str, str] = {}
        tokens = [person.token for person in inventory.tenant.people.values()]
        ids = [object_id for noun, object_id in inventory.ids.items() if noun != "problems"]
        self.secrets = [str(tenant_id), mark, *ids, *tokens]

    async def settle(self) -> None:
        """Wait until nothing that was done in making it is on its way to a reader any more."""
        async with asyncio.timeout(20):
            while (rows := await rows_of(self.system, self.tenant_id)) != self.rows:
                self.rows = rows
                await asyncio.sleep(0.2)

    async def changes(self) -> list[str]:
        """The tables that are not what they were when they were last looked at."""
        before, self.rows = self.rows, await rows_of(self.system, self.tenant_id)
        return [table for table in self.rows if self.rows[table] != before[table]]


def _content_of(request: httpx.Request) -> bytes:
    """The body of a request; nothing where it went out as a stream, as files do."""
    try:
        return request.content
    except httpx.RequestNotRead:
        return b""


class Watch:
    """Sees all answers and log lines of one case, and judges them at its end.

    `expected` are the statuses of 500 and above that the case is about; `faults` are the words of an exception that the
    case throws on purpose, which the log may then hold with its trace.
    """

    def __init__(self, victim: Victim, attacker: Tenant, attacker_id: UUID) -> None:
        self.victim = victim
        self.attacker = attacker
        self.attacker_id = attacker_id
        self.answers: list[Response] = []
        self.lines: list[str] = []
        self.expected: set[int] = set()
        self.fault: str | None = None
        # Set where requests go out of the watch's sight, over a socket of the case's own, and may succeed there.
        self.writes_unseen = False
        self._heads: Mapping[str, int] = {}

    async def _settle(self) -> None:
        """Wait until the services have recorded what follows from the case's writes, which the next one has no part in."""
        async with asyncio.timeout(20):
            heads: Mapping[str, int] = {}
            while (now := await self._outbox_heads()) != heads:
                heads = now
                await asyncio.sleep(0.2)

    async def begin(self) -> None:
        self._heads = await self._outbox_heads()
        self.victim.system.http.event_hooks["response"] = [self._see]

    async def end(self) -> None:
        """Raise AssertionError with everything that should not have been."""
        self.victim.system.http.event_hooks["response"] = []
        wrong = [fault for answer in self.answers for fault in self._faults_of(answer)]
        wrong += [fault for line in self.lines for fault in self._faults_in(line)]
        wrong += [f"the victim's {table} changed" for table in await self.victim.changes()]
        if not self.writes_unseen and not any(
            answer.is_success and answer.request.method != "GET" for answer in self.answers
        ):
            heads = await self._outbox_heads()
            wrong += [
                f"{name} recorded facts of what was refused" for name in heads if heads[name] != self._heads[name]
            ]
        else:
            await self._settle()
        assert not wrong, "\n".join(wrong[:40])

    @contextlib.contextmanager
    def looking_away(self) -> Iterator[None]:
        """While the victim itself asks for what is its own."""
        hooks, self.victim.system.http.event_hooks["response"] = self.victim.system.http.event_hooks["response"], []
        try:
            yield
        finally:
            self.victim.system.http.event_hooks["response"] = hooks

    def refusal(self, answer: Response) -> list[str]:
        """What a refusal lacks or says too much."""
        document = answer.json() if answer.headers.get("content-type") == "application/problem+json" else {}
        if not {"code", "title", "status", "trace_id"} <= set(document):
            return [f"no problem document: {answer.status_code} {answer.text[:200]}"]
        said = " ".join(str(value) for name, value in document.items() if name != "instance")
        faults = ["no request id"] if not answer.headers.get("tandem-request-id") else []
        if found := _INNARDS.search(said):
            faults.append(f"innards: {found[0]!r} in {said[:300]}")
        return faults

    async def _see(self, answer: Response) -> None:
        await answer.aread()
        self.answers.append(answer)

    def _faults_of(self, answer: Response) -> list[str]:
        asked = f"{answer.request.method} {answer.request.url.path[:200]}"
        faults = self.refusal(answer) if answer.status_code >= 400 and answer.request.method != "HEAD" else []
        if answer.status_code >= 500 and answer.status_code not in self.expected:
            faults.append(f"{answer.status_code} {answer.text[:300]}")
        if 300 <= answer.status_code < 400 and answer.status_code != 304:
            faults.append(f"a redirect to {answer.headers.get('location')}")
        # What the attacker said itself may be said back to it.
        sent = str(answer.request.url).encode() + _content_of(answer.request)
        faults += [
            f"the victim's {secret}"
            for secret in self.victim.secrets
            if secret.encode() in answer.content and secret.encode() not in sent
        ]
        return [f"{asked}: {fault}" for fault in faults]

    def _faults_in(self, line: str) -> list[str]:
        try:
            values = orjson.loads(line)
        except ValueError:
            return [f"a log line that is no JSON: {line[:200]!r}"]
        # The path is the client's own words.
        beside = str({name: value for name, value in values.items() if name != "path"})
        faults = [f"the victim's {secret}" for secret in self.victim.secrets if secret in beside]
        if self.fault is not None and self.fault in str(values.get("exception")):
            return [f"the log tells {fault}" for fault in faults]
        if "exception" in values:
            faults.append(f"an exception: {values['exception'][-600:]}")
        said = " ".join(str(value) for name, value in values.items() if name != "path")
        if found := _INNARDS.search(said):
            faults.append(f"innards: {found[0]!r}")
        return [f"the log tells {fault}: {line[:200]}" for fault in faults]

    async def _outbox_heads(self) -> Mapping[str, int]:
        heads = {}
        for name in SERVICES:
            async with service_of(self.victim.system, name).database.read(self.attacker_id) as session:
                statement = "select number from outbox_heads where tenant_id = $1"
                heads[name] = await session.value(statement, self.attacker_id) or 0
        return heads
