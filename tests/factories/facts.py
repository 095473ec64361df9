"""Facts as the other services publish them, and two projects told in them: a small bridge, and a textbook's example.

`Outboxes` keeps all that was told, numbered by tenant and source, and answers for the services that would have told it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.kernel.events import Fact
from services.kernel.identity import HEADER, IdentitySigner
from services.kernel.ids import new_id
from tests.factories.world import ServiceUnderTest, World, make_fact


@dataclass(frozen=True)
class Told:
    """One fact before it has a number; its source is the first word of its type."""

    type: str
    subject_id: UUID
    data: Mapping[str, Any]
    at: datetime = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    @property
    def source(self) -> str:
        return self.type.partition(".")[0]


class Outboxes:
    """What each source has published of each tenant."""

    def __init__(self, signer: IdentitySigner) -> None:
        self._signer = signer
        self._facts: defaultdict[tuple[str, UUID], list[Fact]] = defaultdict(list)

    def append(self, tenant_id: UUID, project_id: UUID | None, told: Sequence[Told]) -> list[Fact]:
        """Number the facts behind those of their source."""
        numbered = []
        for each in told:
            outbox = self._facts[each.source, tenant_id]
            fact = make_fact(
                each.source, len(outbox) + 1, tenant_id, each.type, each.subject_id, each.data,
                project_id=project_id, occurred_at=each.at,
            )  # fmt: skip
            outbox.append(fact)
            numbered.append(fact)
        return numbered

    def of(self, source: str, tenant_id: UUID) -> Sequence[Fact]:
        return tuple(self._facts[source, tenant_id])

    def app(self, source: str) -> Starlette:
        """The source's internal routes, as the inbox asks them."""

        async def facts(request: Request) -> Response:
            tenant_id = self._signer.verify(request.headers[HEADER]).tenant_id
            after, limit = int(request.query_params["after"]), int(request.query_params["limit"])
            page = [fact.body() for fact in self.of(source, tenant_id) if after < fact.number <= after + limit]
            return Response(orjson.dumps(page), media_type="application/json")

        async def heads(request: Request) -> Response:
            reached = {str(tenant): len(kept) for (owner, tenant), kept in self._facts.items() if owner == source}
            return Response(orjson.dumps(reached), media_type="application/json")

        return Starlette(routes=[Route("/internal/facts", facts), Route("/internal/heads", heads)])


class Listener(ServiceUnderTest):
    """A service that hears facts, and can be made to hear all of them again."""

    outboxes: Outboxes

    async def hear(
        self, tenant_id: UUID, source: str, facts: Sequence[tuple[str, UUID, Mapping[str, Any], UUID | None]]
    ) -> None:
        for fact_type, subject_id, data, project_id in facts:
            await self.apply(self.outboxes.append(tenant_id, project_id, [Told(fact_type, subject_id, data)]))

    async def apply(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            assert await self.service.inbox.apply(fact.tenant_id, fact.source, [fact])
        async with self.service.database.read(facts[0].tenant_id) as session:
            parked = await session.rows("select problem from parked_facts where tenant_id = $1", facts[0].tenant_id)
        assert not parked, parked

    async def tell(self, world: World, told: Sequence[Told]) -> None:
        """Have the service hear what happened in the world's project."""
        await self.apply(self.outboxes.append(world.tenant_id, world.project_id, told))


def money(amount: str, currency: str = "NOK") -> dict[str, str]:
    return {"amount": amount, "currency": currency}


def instant(day: str, hour: int = 12) -> datetime:
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), UTC) + timedelta(hours=hour)


