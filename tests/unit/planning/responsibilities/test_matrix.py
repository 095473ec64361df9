"""The responsibility matrix: inheritance down the work breakdown, gaps, doubles and overload."""

from uuid import UUID

from services.kernel.ids import new_id
from services.planning.responsibilities.matrix import Bounds, Cell, Row, build_matrix

KARI, OLA = new_id(), new_id()
TEAM = {KARI, OLA}
WIDE = Bounds(100, 100_000)


def row(parent: Row | None = None, *, summary: bool = False, assignee: UUID | None = None, done: bool = False) -> Row:
    return Row(new_id(), None if parent is None else parent.task_id, summary, assignee, 450, done)


def cell(at: Row, person: UUID, part: str) -> Cell:
    return Cell(new_id(), at.task_id, person, part)


def findings(
    rows: list[Row], cells: list[Cell], bounds: Bounds = WIDE, team: set[UUID] = TEAM
) -> list[tuple[str, object]]:
    problems = build_matrix(rows, cells, team, bounds).problems
    return [(each.finding, each.task_id or each.person_id) for each in problems]


def test_a_task_for_which_nobody_answers_and_that_nobody_does_is_two_gaps() -> None:
    dig = row()
    assert findings([dig], []) == [("nobody_accountable", dig.task_id), ("nobody_responsible", dig.task_id)]
    assert findings([row(done=True)], []) == []


def test_whoever_answers_for_a_summary_answers_for_what_lies_below_until_a_row_says_otherwise() -> None:
    works = row(summary=True)
    dig, build = row(works, assignee=OLA), row(works)
    cells = [cell(works, KARI, "accountable"), cell(works, KARI, "responsible"), cell(build, OLA, "accountable")]
    matrix = build_matrix([works, dig, build], cells, TEAM, WIDE)
    assert [each.accountable_id for each in matrix.rows] == [KARI, KARI, OLA]
    assert [each.responsible_ids for each in matrix.rows] == [[KARI], [OLA], [KARI]]
    assert matrix.problems == []


def test_a_summary_is_no_gap_where_everything_below_it_is_answered_for() -> None:
    works = row(summary=True)
    dig = row(works, assignee=OLA)
    assert findings([works, dig], [cell(dig, KARI, "accountable")]) == []


def test_who_does_or_answers_for_it_need_not_be_asked_or_told() -> None:
    dig = row()
    own = [cell(dig, KARI, "accountable"), cell(dig, KARI, "responsible")]
    assert findings([dig], own) == []
    for part in ("consulted", "informed"):
        assert findings([dig], [*own, cell(dig, KARI, part)]) == [("several_parts", dig.task_id)]
    both = [*own, cell(dig, OLA, "consulted"), cell(dig, OLA, "informed")]
    assert findings([dig], both) == [("several_parts", dig.task_id)]


def test_a_person_who_has_left_keeps_no_part_unseen() -> None:
    dig = row()
    cells = [cell(dig, KARI, "accountable"), cell(dig, OLA, "responsible")]
    assert findings([dig], cells, team={OLA}) == [("left_the_project", dig.task_id)]


def test_too_many_tasks_or_too_much_work_is_an_overload_and_finished_work_counts_for_nothing() -> None:
    works = row(summary=True)
    rows = [works, row(works), row(works), row(works, done=True)]
    cells = [cell(works, KARI, "accountable"), cell(works, OLA, "responsible")]
    assert findings(rows, cells, Bounds(2, 900)) == []
    assert findings(rows, cells, Bounds(1, 900)) == [("overload", KARI)]
    (overload,) = build_matrix(rows, cells, TEAM, Bounds(2, 899)).problems
    assert (overload.person_id, overload.tasks, overload.minutes) == (KARI, 2, 900)
