"""Boards: set up with their columns; tasks are put on them, moved and taken off.

Whoever changes a board holds the lock of the project's plan from the beginning, as everybody does who changes a task. So
two who move cards at once do so one behind the other, nobody's card is lost, and there is no second lock to wait for.
"""

from typing import Any
from uuid import UUID

from services.kernel.access import require_authority, require_member
from services.kernel.events import FactType
from services.kernel.problems import NotFound, UnknownReference
from services.kernel.rank import MAXIMUM_LENGTH, between, spread
from services.kernel.schemas import merged
from services.kernel.session import WriteSession
from services.planning.boards.board import (
    MAXIMUM_BOARDS,
    MAXIMUM_COLUMNS,
    Board,
    BoardCard,
    BoardColumn,
    BoardPart,
    ColumnFull,
    ColumnHoldsCards,
    TooManyBoardParts,
)
from services.planning.boards.events import (
    BOARD_ADDED,
    BOARD_CHANGED,
    BOARD_REMOVED,
    CARD_MOVED,
    CARD_REMOVED,
    COLUMN_ADDED,
    COLUMN_CHANGED,
    COLUMN_REMOVED,
)
from services.planning.boards.repository import (
    BOARD_CARDS,
    BOARD_COLUMNS,
    BOARDS,
    card_of,
    cards_in_order,
    count_boards,
    count_cards,
    give_ranks,
    load,
    positions_of,
    rank_after,
    rank_before,
    rank_of,
    reload,
)
from services.planning.boards.schemas import BoardColumnPatch, BoardPatch, BoardPosition, NewBoard, NewBoardColumn
from services.planning.decisions.use_cases import record_acceptance, record_decision
from services.planning.schedule.plan_rows import PlanTask
from services.planning.schedule.repository.loading import load_plan, load_task, lock_plan, project_of_task
from services.planning.schedule.use_cases.plan_changes import JudgedBesides
from services.planning.schedule.use_cases.tasks import carry_out

# Boards


async def add_board(session: WriteSession, project_id: UUID, new: NewBoard) -> Board:
    """The project has one more board. Raises TooManyBoardParts."""
    await require_member(session, session.principal, project_id)
    if await count_boards(session, project_id) >= MAXIMUM_BOARDS:
        raise TooManyBoardParts(limit=MAXIMUM_BOARDS, part=BoardPart.BOARDS.value)
    board = Board(project_id=project_id, name=new.name, description=new.description)
    session.add(board)
    await _settle(session, board, f"Does the project have a board {board.name}?", "added")
    _tell_board(session, BOARD_ADDED, board)
    return board


async def change_board(session: WriteSession, board_id: UUID, expected_version: int, patch: BoardPatch) -> Board:
    """It is called otherwise."""
    board = await load(session, Board, board_id)
    await require_member(session, session.principal, board.project_id)
    await BOARDS.check_version(session, board.id, board.version, expected_version)
    for name, value in merged(patch).items():
        setattr(board, name, value)
    await _settle(session, board, f"Is the board {board.name} another?", "changed")
    if board.version != expected_version:
        _tell_board(session, BOARD_CHANGED, board)
    return board


async def remove_board(session: WriteSession, board_id: UUID, expected_version: int) -> None:
    """It is gone, with its columns and cards; the tasks stay as they are."""
    board = await load(session, Board, board_id)
    await require_member(session, session.principal, board.project_id)
    await lock_plan(session, board.project_id)
    await BOARDS.check_version(session, board.id, board.version, expected_version)
    await session.delete(board)
    await _settle(session, board, f"May the board {board.name} be removed?", "removed")
    _tell_board(session, BOARD_REMOVED, board)


# Columns


async def add_column(session: WriteSession, project_id: UUID, new: NewBoardColumn) -> BoardColumn:
    """A board has one more column. Raises UnknownReference, ColumnContradictsItself, TooManyBoardParts."""
    await require_member(session, session.principal, project_id)
    await lock_plan(session, project_id)
    try:
        board = await load(session, Board, new.board_id)
    except NotFound:
        raise UnknownReference("board_id") from None
    if board.project_id != project_id:
        raise UnknownReference("board_id")
    positions = await positions_of(session, board.id)
    if len(positions) >= MAXIMUM_COLUMNS:
        raise TooManyBoardParts(limit=MAXIMUM_COLUMNS, part=BoardPart.COLUMNS.value)
    values = new.model_dump()
    if "position" not in new.model_fields_set:
        values["position"] = min(max(positions, default=0) + 10, 1_000_000)
    column = BoardColumn(project_id=project_id, **values)
    column.require_consistent()
    session.add(column)
    await _settle(session, column, f"Does {board.name} have a column {column.name}?", "added")
    _tell_column(session, COLUMN_ADDED, column)
    return column