@dataclass
class TaskStory:
    """A task whose row can be told at any time; `start` and `finish` are days, worked from eight to four."""

    title: str
    start: str
    finish: str
    position: int
    duration_days: int
    parent: "TaskStory | None" = None
    wbs_code: str = "1"
    summary: bool = False
    milestone: bool = False
    percent: int = 0
    critical: bool = False
    id: UUID = field(default_factory=new_id)

    def row(self) -> dict[str, Any]:
        """A TaskRow."""
        return {
            "id": str(self.id),
            "parent_id": str(self.parent.id) if self.parent else None,
            "wbs_code": self.wbs_code,
            "title": self.title,
            "position": self.position,
            "outline_level": 2 if self.parent else 1,
            "summary": self.summary,
            "milestone": self.milestone,
            "start": f"{self.start}T{16 if self.milestone else 8:02d}:00:00",
            "finish": f"{self.finish}T16:00:00",
            "duration_minutes": self.duration_days * 450,
            "percent_complete": self.percent,
            "total_float_minutes": 0 if self.critical else 900,
            "critical": self.critical,
            "assignee_id": None,
            "deadline": None,
        }

    def baseline_row(self) -> dict[str, Any]:
        return {
            name: value for name, value in self.row().items() if name in ("id", "start", "finish", "duration_minutes")
        }


def project_created(project_id: UUID, **members: Any) -> Told:
    data = {
        "key": "BRO", "name": "A new bridge", "time_zone": "Europe/Oslo", "currency": "NOK", "status": "executing",
        "start": "2026-03-02T08:00:00",
    }  # fmt: skip
    return Told("planning.project.created", project_id, data | members)


def status_date_set(project_id: UUID, day: str) -> Told:
    data = {"name": "A new bridge", "status": "executing", "status_date": f"{day}T16:00:00"}
    return Told("planning.project.changed", project_id, data, instant(day))


def _plan(tasks: Sequence[TaskStory]) -> dict[str, str]:
    return {
        "start": f"{min(task.start for task in tasks)}T08:00:00",
        "finish": f"{max(task.finish for task in tasks)}T16:00:00",
    }


def tasks_created(tasks: Sequence[TaskStory]) -> list[Told]:
    return [
        Told("planning.task.created", task.id, {"task": task.row(), "moved": [], "plan": _plan(tasks), "origin": None})
        for task in tasks
    ]


def task_changed(task: TaskStory, tasks: Sequence[TaskStory], day: str, moved: Sequence[TaskStory] = ()) -> Told:
    data = {
        "task": task.row(),
        "changed_fields": ["percent_complete"],
        "moved": [each.row() for each in moved],
        "plan": _plan(tasks),
    }
    return Told("planning.task.changed", task.id, data, instant(day))


def baseline_set(tasks: Sequence[TaskStory], day: str = "2026-03-02") -> Told:
    baseline_id = new_id()
    data = {
        "baseline_id": str(baseline_id), "name": "Agreed", "number": 1, "finish": _plan(tasks)["finish"],
        "tasks": [task.baseline_row() for task in tasks], "decision_id": str(new_id()), "part": 1, "parts": 1,
    }  # fmt: skip
    return Told("planning.baseline.set", baseline_id, data, instant(day))


def budget_line(task: TaskStory | None, amount: str) -> Told:
    data = {
        "task_id": str(task.id) if task else None, "cost_code_id": str(new_id()), "cost_code": "10",
        "description": "Budget", "amount": money(amount),
    }  # fmt: skip
    return Told("planning.budget_line.created", new_id(), data)


def actual_posted(task: TaskStory | None, amount: str, day: str) -> Told:
    data = {
        "task_id": str(task.id) if task else None, "cost_code_id": str(new_id()), "amount": money(amount),
        "posted_on": day, "external_ref": None, "description": "Invoice",
    }  # fmt: skip
    return Told("planning.actual.posted", new_id(), data, instant(day))


