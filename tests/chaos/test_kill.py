"""kill -9 of each process once, in the middle of the story: nothing is lost, nothing is doubled, all agree afterwards."""

import asyncio
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import orjson
import pytest

from deploy.demo.story import Story, found_tenant
from deploy.local.databases import SERVICES
from deploy.local.stack import LocalStack
from services.kernel.http_client import client
from services.kernel.outbox import verify_chain

# Which process dies while which step runs, and how many seconds into it.
VICTIMS = {
    "change_durations": ("planning", 0.15),
    "keep_the_books": ("postgres", 0.2),
    "raise_risk": ("gateway", 0.05),
    "hold_meeting": ("coordination", 0.4),
    "report_progress": ("log_server", 0.05),
    "sign_status_report": ("reporting", 0.1),
}


@pytest.mark.slow
async def test_the_story_survives_the_death_of_every_process(tmp_path: Path) -> None:
    killed: list[str] = []
    async with (
        LocalStack(tmp_path / "stack", mode="separate", environment="test", durable=True) as stack,
        client(stack.public_url, timeout_seconds=20) as http,
    ):
        story = Story(http, tmp_path / "report", lambda _: None)
        await story.gather(await found_tenant(stack.environment))
        for step in story.steps():
            victim, delay = VICTIMS.get(step.__name__, (None, 0.0))
            killing = asyncio.create_task(_kill(stack, victim, delay, killed)) if victim else None
            await step()
            if killing is not None:
                await killing
                await stack.wait_ready(60)
        assert killed == [victim for victim, _ in VICTIMS.values()]
        await _agree(stack, story)


async def _kill(stack: LocalStack, victim: str, delay: float, killed: list[str]) -> None:
    await asyncio.sleep(delay)
    stack.process(victim).kill()
    killed.append(victim)


async def _agree(stack: LocalStack, story: Story) -> None:
    """Chains verify, the merged log is complete and ordered, and every effect is there exactly once."""
    manager = story.people["manager"]
    tenant_id = UUID((await manager.get("/v1/me"))["tenant_id"])
    stored = {}
    for service in SERVICES:
        stored[service] = await _verified(stack, service, tenant_id)
    expected = {service: number for service, number in stored.items() if number}
    deadline = time.monotonic() + 10
    while await _merged(stack, tenant_id) != expected and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    assert await _merged(stack, tenant_id) == expected
    counts: dict[str, int] = {}
    for noun in ("actuals", "commitments", "risks", "risk-responses", "meetings", "action-items", "documents"):
        page = await manager.get(f"{story.project}/{noun}?limit=1&include_total=true")
        counts[noun] = page["page"]["total"]
    assert counts["commitments"] == counts["risks"] == counts["risk-responses"] == 1
    assert counts["meetings"] == counts["action-items"] == counts["documents"] == 1
    assert counts["actuals"] == 3
    proposals = (await manager.get(f"{story.project}/proposals"))["data"]
    assert [proposal["state"] for proposal in proposals] == ["accepted"]
    told = await story.feed_of(manager)
    assert len({event["id"] for event in told}) == len(told)
    for service in SERVICES:
        assert await _rows(stack, service, "select source, number, problem from parked_facts") == []
        assert await _rows(stack, service, "select number from outbox where sent_at is null") == []


async def _verified(stack: LocalStack, service: str, tenant_id: UUID) -> int:
    connection = await asyncpg.connect(stack.postgres.url(f"tandem_{service}"))
    try:
        return await verify_chain(connection, tenant_id)
    finally:
        await connection.close()


async def _merged(stack: LocalStack, tenant_id: UUID) -> dict[str, int]:
    found: dict[str, int] = {}
    statement = "select position, envelope from merged_events where tenant_id = $1 order by position"
    rows = await _rows(stack, "gateway", statement, tenant_id)
    assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        source = orjson.loads(row["envelope"])["source"]
        found[source] = found.get(source, 0) + 1
    return found


async def _rows(stack: LocalStack, service: str, statement: str, *arguments: Any) -> list[Any]:
    connection = await asyncpg.connect(stack.postgres.url(f"tandem_{service}"))
    try:
        return list(await connection.fetch(statement, *arguments))
    finally:
        await connection.close()
