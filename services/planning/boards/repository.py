"""Every SQL statement of this area."""

from typing import Final, TypeVar
from uuid import UUID

from services.kernel.collection import Collection
from services.kernel.entity import object_columns
from services.kernel.filtering import Filter, Sort
from services.kernel.problems import NotFound
from services.kernel.session import Reader, WriteSession
from services.planning.boards.board import Board, BoardCard, BoardColumn
from services.planning.schedule.repository.collections import has_label
from services.planning.schedule.task import TaskStatus

_Noun = TypeVar("_Noun", Board, BoardColumn, BoardCard)
_CREATED: Final = Sort("t.created_at", "instant", nullable=False)

BOARDS: Final = Collection(
    noun="board",
    source="boards t",
    columns=object_columns("board") | {name: f"t.{name}" for name in ("project_id", "name", "description")},
    filters={"name": Filter("t.name", "text")},
    sorts={"created_at": _CREATED, "name": Sort("t.name", "text", nullable=False, by_language=True)},
    searched=("t.name", "t.description"),
    expansions={
        "columns": "(select coalesce(json_agg(json_build_object('id', c.id, 'type', 'board_column', 'name', c.name,"
        " 'position', c.position, 'wip_limit', c.wip_limit, 'task_status', c.task_status,"
        " 'percent_complete', c.percent_complete, 'card_count', (select count(*) from board_cards k"
        " where k.tenant_id = c.tenant_id and k.column_id = c.id)) order by c.position, c.id), '[]')"
        " from board_columns c where c.tenant_id = t.tenant_id and c.board_id = t.id)"
    },
    viewer_kinds={"update": "board.record", "delete": "board.record", "move": "board.move"},
)
_CARDS: Final = "(select count(*) from board_cards k where k.tenant_id = t.tenant_id and k.column_id = t.id)"
BOARD_COLUMNS: Final = Collection(
    noun="board_column",
    source="board_columns t",
    columns=object_columns("board_column")
    | {
        name: f"t.{name}"
        for name in ("project_id", "board_id", "name", "position", "wip_limit", "task_status", "percent_complete")
    },
    filters={
        "board_id": Filter("t.board_id", "uuid"),
        "name": Filter("t.name", "text"),
        "task_status": Filter("t.task_status", "text", tuple(TaskStatus)),
        "wip_limit": Filter("t.wip_limit", "integer"),
    },
    sorts={"created_at": _CREATED, "position": Sort("t.position", "integer", nullable=False)},
    default_sort="position",
    expansions={
        "cards": f"json_build_object('count', {_CARDS}, 'over_limit', greatest(0, coalesce({_CARDS} - t.wip_limit, 0)))"
    },
    viewer_kinds={"update": "board.record", "delete": "board.record"},
)
BOARD_CARDS: Final = Collection(
    noun="board_card",
    source="board_cards t join board_columns c on c.tenant_id = t.tenant_id and c.id = t.column_id"
    " join tasks k on k.tenant_id = t.tenant_id and k.id = t.task_id",
    columns=object_columns("board_card")
    | {name: f"t.{name}" for name in ("project_id", "board_id", "column_id", "task_id", "rank")},
    filters={
        "board_id": Filter("t.board_id", "uuid"),
        "column_id": Filter("t.column_id", "uuid"),
        "task_id": Filter("t.task_id", "uuid"),
        "assignee_id": Filter("k.assignee_id", "uuid"),
        "status": Filter("k.status", "text", tuple(TaskStatus)),
        "label_id": Filter("l.id", "uuid", among=has_label("k")),
    },
    sorts={
        "created_at": _CREATED,
        # The columns of several boards, or of one position, must not mix.
        "column": Sort("t.board_id::text || lpad(c.position::text, 7, '0') || c.id::text", "text", nullable=False),
        "rank": Sort("t.rank", "text", nullable=False),
    },
    default_sort="column,rank",
    searched=("k.title",),
    expansions={
        "task": "json_build_object('id', k.id, 'type', 'task', 'title', k.title, 'wbs_code', k.wbs_code,"
        " 'status', k.status, 'percent_complete', k.percent_complete, 'start', k.start, 'finish', k.finish,"
        " 'deadline', k.deadline, 'milestone', k.milestone, 'critical', k.critical, 'labels', k.labels,"
        " 'assignee_id', k.assignee_id, 'version', k.version)"
    },
    viewer_kinds={"move": "board.move", "delete": "board.move"},
)


