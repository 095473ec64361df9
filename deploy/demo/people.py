"""The people of the demo, and how their clients speak to the gateway."""

import asyncio
import time
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any

from services.kernel.http_client import HttpClient, HttpFailed, Response
from services.kernel.ids import new_id

PATIENCE_SECONDS = 30.0
RETRYABLE = (503,)

ROLES = {
    "owner": ("Olav Eier", "olav@example.org", "nb"),
    "manager": ("Mona Berg", "mona@example.org", "en"),
    "coordinator": ("Kari Nordmann", "kari@example.org", "nb"),
    "member": ("Per Hansen", "per@example.org", "nb"),
    "second member": ("Ann Smith", "ann@example.org", "en"),
    "guest": ("Grace Client", "grace@client.example", "en"),
}


class UnexpectedAnswer(Exception):
    """The system answered otherwise than the story goes. The message says to what, and with which body."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token. A request whose answer has another status than expected stops the story."""

    http: HttpClient
    name: str
    id: str
    token: str

    async def ask(
        self,
        method: str,
        path: str,
        expected: int | Container[int],
        *,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> Response:
        """Send one request, every write with an Idempotency-Key of its own, and expect one status or one of several.

        Where nobody answers, or 503, the very same request goes out again: with its key that is always safe.
        """
        sent = {"Authorization": f"Bearer {self.token}"}
        if method != "GET":
            sent["Idempotency-Key"] = str(new_id())
        request = self.http.build_request(method, path, headers=sent | dict(headers or {}), **options)
        statuses = (expected,) if isinstance(expected, int) else expected
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                answer = await self.http.send(request)
            except HttpFailed as error:
                if time.monotonic() > deadline:
                    raise UnexpectedAnswer(f"{method} {path} as {self.name}: nobody answers ({error})") from error
            else:
                if answer.status_code in statuses:
                    return answer
                if answer.status_code not in RETRYABLE or time.monotonic() > deadline:
                    said = f"{answer.status_code} instead of {expected}: {answer.text[:600]}"
                    raise UnexpectedAnswer(f"{method} {path} as {self.name}: {said}")
            await asyncio.sleep(0.2)

    async def get(self, path: str, expected: int = 200, **options: Any) -> Any:
        return (await self.ask("GET", path, expected, **options)).json()

    async def post(self, path: str, body: Any, expected: int = 201, **options: Any) -> Any:
        return (await self.ask("POST", path, expected, json=body, **options)).json()

    async def patch(self, path: str, body: Any, version: int, expected: int = 200) -> Response:
        return await self.ask("PATCH", path, expected, json=body, headers={"If-Match": f'"{version}"'})
