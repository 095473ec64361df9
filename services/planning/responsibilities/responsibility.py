"""A responsibility: one cell of the matrix, in which a person has a part in a task, a summary or a milestone."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Text, text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict
from services.planning.base import Base


class Part(StrEnum):
    """RACI: who does it, who answers for it, who is asked before, who is told after (PMBOK Guide, resource management)."""

    RESPONSIBLE = "responsible"
    ACCOUNTABLE = "accountable"
    CONSULTED = "consulted"
    INFORMED = "informed"


class AlreadyAccountable(Conflict):
    code = "already_accountable"
    title = {"en": "Somebody is accountable for it already", "nb": "Noen er allerede ansvarlig for det"}
    detail = {
        "en": "Exactly one person answers for a task. Change who that is.",
        "nb": "Én person svarer for en oppgave.",
    }


class ResponsibilityExists(Conflict):
    code = "responsibility_exists"
    title = {"en": "The person has this part already", "nb": "Personen har denne rollen fra før"}


class Responsibility(Entity, Base):
    """At most one person is accountable for a task; the database refuses a second one."""

    __tablename__ = "responsibilities"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "task_id"],
            ["tasks.tenant_id", "tasks.id"],
            name="fk_responsibilities_task",
            ondelete="CASCADE",
        ),
        Index("ix_responsibilities_project", "tenant_id", "project_id", "created_at"),
        Index("uq_responsibilities_cell", "tenant_id", "task_id", "person_id", "part", unique=True),
        Index(
            "uq_responsibilities_accountable",
            "tenant_id",
            "task_id",
            unique=True,
            postgresql_where=text("part = 'accountable'"),
        ),
        CheckConstraint("part in ('responsible','accountable','consulted','informed')", name="part"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    task_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    person_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    part: Mapped[str] = mapped_column(Text)
