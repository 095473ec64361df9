"""What a task lacks, until when, and which share of the next weeks' work is ready."""

from datetime import date, datetime, timedelta
from uuid import UUID

from services.planning.readiness.look_ahead import (
    Before,
    MissingCode,
    Needed,
    Promise,
    Soundness,
    Work,
    look_ahead,
    percent_promises_completed,
    readiness_of,
)

TODAY = date(2026, 3, 4)
START = datetime.fromisoformat("2026-03-16T08:00")
ANN = UUID(int=1)


def work(number: int = 1, start: datetime = START, minutes: int = 450, **values: object) -> Work:
    sound: dict[str, object] = {"staffed": True, "briefed": True}
    return Work(UUID(int=number), f"Task {number}", str(number), start, minutes, **sound | values)  # type: ignore[arg-type]


def need(number: int = 9, promised: date | None = None, **values: object) -> Needed:
    return Needed(UUID(int=number), "material", "Concrete", None, 3, ANN, promised, **values)  # type: ignore[arg-type]


def before(expected: datetime, *, done: bool = False) -> Before:
    return Before(UUID(int=7), "Form", ANN, done, expected)


def test_a_task_that_lacks_nothing_is_ready() -> None:
    assert readiness_of(work(before=[before(START, done=True)]), TODAY).soundness is Soundness.READY


def test_what_is_planned_or_promised_in_time_leaves_a_task_on_course() -> None:
    planned = before(START - timedelta(days=1))
    assert readiness_of(work(before=[planned]), TODAY).soundness is Soundness.ON_COURSE
    promised = need(promised=date(2026, 3, 13))
    assert readiness_of(work(before=[planned], needs=[promised]), TODAY).soundness is Soundness.ON_COURSE


def test_what_comes_too_late_or_should_have_come_leaves_it_not_ready() -> None:
    for each in (
        work(before=[before(START + timedelta(hours=1))]),
        work(before=[before(datetime.fromisoformat("2026-03-03T16:00"))]),
        work(needs=[need()]),
        work(needs=[need(promised=date(2026, 3, 14))]),
        work(needs=[need(promised=date(2026, 3, 3))]),
        work(staffed=False),
        work(briefed=False),
        work(waiting=[ANN]),
    ):
        assert readiness_of(each, TODAY).soundness is Soundness.NOT_READY


def test_the_deadline_of_a_missing_thing_lies_its_lead_before_the_start() -> None:
    found = readiness_of(work(staffed=False, briefed=False, needs=[need()]), TODAY)
    assert [(each.code, each.deadline) for each in found.missing] == [
        (MissingCode.RESOURCE, date(2026, 3, 6)),
        (MissingCode.BRIEF, date(2026, 3, 11)),
        (MissingCode.NEED, date(2026, 3, 13)),
    ]
    assert [each.late for each in readiness_of(work(staffed=False), date(2026, 3, 7)).missing] == [True]


def test_a_make_ready_action_stands_with_what_it_removes() -> None:
    action = need(remedies="resource", remedies_id=UUID(int=1))
    (found,) = readiness_of(work(staffed=False, needs=[action]), TODAY).missing
    assert (found.action, found.owner_id, found.in_time) == (action, ANN, False)
    assert readiness_of(work(needs=[action]), TODAY).missing == []


def test_weeks_begin_on_mondays_and_the_first_takes_what_should_have_started() -> None:
    monday = datetime.fromisoformat("2026-03-02T08:00")
    works = [
        work(1, monday - timedelta(days=10), 900),
        work(2, monday + timedelta(days=6), 300, staffed=False),
        work(3, monday + timedelta(days=7)),
        work(4, monday + timedelta(weeks=9)),
    ]
    found = look_ahead(works, TODAY, 3)
    assert found.until == date(2026, 3, 25)
    assert [each.work.id.int for each in found.tasks] == [1, 2, 3]
    assert [(each.starts_on.day, each.minutes, each.ready_percent) for each in found.weeks] == [
        (2, 1200, 75),
        (9, 450, 100),
        (16, 0, None),
        (23, 0, None),
    ]


def test_promises_that_nobody_kept_until_their_day_are_broken() -> None:
    first = TODAY - timedelta(weeks=3)
    promises = [
        Promise(TODAY - timedelta(days=1), kept=True),
        Promise(TODAY - timedelta(days=2), kept=None),
        Promise(TODAY - timedelta(days=3), kept=False),
        Promise(TODAY, kept=None),
        Promise(first - timedelta(days=1), kept=True),
    ]
    found = percent_promises_completed(promises, first, TODAY)
    assert (found.due, found.kept, found.percent) == (3, 1, 33)
    assert percent_promises_completed([], first, TODAY).percent is None
