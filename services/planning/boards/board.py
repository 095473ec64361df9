"""A board with its columns, and the cards in them: where a task stands on a board."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base
from services.planning.schedule.task import TaskStatus

MAXIMUM_BOARDS = 100
MAXIMUM_COLUMNS = 100


class BoardPart(StrEnum):
    """What a board may have too many of."""

    BOARDS = "boards"
    COLUMNS = "columns"


class TooManyBoardParts(RuleViolated):
    code = "too_many_board_parts"
    title = {"en": "There are too many boards or columns", "nb": "Det er for mange tavler eller kolonner"}
    detail = {"en": "At most {limit} {part} are allowed.", "nb": "Høyst {limit} er tillatt ({part})."}
    members = ("limit", "part")


class ColumnContradictsItself(RuleViolated):
    code = "column_contradicts_itself"
    title = {
        "en": "No task has this status at this percentage",
        "nb": "Ingen oppgave har denne statusen ved denne prosenten",
    }
    detail = {
        "en": "What is to do is at 0 %, what is done at 100 %, and what is in progress between them.",
        "nb": "Det som skal gjøres er på 0 %, det som er gjort på 100 %, og det som pågår er imellom.",
    }


class ColumnHoldsCards(Conflict):
    code = "column_holds_cards"
    title = {"en": "There are cards in the column", "nb": "Det er kort i kolonnen"}
    detail = {"en": "Move its {cards} cards first.", "nb": "Flytt de {cards} kortene først."}
    members = ("cards",)


class ColumnFull(Conflict):
    code = "column_full"
    title = {"en": "The column is full", "nb": "Kolonnen er full"}
    detail = {
        "en": "{column} takes {limit} cards and has {cards}. With over_limit one more is asked for.",
        "nb": "{column} tar {limit} kort og har {cards}. Med over_limit bes det om ett til.",
    }
    members = ("limit", "cards")


class Board(Entity, Base):
    """A project may have several; each shows its tasks by other columns."""

    __tablename__ = "boards"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        Index("ix_boards_project", "tenant_id", "project_id", "id"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")


class BoardColumn(Entity, Base):
    """A column; `wip_limit` is how many cards it takes (work in progress, the Kanban Guide), null for any number.

    A task that is moved into it gets its `task_status`, or its `percent_complete`; null leaves the task as it is.
    """

    __tablename__ = "board_columns"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "board_id"],
            ["boards.tenant_id", "boards.id"],
            name="fk_board_columns_board",
            ondelete="CASCADE",
        ),
        Index("ix_board_columns_project", "tenant_id", "project_id", "id"),
        Index("ix_board_columns_board", "tenant_id", "board_id", "position", "id"),
        CheckConstraint("wip_limit > 0", name="wip_limit"),
        CheckConstraint("percent_complete between 0 and 100", name="percent_complete"),
        CheckConstraint("task_status in ('todo','in_progress','done')", name="task_status"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    board_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    name: Mapped[str] = mapped_column(Text)
    position: Mapped[int] = mapped_column(Integer)
    wip_limit: Mapped[int | None] = mapped_column(Integer)
    task_status: Mapped[str | None] = mapped_column(Text)
    percent_complete: Mapped[int | None] = mapped_column(Integer)

    def require_consistent(self) -> None:
        """Raise ColumnContradictsItself where no task could be both."""
        percent = self.percent_complete
        if percent is None or self.task_status is None:
            return
        possible = {
            TaskStatus.TODO: percent == 0,
            TaskStatus.DONE: percent == 100,
            TaskStatus.IN_PROGRESS: percent < 100,
        }
        if not possible[TaskStatus(self.task_status)]:
            raise ColumnContradictsItself

    def progress_for(self, status: str, percent_complete: int) -> dict[str, object]:
        """The members of a task with this progress that change when it is moved here; none where they are so already."""
        changes: dict[str, object] = {}
        if self.percent_complete is not None and self.percent_complete != percent_complete:
            changes["percent_complete"] = self.percent_complete
        if self.task_status is not None and self.task_status != status:
            changes["status"] = TaskStatus(self.task_status)
        return changes


class BoardCard(Entity, Base):
    """That a task is on a board: in one of its columns, at a rank. Ranks compare as text, byte by byte."""

    __tablename__ = "board_cards"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "board_id"],
            ["boards.tenant_id", "boards.id"],
            name="fk_board_cards_board",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "column_id"], ["board_columns.tenant_id", "board_columns.id"], name="fk_board_cards_column"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["tasks.tenant_id", "tasks.id"], name="fk_board_cards_task", ondelete="CASCADE"
        ),
        Index("ix_board_cards_project", "tenant_id", "project_id", "id"),
        Index("uq_board_cards_task", "tenant_id", "board_id", "task_id", unique=True),
        Index("ix_board_cards_task", "tenant_id", "task_id"),
        Index("ix_board_cards_column", "tenant_id", "column_id", "rank"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    board_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    column_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    task_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    rank: Mapped[str] = mapped_column(Text(collation="C"))