def decision_recorded(world: World, question: str, day: str) -> Told:
    data = {
        "kind": "schedule.dates", "question": question, "chosen": "The later crane", "reason": "It is free",
        "impact": {"finish": {"before": "2026-05-01T16:00:00", "after": "2026-05-13T16:00:00", "moved_minutes": 3600},
                   "cost": {"before": money("0.00"), "after": money("25000.00"), "change": money("25000.00")}},
        "decided_by_id": str(world.people["manager"]), "proposed_by_id": None, "proposal_id": None,
        "decided_at": instant(day).isoformat(), "subject": {"type": "task", "id": str(new_id())},
    }  # fmt: skip
    return Told("planning.decision.recorded", new_id(), data, instant(day))


def risk_raised(title: str, expected: str, minutes: int = 900, owner: UUID | None = None) -> Told:
    data = {
        "title": title, "cause": "Spring flood", "event": "The river rises", "effect": "Work stands still",
        "probability": "0.30", "schedule_impact_minutes": {"low": 450, "likely": 3000, "high": 9000},
        "cost_impact": {"low": money("50000.00"), "likely": money("400000.00"), "high": money("900000.00")},
        "expected_minutes": minutes, "expected_cost": money(expected), "status": "open",
        "owner_id": str(owner) if owner else None,
    }  # fmt: skip
    return Told("planning.risk.raised", new_id(), data)


