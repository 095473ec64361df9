"""The hand that the readers of boards and tables share: tasks, persons and links collected, put into an outline, accounted for.

It keeps what every reader has to keep: bounds on numbers and texts, dates in the project's zone, no cycle of parents, and
for each member of the file what became of it, with a few examples.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from zoneinfo import ZoneInfo

from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.imports.file_plan import FilePlan, Origin, Reading
from services.planning.imports.mspdi import Finding, MspdiAssignment, MspdiLink, MspdiPlan, MspdiResource, MspdiTask
from services.planning.imports.record_stream import UnreadableFile

FINISH_FINISH, FINISH_START, START_FINISH, START_START = range(4)
START_NO_EARLIER: Final = 4
MOST_EXAMPLES: Final = 3
MOST_LABELS: Final = 50
LONGEST_LABEL: Final = 60
LONGEST_ID: Final = 200
LONGEST_EXAMPLE: Final = 60
MOST_LEVELS: Final = 100
# A report names so many members of a file; a hostile one could hold a million different ones.
MOST_FINDINGS: Final = 500
_LONGEST_NUMBER: Final = 40
_MOST_DIGITS: Final = 15
_LONGEST_SPAN: Final = 10**9  # ticks: 190 years around the clock
_MORNING: Final = time(8)
EVENING: Final = time(17)
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")
_ADDRESS: Final = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


class PlanBuilder:
    """Collects the plan of one file. A parent or a link may name what the file only brings later."""

    def __init__(self, file_format: str, system: str, reading: Reading) -> None:
        self.reading = reading
        self.zone = ZoneInfo(reading.time_zone)
        self.plan = MspdiPlan()
        self.file = FilePlan(file_format, self.plan, system)
        self._tasks: dict[int, MspdiTask] = {}
        self._parents: dict[int, int | None] = {}
        self._places: dict[int, str] = {}
        self._persons: dict[str, MspdiResource] = {}
        self._parts: set[tuple[int, int]] = set()
        self._links: dict[tuple[int, int], MspdiLink] = {}
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._examples: dict[tuple[str, str, str], list[str]] = {}

    # What became of the file's members

    def account(self, path: str, disposition: str, reason: str = "", example: object = None, count: int = 1) -> None:
        """Count a value of the file that was `taken`, `changed` or `dropped`; the last two with a reason."""
        key = path[:200], disposition, reason
        if key not in self._counts and len(self._counts) >= MOST_FINDINGS:
            key = "…", "dropped", "further members"
        self._counts[key] += count
        shown = shortened(example)
        examples = self._examples.setdefault(key, [])
        if shown and len(examples) < MOST_EXAMPLES and shown not in examples and disposition != "taken":
            examples.append(shown)

    def account_members(
        self,
        folder: str,
        document: Mapping[str, Any],
        taken: Collection[str],
        elsewhere: Mapping[str, str] | None = None,
    ) -> None:
        """Account for every member with a value: those `taken`, those found `elsewhere` (changed, why), the others dropped."""
        changed = elsewhere or {}
        for name, value in document.items():
            if value is None or value in ("", [], {}, False):
                continue
            path = f"{folder}/{self.text(name)}"
            if name in taken:
                self.account(path, "taken")
            elif name in changed:
                self.account(path, "changed", changed[name])
            else:
                self.account(path, "dropped", "has no counterpart", value)

    # Values

    def text(self, value: object, path: str = "") -> str:
        """A text that can be stored: without NUL characters and lone surrogates. What is no text is none."""
        if isinstance(value, bool) or value is None:
            return ""
        if isinstance(value, int | float | Decimal):
            return f"{value}"[:_LONGEST_NUMBER]
        if not isinstance(value, str):
            return ""
        cleaned = _UNSTORABLE.sub("", value)
        if path and len(cleaned) != len(value):
            self.account(path, "changed", "characters that cannot be stored were left out")
        return cleaned

    def number(self, value: object, path: str, least: Decimal = Decimal(0)) -> Decimal | None:
        """A number of at least `least`; None, accounted for, for what is none."""
        if value is None or value == "":
            return None
        found = as_number(value)
        if found is None or found < least:
            self.account(path, "dropped", "not a number in bounds", value)
            return None
        return found

    def day(self, value: object, path: str) -> date | None:
        """A day as `2026-03-31`; of an instant the day in the project's zone."""
        moment = self.moment(value, path)
        return None if moment is None else moment.date()

    def moment(self, value: object, path: str, at: time = _MORNING) -> datetime | None:
        """Local time in the project's zone; a day without a time is meant `at` that time. None for what is no date."""
        if value is None or value == "":
            return None
        if not isinstance(value, str) or len(value) > _LONGEST_NUMBER:
            self.account(path, "dropped", "not a date", value)
            return None
        try:
            if len(value) == 10:
                found = datetime.combine(date.fromisoformat(value), at)
            else:
                found = datetime.fromisoformat(value)
                if found.tzinfo is not None:
                    found = found.astimezone(self.zone).replace(tzinfo=None)
        except (ValueError, OverflowError):
            self.account(path, "dropped", "not a date", value)
            return None
        return self.within_reach(found, path)

    def within_reach(self, found: datetime, path: str) -> datetime | None:
        """The moment to the minute, None, accounted for, outside of the years that plans reckon with."""
        if not 1971 <= found.year < 2200:
            self.account(path, "dropped", "outside the years 1971 to 2199", found.isoformat())
            return None
        return found.replace(second=0, microsecond=0)

    def ticks(self, minutes: Decimal, path: str) -> int:
        """Working minutes as ticks, within what a plan can hold."""
        ticks = int(minutes * TICKS_PER_MINUTE + Decimal("0.5"))
        if ticks > _LONGEST_SPAN:
            self.account(path, "dropped", "longer than any plan", minutes)
            return 0
        return ticks

    def minutes_between(self, start: datetime, finish: datetime) -> Decimal:
        """Working minutes from the day of `start` to that of `finish`, both included, Monday to Friday; at least a day's.

        The project's own calendar is not known here; the schedule moves what does not fit.
        """
        first, last = start.date(), finish.date()
        days = (last - first).days + 1
        weeks, rest = divmod(max(days, 1), 7)
        working = weeks * 5 + sum((first + timedelta(each)).weekday() < 5 for each in range(rest))
        return Decimal(max(working, 1) * self.reading.minutes_per_day)

    # Tasks

    def task(self, name: str, place: str, parent: int | None = None, origin: Origin | None = None) -> MspdiTask:
        """A new task, below another by its UID. Raises UnreadableFile when there are more than a plan may have."""
        uid = len(self._tasks) + 1
        if uid > self.reading.max_tasks:
            raise UnreadableFile("too_many_records", f"more than {self.reading.max_tasks} tasks", 1, place=place)
        task = MspdiTask(
            uid, id=uid, name=name, duration=self.reading.minutes_per_day * TICKS_PER_MINUTE, estimated=True
        )
        self._tasks[uid] = task
        self._parents[uid] = parent
        self._places[uid] = place
        if origin is not None:
            self.file.origins[uid] = origin
        return task

    def put_below(self, uid: int, parent: int) -> None:
        """Another parent, which the file may have told of later."""
        self._parents[uid] = parent

    def schedule(self, task: MspdiTask, start: datetime | None, due: datetime | None) -> None:
        """A board's dates: the start holds as start-no-earlier-than, the due date as deadline; both make the duration."""
        if start is not None:
            task.start, task.constraint_type, task.constraint_date = start, START_NO_EARLIER, start
        if due is not None:
            task.deadline = due
        if start is not None and due is not None and due >= start:
            task.duration = self.ticks(self.minutes_between(start, due), "")

    def complete(self, task: MspdiTask, finished: datetime | None) -> None:
        """The task is done, since a moment where the file says so."""
        task.percent_complete = 100
        task.remaining_duration = 0
        if finished is not None:
            begun = datetime.combine(finished.date(), _MORNING)
            if task.start is not None and task.start <= finished:
                begun = task.start
            task.actual_start = min(begun, finished)
            task.actual_finish = finished

    def origin(self, kind: str, external_id: object, url: object = "", labels: Iterable[object] = ()) -> Origin:
        """What the other system calls a thing, within the bounds of an external reference."""
        named = self.text(external_id)
        if len(named) > LONGEST_ID or any(character < " " for character in named):
            named = ""
        link = self.text(url)
        if len(link) > 2_000 or not re.fullmatch(r"https?://\S+", link):
            link = ""
        found = dict.fromkeys(" ".join(self.text(label).split())[:LONGEST_LABEL].strip() for label in labels)
        return Origin(kind, named, link, tuple(label for label in found if label)[:MOST_LABELS])

    # Persons, links

    def person(self, key: str, name: str, email: str = "") -> int:
        """The resource that stands for a person of the file, by whatever tells persons apart there."""
        known = self._persons.get(key)
        if known is None:
            uid = len(self._persons) + 1
            known = MspdiResource(uid, id=uid, name=name or email or key)
            self._persons[key] = known
        if email and not known.email and _ADDRESS.fullmatch(email):
            known.email = email
        return known.uid

    def assign(self, task: MspdiTask, person: int) -> None:
        """The person takes part in the task; boards do not say how much of their time, so no work is reckoned."""
        if (task.uid, person) not in self._parts:
            self._parts.add((task.uid, person))
            uid = len(self._parts)
            self.plan.assignments.append(MspdiAssignment(uid, task.uid, person, Decimal(1), work=0))

    def link(
        self,
        predecessor: int,
        successor: int,
        kind: int = FINISH_START,
        lag: int = 0,
        elapsed: bool = False,
        *,
        percent: bool = False,
    ) -> None:
        """The successor waits for the predecessor; `lag` in ticks or per cent. The same once more says nothing new."""
        self._links.setdefault((predecessor, successor), MspdiLink(predecessor, kind, lag, elapsed, percent))

    # The end

    def finish(self) -> FilePlan:
        """The whole plan in the order of its outline. Raises UnreadableFile where parents go round in a circle."""
        children: dict[int | None, list[MspdiTask]] = {}
        for task in self._tasks.values():
            children.setdefault(self._parents[task.uid], []).append(task)
        pending = [(task, 1) for task in reversed(children.get(None, ()))]
        while pending:
            task, level = pending.pop()
            if level > MOST_LEVELS:
                raise UnreadableFile(
                    "too_deep", f"the outline has more than {MOST_LEVELS} levels", 1, place=self._places[task.uid]
                )
            task.outline_level, task.parent_uid = level, self._parents[task.uid]
            self.plan.tasks.append(task)
            below = children.get(task.uid, ())
            task.summary = bool(below)
            if below and task.constraint_type == START_NO_EARLIER:
                self._hand_down(task, below)
            pending += [(each, level + 1) for each in reversed(below)]
        if len(self.plan.tasks) < len(self._tasks):
            reached = {task.uid for task in self.plan.tasks}
            lost = next(uid for uid in self._tasks if uid not in reached)
            raise UnreadableFile("parent_cycle", "what it lies below lies below itself", 1, place=self._places[lost])
        for (predecessor, successor), link in self._links.items():
            if self._contains(predecessor, successor) or self._contains(successor, predecessor):
                self.account("links", "dropped", "a task cannot wait for itself, or for what it contains")
            else:
                self._tasks[successor].links.append(link)
        self._reckon_work()
        self.plan.resources = list(self._persons.values())
        self.plan.report = [
            Finding(*key[:1], count, *key[1:], tuple(self._examples.get(key, ())))
            for key, count in sorted(self._counts.items())
        ]
        return self.file

    def _hand_down(self, summary: MspdiTask, below: Iterable[MspdiTask]) -> None:
        """A summary begins when what lies below it begins, so that takes over its start where it has none of its own."""
        for each in below:
            if each.constraint_date is None:
                each.constraint_type, each.constraint_date = START_NO_EARLIER, summary.constraint_date
        summary.constraint_type, summary.constraint_date = 0, None
        self.account("start", "changed", "the start of a summary is that of the tasks below it")

    def _reckon_work(self) -> None:
        """Whoever takes part in what was estimated works on it all the time, and on what is left of it."""
        for part in self.plan.assignments:
            task = self._tasks[part.task_uid]
            if not (task.estimated or task.elapsed or task.summary):
                part.work = task.duration or 0
                part.remaining_work = part.work * (100 - task.percent_complete) // 100
        for task in self._tasks.values():
            if 0 < task.percent_complete < 100:
                task.remaining_duration = (task.duration or 0) * (100 - task.percent_complete) // 100

    def _contains(self, above: int, below: int) -> bool:
        following: int | None = below
        while following is not None:
            if following == above:
                return True
            following = self._parents[following]
        return False


def as_number(value: object) -> Decimal | None:
    """A finite number of a sensible size, None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    text = str(value) if not isinstance(value, int) or abs(value) < 10**_LONGEST_NUMBER else "nan"
    try:
        found = Decimal(text.strip()) if len(text) <= _LONGEST_NUMBER else Decimal("nan")
    except InvalidOperation:
        return None
    return found if found.is_finite() and found.adjusted() <= _MOST_DIGITS else None


def shortened(value: object) -> str:
    """A value as an example of a report shows it; what is no single value shows nothing."""
    if value is None or isinstance(value, dict | list | bool):
        return ""
    text = " ".join(_UNSTORABLE.sub("", str(value)[:500]).split())
    return text if len(text) <= LONGEST_EXAMPLE else f"{text[: LONGEST_EXAMPLE - 1]}…"


def instant_of_hex(text: str) -> datetime | None:
    """When a thing was made whose id begins with the seconds since 1970 in eight hexadecimal digits."""
    if not re.fullmatch(r"[0-9a-f]{24}", text):
        return None
    return datetime.fromtimestamp(int(text[:8], 16), UTC)
