"""Writes: what a change of dates costs, and how soon the feed tells of a change."""

import asyncio
import time
from collections.abc import Sequence
from datetime import datetime
from statistics import median, quantiles
from uuid import UUID

import orjson

from tests.bench.figure import Figure
from tests.bench.plans import DAY_MINUTES, Plan, change_task, make_tasks
from tests.bench.processes import cpu_seconds

CHANGES, CHANGES_OF_LARGER = 100, 40
WRITES_A_SECOND, FEED_SECONDS, PROJECTS = 50, 20, 10
QUIET_SHARE = 0.1


async def dates(plan: Plan, pids: Sequence[int]) -> Figure:
    """The CPU that a change of dates costs in a plan of 1,000 tasks."""
    cost, milliseconds, moved = await _change_dates(plan, pids, CHANGES)
    p95 = percentile_95(milliseconds)
    return Figure(
        "patch_dates_1k",
        cost,
        "ms CPU",
        "<= 60, p95 < 150 ms",
        cost <= 60 and p95 < 150,
        further={"p50": median(milliseconds), "p95": p95, "tasks_moved": moved},
    )


async def dates_of_larger(plan: Plan, thousands: int, bar: float, pids: Sequence[int]) -> Figure:
    """How long whoever changes a date waits in a larger plan; `bar` in milliseconds."""
    cost, milliseconds, moved = await _change_dates(plan, pids, CHANGES_OF_LARGER)
    p95 = percentile_95(milliseconds)
    return Figure(
        f"patch_dates_{thousands}k",
        p95,
        "ms p95",
        f"< {bar:,.0f} ms",
        p95 < bar,
        further={"p50": median(milliseconds), "ms CPU": cost, "tasks_moved": moved},
    )


async def _change_dates(plan: Plan, pids: Sequence[int], changes: int) -> tuple[float, list[float], float]:
    """PATCH the duration of a task in the middle of a line again and again, one at a time; each moves what follows.

    Milliseconds of CPU a change, what each took on the clock, and the tasks that the last one moved.
    """
    task_id = plan.packages[3][2][0]
    version = int((await plan.manager.get(f"/v1/tasks/{task_id}")).json()["version"])
    milliseconds: list[float] = []
    await quiet(pids)
    before = cpu_seconds(pids)
    moved = 0
    for turn in range(changes):
        began = time.perf_counter()
        answer = await change_task(
            plan, task_id, version, {"duration_minutes": DAY_MINUTES * (3 + turn % 2)}, f"dates-{turn}"
        )
        milliseconds.append((time.perf_counter() - began) * 1000)
        version, moved = int(answer["version"]), int(answer["effects"]["impact"]["tasks_moved"])
    await quiet(pids)
    return (cpu_seconds(pids) - before) / changes * 1000, milliseconds, float(moved)


async def feed(plan: Plan) -> Figure:
    """From commit to the reader of the stream, at 50 changes of a title a second, spread over ten projects of a tenant.

    Measured from the write's answer, which leaves at once after the commit; `since its beginning` is from `occurred_at`,
    when the transaction began. The first second warms up.
    """
    warming = WRITES_A_SECOND
    tasks = await make_tasks(plan, PROJECTS, (warming + WRITES_A_SECOND * FEED_SECONDS) // PROJECTS)
    answered: dict[str, float] = {}
    arrived: dict[str, tuple[float, float]] = {}
    connected = asyncio.Event()
    reading = asyncio.create_task(_read(plan, len(tasks), arrived, connected))
    await connected.wait()
    began = time.monotonic()

    async def write(number: int, task_id: UUID) -> None:
        await asyncio.sleep(began + number / WRITES_A_SECOND - time.monotonic())
        await change_task(plan, task_id, 1, {"title": f"Renamed {number}"}, f"feed-{number}")
        answered[f"feed-{number}"] = time.time()

    await asyncio.gather(*(write(number, task_id) for number, task_id in enumerate(tasks)))
    seconds = time.monotonic() - began
    async with asyncio.timeout(60):
        await reading
    counted = [f"feed-{number}" for number in range(warming, len(tasks))]
    milliseconds = [max(0.0, arrived[agent][0] - answered[agent]) * 1000 for agent in counted]
    whole = [(arrived[agent][0] - arrived[agent][1]) * 1000 for agent in counted]
    p50, p95 = median(milliseconds), percentile_95(milliseconds)
    return Figure(
        "feed_latency",
        p50,
        "ms p50",
        "p50 < 20, p95 < 100 ms",
        p50 < 20 and p95 < 100,
        further={"p95": p95, "p50 since its beginning": median(whole), "writes a second": len(tasks) / seconds},
    )


async def _read(plan: Plan, writes: int, arrived: dict[str, tuple[float, float]], connected: asyncio.Event) -> None:
    """Read the stream until every write has come; `arrived` gets when each did, and when it says that it occurred."""
    http = plan.manager.http
    async with http.stream("GET", "/v1/events/stream", headers=dict(plan.headers), timeout=60) as response:
        async for line in response.aiter_lines():
            now = time.time()
            connected.set()
            if line.startswith("data: "):
                event = orjson.loads(line[6:])
                if event["change_agent"] is not None:
                    occurred = datetime.fromisoformat(event["occurred_at"]).timestamp()
                    arrived.setdefault(event["change_agent"], (now, occurred))
                if len(arrived) == writes:
                    return


async def quiet(pids: Sequence[int]) -> None:
    """Return when the processes have worked off what follows from earlier requests."""
    spent = cpu_seconds(pids)
    while True:
        await asyncio.sleep(0.5)
        now = cpu_seconds(pids)
        if now - spent < 0.5 * QUIET_SHARE:
            return
        spent = now


def percentile_95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1]