@dataclass
class Bridge:
    """A small project's story: six tasks, one of them late; a budget on a summary; a word from every register."""

    world: World

    def __post_init__(self) -> None:
        foundations = TaskStory(
            "Foundations", "2026-03-02", "2026-03-27", 1, 20, wbs_code="1", summary=True, critical=True
        )
        self.foundations = foundations
        self.piles = TaskStory("Piles", "2026-03-02", "2026-03-06", 2, 5, foundations, "1.1", critical=True)
        self.footings = TaskStory("Footings", "2026-03-09", "2026-03-27", 3, 15, foundations, "1.2", critical=True)
        self.beams = TaskStory("Beams", "2026-03-30", "2026-04-10", 4, 10, wbs_code="2", critical=True)
        self.deck = TaskStory("Deck", "2026-04-13", "2026-05-01", 5, 15, wbs_code="3", critical=True)
        self.opening = TaskStory(
            "Opening", "2026-05-01", "2026-05-01", 6, 0, wbs_code="4", milestone=True, critical=True
        )
        self.tasks = [foundations, self.piles, self.footings, self.beams, self.deck, self.opening]
        self.risk = risk_raised("Flood in the pit", "120000.00", owner=self.world.people["member"])
        self.proposal_id = new_id()

    def planning(self) -> list[Told]:
        """Planned, agreed, begun, and then late by twelve days."""
        told = [
            project_created(self.world.project_id),
            *tasks_created(self.tasks),
            baseline_set(self.tasks),
            budget_line(self.foundations, "600000.00"),
            budget_line(self.beams, "400000.00"),
            self._goal(),
            self.risk,
            risk_raised("Concrete gets dearer", "20000.00"),
            self._response(),
        ]
        self.piles.percent = 100
        told.append(task_changed(self.piles, self.tasks, "2026-03-06"))
        self.footings.percent = 40
        for late, start, finish in (
            (self.footings, "2026-03-09", "2026-04-08"),
            (self.foundations, "2026-03-02", "2026-04-08"),
            (self.beams, "2026-04-09", "2026-04-22"),
            (self.deck, "2026-04-23", "2026-05-13"),
            (self.opening, "2026-05-13", "2026-05-13"),
        ):
            late.start, late.finish = start, finish
        moved = [self.foundations, self.beams, self.deck, self.opening]
        told.append(task_changed(self.footings, self.tasks, "2026-03-20", moved))
        told += [
            actual_posted(self.piles, "180000.00", "2026-03-10"),
            actual_posted(self.footings, "150000.50", "2026-03-20"),
            self._commitment(),
            decision_recorded(self.world, "Which crane?", "2026-03-18"),
            *self._gates(),
            status_date_set(self.world.project_id, "2026-03-22"),
        ]
        return told

    def _goal(self) -> Told:
        target = {"measure": "Crossing time", "unit": "min", "baseline": "25", "target": "4", "due_date": "2026-06-01"}
        data = {
            "title": "A shorter way to school",
            "statement": "Children cross safely",
            "targets": [target],
            "success_criteria": [],
        }
        return Told("planning.goal.set", new_id(), data)

    def _gates(self) -> list[Told]:
        """Three gates, of which the first has been passed, the second was sent back, and the third is worded anew."""
        ids = [new_id() for _ in range(3)]
        gates = [
            {
                "code": f"G{place}",
                "title": english,
                "titles": {"en": english, "nb": norwegian},
                "position": place * 10,
                "planned_date": planned,
                "opens_phase": phase,
                "state": "planned",
            }
            for place, english, norwegian, planned, phase in (
                (1, "Decide to plan", "Beslutte planlegging", "2026-02-01", "planning"),
                (2, "Decide to build", "Beslutte bygging", "2026-04-01", "execution"),
                (3, "Decide to close", "Beslutte avslutning", None, "closing"),
            )
        ]
        extra = new_id()
        told = [Told("planning.gate.planned", gate_id, gate) for gate_id, gate in zip(ids, gates, strict=True)]
        told += [
            Told("planning.gate.planned", extra, gates[2] | {"code": "G4", "position": 40}),
            Told("planning.gate.removed", extra, gates[2] | {"code": "G4", "position": 40}),
            Told("planning.gate.changed", ids[2], gates[2] | {"title": "Hand over", "titles": None}),
        ]
        for gate_id, gate, outcome, day in (
            (ids[0], gates[0], "passed", "2026-03-02"),
            (ids[1], gates[1], "sent_back", "2026-03-17"),
        ):
            decided = {"gate": {"id": str(gate_id)} | gate | {"state": outcome}, "outcome": outcome, "conditions": []}
            told.append(
                Told("planning.gate_passage.decided", new_id(), decided | {"decision_id": str(new_id())}, instant(day))
            )
        return told

    def _response(self) -> Told:
        data = {
            "risk_id": str(self.risk.subject_id), "task_id": None, "strategy": "mitigate",
            "description": "A second pump", "owner_id": str(self.world.people["member"]),
        }  # fmt: skip
        return Told("planning.risk_response.planned", new_id(), data)

    def _commitment(self) -> Told:
        data = {
            "task_id": str(self.beams.id), "cost_code_id": str(new_id()), "supplier": "Steel & Co",
            "description": "Beams", "amount": money("310000.00"), "external_ref": None,
        }  # fmt: skip
        return Told("planning.commitment.recorded", new_id(), data)

    def coordination(self) -> list[Told]:
        """A meeting with an action that nobody has done, one that was done, and a drawing."""
        meeting_id, done_id = new_id(), new_id()
        meeting = {
            "title": "Site meeting", "starts_at": "2026-03-16T09:00:00Z", "ends_at": "2026-03-16T10:00:00Z",
            "time_zone": "Europe/Oslo", "location": "Hut", "chair_id": str(self.world.people["coordinator"]),
            "attendee_ids": [], "agenda": [],
        }  # fmt: skip
        minutes = {"meeting_id": str(meeting_id), "signed_by_id": str(self.world.people["manager"]), "sha256": "0" * 64}
        action = {
            "meeting_id": str(meeting_id), "title": "Rent the second pump", "due_date": "2026-03-19",
            "owner_id": str(self.world.people["member"]), "parent_task_id": None,
        }  # fmt: skip
        document = {
            "title": "Drawing 12", "filename": "12.pdf", "number": 1, "sha256": "1" * 64, "size": 10,
            "media_type": "application/pdf", "shared_with_guests": False,
        }  # fmt: skip
        document_id = new_id()
        return [
            Told("coordination.meeting.called", meeting_id, meeting),
            Told("coordination.action_item.assigned", new_id(), action, instant("2026-03-16")),
            Told(
                "coordination.action_item.assigned", done_id, action | {"title": "Order signs"}, instant("2026-03-16")
            ),
            Told("coordination.action_item.closed", done_id, {"title": "Order signs"}, instant("2026-03-17")),
            Told("coordination.minutes.signed", meeting_id, minutes | {"outcomes": []}, instant("2026-03-17")),
            Told("coordination.document.uploaded", document_id, document),
            Told("coordination.document.version_added", document_id, document | {"number": 2}),
            Told("coordination.document.shared", document_id, {}),
        ]

    def gateway(self) -> list[Told]:
        """A proposal that waits, and one that was accepted."""
        data = {
            "title": "Work on Saturdays", "kinds": ["calendar.change"], "method": "PATCH", "path": "/v1/calendars/1",
            "impact": {"finish": {"before": "2026-05-13T16:00:00", "after": "2026-05-06T16:00:00", "moved_minutes": -2250}},
            "proposer_id": str(self.world.people["coordinator"]),
            "decidable_by": [{"person_id": str(self.world.people["manager"]), "role": "manager"}],
        }  # fmt: skip
        accepted_id = new_id()
        decided = {
            "decided_by_id": str(self.world.people["manager"]),
            "reason": "Good",
            "outcome_id": None,
            "problem": None,
        }
        return [
            Told("gateway.proposal.submitted", self.proposal_id, data, instant("2026-03-12")),
            Told("gateway.proposal.submitted", accepted_id, data | {"title": "A longer lunch"}, instant("2026-03-12")),
            Told("gateway.proposal.accepted", accepted_id, decided, instant("2026-03-13")),
        ]

    def told(self) -> list[Told]:
        return [*self.planning(), *self.coordination(), *self.gateway()]


