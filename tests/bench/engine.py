"""The schedule engine alone: CPU for whole plans, beside a plain Python pass over the same network without calendars.

The networks are those of the anchors that the bars come from: phases of 20 tasks, each with one or two finish-to-start
predecessors among the 60 before it, of one to ten days. Every run begins with calendars that have no tables yet.
"""

import gc
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from services.kernel.working_time import TICKS_PER_HOUR, Calendar, CalendarException, parse_range, to_ticks
from services.planning.schedule.critical_path import schedule
from services.planning.schedule.network import Assignment, ConstraintType, LagBasis, Link, LinkType, Plan, Task
from tests.bench import mpxj
from tests.bench.figure import Figure

DAY = 8 * TICKS_PER_HOUR
START = to_ticks(datetime.fromisoformat("2026-01-05T08:00"))
TASKS_IN_A_PHASE = 20
REACH = 60
# Seconds of CPU by the number of tasks; a mixed plan has no anchor, so its bar is our own.
BARS = {10_000: 0.10, 100_000: 1.0}
MIXED_BAR = 0.30
# Caches are smaller than a hundred thousand tasks, so a task costs somewhat more among many.
GROWTH_BAR = 1.5


def calendars() -> dict[object, Calendar]:
    """The project's calendar, with a holiday of two weeks in each of ten summers, and two others."""
    summers = [date(year, 7, 13) for year in range(2026, 2036)]
    holidays = [CalendarException(first, first + timedelta(13), (), "Summer") for first in summers]
    long_day, morning = parse_range("07:00", "19:00"), parse_range("08:00", "12:00")
    workday = (morning, parse_range("13:00", "17:00"))
    return {
        "project": Calendar([workday] * 5 + [(), ()], holidays),
        "site": Calendar([(long_day,)] * 6 + [()]),
        "half": Calendar([(morning,)] * 5 + [(), ()]),
    }


def network_of(tasks: int, seed: int = 1) -> tuple[list[int], list[tuple[int, int]]]:
    """Durations in days and links of that many tasks."""
    draw = random.Random(seed)
    durations, links = [], []
    for number in range(tasks):
        durations.append(draw.randint(1, 10))
        before = range(max(0, number - REACH), number)
        wanted = {draw.choice(before) for _ in range(draw.randint(1, 2))} if before else set()
        links += [(predecessor, number) for predecessor in sorted(wanted)]
    return durations, links


def plan_of(durations: Sequence[int], links: Sequence[tuple[int, int]], *, mixed: bool = False) -> Plan:
    """The network as a plan in phases. A `mixed` one has every kind of link, calendar, constraint and progress in it."""
    draw = random.Random(7)
    tasks: list[Task] = []
    for number, days in enumerate(durations):
        phase = -1 - number // TASKS_IN_A_PHASE
        if number % TASKS_IN_A_PHASE == 0:
            tasks.append(Task(phase))
        task = Task(number, days * DAY, parent=phase)
        if mixed:
            _complicate(task, draw)
        tasks.append(task)
    made = []
    for predecessor, successor in links:
        link = Link(predecessor, successor)
        if mixed and draw.random() < 0.3:
            link.type = draw.choice(list(LinkType))
            link.lag, link.basis = draw.choice([0, DAY, -DAY]), draw.choice([LagBasis.WORKING, LagBasis.ELAPSED])
        made.append(link)
    return Plan(tasks, START, "project", calendars(), made)


def _complicate(task: Task, draw: random.Random) -> None:
    match draw.randrange(10):
        case 0:
            task.calendar = "site"
        case 1:
            task.assignments = (Assignment("a"), Assignment("b", "half", duration=task.duration // 2))
        case 2:
            task.constraint = ConstraintType.START_NO_EARLIER_THAN
            task.constraint_date = START + draw.randrange(200) * 24 * TICKS_PER_HOUR
        case 3:
            task.deadline = START + draw.randrange(400) * 24 * TICKS_PER_HOUR
        case 4 if task.id in range(100):
            task.actual_start, task.percent_complete = START, 50


def plain_pass(durations: Sequence[int], links: Sequence[tuple[int, int]]) -> int:
    """The reference: adjacency lists, an order, a forward and a backward sweep over whole days. Returns the finish."""
    count = len(durations)
    predecessors: list[list[int]] = [[] for _ in range(count)]
    successors: list[list[int]] = [[] for _ in range(count)]
    waits = [0] * count
    for first, second in links:
        predecessors[second].append(first)
        successors[first].append(second)
        waits[second] += 1
    order = [number for number in range(count) if not waits[number]]
    for number in order:
        for follower in successors[number]:
            waits[follower] -= 1
            if not waits[follower]:
                order.append(follower)
    early_finish, late_start = [0] * count, [0] * count
    for number in order:
        start = 0
        for before in predecessors[number]:
            if early_finish[before] > start:
                start = early_finish[before]
        early_finish[number] = start + durations[number]
    finish = max(early_finish)
    for number in reversed(order):
        latest = finish
        for follower in successors[number]:
            if late_start[follower] < latest:
                latest = late_start[follower]
        late_start[number] = latest - durations[number]
    return finish


def seconds_of(deed: Callable[..., object], *arguments: object) -> float:
    """CPU seconds of this process for one run; what the one before left behind has been collected."""
    gc.collect()
    before = time.process_time()
    deed(*arguments)
    return time.process_time() - before


def measure(rounds: int) -> list[Figure]:
    """Engine and reference in turn; the figures are medians over the rounds."""
    figures, per_task = [], {}
    for tasks, bar in BARS.items():
        network = network_of(tasks)
        plan = plan_of(*network)
        own, reference = [], []
        for _ in range(rounds):
            reference.append(seconds_of(plain_pass, *network))
            own.append(seconds_of(schedule, replace(plan, calendars=calendars())))
        value = statistics.median(own)
        per_task[tasks] = value / tasks
        name = f"schedule_{tasks // 1000}k"
        beside = statistics.median(reference)
        ratio = statistics.median(mine / theirs for mine, theirs in zip(own, reference, strict=True))
        # MPXJ needs a minute for the larger one.
        further = {"best": min(own)} | (mpxj.seconds_of(network) if tasks == min(BARS) else {})
        figures.append(Figure(name, value, "s CPU", f"at most {bar:.2f} s", value <= bar, beside, ratio, further))
    small, large = BARS
    growth = per_task[large] / per_task[small]
    unit = f"x a task, {large:,} to {small:,}"
    figures.append(Figure("schedule_growth", growth, unit, f"at most {GROWTH_BAR}", growth <= GROWTH_BAR))
    return [*figures, mixed(rounds)]


def mixed(rounds: int) -> Figure:
    """The smaller plan with all that a plan can have, where nothing is as simple as the bars' networks."""
    tasks = min(BARS)
    plan = plan_of(*network_of(tasks), mixed=True)
    runs = [seconds_of(schedule, replace(plan, calendars=calendars())) for _ in range(rounds)]
    value = statistics.median(runs)
    name = f"schedule_{tasks // 1000}k_mixed"
    return Figure(name, value, "s CPU", f"at most {MIXED_BAR:.2f} s", value <= MIXED_BAR, further={"best": min(runs)})