async def load(session: WriteSession, noun: type[_Noun], object_id: UUID) -> _Noun:
    """A board, a column or a card for a change. Raises NotFound."""
    found = await session.get(noun, (session.tenant_id, object_id))
    if found is None:
        raise NotFound
    return found


async def reload(session: WriteSession, noun: type[_Noun], object_id: UUID) -> _Noun:
    """The same as it is now, behind a lock that was waited for. Raises NotFound."""
    found = await session.get(noun, (session.tenant_id, object_id), populate_existing=True)
    if found is None:
        raise NotFound
    return found


async def card_of(session: WriteSession, board_id: UUID, task_id: UUID) -> BoardCard | None:
    """The task's card on a board, None where it is not on it."""
    card_id = await session.value(
        "select id from board_cards where tenant_id = $1 and board_id = $2 and task_id = $3",
        session.tenant_id,
        board_id,
        task_id,
    )
    return await reload(session, BoardCard, card_id) if card_id is not None else None


async def count_boards(reader: Reader, project_id: UUID) -> int:
    """How many boards the project has."""
    count: int = await reader.value(
        "select count(*) from boards where tenant_id = $1 and project_id = $2", reader.tenant_id, project_id
    )
    return count


async def positions_of(reader: Reader, board_id: UUID) -> list[int]:
    """The positions of a board's columns."""
    rows = await reader.rows(
        "select position from board_columns where tenant_id = $1 and board_id = $2", reader.tenant_id, board_id
    )
    return [row["position"] for row in rows]


async def count_cards(reader: Reader, column_id: UUID, but: UUID | None = None) -> int:
    """How many cards a column has, one task's left out."""
    count: int = await reader.value(
        "select count(*) from board_cards where tenant_id = $1 and column_id = $2 and task_id is distinct from $3",
        reader.tenant_id,
        column_id,
        but,
    )
    return count


async def rank_of(reader: Reader, column_id: UUID, task_id: UUID) -> str | None:
    """The rank of a task's card in a column, None where it has none there."""
    rank: str | None = await reader.value(
        "select rank from board_cards where tenant_id = $1 and column_id = $2 and task_id = $3",
        reader.tenant_id,
        column_id,
        task_id,
    )
    return rank


async def rank_before(reader: Reader, column_id: UUID, rank: str | None, but: UUID) -> str | None:
    """The last rank of a column before another, or of all; one task's card left out."""
    found: str | None = await reader.value(
        """select max(rank) from board_cards where tenant_id = $1 and column_id = $2 and task_id <> $4
             and ($3::text is null or rank < $3)""",
        reader.tenant_id,
        column_id,
        rank,
        but,
    )
    return found


async def rank_after(reader: Reader, column_id: UUID, rank: str, but: UUID) -> str | None:
    """The first rank of a column behind another; one task's card left out."""
    found: str | None = await reader.value(
        "select min(rank) from board_cards where tenant_id = $1 and column_id = $2 and task_id <> $4 and rank > $3",
        reader.tenant_id,
        column_id,
        rank,
        but,
    )
    return found


async def cards_in_order(reader: Reader, column_id: UUID) -> list[UUID]:
    """The ids of a column's cards by rank."""
    rows = await reader.rows(
        "select id from board_cards where tenant_id = $1 and column_id = $2 order by rank, id",
        reader.tenant_id,
        column_id,
    )
    return [row["id"] for row in rows]


async def give_ranks(session: WriteSession, ranks: dict[UUID, str]) -> None:
    """Write new ranks. Nobody has moved these cards, so who changed them last stays as it is."""
    await session.flush()
    await (await session.driver()).execute(
        """update board_cards t set version = t.version + 1, rank = given.rank
           from unnest($2::uuid[], $3::text[]) as given(id, rank) where t.tenant_id = $1 and t.id = given.id""",
        session.tenant_id,
        list(ranks),
        list(ranks.values()),
    )