async def change_column(
    session: WriteSession, column_id: UUID, expected_version: int, patch: BoardColumnPatch
) -> BoardColumn:
    """It is another, or stands elsewhere. Raises ColumnContradictsItself."""
    column = await load(session, BoardColumn, column_id)
    await require_member(session, session.principal, column.project_id)
    await lock_plan(session, column.project_id)
    await BOARD_COLUMNS.check_version(session, column.id, column.version, expected_version)
    for name, value in merged(patch).items():
        setattr(column, name, value)
    column.require_consistent()
    await _settle(session, column, f"Is the column {column.name} another?", "changed")
    if column.version != expected_version:
        _tell_column(session, COLUMN_CHANGED, column)
    return column


async def remove_column(session: WriteSession, column_id: UUID, expected_version: int) -> None:
    """The board has it no longer. Raises ColumnHoldsCards."""
    column = await load(session, BoardColumn, column_id)
    await require_member(session, session.principal, column.project_id)
    await lock_plan(session, column.project_id)
    await BOARD_COLUMNS.check_version(session, column.id, column.version, expected_version)
    cards = await count_cards(session, column.id)
    if cards:
        raise ColumnHoldsCards(cards=cards)
    await session.delete(column)
    await _settle(session, column, f"May the column {column.name} be removed?", "removed")
    _tell_column(session, COLUMN_REMOVED, column)


# Cards


async def place_task(
    session: WriteSession, task_id: UUID, place: BoardPosition
) -> tuple[BoardCard, dict[str, Any] | None]:
    """Put a task on a board, or elsewhere on it; it gets the progress that the column stands for.

    Returns its card and the effects on the plan. Raises UnknownReference, ColumnFull, and what the plan refuses.
    """
    project_id = await project_of_task(session, task_id)
    await require_member(session, session.principal, project_id)
    await lock_plan(session, project_id)
    task = await load_task(session, task_id)
    try:
        column = await load(session, BoardColumn, place.column_id)
    except NotFound:
        raise UnknownReference("column_id") from None
    if column.project_id != project_id:
        raise UnknownReference("column_id")
    # The rank before the card is read, since the whole column may have to be ranked anew.
    rank = await _rank_at(session, column.id, task_id, place)
    card = await card_of(session, column.board_id, task_id)
    before_id = card.column_id if card is not None else None
    over = await _over_limit(session, column, task_id, place) if before_id != column.id else 0
    if card is None:
        card = BoardCard(project_id=project_id, board_id=column.board_id, task_id=task_id)
        session.add(card)
    card.column_id, card.rank = column.id, rank
    await session.flush()
    effects = await _judge(session, column, task, over)
    await _record(session, column, card, task, over)
    data = _card_row(card) | {"column_before_id": before_id and str(before_id)}
    session.record(CARD_MOVED, "board_card", card.id, data, project_id=project_id)
    return card, effects


async def remove_card(session: WriteSession, card_id: UUID, expected_version: int) -> None:
    """The task is no longer on the board; else it stays as it is."""
    card = await load(session, BoardCard, card_id)
    await require_member(session, session.principal, card.project_id)
    await lock_plan(session, card.project_id)
    card = await reload(session, BoardCard, card_id)
    await BOARD_CARDS.check_version(session, card.id, card.version, expected_version)
    await session.delete(card)
    await session.flush()
    await require_authority(session, card.project_id, ["board.move"])
    await record_acceptance(
        session,
        project_id=card.project_id,
        kind="board.move",
        question="May the task be taken off the board?",
        chosen="taken off",
        subject_type="task",
        subject_id=card.task_id,
    )
    session.record(CARD_REMOVED, "board_card", card.id, _card_row(card), project_id=card.project_id)


async def _over_limit(session: WriteSession, column: BoardColumn, task_id: UUID, place: BoardPosition) -> int:
    """By how many cards the column will hold more than it takes. Raises ColumnFull where nobody asked for that."""
    if column.wip_limit is None:
        return 0
    cards = await count_cards(session, column.id, task_id)
    over = max(0, cards + 1 - column.wip_limit)
    if over and not place.over_limit:
        raise ColumnFull(column=column.name, limit=column.wip_limit, cards=cards)
    return over


