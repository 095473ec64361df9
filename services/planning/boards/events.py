"""The facts that this area publishes."""

from services.kernel.events import FactType

_ID = "0197d1c0-0000-7000-8000-000000000001"
_BOARD = {"name": "Site", "description": ""}
_COLUMN = {
    "board_id": _ID,
    "name": "In progress",
    "position": 20,
    "wip_limit": 5,
    "task_status": "in_progress",
    "percent_complete": None,
}
_CARD = {"board_id": _ID, "column_id": _ID, "task_id": _ID, "rank": "i00001"}

BOARD_ADDED = FactType("planning.board.added", 1, _BOARD, "The project has a board.")
BOARD_CHANGED = FactType("planning.board.changed", 1, _BOARD, "A board is called otherwise.")
BOARD_REMOVED = FactType("planning.board.removed", 1, _BOARD, "A board is gone, with its columns and cards.")
COLUMN_ADDED = FactType("planning.board_column.added", 1, _COLUMN, "A board has a column.")
COLUMN_CHANGED = FactType("planning.board_column.changed", 1, _COLUMN, "A column is another, or stands elsewhere.")
COLUMN_REMOVED = FactType("planning.board_column.removed", 1, _COLUMN, "A board no longer has a column.")
CARD_MOVED = FactType(
    "planning.board_card.moved",
    1,
    _CARD | {"column_before_id": None},
    "A task was put on a board, or stands elsewhere on it; `column_before_id` is where it stood.",
)
CARD_REMOVED = FactType("planning.board_card.removed", 1, _CARD, "A task was taken off a board.")
FACT_TYPES = (
    BOARD_ADDED,
    BOARD_CHANGED,
    BOARD_REMOVED,
    COLUMN_ADDED,
    COLUMN_CHANGED,
    COLUMN_REMOVED,
    CARD_MOVED,
    CARD_REMOVED,
)
