"""A change of the plan taken back, in memory: what it left is compared with what is there, then what was is put back.

Reads the documents of `services/planning/schedule/journal.py`. Nothing here reads or writes a database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import orjson

from services.planning.schedule.editing import become_summary, kinds_of
from services.planning.schedule.journal import ENTERED, OF_LEAVES, PART, TEXTS
from services.planning.schedule.plan_change import PlanMovedOn
from services.planning.schedule.plan_rows import PlanAssignment, PlanExpense, PlanLink, PlanTask, new_task
from services.planning.schedule.pricing import Pricing
from services.planning.schedule.working_plan import WorkingPlan

_MOST_PLACES: Final = 50
_MOMENTS: Final = frozenset(
    {"constraint_date", "deadline", "actual_start", "actual_finish", "stop", "resume", "manual_start", "manual_finish"}
)
_MOMENTS_OF_RULES: Final = frozenset({"start", "finish_target"})
_IDS: Final = frozenset({"calendar_id", "assignee_id", "parent_id", "after_id"})
_NUMBERS: Final = frozenset({"units", "cost"})
# How people call what is stored under another name.
_CALLED: Final = {
    "duration": "duration_minutes",
    "remaining": "remaining_minutes",
    "wbs_custom": "wbs_code",
    "levelling_delay": "levelling_delay_minutes",
}
_USUAL: Final = new_task(UUID(int=0), "")
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Means:
    """A resource of the project, as far as its parts are reckoned with."""

    resource_type: str
    calendar_id: UUID | None
    accrual: str


@dataclass(slots=True)
class Reversal:
    """What was done in memory and is to be stored, told of and judged.

    `links` and `parts` are the rows as they shall be, by id; None for those that shall go.
    """

    kinds: set[str] = field(default_factory=set)
    texts: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    restored: list[UUID] = field(default_factory=list)
    taken: list[UUID] = field(default_factory=list)
    changed: dict[UUID, list[str]] = field(default_factory=dict)
    links: dict[UUID, PlanLink | None] = field(default_factory=dict)
    parts: dict[UUID, dict[str, Any] | None] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)


class Reversing:
    """One pass over a document. `texts` are those of its tasks as they are, `options` the rules as they are."""

    def __init__(
        self,
        plan: WorkingPlan,
        document: Json,
        *,
        texts: Mapping[UUID, Json],
        options: Json,
        means: Mapping[UUID, Means],
        prices: Mapping[tuple[UUID, str], Pricing],
    ) -> None:
        self._plan = plan
        self._document = document
        self._texts = texts
        self._options = options
        self._means = means
        self._prices = prices
        self._places: list[dict[str, Any]] = []
        self._fronts: dict[UUID | None, dict[UUID, UUID | None]] = {}
        self._done = Reversal()

    def carry_out(self) -> Reversal:
        """Put everything back. Raises PlanMovedOn with the places where the plan is not as the change left it."""
        document = self._document
        for each in document.get("tasks", ()):
            self._compare(each)
        for whole in document.get("removed", ()):
            self._restore(whole)
        for each in document.get("tasks", ()):
            self._put_back(each)
        self._place_all()
        self._take_out(document.get("added", ()))
        if document.get("links"):
            self._relink_all(document["links"])
        if document.get("parts"):
            self._put_parts_back(document["parts"])
        for name, change in document.get("options", {}).items():
            self._put_option_back(name, change)
        if self._places:
            raise PlanMovedOn(places=self._places[:_MOST_PLACES])
        self._done.kinds = self._done.kinds or {"task.edit"}
        return self._done

    def _differs(self, noun: str, object_id: str, member: str | None = None) -> None:
        self._places.append({"type": noun, "id": object_id, "member": member and _CALLED.get(member, member)})

    # Tasks

    def _restore(self, whole: Json) -> None:
        plan, task_id = self._plan, UUID(whole["id"])
        values = {name: _read(name, value) for name, value in whole["values"].items()}
        parent_id = _read("parent_id", whole["place"]["parent_id"])
        if task_id in plan.tasks:
            return self._differs("task", whole["id"])
        if parent_id is not None and parent_id not in plan.tasks:
            return self._differs("task", whole["id"], "parent_id")
        if values.get("calendar_id") is not None and values["calendar_id"] not in plan.calendars:
            return self._differs("task", whole["id"], "calendar_id")
        task = new_task(task_id, whole["title"], **values, version=whole["version"])
        task.start = task.finish = plan.start
        task.parent_id = parent_id
        plan.tasks[task_id] = plan.added[task_id] = task
        become_summary(plan, parent_id)
        self._done.kinds.add("scope.task")
        self._done.restored.append(task_id)
        self._done.texts[task_id] = dict(whole["texts"])
        return None

    def _compare(self, change: Json) -> None:
        """Whether the task is as the change left it, before anything is put back."""
        plan, task_id = self._plan, UUID(change["id"])
        task = plan.tasks.get(task_id)
        if task is None:
            return self._differs("task", change["id"])
        texts = self._texts.get(task_id, {})
        for name, value in change["after"].items():
            current = texts.get(name) if name in TEXTS else getattr(task, name)
            if not _same(current, value) and not (name in OF_LEAVES and task.summary):
                self._differs("task", change["id"], name)
        calendar_id = _read("calendar_id", change["before"].get("calendar_id"))
        if calendar_id is not None and calendar_id not in plan.calendars:
            self._differs("task", change["id"], "calendar_id")
        place = change.get("place")
        if place is not None and not self._stands(task, place):
            self._differs("task", change["id"], "parent_id")
        return None

    def _stands(self, task: PlanTask, place: Json) -> bool:
        """Whether the task is where the change put it; among siblings that were its before as well, in the same order."""
        before, after = place["before"], place["after"]
        if not _same(task.parent_id, after["parent_id"]):
            return False
        if before["parent_id"] != after["parent_id"]:
            return True
        return _same(self._in_front(task), after["after_id"])

    def _in_front(self, task: PlanTask) -> UUID | None:
        """The sibling in front of a task, before anything is put back."""
        fronts = self._fronts.get(task.parent_id)
        if fronts is None:
            siblings = [each.id for each in self._plan.outline.children(task.parent_id)]
            fronts = self._fronts[task.parent_id] = dict(zip(siblings, [None, *siblings], strict=False))
        return fronts[task.id]

    def _put_back(self, change: Json) -> None:
        plan, task_id = self._plan, UUID(change["id"])
        task = plan.tasks.get(task_id)
        if task is None or self._places:
            return
        plan.touch(task)
        before = {name: _read(name, value) for name, value in change["before"].items()}
        for name, value in before.items():
            if name in TEXTS:
                self._done.texts.setdefault(task_id, {})[name] = value
            else:
                setattr(task, name, value)
        if "wbs_custom" in before:
            _ = plan.outline
        named = {_CALLED.get(name, name) for name in before}
        if "place" in change:
            named.add("parent_id")
        self._done.kinds |= kinds_of(dict.fromkeys(named))
        self._done.changed[task_id] = sorted(named)

    def _place_all(self) -> None:
        """Put what moved or was gone where it stood, in the order of the outline then: each behind one that stands."""
        if self._places:
            return
        document = self._document
        places = [(each["at"], each["id"], each["place"]) for each in document.get("removed", ())]
        places += [(e["at"], e["id"], e["place"]["before"]) for e in document.get("tasks", ()) if "place" in e]
        arranged: list[tuple[PlanTask, UUID | None, UUID | None]] = []
        moved: dict[UUID, UUID | None] = {}
        for _, task_id, place in sorted(places, key=lambda each: each[0]):
            task = self._plan.tasks[UUID(task_id)]
            parent_id, after_id = (_read(name, place[name]) for name in ("parent_id", "after_id"))
            if self._may_lie_below(task, parent_id, moved):
                moved[task.id] = parent_id
                arranged.append((task, parent_id, after_id))
            else:
                self._differs("task", task_id, "parent_id")
        if arranged and not self._places:
            self._plan.arrange(arranged)
            for parent_id in {parent_id for _, parent_id, _ in arranged}:
                become_summary(self._plan, parent_id)

    def _may_lie_below(self, task: PlanTask, parent_id: UUID | None, moved: Mapping[UUID, UUID | None]) -> bool:
        """Whether the parent is there and does not lie below the task, once others have been `moved` below theirs."""
        tasks, above = self._plan.tasks, parent_id
        while above is not None and above != task.id and above in tasks:
            above = moved[above] if above in moved else tasks[above].parent_id
        return above is None

    def _take_out(self, added: Sequence[Json]) -> None:
        plan, ids = self._plan, {UUID(whole["id"]) for whole in added}
        of_the_change = {each["id"] for each in self._document.get("links", ())}
        for link in plan.links if ids else ():
            if (link.predecessor_id in ids or link.successor_id in ids) and str(link.id) not in of_the_change:
                self._differs("dependency", str(link.id))
        roots = []
        for whole in added:
            task = plan.tasks.get(UUID(whole["id"]))
            if task is None:
                self._differs("task", whole["id"])
                continue
            for name in ENTERED:
                expected = whole["title"] if name == "title" else whole["values"].get(name, getattr(_USUAL, name))
                if not _same(getattr(task, name), expected) and not (name in OF_LEAVES and task.summary):
                    self._differs("task", whole["id"], name)
            for child in plan.outline.children(task.id):
                if child.id not in ids:
                    self._differs("task", str(child.id), "parent_id")
            if task.parent_id not in ids:
                roots.append(task)
        if self._places or not added:
            return
        self._done.taken = plan.remove_all(roots)
        self._done.kinds.add("scope.task")

    # Links

    def _relink_all(self, changes: Sequence[Json]) -> None:
        plan, taken = self._plan, {*self._done.taken}
        links = {link.id: link for link in plan.links}
        pairs = {(link.predecessor_id, link.successor_id) for link in plan.links}
        for change in sorted(changes, key=_takes_away_first):
            link_id = UUID(change["id"])
            before, after = (
                None if change[name] is None else _link(link_id, change[name]) for name in ("before", "after")
            )
            current = links.get(link_id)
            if after is not None and current is None and {after.predecessor_id, after.successor_id} & taken:
                continue
            if current != after:
                self._differs("dependency", change["id"])
                continue
            if current is not None:
                del links[link_id]
                pairs.discard((current.predecessor_id, current.successor_id))
            if before is not None:
                ends = (before.predecessor_id, before.successor_id)
                if ends in pairs or not plan.tasks.keys() >= {*ends}:
                    self._differs("dependency", change["id"])
                    continue
                links[link_id] = before
                pairs.add(ends)
            self._done.links[link_id] = before
        # As they are loaded, since of several links that drive a task alike the first is named.
        plan.links = sorted(links.values(), key=lambda link: link.id)
        plan.relinked = True
        self._done.kinds.add("schedule.dates")

    # Assignments

    def _put_parts_back(self, changes: Sequence[Json]) -> None:
        plan = self._plan
        rows: dict[UUID, dict[str, Any]] = {row["id"]: dict(row) for row in plan.stored.parts}
        pairs = {(row["task_id"], row["resource_id"]): each for each, row in rows.items()}
        touched: set[UUID] = set()
        taken = {*self._done.taken}
        for change in sorted(changes, key=_takes_away_first):
            part_id = UUID(change["id"])
            before, after = (None if change[name] is None else _part(change[name]) for name in ("before", "after"))
            current = rows.get(part_id)
            task_id = (before or after or {})["task_id"]
            if task_id in taken:
                continue
            found = None if current is None else {name: current[name] for name in PART}
            if found != after:
                self._differs("assignment", change["id"])
                continue
            if before is not None and (
                task_id not in plan.tasks
                or before["resource_id"] not in self._means
                or pairs.get((task_id, before["resource_id"]), part_id) != part_id
            ):
                self._differs("assignment", change["id"])
                continue
            if found is not None:
                pairs.pop((found["task_id"], found["resource_id"]), None)
            if before is None:
                del rows[part_id]
            else:
                pairs[task_id, before["resource_id"]] = part_id
                rows[part_id] = {**before, "id": part_id}
            self._done.parts[part_id] = before
            touched.add(task_id)
        if not touched or self._places:
            return
        self._done.kinds |= {"resource.assign", "schedule.dates"}
        plan.stored.parts_after = [row for row in rows.values() if row["task_id"] in plan.tasks]
        by_task: dict[UUID, list[dict[str, Any]]] = {task_id: [] for task_id in touched}
        for row in rows.values():
            if row["task_id"] in touched:
                by_task[row["task_id"]].append(row)
        for task_id, several in by_task.items():
            self._reassign(task_id, several)

    def _reassign(self, task_id: UUID, rows: Sequence[Json]) -> None:
        plan = self._plan
        plan.reassigned.setdefault(task_id, plan.assignments.get(task_id, []))
        plan.assignments[task_id], plan.expenses[task_id] = [], []
        for row in rows:
            means = self._means[row["resource_id"]]
            price = self._prices.get((row["resource_id"], row["rate_table"]))
            if means.resource_type == "work":
                one = PlanAssignment(
                    task_id,
                    row["resource_id"],
                    means.calendar_id,
                    row["units"],
                    row["work"],
                    row["duration"],
                    row["remaining"],
                    row["delay"],
                    row["overtime"],
                    row["contour"],
                    price,
                    plan.capacities[row["resource_id"]].away,
                )
                plan.assignments[task_id].append(one)
            elif price is not None or row["cost"] is not None:
                quantity = row["units"] if means.resource_type == "material" else Decimal(0)
                amount = row["cost"] or Decimal(0)
                plan.expenses[task_id].append(
                    PlanExpense(task_id, row["resource_id"], quantity, price, amount, means.accrual)
                )

    # Rules

    def _put_option_back(self, name: str, change: Json) -> None:
        current, before = self._options.get(name), change["before"]
        if _plain(current) != change["after"]:
            self._places.append({"type": "schedule_options", "id": str(self._plan.project_id), "member": name})
            return
        value = datetime.fromisoformat(before) if name in _MOMENTS_OF_RULES and before is not None else before
        self._done.options[name] = value
        self._plan.options_changed[name] = (current, value)
        self._done.kinds.add("scope.task" if name.startswith("wbs_") else "schedule.dates")


def _takes_away_first(change: Json) -> bool:
    """What was put in the place of something else makes room for it."""
    return change["before"] is not None


def _plain(value: Any) -> Any:
    return orjson.loads(orjson.dumps(value, default=str))


def _read(name: str, value: Any) -> Any:
    """A stored value as the plan has it."""
    if value is None:
        return None
    if name in _MOMENTS:
        return datetime.fromisoformat(value)
    if name in _IDS:
        return UUID(value)
    return value


def _same(current: Any, stored: Any) -> bool:
    return bool(_plain(current) == _plain(stored))


def _link(link_id: UUID, row: Json) -> PlanLink:
    return PlanLink(
        link_id,
        UUID(row["predecessor_id"]),
        UUID(row["successor_id"]),
        row["dependency_type"],
        row["lag"],
        row["lag_basis"],
    )


def _part(row: Json) -> dict[str, Any]:
    found = dict(row)
    for name in ("task_id", "resource_id"):
        found[name] = UUID(found[name])
    for name in _NUMBERS:
        found[name] = None if found[name] is None else Decimal(found[name])
    return found
