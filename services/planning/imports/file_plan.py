"""What every reader makes of its file: the plan in the terms of MSPDI, what that format has no words for, and a report.

MSPDI is the richest of the formats that are read, so its values are the neutral ones; a reader fills what its file holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from services.planning.imports.mspdi import MspdiPlan
from services.planning.imports.tandem_json import Beside


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader is told besides the file: the project's time zone and working day, and how a table is to be read.

    `mapping` is the stored mapping of a table as JSON, see `table_plan.TableMapping`.
    """

    time_zone: str = "UTC"
    minutes_per_day: int = 480
    max_tasks: int = 100_000
    max_bytes: int = 50_000_000
    mapping: str | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """What the other system calls a task. An empty `id` is none, for a file that does not say it."""

    type: str = "task"
    id: str = ""
    url: str = ""
    labels: tuple[str, ...] = ()


@dataclass(slots=True)
class FilePlan:
    """A file as it was understood.

    `system` names the other system in external references. With `frame` the file says how the project is scheduled
    (start, calendars, rules), which an empty project takes over. `origins` are by the task's UID in `plan`. `rows` are the
    first rows of a table by member, as they were understood, for whoever tries a mapping. `beside` is what MSPDI has no words
    for, in a document of ours.
    """

    format: str
    plan: MspdiPlan
    system: str = ""
    frame: bool = False
    origins: dict[int, Origin] = field(default_factory=dict)
    rows: list[dict[str, str]] = field(default_factory=list)
    beside: Beside | None = None
