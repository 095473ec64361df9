"""HTTP of this area: path, status, one call."""

from uuid import UUID

from starlette.responses import Response

from services.kernel.app import area_router
from services.kernel.authority import acts
from services.kernel.collection import SearchQuery
from services.kernel.requests import Reading
from services.kernel.schemas import Listing
from services.kernel.write import Writing
from services.planning.boards import use_cases
from services.planning.boards.kinds import BOARD_MOVE, BOARD_RECORD
from services.planning.boards.repository import BOARD_CARDS, BOARD_COLUMNS, BOARDS
from services.planning.boards.schemas import (
    BoardCardShape,
    BoardColumnPatch,
    BoardColumnShape,
    BoardPatch,
    BoardPosition,
    BoardShape,
    NewBoard,
    NewBoardColumn,
)
from services.planning.schedule.kinds import TASK_PROGRESS

router = area_router("boards")


@router.get(
    "/v1/projects/{project_id}/boards",
    response_model=Listing[BoardShape],
    openapi_extra={"parameters": BOARDS.list_parameters()},
)
async def list_boards(project_id: UUID, read: Reading) -> Response:
    """The project's boards."""
    return await BOARDS.page(read, project_id)


@router.post("/v1/projects/{project_id}/boards/searches", response_model=Listing[BoardShape])
async def search_boards(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The boards that meet a combination of conditions."""
    return await BOARDS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/boards", status_code=201, response_model=BoardShape)
@acts(BOARD_RECORD)
async def add_board(project_id: UUID, new: NewBoard, write: Writing) -> Response:
    """Set up a board; it has no columns yet."""
    made = await use_cases.add_board(write.session, project_id, new)
    body = await BOARDS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/boards/{made.id}")


@router.get(
    "/v1/boards/{board_id}",
    response_model=BoardShape,
    openapi_extra={"parameters": BOARDS.object_parameters()},
)
async def get_board(board_id: UUID, read: Reading) -> Response:
    """One board."""
    return await BOARDS.one(read, board_id)


@router.patch("/v1/boards/{board_id}", response_model=BoardShape)
@acts(BOARD_RECORD)
async def change_board(board_id: UUID, patch: BoardPatch, write: Writing) -> Response:
    """Call a board otherwise."""
    made = await use_cases.change_board(write.session, board_id, write.expected_version, patch)
    return await write.answer(await BOARDS.represent(write.session, board_id), version=made.version)


@router.delete("/v1/boards/{board_id}", status_code=204)
@acts(BOARD_RECORD)
async def remove_board(board_id: UUID, write: Writing) -> Response:
    """Remove a board with its columns and cards; the tasks stay as they are."""
    await use_cases.remove_board(write.session, board_id, write.expected_version)
    return await write.answer_empty()


@router.get(
    "/v1/projects/{project_id}/board-columns",
    response_model=Listing[BoardColumnShape],
    openapi_extra={"parameters": BOARD_COLUMNS.list_parameters()},
)
async def list_board_columns(project_id: UUID, read: Reading) -> Response:
    """The columns of the project's boards, by position."""
    return await BOARD_COLUMNS.page(read, project_id)


@router.post("/v1/projects/{project_id}/board-columns/searches", response_model=Listing[BoardColumnShape])
async def search_board_columns(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The columns that meet a combination of conditions."""
    return await BOARD_COLUMNS.search(read, query, project_id)


@router.post("/v1/projects/{project_id}/board-columns", status_code=201, response_model=BoardColumnShape)
@acts(BOARD_RECORD)
async def add_board_column(project_id: UUID, new: NewBoardColumn, write: Writing) -> Response:
    """Add a column to a board."""
    made = await use_cases.add_column(write.session, project_id, new)
    body = await BOARD_COLUMNS.represent(write.session, made.id)
    return await write.answer(body, status=201, version=made.version, location=f"/v1/board-columns/{made.id}")


@router.get(
    "/v1/board-columns/{board_column_id}",
    response_model=BoardColumnShape,
    openapi_extra={"parameters": BOARD_COLUMNS.object_parameters()},
)
async def get_board_column(board_column_id: UUID, read: Reading) -> Response:
    """One column of a board."""
    return await BOARD_COLUMNS.one(read, board_column_id)


@router.patch("/v1/board-columns/{board_column_id}", response_model=BoardColumnShape)
@acts(BOARD_RECORD)
async def change_board_column(board_column_id: UUID, patch: BoardColumnPatch, write: Writing) -> Response:
    """Change a column, or put it elsewhere; the cards stay in it."""
    made = await use_cases.change_column(write.session, board_column_id, write.expected_version, patch)
    return await write.answer(await BOARD_COLUMNS.represent(write.session, board_column_id), version=made.version)


@router.delete("/v1/board-columns/{board_column_id}", status_code=204)
@acts(BOARD_RECORD)
async def remove_board_column(board_column_id: UUID, write: Writing) -> Response:
    """Remove a column that holds no cards."""
    await use_cases.remove_column(write.session, board_column_id, write.expected_version)
    return await write.answer_empty()


@router.get(
    "/v1/projects/{project_id}/board-cards",
    response_model=Listing[BoardCardShape],
    openapi_extra={"parameters": BOARD_CARDS.list_parameters()},
)
async def list_board_cards(project_id: UUID, read: Reading) -> Response:
    """The cards of the project's boards, by column and rank; `board_id` names one board, `expand=task` shows the tasks."""
    return await BOARD_CARDS.page(read, project_id)


@router.post("/v1/projects/{project_id}/board-cards/searches", response_model=Listing[BoardCardShape])
async def search_board_cards(project_id: UUID, query: SearchQuery, read: Reading) -> Response:
    """The cards that meet a combination of conditions."""
    return await BOARD_CARDS.search(read, query, project_id)


@router.get(
    "/v1/board-cards/{board_card_id}",
    response_model=BoardCardShape,
    openapi_extra={"parameters": BOARD_CARDS.object_parameters()},
)
async def get_board_card(board_card_id: UUID, read: Reading) -> Response:
    """Where one task stands on a board."""
    return await BOARD_CARDS.one(read, board_card_id)


@router.delete("/v1/board-cards/{board_card_id}", status_code=204)
@acts(BOARD_MOVE)
async def remove_board_card(board_card_id: UUID, write: Writing) -> Response:
    """Take a task off a board; else it stays as it is."""
    await use_cases.remove_card(write.session, board_card_id, write.expected_version)
    return await write.answer_empty()


@router.post("/v1/tasks/{task_id}/board-position", response_model=BoardCardShape)
@acts(BOARD_MOVE, TASK_PROGRESS)
async def place_task(task_id: UUID, place: BoardPosition, write: Writing) -> Response:
    """Put a task on a board, or elsewhere on it; the task gets the progress that the column stands for."""
    card, effects = await use_cases.place_task(write.session, task_id, place)
    return await write.answer(
        await BOARD_CARDS.represent(write.session, card.id), version=card.version, effects=effects
    )