async def _rank_at(session: WriteSession, column_id: UUID, task_id: UUID, place: BoardPosition) -> str:
    """The rank of the place that is asked for. A column whose ranks have grown long is ranked anew first."""
    lower, upper = await _neighbours(session, column_id, task_id, place)
    rank = between(lower, upper)
    if len(rank) <= MAXIMUM_LENGTH:
        return rank
    cards = await cards_in_order(session, column_id)
    await give_ranks(session, dict(zip(cards, spread(len(cards)), strict=True)))
    lower, upper = await _neighbours(session, column_id, task_id, place)
    return between(lower, upper)


async def _neighbours(
    session: WriteSession, column_id: UUID, task_id: UUID, place: BoardPosition
) -> tuple[str | None, str | None]:
    """The ranks between which a task is to stand. Raises UnknownReference for a neighbour that is not in the column."""
    if place.before_id is not None:
        upper = await _rank_of_other(session, column_id, task_id, place.before_id, "before_id")
        return await rank_before(session, column_id, upper, task_id), upper
    if place.after_id is not None:
        lower = await _rank_of_other(session, column_id, task_id, place.after_id, "after_id")
        return lower, await rank_after(session, column_id, lower, task_id)
    return await rank_before(session, column_id, None, task_id), None


async def _rank_of_other(session: WriteSession, column_id: UUID, task_id: UUID, other_id: UUID, member: str) -> str:
    rank = await rank_of(session, column_id, other_id) if other_id != task_id else None
    if rank is None:
        raise UnknownReference(member)
    return rank


async def _judge(session: WriteSession, column: BoardColumn, task: PlanTask, over: int) -> dict[str, Any] | None:
    """Ask for the authority over the move and over the progress that it means. Returns the effects on the plan."""
    impact: dict[str, Any] = {}
    if over:
        limit = column.wip_limit or 0
        impact["column"] = {"name": column.name, "wip_limit": limit, "cards": limit + over}
    changes = column.progress_for(task.status, task.percent_complete)
    if changes:
        plan = await load_plan(session, column.project_id)
        besides = JudgedBesides(("board.move",), {"cards_over_limit": over}, impact)
        return await carry_out(session, plan, plan.tasks[task.id], changes, besides=besides)
    impact["subject"] = {"type": "task", "id": str(task.id), "title": task.title}
    await require_authority(session, column.project_id, ["board.move"], {"cards_over_limit": over}, impact)
    return None


async def _record(session: WriteSession, column: BoardColumn, card: BoardCard, task: PlanTask, over: int) -> None:
    """A column that holds more than it takes was decided by somebody; any other move only where it was proposed."""
    record = record_decision if over else record_acceptance
    await record(
        session,
        project_id=card.project_id,
        kind="board.move",
        question=f"May {task.title} be moved to {column.name}?",
        chosen=f"moved, {over} over the limit" if over else "moved",
        impact=session.impact,
        subject_type="task",
        subject_id=task.id,
    )


# What all parts have


async def _settle(session: WriteSession, part: Board | BoardColumn, question: str, chosen: str) -> None:
    await session.flush()
    await require_authority(session, part.project_id, ["board.record"])
    await record_acceptance(
        session,
        project_id=part.project_id,
        kind="board.record",
        question=question,
        chosen=chosen,
        subject_type=type(part).__tablename__.removesuffix("s"),
        subject_id=part.id,
    )


def _tell_board(session: WriteSession, fact_type: FactType, board: Board) -> None:
    data = {"name": board.name, "description": board.description}
    session.record(fact_type, "board", board.id, data, project_id=board.project_id)


def _tell_column(session: WriteSession, fact_type: FactType, column: BoardColumn) -> None:
    data = {
        "board_id": str(column.board_id),
        "name": column.name,
        "position": column.position,
        "wip_limit": column.wip_limit,
        "task_status": column.task_status,
        "percent_complete": column.percent_complete,
    }
    session.record(fact_type, "board_column", column.id, data, project_id=column.project_id)


def _card_row(card: BoardCard) -> dict[str, Any]:
    return {
        "board_id": str(card.board_id),
        "column_id": str(card.column_id),
        "task_id": str(card.task_id),
        "rank": card.rank,
    }
