"""A dependency between two tasks of one project: which end drives which, and after what lag."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base

# More links at one task than this are a mistake of whoever writes them, and slow down each later change.
MAXIMUM_LINKS_OF_A_TASK = 1_000


class DependencyType(StrEnum):
    """Which end of the predecessor drives which end of the successor (PMBOK, precedence diagramming)."""

    FINISH_TO_START = "finish_to_start"
    START_TO_START = "start_to_start"
    FINISH_TO_FINISH = "finish_to_finish"
    START_TO_FINISH = "start_to_finish"


class LagBasis(StrEnum):
    """What a lag counts: working time, time around the clock, or a share of the predecessor's duration."""

    WORKING = "working"
    ELAPSED = "elapsed"
    PERCENT = "percent"
    ELAPSED_PERCENT = "elapsed_percent"


class DependencyCycle(Conflict):
    code = "dependency_cycle"
    title = {"en": "The dependencies lead back to where they began", "nb": "Avhengighetene går i ring"}
    detail = {"en": "In a circle: {titles}.", "nb": "I ring: {titles}."}
    members = ("task_ids",)


class SelfDependency(RuleViolated):
    code = "self_dependency"
    title = {"en": "A task cannot depend on itself", "nb": "En oppgave kan ikke avhenge av seg selv"}


class AncestorDependency(RuleViolated):
    code = "ancestor_dependency"
    title = {
        "en": "A task cannot depend on one that contains it",
        "nb": "En oppgave kan ikke avhenge av en som inneholder den",
    }
    members = ("task_ids",)


class TooManyDependencies(RuleViolated):
    code = "too_many_dependencies"
    title = {"en": "The task has too many dependencies", "nb": "Oppgaven har for mange avhengigheter"}
    detail = {"en": "At most 1,000 at one task.", "nb": "Høyst 1 000 på én oppgave."}


class DependencyExists(Conflict):
    code = "dependency_exists"
    title = {"en": "The two tasks are linked already", "nb": "De to oppgavene er knyttet sammen fra før"}


class Dependency(Entity, Base):
    """`lag` is in ticks of a tenth of a minute, negative for a lead, or in per cent where the basis says so."""

    __tablename__ = "dependencies"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "predecessor_id"],
            ["tasks.tenant_id", "tasks.id"],
            name="fk_dependencies_predecessor",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "successor_id"],
            ["tasks.tenant_id", "tasks.id"],
            name="fk_dependencies_successor",
            ondelete="CASCADE",
        ),
        Index("ix_dependencies_project", "tenant_id", "project_id", "id"),
        Index("uq_dependencies_pair", "tenant_id", "predecessor_id", "successor_id", unique=True),
        Index("ix_dependencies_successor", "tenant_id", "successor_id"),
        CheckConstraint(
            f"dependency_type in ({','.join(repr(str(each)) for each in DependencyType)})", name="dependency_type"
        ),
        CheckConstraint(f"lag_basis in ({','.join(repr(str(each)) for each in LagBasis)})", name="lag_basis"),
        CheckConstraint("predecessor_id <> successor_id", name="ends"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    predecessor_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    successor_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    dependency_type: Mapped[str] = mapped_column(Text)
    lag: Mapped[int] = mapped_column(BigInteger)
    lag_basis: Mapped[str] = mapped_column(Text)
