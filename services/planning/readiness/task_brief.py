"""The brief of a task: why it is done, when it is done, from what, and whom to ask; acknowledged by those who do it."""

from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict
from services.planning.base import Base


class TaskBriefed(Conflict):
    code = "task_briefed"
    title = {"en": "The task has a brief already", "nb": "Oppgaven har en beskrivelse fra før"}


class BriefRevised(Conflict):
    code = "brief_revised"
    title = {"en": "The brief says something else by now", "nb": "Beskrivelsen sier noe annet nå"}
    detail = {
        "en": "You read revision {read}; it is at revision {current}.",
        "nb": "Du leste revisjon {read}; den er på revisjon {current}.",
    }


class TaskBrief(Entity, Base):
    """`revision` counts what the brief has said, which an acknowledgement leaves as it is, unlike the version.

    `acknowledgements` has each as `{person_id, revision, at}`, in their order, and never loses one.
    """

    __tablename__ = "task_briefs"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["tasks.tenant_id", "tasks.id"], name="fk_task_briefs_task", ondelete="CASCADE"
        ),
        Index("ix_task_briefs_project", "tenant_id", "project_id", "id"),
        Index("uq_task_briefs_task", "tenant_id", "task_id", unique=True),
        CheckConstraint("revision > 0", name="revision"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    task_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    why: Mapped[str] = mapped_column(Text)
    done_when: Mapped[list[str]] = mapped_column(JSONB)
    inputs: Mapped[list[str]] = mapped_column(JSONB)
    contact_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    revision: Mapped[int] = mapped_column(Integer, default=1)
    acknowledgements: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)

    def acknowledge(self, person_id: UUID, revision: int, at: str) -> None:
        """Somebody has understood a revision; once more changes nothing. Raises BriefRevised for any but the last."""
        if revision != self.revision:
            raise BriefRevised(read=revision, current=self.revision)
        known = {(each["person_id"], each["revision"]) for each in self.acknowledgements}
        if (str(person_id), revision) not in known:
            said = {"person_id": str(person_id), "revision": revision, "at": at}
            self.acknowledgements = [*self.acknowledgements, said]
