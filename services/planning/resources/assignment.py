"""An assignment: a resource's part in a task."""

from decimal import Decimal
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import UUID as SqlUuid
from sqlalchemy.orm import Mapped, mapped_column

from services.kernel.entity import Entity
from services.kernel.problems import Conflict, RuleViolated
from services.planning.base import Base
from services.planning.schedule.effort import WorkContour
from services.planning.schedule.pricing import RateTable


class AssignmentExists(Conflict):
    code = "assignment_exists"
    title = {"en": "The resource is assigned already", "nb": "Ressursen er tildelt fra før"}


class OvertimeBeyondWork(RuleViolated):
    code = "overtime_beyond_work"
    title = {"en": "Overtime is a share of the work", "nb": "Overtid er en del av arbeidet"}
    detail = {"en": "It cannot be more than the work.", "nb": "Den kan ikke være mer enn arbeidet."}


class Assignment(Entity, Base):
    """Ticks of a tenth of a minute. `duration` and `remaining` are the part's own length where it is not the task's.

    `overtime` is the share of the work that is done outside of the calendar; `contour` how the work is spread. Of material
    `units` is the quantity; `cost` is what a cost resource comes to, in the project's currency.
    """

    __tablename__ = "assignments"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "project_id"], ["projects.tenant_id", "projects.id"]),
        ForeignKeyConstraint(
            ["tenant_id", "task_id"], ["tasks.tenant_id", "tasks.id"], name="fk_assignments_task", ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["tenant_id", "resource_id"],
            ["resources.tenant_id", "resources.id"],
            name="fk_assignments_resource",
            ondelete="CASCADE",
        ),
        Index("ix_assignments_project", "tenant_id", "project_id", "id"),
        Index("uq_assignments_pair", "tenant_id", "task_id", "resource_id", unique=True),
        Index("ix_assignments_resource", "tenant_id", "resource_id"),
        CheckConstraint("units > 0", name="units"),
        CheckConstraint("work >= 0 and delay >= 0 and overtime between 0 and work", name="lengths"),
        CheckConstraint("rate_table in ('A','B','C','D','E')", name="rate_table"),
        CheckConstraint(f"contour in ({','.join(repr(str(each)) for each in WorkContour)})", name="contour"),
    )

    project_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    task_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    resource_id: Mapped[UUID] = mapped_column(SqlUuid(as_uuid=True))
    units: Mapped[Decimal] = mapped_column(Numeric(12, 4))
    work: Mapped[int] = mapped_column(BigInteger)
    duration: Mapped[int | None] = mapped_column(BigInteger)
    remaining: Mapped[int | None] = mapped_column(BigInteger)
    delay: Mapped[int] = mapped_column(BigInteger)
    overtime: Mapped[int] = mapped_column(BigInteger, default=0)
    contour: Mapped[str] = mapped_column(Text, default=WorkContour.FLAT)
    rate_table: Mapped[str] = mapped_column(Text, default=RateTable.A, server_default=text("'A'"))
    cost: Mapped[Decimal | None] = mapped_column(Numeric(20, 4))
