"""Competences of a tenant, who has them at which level until when, and which work asks for them."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, Date, ForeignKeyConstraint, Index, Integer, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base


class CompetenceEndsEarly(RuleViolated):
    code = "competence_ends_early"
    title = {"en": "A competence is valid to a day before it begins", "nb": "Kompetansen utløper før den begynner"}


class CompetenceDemanded(Conflict):
    code = "competence_demanded"
    title = {"en": "The task asks for this competence already", "nb": "Oppgaven krever kompetansen fra før"}


class Competence(Entity, Base):
    """A word for something that people can or may do: a trade, a certificate, a language. The tenant has one list."""

    __tablename__ = "competences"
    __table_args__ = (Index("uq_competences_name", "tenant_id", "name", unique=True),)

    name: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")


class ResourceCompetence(Entity, Base):
    """That a resource has a competence, at a level from 1 (beginner) to 5 (master), on the days from and to, both included.

    `evidence_document_id` names a document, which another service keeps.
    """

    __tablename__ = "resource_competences"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "competence_id"], ["competences.tenant_id", "competences.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "resource_id"],
            ["resources.tenant_id", "resources.id"],
            name="fk_resource_competences_resource",
            ondelete="CASCADE",
        ),
        Index("ix_resource_competences_project", "tenant_id", "project_id", "id"),
        Index("ix_resource_competences_resource", "tenant_id", "resource_id"),
        Index("ix_resource_competences_competence", "tenant_id", "competence_id"),
        CheckConstraint("level between 1 and 5", name="level"),
        CheckConstraint("valid_to is null or valid_from is null or valid_from <= valid_to", name="days"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    resource_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    competence_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    level: Mapped[int] = mapped_column(Integer)
    valid_from: Mapped[date | None] = mapped_column(Date)
    valid_to: Mapped[date | None] = mapped_column(Date)
    evidence_document_id: Mapped[UUID | None] = mapped_column(SqlUuid(as_uuid=True))
    note: Mapped[str] = mapped_column(Text, default="")


class CompetenceDemand(Entity, Base):
    """That at least one of those who work on a task has a competence, at this level or above, while they do."""

    __tablename__ = "competence_demands"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(["tenant_id", "competence_id"], ["competences.tenant_id", "competences.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "task_id"],
            ["tasks.tenant_id", "tasks.id"],
            name="fk_competence_demands_task",
            ondelete="CASCADE",
        ),
        Index("ix_competence_demands_project", "tenant_id", "project_id", "id"),
        Index("uq_competence_demands_pair", "tenant_id", "task_id", "competence_id", unique=True),
        Index("ix_competence_demands_competence", "tenant_id", "competence_id"),
        CheckConstraint("minimum_level between 1 and 5", name="minimum_level"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    task_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    competence_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    minimum_level: Mapped[int] = mapped_column(Integer)