# Gray and Larson, Project Management: The Managerial Process, status exercise: cumulative values at the end of weeks
# 2, 4, …, 12 of a project with BAC 248.
TEXTBOOK_WEEKS = (2, 4, 6, 8, 10, 12)
TEXTBOOK_PLANNED = (4, 8, 38, 73, 108, 158)
TEXTBOOK_EARNED = (4, 8, 28, 38, 90, 148)
TEXTBOOK_ACTUAL = (4, 10, 37, 55, 124, 210)
TEXTBOOK_START = date(2026, 3, 2)
# Budgets of the tasks planned in each two weeks, and how many of all tasks, in this order, are done at their end: whole
# tasks are finished, so that the series of the book come out without a fraction of a per cent.
_BUDGETS = ((4,), (4,), (20, 10), (10, 25), (17, 18), (40, 10), (90,))
_DONE = (1, 2, 3, 4, 7, 9)


def end_of_week(week: int) -> date:
    return TEXTBOOK_START + timedelta(days=7 * week - 1)


def textbook_project(project_id: UUID) -> list[Told]:
    """Gray and Larson's project as planning would have told it, period by period."""
    tasks: list[TaskStory] = []
    budgets: list[int] = []
    for period, amounts in enumerate(_BUDGETS):
        start, finish = TEXTBOOK_START + timedelta(days=14 * period), end_of_week(2 * period + 2)
        for amount in amounts:
            tasks.append(TaskStory(f"Task {len(tasks) + 1}", str(start), str(finish), len(tasks) + 1, 10))
            budgets.append(amount)
    told = [project_created(project_id), *tasks_created(tasks), baseline_set(tasks)]
    told += [budget_line(task, f"{amount}.00") for task, amount in zip(tasks, budgets, strict=True)]
    done, spent = 0, 0
    for week, finished, actual in zip(TEXTBOOK_WEEKS, _DONE, TEXTBOOK_ACTUAL, strict=True):
        day = str(end_of_week(week))
        for task in tasks[done:finished]:
            task.percent = 100
            told.append(task_changed(task, tasks, day))
        told.append(actual_posted(None, f"{actual - spent}.00", day))
        done, spent = finished, actual
    return [*told, status_date_set(project_id, str(end_of_week(12)))]
