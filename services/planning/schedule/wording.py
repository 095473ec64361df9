"""The words in which a change of a task is put to whoever decides, and kept in the decision record."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.kernel.working_time import TICKS_PER_MINUTE
from services.planning.schedule.plan_rows import PlanTask

_LONGEST = 300
# Shown by name alone: their values are ids, or longer than a line.
_UNSPOKEN = frozenset(
    {"parent_id", "after_id", "calendar_id", "assignee_id", "notes", "labels", "external_refs", "splits"}
)
_STORED_AS = {"wbs_code": "wbs_custom"}
# Lengths, with the minutes of their day where it is not a working day of the project.
_LENGTHS = {"duration_minutes": None, "remaining_minutes": None, "levelling_delay_minutes": 1440}


def name_of(task: PlanTask) -> str:
    """The task as people speak of it: its code, when it has one yet, and its title."""
    return f"{task.wbs_code} {task.title}".strip()


def days(ticks: int, minutes_per_day: int) -> str:
    """A length in working days of the project, to two decimals: "16 d", "0.5 d"."""
    value = Decimal(ticks) / (TICKS_PER_MINUTE * minutes_per_day)
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{text} d"


def question_of(before: PlanTask, after: PlanTask, changes: Mapping[str, Any]) -> str:
    """What is asked about a changed task."""
    if "duration_minutes" in changes and after.duration != before.duration:
        asked = "take longer" if after.duration > before.duration else "take less time"
        return f"May {name_of(before)} {asked}?"[:_LONGEST]
    return f"May {name_of(before)} be changed?"[:_LONGEST]


def answer_of(before: PlanTask, after: PlanTask, changes: Mapping[str, Any], minutes_per_day: int) -> str:
    """What is chosen: each named member with what it was and what it becomes."""
    said = []
    for name in changes:
        spoken = name.removesuffix("_id").removesuffix("_minutes").replace("_", " ")
        if name in _UNSPOKEN:
            said.append(spoken)
            continue
        if name in _LENGTHS:
            attribute = name.removesuffix("_minutes")
            was, is_now = (
                "none" if value is None else days(value, _LENGTHS[name] or minutes_per_day)
                for value in (getattr(before, attribute), getattr(after, attribute))
            )
        else:
            attribute = _STORED_AS.get(name, name)
            was, is_now = _spoken(getattr(before, attribute)), _spoken(getattr(after, attribute))
        if was != is_now:
            said.append(f"{spoken} {was} -> {is_now}")
    return ("; ".join(said) or "as it is")[:_LONGEST]


def _spoken(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M}"
        case _:
            return str(value).replace("_", " ")
