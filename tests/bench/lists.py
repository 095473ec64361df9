"""Reads: pages of 50 tasks in answers per second of CPU, run in turn with the reference and compared pair by pair."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from deploy.local.ports import free_port
from deploy.local.stack import ROOT, LocalStack, WebProcess
from tests.bench import reference
from tests.bench.figure import Figure
from tests.bench.load import Order, put_under_load
from tests.bench.plans import Plan, planning_url
from tests.bench.processes import cpu_seconds

ROUNDS = 7
WARM_UP_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Target:
    """Something to be put under load, and the Python processes whose CPU that costs."""

    order: Order
    pids: Sequence[int]


async def answers_per_cpu_second(target: Target) -> float:
    """One run. Raises RuntimeError where anything but full pages came back."""
    before = cpu_seconds(target.pids)
    load = await put_under_load(target.order)
    spent = cpu_seconds(target.pids) - before
    if load.failures or load.body_bytes < load.answers * 10_000:
        raise RuntimeError(f"not every answer of {target.order.url} was a full page: {load}")
    return load.answers / spent


async def in_turn(targets: Mapping[str, Target], rounds: int = ROUNDS) -> dict[str, list[float]]:
    """Run the targets one after the other, round by round, so that whatever else the machine does meets all of them."""
    for target in targets.values():
        await put_under_load(Order(target.order.url, target.order.headers, seconds=WARM_UP_SECONDS))
    runs: dict[str, list[float]] = {name: [] for name in targets}
    for _ in range(rounds):
        for name, target in targets.items():
            runs[name].append(await answers_per_cpu_second(target))
    return runs


def compared(
    name: str, runs: Mapping[str, Sequence[float]], measured: str, against: str, least: float, unit: str
) -> Figure:
    """The figure of `measured` with the median of its ratios to `against` in the same round."""
    ratio = median(one / other for one, other in zip(runs[measured], runs[against], strict=True))
    return Figure(
        name,
        median(runs[measured]),
        unit,
        f"ratio >= {least}",
        ratio >= least,
        reference=median(runs[against]),
        ratio=ratio,
    )


def reference_process(stack: LocalStack) -> WebProcess:
    """The reference over the stack's own PostgreSQL, to be started and stopped by the caller."""
    environment = {"PYTHONPATH": str(ROOT), reference.DATABASE_URL: planning_url(stack)}
    log = stack.data / "logs" / "reference.log"
    return WebProcess("reference", "tests.bench.reference:create_app", free_port(), environment, log)


def of_reference(process: WebProcess, plan: Plan) -> Target:
    return Target(Order(f"{process.url}/{plan.tenant_id}/{plan.project_id}", {}), [process.pid])


def of_stack(stack: LocalStack, plan: Plan, processes: Sequence[str]) -> Target:
    return Target(
        Order(f"{stack.public_url}{plan.list_path}", plan.headers), [stack.process(name).pid for name in processes]
    )
